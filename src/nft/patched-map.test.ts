import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keysOfNumbers, NumberMap } from './packed-map.ts';
import { entriesAt, keysBetween, patched } from './patched-map.ts';
import { keysWith, packTexts, valuesIn } from './text-map.ts';

const key = fc.integer({ min: 0, max: 40 }).map((one) => `k${one}`);
const value = fc.constantFrom<string>('', 'goto a', 'goto b', 'goto c', '7');
/** Maps and the changes that come one after another; most are few beside what there is. */
const start = fc.array(fc.tuple(key, value), { maxLength: 60 }).map((entries) => new Map(entries));
const steps = fc.array(
  fc.array(fc.tuple(key, fc.option(value, { nil: undefined })), { maxLength: 3 }).map((changes) => new Map(changes)),
  { maxLength: 6 },
);

/** What a change leaves of a map. */
function changed<V>(map: ReadonlyMap<string, V>, changes: ReadonlyMap<string, V | undefined>): Map<string, V> {
  const next = new Map(map);
  for (const [one, now] of changes) {
    if (now === undefined) next.delete(one);
    else next.set(one, now);
  }
  return next;
}

function sorted<V>(entries: Iterable<readonly [string, V]>): readonly (readonly [string, V])[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

for (const [name, pack] of [
  ['packed', packTexts],
  ['plain', (map: ReadonlyMap<string, string>) => new Map(map)],
] as const)
  test(`a ${name} map with changes on top is the map after them, and tells at which keys it may differ`, () => {
    fc.assert(
      fc.property(start, steps, (first, changes) => {
        const states = [{ plain: new Map(first), map: pack(first) }];
        for (const one of changes) {
          const { plain, map } = states.at(-1) ?? assert.fail('there is a first one');
          states.push({ plain: changed(plain, one), map: patched<string, string>(map, one, pack) });
        }
        for (const { plain, map } of states) {
          assert.equal(map.size, plain.size);
          assert.deepEqual(sorted(map), sorted(plain));
          assert.deepEqual(sorted(new Map([...map.keys()].map((one) => [one, map.get(one)]))), sorted(plain));
          assert.deepEqual([...map.values()].toSorted(), [...plain.values()].toSorted());
          for (const one of first.keys()) assert.equal(map.has(one), plain.has(one));
          const isValue = valuesIn(map);
          for (const one of ['', 'goto a', 'goto b', 'goto c', '7', 'none']) {
            assert.equal(isValue(one), [...plain.values()].includes(one));
            const wanted = new Set([one, '7']);
            const having = [...plain].filter(([, own]) => wanted.has(own)).map(([own]) => own);
            assert.deepEqual([...keysWith(map, wanted)].toSorted(), having.toSorted());
          }
          for (const other of states) {
            const keys = keysBetween(map, other.map);
            for (const one of [...plain.keys(), ...other.plain.keys()])
              assert.ok(keys === undefined || keys.has(one) || plain.get(one) === other.plain.get(one));
            if (keys === undefined) assert.deepEqual(sorted(entriesAt(map, keys)), sorted(plain));
            else assert.deepEqual(sorted(entriesAt(map, keys)), sorted([...plain].filter(([one]) => keys.has(one))));
          }
        }
      }),
    );
  });

test('keys are found by their numbers, in a packed map and with changes on top', () => {
  const number = fc.integer({ min: 0, max: 60 });
  const entries = fc.array(fc.tuple(key, number), { maxLength: 60 }).map((all) => new Map(all));
  const few = fc.array(fc.tuple(key, fc.option(number, { nil: undefined })), { maxLength: 5 });
  fc.assert(
    fc.property(entries, few, fc.array(number), (first, changes, wanted) => {
      const plain = changed(first, new Map(changes));
      const map = patched<string, number>(new NumberMap(first), new Map(changes), (all) => new NumberMap(all));
      const found = [...keysOfNumbers(map, new Set(wanted))];
      assert.deepEqual(
        found.toSorted(),
        [...plain].flatMap(([one, own]) => (wanted.includes(own) ? [one] : [])).toSorted(),
      );
    }),
  );
});

test('what is small beside what there is stands on top of it, and is found again', () => {
  const first = packTexts(new Map(Array.from({ length: 100 }, (_, at) => [`k${at}`, 'v'])));
  const next = patched<string, string>(first, new Map([['k7', undefined]]), packTexts);
  assert.deepEqual(keysBetween(first, next), new Set(['k7']));
  assert.equal(patched<string, string>(next, new Map([['k7', 'v']]), packTexts), first);
});
