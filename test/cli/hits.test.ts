// What people see of hits: how often, how long ago, as of when, and why something was not counted.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { fail, ok } from '../../src/core/net/result.ts';
import { readHits } from '../../src/cli/hits-source.ts';
import { ageText, bytesText } from '../../src/cli/hits-text.ts';
import type { HitsDocument } from '../../src/server/native/hits.ts';
import { matchesGolden, run } from './run-cli.ts';
import { smallWorld } from './small-world.ts';

const AT = Date.parse('2026-03-01T12:00:00Z');
const ago = (seconds: number): string => new Date(AT - seconds * 1000).toISOString();
const NEVER = { packets: 0, bytes: 0, lastHit: null };
const hit = (packets: number, bytes: number, seconds: number): HitsDocument['counts'][string] => ({
  packets,
  bytes,
  lastHit: ago(seconds),
});
type Host = HitsDocument['hosts'][number];
const host = (name: string, more: Partial<Host> = {}): Host => ({
  host: name,
  condition: 'enforcing',
  since: ago(7200),
  asOf: ago(12),
  ...more,
});
const hits = (counts: HitsDocument['counts'], more: Partial<HitsDocument> = {}): HitsDocument => ({
  at: new Date(AT).toISOString(),
  hosts: [host('rack-7')],
  since: ago(7200),
  asOf: ago(12),
  counts,
  ...more,
});

const GROUP = {
  'sg-web.ingress.0': hit(1_204, 72_240, 75),
  'sg-web.ingress.1': hit(1, 80, 300_000),
  'sg-web.ingress.2': NEVER,
  'sg-web.ingress.3': NEVER,
  'sg-web.egress.0': hit(9_876_543_210, 5_555_555_555_555, 0),
};
const ENTRIES = {
  'ingress/90': hit(17, 1020, 40),
  'ingress/100': hit(88_123, 41_000_000, 12),
  'ingress/101': { notCounted: 'its NACL lets everything pass, so nothing asks it' },
  'ingress/200': NEVER,
  'ingress/*': NEVER,
  'egress/100': NEVER,
  'egress/101': { notCounted: 'its NACL lets everything pass, so nothing asks it' },
  'egress/*': hit(2, 168, 3600),
};
const nobody = (counts: readonly string[]): HitsDocument =>
  hits(Object.fromEntries(counts.map((item) => [item, { notCounted: 'no host enforces it' }])), {
    hosts: [],
    since: null,
    asOf: null,
  });

/** File name, command line, and what the server tells. */
const RUNS: readonly (readonly [string, string, HitsDocument])[] = [
  ['show-group-hits', 'show group web', hits(GROUP)],
  [
    'show-group-hits-of-many',
    'show group web',
    hits(GROUP, {
      hosts: [
        host('rack-1'),
        host('rack-2', { condition: 'gone', asOf: ago(9000) }),
        ...['rack-3', 'rack-4', 'rack-5'].map((name) => host(name)),
        host('rack-6', { condition: 'behind', since: null, asOf: null }),
      ],
    }),
  ],
  ['show-group-enforced-nowhere', 'show group web', nobody(Object.keys(GROUP))],
  [
    'show-group-hosts-gone',
    'show group web',
    hits(GROUP, { hosts: [host('rack-2', { condition: 'gone', asOf: ago(9000) })], asOf: ago(9000) }),
  ],
  ['show-group-counted-before', 'show group web', hits(GROUP, { hosts: [], since: null, asOf: null })],
  [
    'show-group-not-read-yet',
    'show group web',
    hits({}, { hosts: [host('rack-7', { since: null, asOf: null })], since: null, asOf: null }),
  ],
  ['show-acl-hits', 'show acl acl-a', hits(ENTRIES)],
  ['show-subnet-hits', 'show subnet subnet-a', hits(ENTRIES)],
];
const SERVER = ' --endpoint http://127.0.0.1:4700';

describe('hits', () => {
  for (const [name, words, told] of RUNS) {
    test(`${name}: crenel ${words}`, async () => {
      const done = await run(words + SERVER, { world: smallWorld, hits: ok(told), env: {} });
      assert.equal(done.stderr, '');
      assert.equal(done.status, 0);
      matchesGolden(name, `$ crenel ${words}${SERVER}\n${done.stdout}`);
      assert.ok(done.stdout.split('\n').every((line) => line.length <= 80));
    });
  }

  test('are in the document as the server tells them', async () => {
    for (const [, words, told] of RUNS) {
      const done = await run(`${words + SERVER} --json`, { world: smallWorld, hits: ok(told), env: {} });
      const document: unknown = JSON.parse(done.stdout);
      assert.ok(typeof document === 'object' && document !== null && 'hits' in document && 'revision' in document);
      assert.deepEqual(document.hits, told);
    }
  });

  test('that cannot be had are said to be missing, and all else is shown', async () => {
    const why = fail({ kind: 'io', message: 'http://s answers 403: crenel:GetReport is not allowed' } as const);
    const done = await run(`show group web${SERVER}`, { world: smallWorld, hits: why, env: {} });
    assert.equal(done.status, 0);
    assert.match(done.stderr.replaceAll(/\s+/gu, ' '), /Note: hits are not shown: .* 403: crenel:GetReport/u);
    assert.match(done.stdout, /Group web/u);
    assert.doesNotMatch(done.stdout, /never hit|Hits/u);
  });

  test('are not asked for where the world comes from files', async () => {
    const done = await run('show group web', { world: smallWorld, hits: ok(hits(GROUP)) });
    assert.doesNotMatch(done.stdout, /packets|Hits/u);
  });

  test('a host of a hostile name does not steer the terminal', async () => {
    const told = hits(GROUP, { hosts: [host('rack\u001B[2J')] });
    const done = await run(`show group web${SERVER}`, { world: smallWorld, hits: ok(told), env: {} });
    assert.ok(!done.stdout.includes('\u001B'));
  });
});

test('a server that tells hits in another form is not believed', async (t) => {
  const good = hits(GROUP);
  let told: unknown = good;
  const server = createServer((_, answer) => void answer.end(JSON.stringify({ kind: 'group', hits: told })));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const ask = async (): Promise<Awaited<ReturnType<typeof readHits>>> =>
    await readHits(`http://127.0.0.1:${address.port}`, { kind: 'group', id: 'sg-1' }, {});
  assert.deepEqual(await ask(), ok(good));
  const strange: readonly unknown[] = [
    null,
    [],
    { ...good, at: 'yesterday' },
    { ...good, asOf: 7 },
    { ...good, hosts: {} },
    { ...good, hosts: [{ host: 1 }] },
    { ...good, counts: [1] },
    { ...good, counts: { a: { packets: -1, bytes: 0, lastHit: null } } },
    { ...good, counts: { a: { packets: '<b>', bytes: 0, lastHit: null } } },
  ];
  for (told of strange) assert.equal((await ask()).ok, false, JSON.stringify(told));
  told = undefined;
  assert.deepEqual(await ask(), ok(undefined));
});

test('ages and sizes are told in the largest unit that says enough', () => {
  const ages: readonly (readonly [number, string])[] = [
    [-5, '0 s'],
    [0.4, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 days'],
  ];
  for (const [seconds, text] of ages) assert.equal(ageText(ago(seconds), ago(0)), text);
  const sizes: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [72_240, '72.2 kB'],
    [999_999, '1.00 MB'],
    [5_555_555_555_555, '5.56 TB'],
    [Number.MAX_SAFE_INTEGER, '9.01 PB'],
  ];
  for (const [bytes, text] of sizes) assert.equal(bytesText(bytes), text);
});
