// A machine that starts anew: what was in force last is again before any server speaks, and where that cannot be, nothing gets through.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { until } from '../server/listener.ts';
import { MAIN, type Server, startServer } from './server-process.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip']);
const WEB = 'sg-03eb0000000000001';
const ENI = 'eni-03eb100000000000000';
/** Nobody listens there. */
const NO_SERVER = 'http://127.0.0.1:9';

async function end(agent: ChildProcess): Promise<void> {
  agent.kill('SIGKILL');
  await once(agent, 'close');
}

describe('a machine that starts anew', { skip: WHY_NOT ?? false }, () => {
  const state = mkdtempSync(join(tmpdir(), 'crenel-restore-'));
  const kept = join(state, 'rules.ndjson');
  let namespace: Namespace;
  let server: Server;
  before(async () => {
    namespace = new Namespace('restore');
    namespace.run('ip', ['link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest0']);
    server = await startServer('--memory', '--anonymous', '--example');
  });
  after(async () => {
    await server.stop();
    namespace.close();
    rmSync(state, { recursive: true });
  });

  function argsOf(endpoint: string, ...more: readonly string[]): readonly string[] {
    const own = ['--host', 'h1', '--attach', `${ENI}=tap0/02:00:00:00:00:01`, '--netns', namespace.name];
    return [MAIN, 'agent', ...own, '--state', state, '--endpoint', endpoint, ...more];
  }

  function start(endpoint: string): ChildProcess {
    return spawn(process.execPath, argsOf(endpoint), {
      stdio: 'ignore',
      env: { ...process.env, ...server.env, NO_COLOR: '1' },
    });
  }

  function restore(...more: readonly string[]): { readonly status: number | null; readonly said: string } {
    const { status, stderr } = spawnSync(process.execPath, argsOf(NO_SERVER, '--restore', ...more), {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    return { status, said: stderr.replaceAll(/\s+/gu, ' ') };
  }

  function rules(): string {
    return namespace.run('nft', ['-s', 'list', 'table', 'inet', 'crenel']).stdout;
  }

  function startAnew(): void {
    assert.equal(namespace.run('nft', ['flush', 'ruleset']).status, 0);
    assert.equal(rules(), '');
  }

  test('has nothing to put in force before an agent ever did', () => {
    const { status, said } = restore();
    assert.equal(status, 0, said);
    assert.match(said, /no rules of this host are kept/);
    assert.equal(rules(), '');
  });

  test('has the newest rules of before at once, without a server', async () => {
    const first = start(server.url);
    await until(() => rules().includes('chain spoof'));
    const client = new ec2.EC2Client({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'anything', secretAccessKey: 'anything' },
      maxAttempts: 1,
    });
    const permission = { IpProtocol: 'tcp', FromPort: 8081, ToPort: 8081, IpRanges: [{ CidrIp: '10.91.0.0/16' }] };
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: WEB, IpPermissions: [permission] }));
    await until(() => rules().includes('10.91.0.0/16') && readFileSync(kept, 'utf8').includes('8081'));
    await end(first);
    startAnew();
    const second = start(NO_SERVER);
    await until(() => rules().includes('10.91.0.0/16'));
    assert.match(rules(), /"tap0"/);
    await end(second);
  });

  test('is told so by the command for it, which leaves rules that are there alone', () => {
    startAnew();
    const again = restore();
    assert.equal(again.status, 0, again.said);
    assert.match(again.said, /the rules that were in force last are again/);
    const there = rules();
    assert.match(there, /10\.91\.0\.0\/16/);
    const more = restore();
    assert.equal(more.status, 0, more.said);
    assert.match(more.said, /rules are in force: nothing was done/);
    assert.equal(rules(), there);
  });

  test('lets nothing through where what was kept is damaged, and opens again by the word of the server', async () => {
    startAnew();
    const whole = readFileSync(kept, 'utf8');
    writeFileSync(kept, whole.slice(100));
    const { status, said } = restore();
    assert.equal(status, 74, said);
    assert.match(said, /everything at the devices is refused until the server speaks/);
    // The device is one of ours, and has no address that might send.
    assert.match(rules(), /set interfaces \{[^}]*"tap0"/);
    assert.doesNotMatch(rules(), /10\.91\.0\.0/);
    const agent = start(server.url);
    await until(() => rules().includes('10.91.0.0/16'));
    await end(agent);
    const back = restore();
    assert.match(back.said, /rules are in force/);
  });

  test(
    'says that nothing can be kept, and keeps it once that can be, though no rule changes',
    { timeout: 90_000 },
    async (t) => {
      rmSync(kept);
      const inTheWay = `${kept}.new`;
      mkdirSync(inTheWay);
      t.after(() => rmSync(inTheWay, { recursive: true, force: true }));
      const agent = start(server.url);
      const status = async (): Promise<string> => await (await fetch(`${server.url}/crenel/v1/hosts`)).text();
      await until(async () => /the rules cannot be kept in .*rules\.ndjson/u.test(await status()));
      assert.ok(!existsSync(kept));
      rmSync(inTheWay, { recursive: true });
      await until(() => existsSync(kept));
      await until(async () => !(await status()).includes('cannot be kept'));
      await end(agent);
      startAnew();
      assert.match(restore().said, /the rules that were in force last are again/u);
      assert.match(rules(), /10\.91\.0\.0\/16/u);
    },
  );

  test('keeps nothing of another host for its own', () => {
    startAnew();
    const { status, said } = restore('--host', 'h2');
    assert.equal(status, 0, said);
    assert.match(said, /no rules of this host are kept/);
    assert.equal(rules(), '');
    restore();
    assert.match(rules(), /10\.91\.0\.0\/16/);
  });
});
