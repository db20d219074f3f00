// What Prometheus reads of hosts and hits: in its format, bounded, and saying what was left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentMetrics, type RealmHost } from '../../src/server/native/agent-metrics.ts';
import type { ListedHost } from '../../src/server/native/host-list.ts';
import { HitBook } from '../../src/server/sync/hit-book.ts';
import type { Counters, Hits } from '../../src/server/sync/messages.ts';
import { REALM, testServer } from './sync-server.ts';

const KEY = `${REALM.accountId}/${REALM.region}`;
const REALMS = [{ key: KEY, realm: REALM }];
const hits = (packets: number): Hits => ({ packets, bytes: packets * 60, lastHit: 1_700_000_000_500 });

function book(counters: Partial<Counters>): HitBook {
  const made = new HitBook();
  const items = new Set(
    [...Object.values(counters.groups ?? {}), ...Object.values(counters.acls ?? {})].flatMap((one) => Object.keys(one)),
  );
  const all = { run: 'r', since: 1, asOf: 2, groups: {}, acls: {}, ...counters };
  made.take({ realm: KEY, host: 'h' }, all, { now: Date.now(), itemsOf: () => items });
  return made;
}

const host = (name: string, more: Partial<ListedHost> = {}): RealmHost => ({
  realm: REALM,
  host: { host: name, condition: 'enforcing', mode: 'tap', heardAt: '2026-01-01T00:00:00.000Z', ...more },
});

/** Reads the text format of Prometheus, strictly: every sample belongs to the family above it, no series comes twice. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  let family = '';
  assert.ok(text.endsWith('\n'));
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) ([a-z_]+) (.+)$/u.exec(line);
    if (head !== null) {
      if (head[1] === 'HELP') {
        assert.ok(!text.includes(`# HELP ${head[2]} `, text.indexOf(line) + 1), 'a family comes once');
        family = head[2] ?? '';
      } else assert.equal(head[2], family);
      continue;
    }
    const [, name, labels = '', value] =
      /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\d+(?:\.\d+)?)$/u.exec(line) ?? [];
    assert.equal(name, family, line);
    assert.ok(!samples.has(`${name}${labels}`), line);
    samples.set(`${name}${labels}`, Number(value));
  }
  return samples;
}

test('rules and entries that were hit have counters, by their own names', () => {
  const observed = {
    revision: 12,
    hosts: [],
    realms: REALMS,
    book: book({
      groups: { 'sg-1': { 'sgr-1': hits(7) } },
      acls: { 'acl-1': { 'ingress/100': hits(3), 'egress/*': hits(1) } },
    }),
  };
  const samples = samplesOf(agentMetrics(observed));
  const at = `account="${REALM.accountId}",region="${REALM.region}"`;
  assert.equal(samples.get('crenel_revision'), 12);
  assert.equal(samples.get(`crenel_rule_packets_total{${at},group="sg-1",rule="sgr-1"}`), 7);
  assert.equal(samples.get(`crenel_rule_bytes_total{${at},group="sg-1",rule="sgr-1"}`), 420);
  assert.equal(samples.get(`crenel_rule_last_hit_timestamp_seconds{${at},group="sg-1",rule="sgr-1"}`), 1_700_000_000.5);
  assert.equal(samples.get(`crenel_acl_entry_packets_total{${at},acl="acl-1",direction="ingress",entry="100"}`), 3);
  assert.equal(samples.get(`crenel_acl_entry_packets_total{${at},acl="acl-1",direction="egress",entry="*"}`), 1);
});

test('hosts have their lag and their condition', () => {
  const hosts = [
    host('a', { enforcedRevision: 12 }),
    host('b', { enforcedRevision: 9, condition: 'degraded' }),
    host('c', { condition: 'behind' }),
    { realm: REALM, host: { host: 'd', condition: 'invited' } as const },
  ];
  const samples = samplesOf(agentMetrics({ revision: 12, hosts, realms: REALMS, book: new HitBook() }));
  const of = (name: string, what: string, more = ''): number | undefined =>
    samples.get(`crenel_host_${what}{account="${REALM.accountId}",region="${REALM.region}",host="${name}"${more}}`);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => of(name, 'revision_lag')),
    [0, 3, undefined, undefined],
  );
  assert.equal(of('b', 'condition', ',condition="degraded"'), 1);
  assert.equal(of('b', 'condition', ',condition="enforcing"'), 0);
  assert.equal(of('a', 'heard_timestamp_seconds'), Date.parse('2026-01-01T00:00:00Z') / 1000);
  assert.equal(of('d', 'heard_timestamp_seconds'), undefined);
  assert.equal(samples.get('crenel_hosts{condition="degraded"}'), 1);
  assert.equal(samples.get('crenel_hosts{condition="gone"}'), 0);
});

test('there are not more series than there may be, and what was left out is counted', () => {
  const rules = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`sgr-${index}`, hits(index + 1)]));
  const hosts = [
    ...Array.from({ length: 9 }, (_, index) => host(`gone-${index}`, { condition: 'gone' })),
    host('live'),
  ];
  const observed = { revision: 1, hosts, realms: REALMS, book: book({ groups: { 'sg-1': rules } }) };
  const text = agentMetrics(observed, { rules: 20, entries: 5, hosts: 2 });
  const samples = samplesOf(text);
  assert.equal(samples.get('crenel_series_left_out{of="rules"}'), 30);
  assert.equal(samples.get('crenel_series_left_out{of="entries"}'), 0);
  assert.equal(samples.get('crenel_series_left_out{of="hosts"}'), 8);
  assert.equal([...samples.keys()].filter((name) => name.startsWith('crenel_rule_packets_total')).length, 20);
  assert.match(text, /rule="sgr-0"\} 1$/mu);
  assert.match(text, /host="live",condition="enforcing"\} 1$/mu);
  assert.equal(samples.get('crenel_hosts{condition="gone"}'), 9, 'all are counted');
  assert.ok(samples.size < 120);
});

test('100,000 rules of which 100 were hit have 100 series', () => {
  const some = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`sgr-${index * 1000}`, hits(1)]));
  const observed = { revision: 1, hosts: [], realms: REALMS, book: book({ groups: { 'sg-1': some } }) };
  const names = [...samplesOf(agentMetrics(observed)).keys()];
  assert.equal(names.filter((name) => name.startsWith('crenel_rule_packets_total')).length, 100);
});

test('names cannot break the format', () => {
  const evil = 'sg"} 1\nx{a="\\';
  const observed = { revision: 1, hosts: [], realms: REALMS, book: book({ groups: { [evil]: { 'sgr-1': hits(1) } } }) };
  const samples = samplesOf(agentMetrics(observed));
  assert.ok([...samples.keys()].some((name) => name.includes(String.raw`group="sg\"} 1\nx{a=\"\\"`)));
});

test('a server tells them of its hosts', async (t) => {
  const server = await testServer(t);
  server.agents.own(REALM, { host: 'lab', holds: { enis: [], instances: [] }, enforced: 0 });
  const samples = samplesOf(server.agents.metrics());
  assert.equal(samples.get('crenel_hosts{condition="behind"}'), 1);
  assert.equal(samples.get('crenel_revision'), server.control.revision);
});
