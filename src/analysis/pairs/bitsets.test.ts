import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Bitsets, NO_CLASSES, type SetId } from './bitsets.ts';

/** Sizes around the ends of words and pieces. */
const size = fc.oneof(fc.constantFrom(0, 1, 31, 32, 33, 511, 512, 513, 1024, 1025), fc.integer({ min: 2, max: 1600 }));

/** Runs of members, so that pieces are empty, full and in between. */
const drawn = size.chain((members) =>
  fc.record({
    members: fc.constant(members),
    sets: fc.array(fc.array(fc.tuple(fc.nat(members), fc.nat(members)), { maxLength: 4 }), {
      minLength: 2,
      maxLength: 6,
    }),
  }),
);

function membersOf(runs: readonly (readonly [number, number])[], least: number): Set<number> {
  const found = new Set<number>();
  for (const [from, to] of runs) for (let at = from; at < to && at < least; at += 1) found.add(at);
  return found;
}

function assertIs(sets: Bitsets, id: SetId, expected: ReadonlySet<number>): void {
  const members = [...expected].toSorted((a, b) => a - b);
  assert.deepEqual([...sets.members(id)], members);
  const visited: number[] = [];
  sets.each(id, (member) => visited.push(member));
  assert.deepEqual(visited, members);
  assert.equal(id, sets.of(members), 'equal sets have equal numbers');
  assert.equal(sets.count(id), members.length);
  for (let at = 0; at < sets.size; at += 37) assert.equal(sets.has(id, at), expected.has(at));
}

describe('sets of classes', () => {
  test('are what sets of numbers are', () => {
    fc.assert(
      fc.property(drawn, ({ members, sets: runs }) => {
        const sets = new Bitsets(members);
        const plain = runs.map((one) => membersOf(one, members));
        const ids = plain.map((one) => sets.of(one));
        assertIs(sets, NO_CLASSES, new Set());
        assertIs(sets, sets.all, membersOf([[0, members]], members));
        assertIs(sets, sets.union(ids), new Set(plain.flatMap((one) => [...one])));
        for (const [at, a] of plain.entries())
          for (const [other, b] of plain.entries()) {
            const [one, two] = [ids[at] ?? NO_CLASSES, ids[other] ?? NO_CLASSES];
            const both = [...a].filter((member) => b.has(member));
            assertIs(sets, sets.and(one, two), new Set(both));
            assertIs(sets, sets.or(one, two), new Set([...a, ...b]));
            assertIs(sets, sets.without(one, two), new Set([...a].filter((member) => !b.has(member))));
            assert.equal(sets.overlap(one, two), both.length > 0);
          }
      }),
    );
  });
});
