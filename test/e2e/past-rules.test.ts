// Devices whose packets no rule sees: the agent says so, at the start by its exit status, later to the server, and when all is well again.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { HostsDocument } from '../../src/server/native/agent-api.ts';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { until } from '../server/listener.ts';
import { MAIN, type Server, startServer } from './server-process.ts';

const ENI = 'eni-03eb100000000000000';

describe('an agent of devices that lead past the rules', { skip: whyNoKernel(['nft', 'ip']) ?? false }, () => {
  let namespace: Namespace;
  let server: Server;
  let said = '';
  before(async () => {
    namespace = new Namespace('past');
    server = await startServer('--memory', '--anonymous', '--example');
    ip('link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest0');
    ip('link', 'add', 'br0', 'type', 'bridge');
  });
  after(async () => {
    await server.stop();
    namespace.close();
  });

  function ip(...words: readonly string[]): void {
    const { status, stderr } = namespace.run('ip', words);
    assert.equal(status, 0, stderr);
  }

  function wordsOf(host: string): readonly string[] {
    const attach = ['--attach', `${ENI}=tap0/02:00:00:00:00:01`, '--netns', namespace.name];
    return [MAIN, 'agent', '--host', host, '--endpoint', server.url, ...attach];
  }

  const env = (): NodeJS.ProcessEnv => ({ ...process.env, ...server.env, NO_COLOR: '1' });

  async function hosts(): Promise<string> {
    return await (await fetch(`${server.url}/crenel/v1/hosts`)).text();
  }

  test('ends with 74 where none is guarded, and the server knows why', async () => {
    ip('link', 'set', 'tap0', 'master', 'br0');
    const ran = spawnSync(process.execPath, wordsOf('bridged'), { encoding: 'utf8', env: env() });
    ip('link', 'set', 'tap0', 'nomaster');
    assert.equal(ran.status, 74, ran.stderr);
    assert.match(ran.stderr.replaceAll(/\s+/gu, ' '), /device tap0: it is a port of the bridge br0/u);
    assert.match(await hosts(), /cannot enforce anything: device tap0: it is a port of the bridge br0/u);
    assert.equal(namespace.run('nft', ['list', 'tables']).stdout, '', 'nothing is done by halves');
  });

  function started(t: TestContext): ChildProcess {
    const child = spawn(process.execPath, wordsOf('h1'), { stdio: ['ignore', 'ignore', 'pipe'], env: env() });
    said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    t.after(() => child.kill('SIGKILL'));
    return child;
  }

  /** Waits until the server says this of h1. */
  async function heard(condition: string, pattern: RegExp): Promise<void> {
    await until(async () => {
      const { hosts: all } = JSON.parse(await hosts()) as HostsDocument;
      const own = all.find(({ host }) => host === 'h1');
      return own?.condition === condition && pattern.test(own.problem ?? '');
    });
  }

  test(
    'is degraded while a device is where no rule sees it, and comes back by itself',
    { timeout: 200_000 },
    async (t) => {
      const child = started(t);
      await heard('enforcing', /^$/u);
      const ways: readonly (readonly [readonly string[], readonly string[], RegExp])[] = [
        [['set', 'tap0', 'master', 'br0'], ['set', 'tap0', 'nomaster'], /port of the bridge br0/u],
        [['set', 'tap0', 'name', 'tap9'], ['set', 'tap9', 'name', 'tap0'], /is called tap9 now/u],
        [['add', 'link', 'tap0', 'name', 'm0', 'type', 'macvlan'], ['delete', 'm0'], /m0 \(macvlan\) stands on it/u],
      ];
      for (const [there, back, pattern] of ways) {
        ip('link', ...there);
        await heard('degraded', pattern);
        ip('link', ...back);
        await heard('enforcing', /^$/u);
      }
      // What is asked every 30 seconds alone is done and undone together; each is told by its own words.
      const routing = (value: 0 | 1): void => {
        for (const device of ['all', 'tap0'])
          namespace.run('sysctl', ['-q', '-w', `net.ipv4.conf.${device}.accept_source_route=${value}`]);
      };
      const lines = [
        'add table netdev theirs',
        'add chain netdev theirs in { type filter hook ingress device tap0 priority 0; }',
        'add rule netdev theirs in fwd to guest0',
      ];
      routing(1);
      assert.equal(namespace.run('nft', ['-f', '-'], `${lines.join('\n')}\n`).status, 0);
      const own = /name their own way there, which no rule sees: set net\.ipv4\.conf\.all\.accept_source_route to 0/u;
      const theirs = /rules of the table netdev theirs may hand its packets on/u;
      await heard('degraded', new RegExp(`^(?=.*${own.source})(?=.*${theirs.source})`, 'u'));
      routing(0);
      assert.equal(namespace.run('nft', ['delete', 'table', 'netdev', 'theirs']).status, 0);
      await heard('enforcing', /^$/u);
      // An instance is stopped and started: no trouble, but told at both ends.
      ip('link', 'delete', 'tap0');
      await until(() => /^warn {2}device tap0 of \S+ went away$/mu.test(said));
      ip('link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest0');
      await until(() => /^info {2}over: device tap0 of \S+ went away$/mu.test(said));
      await heard('enforcing', /^$/u);
      child.kill('SIGTERM');
      const [code]: readonly unknown[] = (await once(child, 'close')) as readonly unknown[];
      assert.equal(code, 0);
    },
  );
});
