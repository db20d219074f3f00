// `crenel status` and `crenel wait`, against a server with an agent, and what they make of hosts in every condition.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Reporter } from '../../src/agent/report.ts';
import { Receiver } from '../../src/agent/receive.ts';
import { runCli } from '../../src/cli/program.ts';
import { nodeIo } from '../../src/cli/node-io.ts';
import { enforcedBy } from '../../src/cli/enforced-by.ts';
import { hostsSheet } from '../../src/cli/hosts-text.ts';
import { renderSheet } from '../../src/cli/terminal.ts';
import type { HostsDocument } from '../../src/server/native/agent-api.ts';
import { until } from '../server/listener.ts';
import { ADMIN, holding, REALM, testServer } from '../server/sync-server.ts';
import { matchesGolden, run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

type Ran = { status: number; out: string; err: string };

async function crenel(url: string, ...args: readonly string[]): Promise<Ran> {
  return await crenelIn({}, '--endpoint', url, ...args);
}

async function crenelIn(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const status = await runCli(args, {
    ...nodeIo(),
    env: {
      PATH: process.env['PATH'],
      AWS_ACCESS_KEY_ID: ADMIN.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ADMIN.secretAccessKey,
      ...env,
    },
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { status, ...said };
}

test('without an agent nothing is enforced, and whoever waits is told so', async (t) => {
  const { url } = await testServer(t);
  const status = await crenel(url, 'status');
  assert.equal(status.status, 0);
  assert.match(status.out, /instances are records only/);
  const waited = await crenel(url, 'wait');
  assert.equal(waited.status, 1);
  assert.match(
    waited.err.replaceAll(/\s+/g, ' '),
    /^crenel: no host is live, so nothing enforces revision \d+; --hosts 1 waits for one/,
  );
});

test('where nobody is there to wait for, that is said at once; whoever wants a host waits for one', async (t) => {
  let asked = 0;
  const server = createServer((_, answer) => {
    asked += 1;
    answer.end(JSON.stringify(listed(asked < 4 ? [] : HOSTS.slice(0, 1))));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const url = `http://127.0.0.1:${address.port}`;
  const none = JSON.parse((await crenel(url, 'wait', '--json')).out) as { readonly isEnforced: boolean };
  assert.deepEqual([none.isEnforced, asked], [false, 1]);
  assert.equal((await crenel(url, 'wait', '--hosts', '1')).status, 0);
  assert.equal(asked, 4);
});

test('--wait needs a server, and numbers', async () => {
  const fromFiles = await run('show group web --wait', { world: smallWorld });
  assert.equal(fromFiles.status, 64);
  assert.match(fromFiles.stderr.replaceAll(/\s+/g, ' '), /--wait asks the hosts of a server: give --endpoint/);
  for (const words of ['--timeout x', '--hosts 0']) {
    const wrong = await run(`show group web ${words} --endpoint http://127.0.0.1:9`, { world: smallWorld, env: {} });
    assert.equal(wrong.status, 64);
    assert.match(wrong.stderr, /must be a whole number/);
  }
});

test('whoever waits hears which hosts lag, and when none does', async (t) => {
  const { url, control } = await testServer(t);
  const link = { endpoint: new URL(url), region: REALM.region, credentials: ADMIN };
  const troubles: string[] = [];
  const reporter = new Reporter({ link, host: 'host-1', onTrouble: (why) => troubles.push(why) });
  let told = false;
  let isHeld = true;
  const receiver = new Receiver({
    link,
    host: 'host-1',
    mode: 'host',
    holds: holding([], ['i-1']),
    onView: ({ revision }, _change, epoch) => {
      told = true;
      if (!isHeld) reporter.tell({ applied: { epoch, revision } });
      else held = { epoch, revision };
    },
    onState: () => undefined,
  });
  let held = { epoch: '', revision: 0 };
  receiver.start();
  t.after(async () => {
    await receiver.stop();
    await reporter.stop();
  });
  await until(() => told);
  const late = await crenel(url, 'wait', '--timeout', '0');
  assert.equal(late.status, 1);
  assert.match(late.err, /revision \d+ is not enforced by host-1/);
  assert.match(late.err, /host-1: it enforces nothing that it told of/);
  isHeld = false;
  reporter.tell({ applied: held });
  reporter.start();
  const waited = await crenel(url, 'wait', '--revision', String(control.revision));
  assert.equal(waited.status, 0);
  assert.match(waited.out, /1 host enforces revision/);
  assert.match((await crenel(url, 'status')).out, /host-1 +enforcing +enforces revision/);
  // As many as there are, and not more; and not what the server itself has not.
  const few = await crenel(url, 'wait', '--hosts', '2', '--timeout', '0');
  assert.equal(few.status, 1);
  assert.match(few.err, /1 of 2 hosts are live; they enforce/);
  const ahead = await crenel(url, 'wait', '--revision', String(control.revision + 1), '--timeout', '0');
  assert.equal(ahead.status, 1);
  assert.match(ahead.err, /the server is at revision/);
  // Without --endpoint the server of AWS's tools is asked.
  assert.equal((await crenelIn({ AWS_ENDPOINT_URL: url }, 'wait')).status, 0);
  reporter.tell({ problem: 'nft is not installed' });
  await until(async () => (await crenel(url, 'status', '--json')).status === 1);
  // What it applied before does not count while something is wrong with it.
  const ill = await crenel(url, 'wait', '--timeout', '0');
  assert.equal(ill.status, 1);
  assert.match(ill.err, /host-1: it is at revision \d+; nft is not installed/);
  const document: unknown = JSON.parse((await crenel(url, 'wait', '--timeout', '0', '--json')).out);
  assert.ok(typeof document === 'object' && document !== null && 'isEnforced' in document && 'lagging' in document);
  assert.equal(document.isEnforced, false);
  assert.match((await crenel(url, 'status')).out, /problem  nft is not installed/);
  assert.deepEqual(troubles, []);
});

test('what is no number is refused', async (t) => {
  const { url } = await testServer(t);
  assert.equal((await crenel(url, 'wait', '--revision', 'x')).status, 64);
  assert.equal((await crenel(url, 'wait', '--timeout', '-1')).status, 64);
  assert.equal((await crenel(url, 'wait', '--hosts', '0')).status, 64);
  assert.equal((await crenel(url, 'wait', '--revision', '1', '--', 'true')).status, 64);
  const bare = await crenel(url, 'wait', 'aws', 'ec2', '--filters');
  assert.equal(bare.status, 64);
  assert.match(bare.err, /unknown option '--filters'\nA command and its options come after --: crenel wait -- aws/);
});

test('without a server there is nothing to ask', async () => {
  for (const command of ['wait', 'status', 'backup']) {
    const asked = await crenelIn({}, command);
    assert.equal(asked.status, 64);
    assert.match(asked.err, /no server: give --endpoint/);
  }
});

test('a command comes first: what it changed is waited for, and its failure is passed on', async (t) => {
  const { url, agents, control } = await testServer(t);
  agents.own(REALM, { host: 'lab', holds: holding([]), enforced: control.revision });
  const done = await crenel(url, 'wait', '--', 'sh', '-c', '[ "$AWS_ENDPOINT_URL" = "$1" ]', 'sh', url);
  assert.equal(done.status, 0, done.err);
  assert.equal(done.out, '', 'standard output is the command’s');
  assert.match(done.err, /1 host enforces revision/);
  const failed = await crenel(url, 'wait', '--', 'sh', '-c', 'exit 7');
  assert.deepEqual([failed.status, failed.err], [7, '']);
  // As in a shell: not there, not to be executed, ended by a signal.
  const missing = await crenel(url, 'wait', '--', '/nowhere/program');
  assert.equal(missing.status, 127);
  assert.match(missing.err, /^crenel: \/nowhere\/program cannot be run: there is no such command/);
  const folder = await crenel(url, 'wait', '--', '/');
  assert.equal(folder.status, 126);
  assert.match(folder.err, /^crenel: \/ cannot be run: /);
  assert.equal((await crenel(url, 'wait', '--', 'sh', '-c', 'kill -TERM $$')).status, 143);
});

const AT = '2026-03-01T12:00:00.000Z';
const ago = (seconds: number): string => new Date(Date.parse(AT) - seconds * 1000).toISOString();
type Host = HostsDocument['hosts'][number];
const listed = (hosts: readonly Host[], more: Partial<HostsDocument> = {}): HostsDocument => ({
  revision: 7,
  at: AT,
  startedAt: ago(3600),
  hosts,
  ...more,
});
const HOSTS: readonly Host[] = [
  { host: 'lab', mode: 'lab', condition: 'enforcing', enforcedRevision: 7, heardAt: AT },
  { host: 'rack-1', mode: 'tap', condition: 'enforcing', enforcedRevision: 7, heardAt: ago(3) },
  { host: 'rack-2', mode: 'tap', condition: 'behind', enforcedRevision: 5, heardAt: ago(9) },
  { host: 'rack-3', mode: 'host', condition: 'behind', heardAt: ago(1) },
  {
    host: 'rack-4',
    mode: 'tap',
    condition: 'degraded',
    enforcedRevision: 6,
    problem: 'the newest rules are not in force: the process may not change the firewall: it needs CAP_NET_ADMIN',
    heardAt: ago(2),
  },
  {
    host: 'rack-5',
    mode: 'tap',
    condition: 'enforcing',
    enforcedRevision: 7,
    warnings: ['the entries of prefix list pl-1 are not known: its rules admit nothing'],
    drift: { objects: 1, isRepaired: true },
    heardAt: ago(2),
  },
  { host: 'rack-6', mode: 'tap', condition: 'gone', enforcedRevision: 4, heardAt: ago(90_000) },
  { host: 'rack-6b', mode: 'tap', condition: 'gone', problem: 'the program nft is not installed', heardAt: ago(600) },
  {
    host: 'rack-7',
    condition: 'gone',
    enrolment: {
      holds: { enis: [], instances: [] },
      certificate: { serial: '01', validTo: '2026-03-08T12:00:00.000Z' },
    },
  },
  {
    host: 'rack-7b',
    mode: 'tap',
    condition: 'removed',
    drift: { objects: 1, isRepaired: true },
    enrolment: {
      holds: { enis: [], instances: [] },
      certificate: { serial: '02', validTo: '2026-03-08T12:00:00.000Z' },
      removedAt: '2026-03-01T11:00:00.000Z',
    },
  },
  {
    host: 'rack-7c',
    condition: 'removed',
    enrolment: { holds: { enis: [], instances: [] }, removedAt: '2026-03-01T11:00:00.000Z' },
  },
  {
    host: 'rack-8',
    condition: 'invited',
    enrolment: { holds: { enis: [], instances: [] }, invitedUntil: '2026-03-01T13:00:00.000Z' },
  },
];

test('hosts in every condition, as people see them', () => {
  const look = { width: 80, colour: false };
  matchesGolden('status', renderSheet(hostsSheet(listed(HOSTS)), look));
  const note = 'instances are records only: no agent is connected, and nothing is enforced';
  matchesGolden('status-of-nobody', renderSheet(hostsSheet(listed([], { note })), look));
});

test('whoever waits is told of each host why it lags; those that are gone are named', () => {
  const seen = enforcedBy(listed(HOSTS), { revision: 7, hosts: 1 });
  assert.deepEqual(
    seen.lagging.map(({ host, why }) => `${host}: ${why.slice(0, 49)}`),
    [
      'rack-2: it is at revision 5',
      'rack-3: it enforces nothing that it told of',
      'rack-4: it is at revision 6; the newest rules are not in ',
    ],
  );
  assert.deepEqual([seen.isEnforced, seen.live, seen.gone], [false, 6, ['rack-6', 'rack-6b', 'rack-7']]);
  const [lab, one] = HOSTS;
  assert.ok(lab !== undefined && one !== undefined);
  assert.equal(enforcedBy(listed([lab, one]), { revision: 7, hosts: 2 }).isEnforced, true);
  assert.equal(enforcedBy(listed([lab, one]), { revision: 7, hosts: 3 }).isEnforced, false);
  assert.equal(enforcedBy(listed([lab, one]), { revision: 8, hosts: 1 }).isEnforced, false);
  const unrepaired: Host = { ...one, drift: { objects: 1, isRepaired: false }, condition: 'degraded' };
  assert.match(enforcedBy(listed([unrepaired]), { revision: 7, hosts: 1 }).lagging[0]?.why ?? '', /not repaired/);
});

test('hosts that were let in are waited for while a server has only just begun', () => {
  const known = HOSTS.filter(({ host }) => ['rack-1', 'rack-7'].includes(host));
  const young = enforcedBy(listed(known, { startedAt: ago(10) }), { revision: 7, hosts: 1 });
  assert.deepEqual([young.isEnforced, young.gone], [false, []]);
  assert.match(young.lagging[0]?.why ?? '', /did not come back yet/);
  assert.equal(enforcedBy(listed(known, { startedAt: ago(50) }), { revision: 7, hosts: 1 }).isEnforced, true);
});
