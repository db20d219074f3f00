// An agent as people run it: it follows a server, keeps the rules when it ends or is killed, catches up, and says when it cannot enforce.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { until } from '../server/listener.ts';
import { crenelAt } from './crenel-at.ts';
import { MAIN, type Server, startServer } from './server-process.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip']);
const WEB = 'sg-03eb0000000000001';
const ENI = 'eni-03eb100000000000000';

/** An answer without how long ago hits were told, which differs from one second to the next. */
function timeless({ status, out }: { readonly status: number | null; readonly out: string }): readonly unknown[] {
  return [status, out.replaceAll(/\d+ s ago/gu, 'just now')];
}

async function hosts(url: string): Promise<string> {
  return await (await fetch(`${url}/crenel/v1/hosts`)).text();
}

describe('crenel agent', { skip: WHY_NOT ?? false }, () => {
  let namespace: Namespace;
  let server: Server;
  let client: ec2.EC2Client;
  const agents: ChildProcess[] = [];
  before(async () => {
    namespace = new Namespace('agent');
    namespace.run('ip', ['link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest0']);
    server = await startServer('--memory', '--anonymous', '--example');
    client = new ec2.EC2Client({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'anything', secretAccessKey: 'anything' },
      maxAttempts: 1,
    });
  });
  after(async () => {
    // One that a failed test left would keep this file from ending.
    for (const agent of agents) agent.kill('SIGKILL');
    await server.stop();
    namespace.close();
  });

  function startAgent(
    attaching: readonly string[] = ['--attach', `${ENI}=tap0/02:00:00:00:00:01`],
  ): ChildProcess & { readonly said: () => string } {
    const args = ['agent', '--host', 'h1', ...attaching, '--netns', namespace.name];
    const child = spawn(process.execPath, [MAIN, ...args, '--endpoint', server.url], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...server.env, NO_COLOR: '1' },
    });
    agents.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    return Object.assign(child, { said: () => said });
  }

  function rules(): string {
    return namespace.run('nft', ['-s', 'list', 'table', 'inet', 'crenel']).stdout;
  }

  async function allow(cidr: string): Promise<void> {
    const permission = { IpProtocol: 'tcp', FromPort: 8081, ToPort: 8081, IpRanges: [{ CidrIp: cidr }] };
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: WEB, IpPermissions: [permission] }));
  }

  test('brings calls of the API to the kernel, and keeps the rules when it ends, is killed or loses its server', async () => {
    const first = startAgent();
    await until(() => rules().includes('chain spoof'));
    await allow('10.91.0.0/16');
    await until(() => rules().includes('10.91.0.0/16'));
    first.kill('SIGKILL');
    await once(first, 'close');
    const kept = rules();
    assert.ok(kept.includes('10.91.0.0/16'));
    await allow('10.92.0.0/16');
    const second = startAgent();
    await until(() => rules().includes('10.92.0.0/16'));
    assert.ok(rules().includes('10.91.0.0/16'));
    second.kill('SIGTERM');
    const [code]: readonly unknown[] = (await once(second, 'close')) as readonly unknown[];
    assert.equal(code, 0, second.said());
    assert.ok(rules().includes('10.92.0.0/16'));
  });

  test('tells the server what it enforces, and is the only one on its machine', async () => {
    const agent = startAgent();
    await until(async () => /"condition": ?"enforcing"/u.test(await hosts(server.url)));
    const standing = rules();
    const second = startAgent();
    const [code]: readonly unknown[] = (await once(second, 'close')) as readonly unknown[];
    assert.equal(code, 74, 'one that would fight over the tables with it does not start');
    assert.match(second.said().replaceAll(/\s+/gu, ' '), /another agent enforces on this machine already/u);
    assert.equal(rules(), standing);
    agent.kill('SIGTERM');
    await once(agent, 'close');
  });

  test('--wait answers when the kernel has what the answer is of, and else says why not', async () => {
    const QUESTIONS = [
      ['why', 'internet', 'web-1', 'tcp/443'],
      ['reach', 'web-1', 'app-1'],
      ['show', 'group', 'web'],
      ['matrix', '--by', 'subnet'],
      ['exposure'],
      ['lint'],
    ];
    await until(async () => !/"condition": ?"(?:enforcing|behind)"/u.test(await hosts(server.url)));
    const alone = await crenelAt(server, 'show', 'group', 'web', '--wait');
    assert.deepEqual([alone.status, alone.out], [75, '']);
    assert.match(alone.err, /^crenel: no host is live, so nothing enforces revision \d+; .* gone: h1\. $/u);
    const agent = startAgent();
    const first = await crenelAt(server, 'show', 'group', 'web', '--hosts', '1');
    assert.equal(first.status, 0, first.err);
    for (const [at, question] of QUESTIONS.entries()) {
      await allow(`10.${100 + at}.0.0/16`);
      const waited = await crenelAt(server, ...question, '--wait');
      assert.ok(rules().includes(`10.${100 + at}.0.0/16`), 'what was changed before is in force by then');
      assert.match(waited.err, /1 host enforces revision \d+\. $/u);
      const asked = await crenelAt(server, ...question);
      assert.deepEqual(timeless(waited), timeless(asked));
    }
    agent.kill('SIGSTOP');
    await allow('10.99.0.0/16');
    const late = await crenelAt(server, 'why', 'internet', 'web-1', 'tcp/443', '--timeout', '1');
    assert.deepEqual([late.status, late.out], [75, '']);
    assert.match(late.err, /^crenel: revision \d+ is not enforced after 1 seconds by h1 h1: it is at revision \d+/u);
    assert.ok(!rules().includes('10.99.0.0/16'));
    agent.kill('SIGCONT');
    const document = await crenelAt(server, 'show', 'group', 'web', '--json', '--wait');
    assert.ok(rules().includes('10.99.0.0/16'));
    assert.match(document.err, new RegExp(`enforces revision ${/"revision": (\d+)/u.exec(document.out)?.[1]}\\.`, 'u'));
    agent.kill('SIGTERM');
    await once(agent, 'close');
  });

  test('goes by the device of the namespace where it enforces, not by one of its own', async (t) => {
    const state = mkdtempSync(join(tmpdir(), 'crenel-machine-'));
    t.after(() => rmSync(state, { recursive: true }));
    const mac = '02:00:00:00:00:77';
    namespace.run('nft', ['flush', 'ruleset']);
    // Whatever device of that name the process itself has, it is another one.
    namespace.run('ip', ['link', 'add', 'eth0', 'address', mac, 'type', 'veth', 'peer', 'name', 'w0']);
    const agent = startAgent(['--instance', 'i-03eb100000000000000', '--device', 'eth0', '--state', state]);
    await until(() => agent.said().includes('is in force') || agent.exitCode !== null);
    assert.match(agent.said(), /^info {2}revision \d+ is in force/mu);
    assert.ok(rules().includes(mac));
    agent.kill('SIGTERM');
    await once(agent, 'close');
  });

  test('of an instance that the server does not know: says that nothing is enforced', async (t) => {
    const state = mkdtempSync(join(tmpdir(), 'crenel-nobody-'));
    t.after(() => rmSync(state, { recursive: true }));
    const agent = startAgent(['--instance', 'i-0nobody', '--device', 'tap0', '--state', state]);
    await until(async () => /"condition": ?"degraded"/u.test(await hosts(server.url)));
    assert.match(
      await hosts(server.url),
      /the server knows no interface of i-0nobody: nothing is enforced on this machine/u,
    );
    assert.match(agent.said(), /^error the server knows no interface of i-0nobody/mu);
    agent.kill('SIGTERM');
    await once(agent, 'close');
  });

  test('without its namespace it ends, says so, and the server knows', async () => {
    const args = ['agent', '--host', 'h7', '--attach', `${ENI}=tap0/02:00:00:00:00:01`, '--netns', 'crlt-not-there'];
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--endpoint', server.url], {
      encoding: 'utf8',
      env: { ...process.env, ...server.env, NO_COLOR: '1' },
    });
    assert.equal(status, 74);
    assert.match(
      stderr.replaceAll(/\s+/gu, ' '),
      /cannot enforce anything: there is no network namespace crlt-not-there/u,
    );
    assert.match(await hosts(server.url), /there is no network namespace crlt-not-there/u);
  });
});

