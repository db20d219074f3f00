// A host enrols as people do it: a server beyond loopback with an authority of its own, a token, an agent with one capability.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Namespace, whyNoKernel } from '../kernel/namespace.ts';
import { until } from '../server/listener.ts';
import { MAIN, type Server, startServerBy } from './server-process.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'setpriv']);
const ENI = 'eni-03eb100000000000000';
const NOBODY = 65_534;
/** Of the test's own namespace alone, and no loopback address: there TLS is wanted. */
const ADDRESS = '10.77.0.1';

type Agent = ChildProcess & { readonly said: () => string };
type Invitation = { readonly token: string; readonly command: readonly string[] };

async function ended(agent: Agent, signal?: NodeJS.Signals): Promise<number | null> {
  if (signal !== undefined) agent.kill(signal);
  if (agent.exitCode === null && agent.signalCode === null) await once(agent, 'close');
  return agent.exitCode;
}

describe('enrolment', { skip: WHY_NOT ?? false }, () => {
  let folder: string;
  let namespace: Namespace;
  let server: Server;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crenel-enrol-'));
    chmodSync(folder, 0o755);
    namespace = new Namespace('enrol');
    for (const words of [`link add tap0 type veth peer name guest0`, 'link set lo up', `addr add ${ADDRESS}/32 dev lo`])
      namespace.run('ip', words.split(' '));
    server = await start();
  });
  after(async () => {
    await server.stop();
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  const inside = (): readonly [string, ...string[]] => ['ip', 'netns', 'exec', namespace.name];

  async function start(): Promise<Server> {
    const options = ['--host', ADDRESS, '--tls', '--data', join(folder, 'server'), '--example', '--log-level', 'debug'];
    return await startServerBy([...inside(), process.execPath], ...options);
  }

  function crenel(...args: readonly string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  } {
    const [program, ...more] = [...inside(), process.execPath, MAIN, ...args, '--endpoint', server.url];
    const ca = join(folder, 'server', 'ca.pem');
    return spawnSync(program, more, {
      encoding: 'utf8',
      env: { ...process.env, ...server.env, AWS_CA_BUNDLE: ca, NO_COLOR: '1' },
    });
  }

  function invite(host = 'rack-7'): Invitation {
    const { stdout, stderr } = crenel('host', 'add', host, '--attach', ENI, '--json');
    assert.equal(stderr, '');
    return JSON.parse(stdout) as Invitation;
  }

  /** A folder that the agent's user has for itself. */
  function stateFolder(name: string): string {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o700 });
    if (isForNobody) chownSync(path, NOBODY, NOBODY);
    return path;
  }

  function startAgent(state: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Agent {
    const command = [...inside(), ...asNobody(), process.execPath, MAIN, 'agent', ...args];
    const [program, ...more] = [...command, '--attach', `${ENI}=tap0/02:00:00:00:00:01`];
    const child = spawn(program, more, {
      stdio: ['pipe', 'ignore', 'pipe'],
      // Neither keys nor certificates that the system knows: only what the token brought.
      env: { PATH: process.env['PATH'] ?? '', STATE_DIRECTORY: state, NO_COLOR: '1', ...env },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    return Object.assign(child, { said: () => said.replaceAll(/\s+/gu, ' ') });
  }

  const rules = (): string => namespace.run('nft', ['-s', 'list', 'table', 'inet', 'crenel']).stdout;
  const status = (): string => crenel('status').stdout.replaceAll(/\s+/gu, ' ');

  test('of a host from nothing: it enforces, comes again without its token, and is cut off when it is removed', async () => {
    const { token, command } = invite();
    assert.deepEqual(command.slice(0, 4), ['crenel', 'agent', '--endpoint', server.url]);
    assert.match(status(), /rack-7 invited until/u);
    const secret = token.slice(token.lastIndexOf(':') + 1);
    const path = join(folder, 'token');
    writeFileSync(path, `${token}\n`, { mode: 0o644 });
    const state = stateFolder('rack-7');
    const first = startAgent(state, ['--endpoint', server.url, '--enrol', path]);
    await until(() => rules().includes('chain spoof') || first.exitCode !== null);
    assert.match(first.said(), /info enrolled as rack-7, certificate until 20/u);
    await until(() => /rack-7 enforcing enforces revision \d+, tap mode.*certificate until 20/u.test(status()));
    for (const file of ['cmdline', 'environ'])
      assert.ok(!readFileSync(`/proc/${first.pid}/${file}`, 'utf8').includes(secret), file);
    await ended(first, 'SIGKILL');
    assert.ok(rules().includes('chain spoof'));

    const second = startAgent(state, []);
    await until(() => second.said().includes('is in force') || second.exitCode !== null);
    assert.match(second.said(), /info this host is rack-7/u);
    const kept = rules();
    assert.equal(crenel('host', 'remove', 'rack-7').status, 0);
    await until(() => second.said().includes('401: the host rack-7 was removed at'));
    assert.equal(rules(), kept, 'the rules stay');
    assert.match(status(), /rack-7 removed at 20.*may still be in force there/u);
    assert.equal(await ended(second, 'SIGTERM'), 0);
    assert.equal(rules(), kept);

    const again = startAgent(stateFolder('thief'), ['--endpoint', server.url, '--enrol', path]);
    assert.equal(await ended(again), 74);
    assert.match(again.said(), /could not enrol: .* answers 403: no such token is out/u);
    const key = (JSON.parse(readFileSync(join(state, 'identity.json'), 'utf8')) as { current: { key: string } }).current
      .key;
    const lines = key.split('\n').filter((line) => line.length > 20);
    assert.ok(lines.length > 1);
    for (const text of [server.log(), first.said(), second.said(), again.said()])
      for (const hidden of [secret, ...lines]) assert.ok(!text.includes(hidden));
    assert.match(server.log(), /"action":"AgentEnrol","host":"rack-7"/u);
  });

  test('outlives the server; a token may come by standard input or the environment, and works once', async () => {
    const [seven, eight] = [invite(), invite('rack-8')];
    const states = [stateFolder('seven'), stateFolder('eight')] as const;
    const first = startAgent(states[0], ['--endpoint', server.url, '--enrol', '-']);
    first.stdin?.end(`${seven.token}\n`);
    await until(() => first.said().includes('is in force') || first.exitCode !== null);
    assert.match(first.said(), /enrolled as rack-7/u);
    const { port } = new URL(server.url);
    await server.stop();
    await until(() => first.said().includes('no word of the server'));
    server = await startServerBy(
      [...inside(), process.execPath],
      '--host',
      ADDRESS,
      '--port',
      port,
      '--tls',
      '--data',
      join(folder, 'server'),
      '--example',
    );
    const said = first.said().length;
    await until(() => first.said().slice(said).includes('the server speaks'));
    await ended(first, 'SIGTERM');
    const second = startAgent(states[1], ['--endpoint', server.url], { CRENEL_ENROL_TOKEN: eight.token });
    await until(() => second.said().includes('is in force') || second.exitCode !== null);
    assert.match(second.said(), /enrolled as rack-8/u);
    await ended(second, 'SIGTERM');
    const used = startAgent(stateFolder('other'), ['--endpoint', server.url, '--enrol', eight.token]);
    assert.equal(await ended(used), 74);
    assert.match(used.said(), /403: the token was used/u);
    // What a unit's credentials still hold does not matter to a host that came by it.
    const same = startAgent(states[1], ['--enrol', eight.token]);
    await until(() => same.said().includes('is in force') || same.exitCode !== null);
    assert.match(same.said(), /this host is rack-8/u);
    await ended(same, 'SIGTERM');
  });

  test('is missed where there is none: the log says what would let the host in', async () => {
    const state = stateFolder('none');
    const ca = join(folder, 'ca.pem');
    copyFileSync(join(folder, 'server', 'ca.pem'), ca);
    const agent = startAgent(state, ['--endpoint', server.url, '--ca', ca, '--host', 'rack-9']);
    await until(() => agent.said().includes('error no word of the server') || agent.exitCode !== null);
    assert.match(
      agent.said(),
      new RegExp(
        `info this host has neither a certificate in ${state} nor an access key: .* give --enrol, or AWS`,
        'u',
      ),
    );
    await ended(agent, 'SIGTERM');
  });
});

/** Whether another user can read the sources where they are. */
const isForNobody: boolean =
  WHY_NOT === undefined &&
  spawnSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', process.execPath, MAIN, '--version']).status === 0;

/** The command that leaves CAP_NET_ADMIN alone, as the unit for systemd does. */
function asNobody(): readonly string[] {
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=-all,+net_admin`);
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs'];
  return isForNobody ? ['setpriv', ...user, ...sets, '--'] : [];
}
