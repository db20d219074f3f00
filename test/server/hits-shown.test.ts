// What is said of hits: how often, since when and as of when, and why something was not counted.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Random } from '../../bench/random.ts';
import { HitTotals } from '../../src/agent/hit-totals.ts';
import { Receiver } from '../../src/agent/receive.ts';
import { Reporter } from '../../src/agent/report.ts';
import { parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { asId, type GroupId } from '../../src/core/model/ids.ts';
import type { AclEntry } from '../../src/core/model/network-acl.ts';
import type { Rule } from '../../src/core/model/security-group.ts';
import { getRecord } from '../../src/core/model/world.ts';
import type { HitsDocument } from '../../src/server/native/hits.ts';
import { until } from './listener.ts';
import { ADMIN, holding, REALM, testServer, type TestServer } from './sync-server.ts';
import { eni } from './sync-worlds.ts';

const entry = (number: number, cidr: string, more: Partial<AclEntry> = {}): AclEntry => ({
  number,
  direction: 'ingress',
  action: 'allow',
  cidr: expectOk(parseCidr(cidr)),
  traffic: { kind: 'all' },
  ...more,
});
const rule = (id: string): Rule => ({
  id: asId(id),
  direction: 'ingress',
  traffic: { kind: 'all' },
  peer: { kind: 'cidr', cidr: expectOk(parseCidr('10.0.0.0/8')) },
  tags: [],
});

/** Group sg-1 with two rules on eni-1, in a subnet whose NACL acl-1 filters IPv4 and lets all of IPv6 pass. */
async function prepared(t: TestContext): Promise<TestServer> {
  const server = await testServer(t);
  const group = getRecord(server.world(), 'groups', 'sg-1') ?? assert.fail();
  await server.put('groups', { ...group, rules: [rule('sgr-1'), rule('sgr-2')] });
  const acl = getRecord(server.world(), 'acls', 'acl-1') ?? assert.fail();
  const entries = [entry(90, '10.0.0.0/8', { action: 'deny' }), entry(100, '0.0.0.0/0'), entry(101, '::/0')];
  await server.put('acls', { ...acl, entries });
  const own = eni(new Random(1), 'eni-1', [asId('sg-1')]);
  await server.put('enis', { ...own, subnetId: asId('subnet-1') });
  return server;
}

/** An agent that holds eni-1 and counts what it is told to. */
async function counting(t: TestContext, server: TestServer, host: string): Promise<HitTotals> {
  return (await agent(t, server, host)).totals;
}

async function agent(
  t: TestContext,
  server: TestServer,
  host: string,
): Promise<{ readonly totals: HitTotals; readonly stop: () => Promise<void> }> {
  const link = { endpoint: new URL(server.url), region: REALM.region, credentials: ADMIN };
  const totals = new HitTotals('run');
  const reporter = new Reporter({ link, host, totals, onTrouble: (why) => t.diagnostic(why), everyMs: 5 });
  let isOpen = false;
  const receiver = new Receiver({
    link,
    host,
    mode: 'tap',
    holds: holding(['eni-1']),
    onView: () => undefined,
    onState: (trouble) => {
      isOpen = trouble === undefined;
    },
  });
  receiver.start();
  await until(() => isOpen);
  reporter.start();
  const stop = async (): Promise<void> => {
    await reporter.stop();
    await receiver.stop();
  };
  t.after(stop);
  return { totals, stop };
}

const shown = (server: TestServer, kind: 'groups' | 'acls', id: string): HitsDocument =>
  server.agents.hits(REALM, server.world(), { kind, id });
const hit = (owner: string, item: string, packets: number): Parameters<HitTotals['add']>[0][number] => ({
  object: item,
  name: { kind: owner.startsWith('sg') ? 'groups' : 'acls', owner, item },
  count: { packets, bytes: packets * 60 },
});

test('what no host enforces is not counted, which is something else than never', async (t) => {
  const server = await prepared(t);
  const why = { notCounted: 'no host enforces it' };
  const before = shown(server, 'groups', 'sg-1');
  assert.deepEqual(before.counts, { 'sgr-1': why, 'sgr-2': why });
  assert.deepEqual([before.hosts, before.since, before.asOf], [[], null, null]);
  const totals = await counting(t, server, 'h1');
  const early = shown(server, 'groups', 'sg-1');
  assert.deepEqual(early.counts['sgr-1'], { notCounted: 'its hosts have not read their counters yet' });
  assert.deepEqual(early.hosts, [{ host: 'h1', condition: 'behind', since: null, asOf: null }]);
  totals.add([], 1_000_000);
  await until(() => shown(server, 'groups', 'sg-1').asOf !== null);
  const never = { packets: 0, bytes: 0, lastHit: null };
  assert.deepEqual(shown(server, 'groups', 'sg-1').counts, { 'sgr-1': never, 'sgr-2': never });
  // Nothing of it is on this host.
  assert.deepEqual(shown(server, 'groups', 'sg-2').hosts, []);
});

test('hits are added up over hosts, as of the oldest reading, and since all of them count', async (t) => {
  const server = await prepared(t);
  const [one, two] = [await counting(t, server, 'h1'), await counting(t, server, 'h2')];
  for (const totals of [one, two]) totals.add([], totals === one ? 1_000_000 : 2_000_000);
  one.add([hit('sg-1', 'sgr-1', 3), hit('sg-9', 'sgr-1', 3), hit('sg-1', 'sgr-9', 3)], 3_000_000);
  two.add([hit('sg-1', 'sgr-1', 4)], 4_000_000);
  const packets = (): number => {
    const count = shown(server, 'groups', 'sg-1').counts['sgr-1'];
    return count !== undefined && 'packets' in count ? count.packets : -1;
  };
  await until(() => packets() === 7);
  const { counts, since, asOf } = shown(server, 'groups', 'sg-1');
  assert.deepEqual(counts['sgr-1'], { packets: 7, bytes: 420, lastHit: new Date(4_000_000).toISOString() });
  assert.deepEqual(
    [since, asOf],
    [2_000_000, 3_000_000].map((ms) => new Date(ms).toISOString()),
  );
  assert.deepEqual(Object.keys(counts), ['sgr-1', 'sgr-2'], 'rules that there are not are left out');
});

test('a host that goes leaves what it counted, and does not date it back', async (t) => {
  const server = await prepared(t);
  const [one, two] = [await agent(t, server, 'h1'), await agent(t, server, 'h2')];
  for (const { totals } of [one, two]) totals.add([], 1_000_000);
  one.totals.add([hit('sg-1', 'sgr-1', 3)], 2_000_000);
  two.totals.add([hit('sg-1', 'sgr-1', 4)], 3_000_000);
  await until(() => JSON.stringify(shown(server, 'groups', 'sg-1').counts).includes('"packets":7'));
  const asOf = (): number => Date.parse(shown(server, 'groups', 'sg-1').asOf ?? '');
  assert.equal(asOf(), 2_000_000);
  await one.stop();
  await until(() => asOf() === 3_000_000);
  const { hosts, counts } = shown(server, 'groups', 'sg-1');
  assert.deepEqual(
    hosts.map(({ condition }) => condition),
    ['gone', 'behind'],
  );
  assert.ok(JSON.stringify(counts).includes('"packets":7'));
  await two.stop();
  await until(() => asOf() === 2_000_000);
});

test('entries are counted with the final deny, but not where a NACL lets everything pass', async (t) => {
  const server = await prepared(t);
  const totals = await counting(t, server, 'h1');
  totals.add([], 1_000_000);
  totals.add([hit('acl-1', 'ingress/90', 2), hit('acl-1', 'egress/*', 5)], 2_000_000);
  await until(() => 'packets' in (shown(server, 'acls', 'acl-1').counts['egress/*'] ?? {}));
  const lastHit = new Date(2_000_000).toISOString();
  const never = { packets: 0, bytes: 0, lastHit: null };
  assert.deepEqual(shown(server, 'acls', 'acl-1').counts, {
    'ingress/90': { packets: 2, bytes: 120, lastHit },
    'ingress/100': never,
    'ingress/101': { notCounted: 'its NACL lets everything pass, so nothing asks it' },
    'ingress/*': never,
    'egress/*': { packets: 5, bytes: 300, lastHit },
  });
});

test('an entry that goes and comes back begins from nothing', async (t) => {
  const server = await prepared(t);
  const totals = await counting(t, server, 'h1');
  totals.add([], 1_000_000);
  totals.add([hit('acl-1', 'ingress/90', 2)], 2_000_000);
  await until(() => JSON.stringify(shown(server, 'acls', 'acl-1')).includes('"packets":2'));
  const acl = getRecord(server.world(), 'acls', 'acl-1') ?? assert.fail();
  await server.put('acls', { ...acl, entries: acl.entries.slice(1) });
  await server.put('acls', acl);
  assert.deepEqual(shown(server, 'acls', 'acl-1').counts['ingress/90'], { packets: 0, bytes: 0, lastHit: null });
});

const rulesOf = (id: string): readonly Rule[] =>
  Array.from({ length: 1000 }, (_, index) => rule(`sgr-${id}-${String(index).padStart(10, '0')}`));

test('more than one report holds is told in several', async (t) => {
  const server = await prepared(t);
  const group = getRecord(server.world(), 'groups', 'sg-1') ?? assert.fail();
  const groups = Array.from({ length: 12 }, (_, index) => `sg-${100 + index}`);
  for (const id of groups)
    await server.put('groups', { ...group, id: asId<GroupId>(id), name: id, rules: rulesOf(id) });
  const own = getRecord(server.world(), 'enis', 'eni-1') ?? assert.fail();
  await server.put('enis', { ...own, groups: groups.map((id) => asId<GroupId>(id)) });
  const totals = await counting(t, server, 'h1');
  totals.add([], 1_000_000);
  totals.add(
    groups.flatMap((id) => rulesOf(id).map((one) => hit(id, one.id, 1))),
    2_000_000,
  );
  const first = totals.untold(500_000)?.taken.size ?? 0;
  assert.ok(first > 1000 && first < 12_000, 'one report does not hold all');
  for (const id of groups)
    await until(() => {
      const counts = Object.values(shown(server, 'groups', id).counts);
      return counts.length === 1000 && counts.every((count) => 'packets' in count && count.packets === 1);
    });
});
