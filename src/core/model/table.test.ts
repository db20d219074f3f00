import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  changedKeys,
  emptyTable,
  lazyTable,
  type Table,
  tableAnyKey,
  tableDelete,
  tableGet,
  tableHas,
  tableKeys,
  tableOf,
  tableOfSets,
  tableSet,
  tableValues,
} from './table.ts';

type Node = Table<unknown>['root'];

/**
 * Texts whose hashes are equal in all 32 bits. FNV-1a takes in a code unit by XOR into the low 16 bits, so texts of two units whose states
 * agree in the high 16 bits are completed to equal states by a third. This finds states by trying; that the hashes meet is tested below.
 */
function collidingKeys(count: number): readonly string[] {
  const keys: string[] = [];
  for (let first = 0x100; ; first += 1) {
    for (let second = 0x100; second < 0x2000; second += 1) {
      const state = mix(mix(0x811c_9dc5, first), second);
      if (state >>> 16 !== 0x1234) continue;
      keys.push(String.fromCharCode(first, second, (state & 0xffff) ^ 0x41));
      if (keys.length === count) return keys;
    }
  }
}

function mix(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x0100_0193);
}

const COLLIDING = collidingKeys(30);
const ORDINARY = Array.from({ length: 60 }, (_, index) => `eni-${index}`);
const someKey = fc.constantFrom(...COLLIDING, ...ORDINARY);

type Step = { readonly key: string; readonly value: number | undefined };
/** Setting (value) and deleting (none), with enough deletes that tables shrink again. */
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ key: someKey, value: fc.oneof(fc.nat({ max: 5 }), fc.constant(undefined)) }),
  { maxLength: 150 },
);

/** A number for each entry, to sort by. */
const ranks = fc.array(fc.nat(), { minLength: 90, maxLength: 90 });

function applyStep(table: Table<number>, { key, value }: Step): Table<number> {
  return value === undefined ? tableDelete(table, key) : tableSet(table, key, value);
}

function entriesOf(table: Table<number>): readonly (readonly [string, number])[] {
  const values = [...tableValues(table)];
  return [...tableKeys(table)].map((key, index): readonly [string, number] => [key, values[index]!]);
}

function sorted(entries: Iterable<readonly [string, number]>): readonly (readonly [string, number])[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Nodes of `after` that `before` does not have at the same place. */
function freshNodes(before: Node | undefined, after: Node | undefined): number {
  if (after === undefined || before === after) return 0;
  if (!('children' in after)) return 1;
  const old = before !== undefined && 'children' in before ? before.children : [];
  return after.children.reduce((sum, child, slot) => sum + freshNodes(old[slot], child), 1);
}

test('a table does what a map does, whatever the steps', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let table = emptyTable<number>();
      const map = new Map<string, number>();
      for (const step of all) {
        table = applyStep(table, step);
        if (step.value === undefined) map.delete(step.key);
        else map.set(step.key, step.value);
        assert.equal(table.size, map.size);
        assert.equal(tableGet(table, step.key), step.value);
      }
      assert.deepEqual(sorted(entriesOf(table)), sorted(map));
      for (const key of [...COLLIDING, ...ORDINARY]) {
        assert.equal(tableGet(table, key), map.get(key));
        assert.equal(tableHas(table, key), map.has(key));
      }
      const any = tableAnyKey(table);
      assert.ok(map.size === 0 ? any === undefined : any !== undefined && map.has(any));
    }),
    { numRuns: 300 },
  );
});

test('the shape depends on the entries alone, not on how they came about', () => {
  fc.assert(
    fc.property(steps, ranks, (all, order) => {
      const table = all.reduce(applyStep, emptyTable<number>());
      const entries = sorted(entriesOf(table));
      const shuffled = entries
        .map((entry, index) => ({ entry, rank: order[index]! }))
        .toSorted((x, y) => x.rank - y.rank)
        .map(({ entry }) => entry);
      assert.deepEqual(tableOf(entries), table);
      assert.deepEqual(tableOf(shuffled), table);
      assert.deepEqual(
        shuffled.reduce((sofar, [key, value]) => tableSet(sofar, key, value), emptyTable<number>()),
        table,
      );
    }),
    { numRuns: 200 },
  );
});

test('keys with equal hashes share one leaf below all levels and go apart again', () => {
  const table = tableOf(COLLIDING.map((key, index) => [key, index]));
  let node: Node = table.root;
  let levels = 0;
  while ('children' in node) {
    const children: readonly Node[] = node.children.filter((child) => child !== undefined);
    assert.equal(children.length, 1, 'the hashes are equal');
    node = children[0]!;
    levels += 1;
  }
  assert.equal(levels, 7);
  assert.equal(node.keys.length, COLLIDING.length);
  for (const [index, key] of COLLIDING.entries()) assert.equal(tableGet(table, key), index);
  const few = COLLIDING.slice(2).reduce(tableDelete<number>, table);
  assert.deepEqual(
    few,
    tableOf([
      [COLLIDING[0]!, 0],
      [COLLIDING[1]!, 1],
    ]),
  );
  assert.equal('children' in few.root, false);
});

