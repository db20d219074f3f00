import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import {
  EMPTY_SET,
  interval,
  type IntervalSet,
  intersectSets,
  intervalsOf,
  normalizeIntervals,
  sameSet,
  setHas,
  setSize,
  shiftSet,
  subtractSets,
  unionSets,
} from './interval-set.ts';

const LAST = 60;

/** Intervals in any order, overlapping, touching and now and then reversed (empty). */
const flat: fc.Arbitrary<readonly number[]> = fc
  .array(fc.tuple(fc.nat({ max: LAST }), fc.integer({ min: -2, max: 12 })), { maxLength: 8 })
  .map((pairs) => pairs.flatMap(([from, length]) => [from, Math.min(LAST, from + length)]));
const someSet: fc.Arbitrary<IntervalSet> = flat.map(normalizeIntervals);

/** The oracle: every member by itself. */
function members(set: readonly number[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (let index = 0; index < set.length; index += 2)
    for (let value = set[index]!; value <= set[index + 1]!; value += 1) all.add(value);
  return all;
}

/** The canonical intervals of members, found by walking over every integer. */
function canonical(all: ReadonlySet<number>): readonly number[] {
  const found: number[] = [];
  for (let value = -1; value <= LAST + 1; value += 1) {
    if (all.has(value) && !all.has(value - 1)) found.push(value);
    if (!all.has(value) && all.has(value - 1)) found.push(value - 1);
  }
  return found;
}

test('normalizing keeps the members and gives the one canonical form', () => {
  fc.assert(
    fc.property(flat, (some) => assert.deepEqual(normalizeIntervals(some), canonical(members(some)))),
    {
      numRuns: 500,
    },
  );
});

test('many intervals are normalized as few are', () => {
  const single = fc.nat({ max: LAST }).map((value) => [value, value]);
  fc.assert(
    fc.property(fc.array(single, { minLength: 20, maxLength: 40, size: 'max' }), (points) => {
      const some = points.flat();
      assert.deepEqual(normalizeIntervals(some), canonical(members(some)));
    }),
  );
});

test('normalizing does not touch what it was given', () => {
  const given = Object.freeze([5, 9, 0, 3, 4, 4]);
  assert.deepEqual(normalizeIntervals(given), [0, 9]);
});

test('union, intersection and difference are those of the members, in canonical form', () => {
  fc.assert(
    fc.property(someSet, someSet, (a, b) => {
      const [inA, inB] = [members(a), members(b)];
      assert.deepEqual(unionSets(a, b), canonical(new Set([...inA, ...inB])));
      assert.deepEqual(intersectSets(a, b), canonical(new Set([...inA].filter((value) => inB.has(value)))));
      assert.deepEqual(subtractSets(a, b), canonical(new Set([...inA].filter((value) => !inB.has(value)))));
    }),
    { numRuns: 1000 },
  );
});

test('membership, size, intervals and equality are those of the members', () => {
  fc.assert(
    fc.property(someSet, someSet, (a, b) => {
      const inA = members(a);
      for (let value = -1; value <= LAST + 1; value += 1) assert.equal(setHas(a, value), inA.has(value));
      assert.equal(setSize(a), inA.size);
      assert.deepEqual(intervalsOf(a).flat(), a);
      assert.equal(sameSet(a, b), isDeepStrictEqual(canonical(inA), canonical(members(b))));
      assert.ok(sameSet(a, [...a]));
    }),
    { numRuns: 500 },
  );
});

test('shifting moves every member and back again', () => {
  fc.assert(
    fc.property(someSet, fc.integer({ min: -100, max: 100 }), (set, offset) => {
      const moved = [...members(set)].map((value) => value + offset).toSorted((a, b) => a - b);
      assert.deepEqual([...members(shiftSet(set, offset))], moved);
      assert.deepEqual(shiftSet(shiftSet(set, offset), -offset), set);
    }),
  );
});

test('adjacent intervals are one, an interval that ends before it begins is none', () => {
  assert.deepEqual(unionSets([0, 4], [5, 9]), [0, 9]);
  assert.deepEqual(unionSets([0, 4], [6, 9]), [0, 4, 6, 9]);
  assert.deepEqual(interval(3, 3), [3, 3]);
  assert.deepEqual(interval(4, 3), EMPTY_SET);
  assert.deepEqual(normalizeIntervals([4, 3]), EMPTY_SET);
});
