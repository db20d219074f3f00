// What either end reads from the other: exact, bounded, and never taken on trust.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { asId } from '../../src/core/model/ids.ts';
import { decodeHello, decodeMessage, decodeReport, encodeLine } from '../../src/server/sync/codec.ts';
import { HitBook } from '../../src/server/sync/hit-book.ts';
import { MAX_LINE, type ServerMessage } from '../../src/server/sync/messages.ts';
import { Outbox } from '../../src/server/sync/outbox.ts';
import { ViewBuilder } from '../../src/server/sync/view-builder.ts';
import { checks } from '../property/checks.ts';
import { changeAtRandom, ENIS, firstWorld } from './sync-worlds.ts';

const HELLO = { version: 1, host: 'host-1', mode: 'tap', holds: { enis: ['eni-1'], instances: [] } };
const errorOf = (read: { readonly ok: boolean; readonly error?: string }): string => read.error ?? '';

/** Everything a server says of a world that has a bit of everything. */
function saidOf(seed: number): readonly ServerMessage[] {
  const random = new Random(seed);
  let world = firstWorld();
  for (let step = 0; step < 60; step += 1) world = changeAtRandom(random, world);
  const outbox = new Outbox({ enis: ENIS.map((id) => asId(id)), instances: [] }, 'epoch');
  return [...(outbox.next({ world, revision: 9 }) ?? [])];
}

test('a hello is read, with and without a resume point', () => {
  assert.deepEqual(expectOk(decodeHello(JSON.stringify(HELLO))), HELLO);
  const resume = { epoch: 'e', revision: 4, holds: HELLO.holds };
  assert.deepEqual(expectOk(decodeHello(JSON.stringify({ ...HELLO, resume }))).resume, resume);
});

test('a hello of another version, with strangers, or without what it needs is refused with its place', () => {
  assert.match(
    errorOf(decodeHello(JSON.stringify({ ...HELLO, version: 2 }))),
    /speaks version 2; .* version 1: run the same release of crenel at both ends$/,
  );
  assert.match(errorOf(decodeHello(JSON.stringify({ ...HELLO, more: 1 }))), /hello has a member that is not known/);
  assert.match(errorOf(decodeHello(JSON.stringify({ ...HELLO, holds: { enis: [7], instances: [] } }))), /enis\[0\]/);
  assert.match(errorOf(decodeHello(JSON.stringify({ ...HELLO, mode: undefined }))), /hello\.mode must be tap or host/);
  assert.match(errorOf(decodeHello('{"version":1')), /no JSON/);
  assert.match(errorOf(decodeHello('null')), /must be an object/);
  for (const host of ['', '-a', 'a b', 'a/b', '*', 'a'.repeat(64), 'ä'])
    assert.match(errorOf(decodeHello(JSON.stringify({ ...HELLO, host }))), /hello\.host/, host);
});

test('a report is read; counters have names and whole numbers', () => {
  const report = {
    version: 1,
    host: 'host-1',
    applied: { epoch: 'e', revision: 3 },
    drift: { objects: 2, isRepaired: true },
    counters: {
      run: 'r1',
      since: 1,
      asOf: 9,
      groups: { 'sg-1': { 'sgr-1': { packets: 1, bytes: 60, lastHit: 5 } } },
      acls: { 'acl-1': { 'ingress/*': { packets: 2, bytes: 120, lastHit: 6 } } },
    },
  };
  assert.deepEqual(expectOk(decodeReport(JSON.stringify(report))), report);
  const groups = { 'sg-1': { 'sgr-1': { packets: -1, bytes: 0, lastHit: 5 } } };
  const wrong = { ...report, counters: { ...report.counters, groups } };
  assert.match(errorOf(decodeReport(JSON.stringify(wrong))), /packets must be a whole number/);
  assert.match(errorOf(decodeReport(JSON.stringify({ ...report, problem: 'x'.repeat(1001) }))), /report\.problem/);
  assert.match(errorOf(decodeReport(JSON.stringify({ ...report, warnings: ['x', 7] }))), /report\.warnings\[1\]/);
});

test('a line that is too long is refused before it is parsed', () => {
  assert.match(errorOf(decodeMessage(`"${'x'.repeat(MAX_LINE)}"`)), /longer than/);
});