const OTHER = 'eni-0a99100000000000000';
const REFUSED: readonly (readonly [options: string, why: RegExp])[] = [
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 ${ENI}=tap1/02:00:00:00:00:01`, /is attached twice/u],
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 ${OTHER}=tap0/02:00:00:00:00:02`, /the device tap0 is another's/u],
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 --fabric eth0 tap0`, /that device is of --fabric, too/u],
  [`--attach web-1=tap0/02:00:00:00:00:01`, /is not as eni-0a1b=tap0/u],
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 --device tap0`, /--device is for --instance/u],
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 --ssh 10.0.0.1`, /--ssh is for --instance/u],
  [`--attach ${ENI}=tap0/02:00:00:00:00:01 --host rack_7`, /"rack_7" cannot be the name of a host, .* give --host/u],
  ['--instance web-1 --device eth0', /--instance web-1 is no id of an instance/u],
  ['--instance i-1 --device eth0 --fabric eth1', /--fabric and --instance exclude each other/u],
];

for (const [options, why] of REFUSED)
  test(`an agent with options that leave something unguarded does not start: ${options}`, () => {
    const args = ['agent', '--endpoint', 'http://127.0.0.1:9', ...options.split(' ')];
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      env: { PATH: '/nowhere', NO_COLOR: '1' },
    });
    assert.equal(status, 64, stderr);
    assert.match(stderr.replaceAll(/\s+/gu, ' '), why);
  });

test('an agent that cannot enforce ends at once and says why', () => {
  const args = ['agent', '--endpoint', 'http://127.0.0.1:9', '--attach', `${ENI}=tap0/02:00:00:00:00:01`];
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: '/nowhere', NO_COLOR: '1' },
  });
  assert.equal(status, 74);
  assert.match(
    stderr.replaceAll(/\s+/gu, ' '),
    /cannot enforce anything: the program nft is not installed: install it, or put its folder into PATH/u,
  );
});
