import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asId, type RuleId } from '../core/model/ids.ts';
import { ChangedMap } from './changed-map.ts';
import { ClassMap } from './class-map.ts';
import { NumberMap } from './packed-map.ts';
import { TextList } from './text-list.ts';
import { TextMap } from './text-map.ts';

/** Texts that share beginnings and ends, the empty one, and such as take two bytes a letter. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' . '), maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.integer({ min: 0, max: 99_999 }).map(String),
);
const pairs = fc.array(fc.tuple(text, fc.oneof(fc.constantFrom('', 'goto a', 'goto b'), text)), { maxLength: 200 });

function isMap<V>(packed: ReadonlyMap<string, V>, plain: ReadonlyMap<string, V>, others: readonly string[]): void {
  assert.equal(packed.size, plain.size);
  assert.deepEqual([...packed], [...plain]);
  assert.deepEqual([...packed.keys()], [...plain.keys()]);
  assert.deepEqual([...packed.values()], [...plain.values()]);
  for (const key of [...plain.keys(), ...others]) {
    assert.equal(packed.get(key), plain.get(key));
    assert.equal(packed.has(key), plain.has(key));
  }
  const seen = new Map<string, V>();
  // oxlint-disable-next-line unicorn/no-array-for-each -- it is what is tested
  packed.forEach((value, key) => seen.set(key, value));
  assert.deepEqual(seen, plain);
}

test('a packed map of texts is the map that it was made of', () => {
  fc.assert(
    fc.property(pairs, fc.array(text), (entries, others) => {
      const plain = new Map(entries);
      const packed = TextMap.of(plain);
      isMap(packed, plain, others);
      const upper = new Map([...plain].map(([key, value]) => [key, value.toUpperCase()] as const));
      isMap(
        packed.changed((value) => value.toUpperCase()),
        upper,
        others,
      );
    }),
  );
});

test('a map of what becomes of values is the map that is made of them', () => {
  fc.assert(
    fc.property(pairs, fc.array(text), (entries, others) => {
      const plain = new Map(entries);
      const upper = new Map([...plain].map(([key, value]) => [key, value.toUpperCase()] as const));
      isMap(new ChangedMap(plain, (value) => value.toUpperCase()), upper, others);
    }),
  );
});

test('packed maps are equal when they say the same in the same order', () => {
  const few = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'ba', ''), fc.constantFrom('', 'a', 'b')));
  fc.assert(
    fc.property(few, few, (a, b) => {
      const isSame = JSON.stringify([...new Map(a)]) === JSON.stringify([...new Map(b)]);
      assert.equal(TextMap.of(new Map(a)).equals(TextMap.of(new Map(b))), isSame);
      assert.ok(TextMap.of(new Map(a)).equals(TextMap.of(new Map(a))));
    }),
    { numRuns: 2000 },
  );
});

test('a packed map of numbers is the map that it was made of', () => {
  const numbers = fc.array(fc.tuple(text, fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 200 });
  fc.assert(
    fc.property(numbers, fc.array(text), (entries, others) => {
      isMap(new NumberMap(new Map(entries)), new Map(entries), others);
    }),
  );
});

test('each text of a long list is found, and no other', () => {
  const list = new TextList(Array.from({ length: 20_000 }, (_, at) => `"d${at}" . 10.0.${at >> 8}.${at & 255}`));
  for (let at = 0; at < list.size; at += 1) {
    assert.equal(list.placeOf(list.at(at)), at);
    assert.equal(list.placeOf(`${list.at(at)} `), -1);
  }
});

test('a packed map of classes is the map that it was made of, in the order of numbers', () => {
  const rule = fc.integer({ min: 0, max: 20 }).map((at) => asId<RuleId>(`sgr-${at}`));
  const classes = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.array(rule, { maxLength: 4 })));
  fc.assert(
    fc.property(classes, (entries) => {
      const plain = new Map(entries);
      const packed = new ClassMap(plain);
      const sorted = [...plain].toSorted(([a], [b]) => a - b);
      assert.equal(packed.size, plain.size);
      assert.deepEqual([...packed], sorted);
      assert.deepEqual(
        [...packed.keys()],
        [...packed].map(([number]) => number),
      );
      assert.deepEqual(
        [...packed.values()],
        [...packed].map(([, rules]) => rules),
      );
      for (let number = 0; number <= 301; number += 1) {
        assert.deepEqual(packed.get(number), plain.get(number));
        assert.equal(packed.has(number), plain.has(number));
      }
      const seen: (readonly [number, readonly RuleId[]])[] = [];
      // oxlint-disable-next-line unicorn/no-array-for-each -- it is what is tested
      packed.forEach((rules, number) => seen.push([number, rules]));
      assert.deepEqual(seen, sorted);
    }),
  );
});
