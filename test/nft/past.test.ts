import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import {
  departureElements,
  eraAt,
  markOf,
  NO_PAST,
  type Past,
  pastAfter,
  pastFrom,
  pastIn,
} from '../../src/nft/past.ts';
import type { Content, Elements } from '../../src/nft/ruleset.ts';
import { sorted } from './comparable.ts';

/** Whether a mark of an era still says something of an address. */
function isBelieved(past: Past, address: string, era: number): boolean {
  const mark = markOf(era);
  const holds = (text: string): boolean => {
    const [own, range = ''] = text.split(' . ');
    const [from = 0, to = 0] = range.split('-').map(Number);
    return own === address && from <= mark && mark <= to;
  };
  return era >= past.since && !departureElements(past, 'gone4').some(([text]) => holds(text));
}

function texts(elements: Elements): { readonly content: Content } {
  return { content: { kind: 'texts', elements: new Map(elements) } };
}

/** What a table with this past holds of it. */
function setsOf(past: Past): ReadonlyMap<string, { readonly content: Content }> {
  const devices = [...new Set(past.holders.values())].map((holder): [string, string] => [`"d${holder}"`, `${holder}`]);
  const at = [...past.holders].map(([key, holder]): [string, string] => [
    `"d${holder}" . ${key.split(' ')[1] ?? ''}`,
    '',
  ]);
  return new Map([
    [
      'eras',
      texts([
        [String(past.since), ''],
        [String(past.era), ''],
      ]),
    ],
    ['holders', texts(devices)],
    ['at4', texts(at)],
    ['gone4', texts(departureElements(past, 'gone4'))],
  ]);
}

test('a mark is believed as long as the address has the holder that it had then', () => {
  for (let seed = 0; seed < 30; seed += 1) {
    const random = new Random(seed);
    let past: Past = pastFrom(eraAt(1_790_000_000));
    const history: Past[] = [];
    for (let step = 0; step < 30; step += 1) {
      const names = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].filter(() => random.chance(0.8));
      const holders = new Map(names.map((name) => [`at4 ${name}`, random.between(1, 3)] as const));
      past = pastAfter(past, holders);
      history.push(past);
      // An agent that begins anew reads the same past from the table.
      assert.deepEqual(plain(pastIn(setsOf(past)) ?? assert.fail('it tells one')), plain(past), `seed ${seed}`);
      for (const [place, { era, holders: then }] of history.entries())
        for (const [key, holder] of then) {
          const isHis = history.slice(place).every((later) => later.holders.get(key) === holder);
          const address = key.split(' ')[1] ?? '';
          assert.equal(isBelieved(past, address, era), isHis, `seed ${seed}, step ${step}: ${address} of era ${era}`);
        }
    }
  }
});

test('nothing ends an era but an address that loses its holder', () => {
  const one = pastAfter(NO_PAST, new Map([['at4 10.0.0.1', 1]]));
  assert.equal(one.era, NO_PAST.era);
  const two = pastAfter(one, new Map([...one.holders, ['at6 2001:db8::1', 1]]));
  assert.equal(two.era, one.era);
  assert.deepEqual(two.departures, []);
  assert.equal(pastAfter(two, new Map(two.holders).set('at4 10.0.0.1', 2)).era, two.era + 1);
});

test('of more departures than there is room for, the oldest make all marks from before them unbelievable', () => {
  const addresses = Array.from({ length: 300 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  const first = new Map(addresses.map((address) => [`at4 ${address}`, 1] as const));
  let past = pastAfter(NO_PAST, first);
  for (let turn = 2; turn < 80; turn += 1) {
    past = pastAfter(past, new Map(addresses.map((address) => [`at4 ${address}`, turn] as const)));
    const elements = departureElements(past, 'gone4');
    assert.ok(elements.length <= 16_384);
    assert.equal(new Set(elements.map(([text]) => text)).size, elements.length);
    assert.ok(isBelieved(past, '10.0.0.7', past.era) && !isBelieved(past, '10.0.0.7', past.era - 1));
    assert.ok(!isBelieved(past, '10.0.0.7', NO_PAST.era));
    assert.ok(past.since <= past.era);
  }
  assert.ok(past.since > NO_PAST.since);
});

test('prefixes that overlap are never told apart: everything from before is forgotten', () => {
  const wide = pastAfter(NO_PAST, new Map([['at6p 2001:db8::/64', 1]]));
  const gone = pastAfter(wide, new Map([['at6p 2001:db8::/80', 2]]));
  assert.deepEqual(departureElements(gone, 'gone6p'), [[`2001:db8::/64 . 0-${markOf(gone.era) - 1}`, '']]);
  const again = pastAfter(gone, new Map());
  assert.equal(again.since, again.era);
  assert.deepEqual(again.departures, []);
});

test('eras of a table that is made anew are later than those of any table before it', () => {
  assert.ok(pastFrom(eraAt(1_790_000_001)).since > eraAt(1_790_000_000));
  assert.ok(eraAt(0) >= 1 && eraAt(2 ** 33) < 2 ** 29);
  const late = { ...pastAfter(NO_PAST, new Map([['at4 10.0.0.1', 1]])), next: 700 };
  assert.deepEqual([pastAfter(late, new Map()).era, pastAfter(late, late.holders).era], [700, 1]);
});

/** A past as plain data. */
function plain(past: Past): unknown {
  return { ...past, holders: sorted(past.holders) };
}