test('a table that shrinks has the shape of one that never was larger', () => {
  for (const keys of [ORDINARY, COLLIDING]) {
    const entries = keys.map((key, index): readonly [string, number] => [key, index]);
    let table = tableOf(entries);
    for (const [index, key] of keys.entries()) {
      table = tableDelete(table, key);
      assert.deepEqual(table, tableOf(entries.slice(index + 1)));
    }
    assert.deepEqual(table, emptyTable());
  }
});

test('changed keys are those whose values are not the same object', () => {
  fc.assert(
    fc.property(steps, steps, (all, more) => {
      const before = all.reduce(applyStep, emptyTable<number>());
      const after = more.reduce(applyStep, before);
      const expected = [...COLLIDING, ...ORDINARY].filter((key) => tableGet(before, key) !== tableGet(after, key));
      assert.deepEqual(changedKeys(before, after).toSorted(), expected.toSorted());
      assert.deepEqual(changedKeys(after, before).toSorted(), expected.toSorted());
    }),
    { numRuns: 200 },
  );
});

test('an equal object that is another one counts as changed', () => {
  const before = tableOf([['a', { size: 1 }]]);
  assert.deepEqual(changedKeys(before, tableSet(before, 'a', { size: 1 })), ['a']);
});

function someKeys(row: number): readonly string[] {
  return [`half-${row % 2}`, `third-${row % 3}`, `half-${row % 2}`, 'all'];
}

test('a table of sets files each id once under each of its keys', () => {
  const ids = [...ORDINARY, ...COLLIDING];
  const expected = new Map<string, Table<true>>();
  for (const [row, id] of ids.entries())
    for (const key of someKeys(row)) expected.set(key, tableSet(expected.get(key) ?? emptyTable<true>(), id, true));
  assert.deepEqual(tableOfSets(ids, someKeys), tableOf(expected));
});

test('a lazy table is made once, when it is first read, and cannot be told from another', () => {
  let times = 0;
  const plain = tableOf(ORDINARY.map((key, index) => [key, index]));
  const lazy = lazyTable(() => {
    times += 1;
    return plain;
  });
  assert.equal(times, 0);
  assert.equal(tableGet(lazy, 'eni-7'), 7);
  assert.equal(lazy.size, ORDINARY.length);
  assert.equal(lazy.root, plain.root);
  assert.equal(times, 1);
  assert.deepEqual(lazy, plain);
  assert.deepEqual(
    lazyTable(() => plain),
    plain,
  );
  assert.notDeepEqual(
    lazyTable(() => tableDelete(plain, 'eni-7')),
    plain,
  );
  assert.deepEqual(tableSet(lazy, 'eni-7', 8), tableSet(plain, 'eni-7', 8));
});

test('deleting what is not there gives the same table', () => {
  const table = tableOf([['a', 1]]);
  assert.equal(tableDelete(table, 'b'), table);
  assert.equal(tableDelete(table, 'a').size, 0);
});

test('a change of ten thousand entries makes a handful of nodes and leaves the old table as it was', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `eni-${index}`);
  const table = tableOf(keys.map((key) => [key, key]));
  const before = structuredClone(table);
  for (const key of ['eni-0', 'eni-9999', 'eni-new']) {
    const after = tableSet(table, key, 'changed');
    const fresh = freshNodes(table.root, after.root);
    assert.ok(fresh >= 2 && fresh <= 5, `${fresh} nodes`);
    assert.deepEqual(changedKeys(table, after), [key]);
  }
  assert.ok(freshNodes(table.root, tableDelete(table, 'eni-5000').root) <= 5);
  assert.deepEqual(table, before);
});

test('hashes spread: ids that differ in their last characters fill the levels evenly', () => {
  const table = tableOf(Array.from({ length: 10_000 }, (_, index) => [`eni-0a1b2c3d4e5f${index.toString(16)}`, index]));
  assert.ok('children' in table.root);
  const sizes = table.root.children.map((child) => (child === undefined ? 0 : leafEntries(child)));
  assert.ok(Math.min(...sizes) > 200 && Math.max(...sizes) < 450, `${Math.min(...sizes)} to ${Math.max(...sizes)}`);
});

function leafEntries(node: Node): number {
  if (!('children' in node)) return node.keys.length;
  return node.children.reduce((sum, child) => sum + (child === undefined ? 0 : leafEntries(child)), 0);
}