test('addresses and prefixes that break their invariants are refused', () => {
  const eni = saidOf(3).find((one) => one.type === 'record' && one.kind === 'enis');
  assert.ok(eni?.type === 'record');
  const withAddress = (address: unknown): string =>
    JSON.stringify({ ...eni, record: { ...eni.record, addresses: [{ address, isPrimary: true }] } });
  const good = { family: 'ipv4', w0: 1, w1: 0, w2: 0, w3: 0 };
  assert.ok(decodeMessage(withAddress(good)).ok);
  for (const bad of [
    { ...good, w1: 1 },
    { ...good, w0: 2 ** 32 },
    { ...good, w0: -1 },
    { ...good, family: 'x' },
  ])
    assert.ok(!decodeMessage(withAddress(bad)).ok, JSON.stringify(bad));
  const withPrefix = (length: number): string =>
    JSON.stringify({ ...eni, record: { ...eni.record, prefixes: [{ family: 'ipv4', base: good, length }] } });
  assert.ok(decodeMessage(withPrefix(32)).ok);
  assert.ok(!decodeMessage(withPrefix(31)).ok, 'host bits');
  assert.ok(!decodeMessage(withPrefix(33)).ok, 'too long for its family');
});

const JUNK: readonly unknown[] = [null, -1, 1.5, 2 ** 53, '', 'x'.repeat(200), [], {}, [[]], true, '__proto__', '*'];

test('messages with one value broken never throw, and what is taken is a message all the same', () => {
  const random = new Random(11);
  const said = saidOf(1);
  let refused = 0;
  for (let round = 0; round < checks(3000); round += 1) {
    const message: unknown = JSON.parse(encodeLine(random.pick(said)));
    const places = [...placesIn(message)];
    const { holder, key } = random.pick(places);
    if (random.chance(0.2)) Reflect.deleteProperty(holder, key);
    else Reflect.set(holder, random.chance(0.1) ? 'stranger' : key, random.pick(JUNK));
    const read = decodeMessage(JSON.stringify(message));
    if (!read.ok) refused += 1;
    else new ViewBuilder().take(read.value);
  }
  assert.ok(refused > checks(3000) * 0.6, `only ${refused} were refused`);
});

test('reports with one value broken never throw, and what is taken is added up all the same', () => {
  const random = new Random(13);
  const hits = { packets: 1, bytes: 60, lastHit: 5 };
  const report = {
    version: 1,
    host: 'host-1',
    applied: { epoch: 'e', revision: 3 },
    problem: 'p',
    warnings: ['w'],
    drift: { objects: 2, isRepaired: true },
    counters: {
      run: 'r',
      since: 1,
      asOf: 9,
      groups: { 'sg-1': { 'sgr-1': hits } },
      acls: { a: { 'ingress/*': hits } },
    },
  };
  const book = new HitBook();
  let refused = 0;
  for (let round = 0; round < checks(2000); round += 1) {
    const broken: unknown = JSON.parse(JSON.stringify(report));
    const { holder, key } = random.pick([...placesIn(broken)]);
    if (random.chance(0.2)) Reflect.deleteProperty(holder, key);
    else Reflect.set(holder, random.chance(0.1) ? 'stranger' : key, random.pick(JUNK));
    const read = decodeReport(JSON.stringify(broken));
    if (!read.ok) refused += 1;
    else if (read.value.counters !== undefined)
      book.take({ realm: 'r', host: 'h' }, read.value.counters, { now: 10, itemsOf: () => new Set(['sgr-1']) });
  }
  assert.ok(refused > checks(2000) * 0.4, `only ${refused} were refused`);
  const sum = book.sum('r', 'groups', { owner: 'sg-1', item: 'sgr-1' });
  assert.ok(Number.isSafeInteger(sum?.packets) && Number.isSafeInteger(sum?.bytes), JSON.stringify(sum));
});

test('lines cut short or of random bytes never throw', () => {
  const random = new Random(12);
  const said = saidOf(2);
  for (let round = 0; round < checks(1000); round += 1) {
    const line = encodeLine(random.pick(said));
    assert.ok(!decodeMessage(line.slice(0, random.below(line.length - 2))).ok);
    const bytes = Array.from({ length: 40 }, () => String.fromCharCode(random.below(256))).join('');
    assert.ok(!decodeMessage(bytes).ok);
  }
});

test('a stream that does not begin, begins twice, or goes on from what the agent does not have is refused', () => {
  const begin = { type: 'begin', version: 1, epoch: 'e', from: 'nothing' } as const;
  assert.match(errorOf(new ViewBuilder().take({ type: 'mark', revision: 1 })), /does not begin/);
  const twice = new ViewBuilder();
  expectOk(twice.take(begin));
  assert.match(errorOf(twice.take(begin)), /begins once/);
  assert.match(errorOf(new ViewBuilder().take({ ...begin, from: 'resume' })), /does not have/);
  const builder = new ViewBuilder();
  expectOk(builder.take(begin));
  assert.match(
    errorOf(builder.take({ type: 'members', group: asId('sg-1'), added: ['x'], removed: [] })),
    /no address/,
  );
});

function* placesIn(value: unknown): Generator<{ readonly holder: object; readonly key: string }> {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    yield { holder: value, key };
    yield* placesIn(Reflect.get(value, key));
  }
}
