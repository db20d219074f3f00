/**
 * A persistent map from text to values: a trie over the bits of a hash, 32 ways at each level. A change copies one path (a few
 * hundred bytes), so a world of 100,000 ENIs is never copied and two worlds share all they have in common.
 * INVARIANT: the shape depends on the keys alone, never on the order of changes.
 */
export type Table<V> = { readonly size: number; readonly root: Node<V> };

type Leaf<V> = { readonly keys: readonly string[]; readonly values: readonly V[] };
type Branch<V> = { readonly children: readonly (Node<V> | undefined)[] };
type Node<V> = Leaf<V> | Branch<V>;

const BITS = 5;
const WIDTH = 32;
/** Levels that a 32-bit hash feeds; below them keys with equal hashes share one leaf. */
const MAX_DEPTH = 6;
const LEAF_MAX = 12;

const EMPTY_LEAF: Leaf<never> = { keys: [], values: [] };
const EMPTY_TABLE: Table<never> = { size: 0, root: EMPTY_LEAF };

/** The table with no entry. */
export function emptyTable<V>(): Table<V> {
  return EMPTY_TABLE;
}

/** A table of many entries at once; keys must be distinct. */
export function tableOf<V>(entries: Iterable<readonly [string, V]>): Table<V> {
  const keys: string[] = [];
  const values: V[] = [];
  for (const [key, value] of entries) {
    keys.push(key);
    values.push(value);
  }
  const hashes = Int32Array.from(keys, hashText);
  const order = Array.from(keys, (_, index) => index);
  return { size: keys.length, root: build({ keys, values, hashes }, order, 0) };
}

/** The value of a key, or undefined. */
export function tableGet<V>(table: Table<V>, key: string): V | undefined {
  let node = table.root;
  let hash = hashText(key);
  while ('children' in node) {
    const child: Node<V> | undefined = node.children[hash & (WIDTH - 1)];
    if (child === undefined) return undefined;
    node = child;
    hash >>>= BITS;
  }
  const index = node.keys.indexOf(key);
  return index < 0 ? undefined : node.values[index];
}

/** Whether the table has the key. */
export function tableHas(table: Table<unknown>, key: string): boolean {
  return tableGet(table, key) !== undefined;
}

/** The table with the key set to the value. */
export function tableSet<V>(table: Table<V>, key: string, value: V): Table<V> {
  const grown = tableHas(table, key) ? 0 : 1;
  return { size: table.size + grown, root: setIn(table.root, { key, value, hash: hashText(key) }, 0) };
}

/** The table without the key; the same table when it has none such. */
export function tableDelete<V>(table: Table<V>, key: string): Table<V> {
  if (!tableHas(table, key)) return table;
  return { size: table.size - 1, root: deleteIn(table.root, key, hashText(key)) ?? EMPTY_LEAF };
}

/** All values, in no particular but repeatable order. */
export function* tableValues<V>(table: Table<V>): Generator<V, void, undefined> {
  for (const leaf of leaves(table.root)) yield* leaf.values;
}

/** All keys, in the order of `tableValues`. */
export function* tableKeys(table: Table<unknown>): Generator<string, void, undefined> {
  for (const leaf of leaves(table.root)) yield* leaf.keys;
}

/** Some key of the table, the same each time; undefined when it is empty. */
export function tableAnyKey(table: Table<unknown>): string | undefined {
  let node: Node<unknown> | undefined = table.root;
  while (node !== undefined && 'children' in node) node = node.children.find((child) => child !== undefined);
  return node?.keys[0];
}

/** Keys whose values are not the same object in both tables; costs time by what differs, not by size. */
export function changedKeys<V>(before: Table<V>, after: Table<V>): readonly string[] {
  const changed: string[] = [];
  compareNodes(before.root, after.root, changed);
  return changed;
}

/** FNV-1a with a final mix: ids differ mostly in their last characters, and the trie reads the low bits first. */
function hashText(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}

type Columns<V> = { readonly keys: readonly string[]; readonly values: readonly V[]; readonly hashes: Int32Array };

function build<V>(columns: Columns<V>, order: readonly number[], depth: number): Node<V> {
  if (order.length <= LEAF_MAX || depth > MAX_DEPTH)
    return leafOf(order.map((row) => [columns.keys[row] ?? '', columns.values[row] as V]));
  const buckets: number[][] = Array.from({ length: WIDTH }, () => []);
  for (const row of order) buckets[((columns.hashes[row] ?? 0) >>> (depth * BITS)) & (WIDTH - 1)]?.push(row);
  return { children: buckets.map((bucket) => (bucket.length === 0 ? undefined : build(columns, bucket, depth + 1))) };
}

/** Keys are sorted within a leaf so that the shape does not remember the order of arrival. */
function leafOf<V>(entries: readonly (readonly [string, V])[]): Leaf<V> {
  const sorted = entries.toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
  return { keys: sorted.map((entry) => entry[0]), values: sorted.map((entry) => entry[1]) };
}

type Insertion<V> = { readonly key: string; readonly value: V; readonly hash: number };

function setIn<V>(node: Node<V>, item: Insertion<V>, depth: number): Node<V> {
  if ('children' in node) {
    const slot = (item.hash >>> (depth * BITS)) & (WIDTH - 1);
    const child = node.children[slot];
    return {
      children: node.children.with(
        slot,
        child === undefined ? leafOf([[item.key, item.value]]) : setIn(child, item, depth + 1),
      ),
    };
  }
  const index = node.keys.indexOf(item.key);
  if (index >= 0) return { keys: node.keys, values: node.values.with(index, item.value) };
  const entries = [
    ...node.keys.map((key, row): [string, V] => [key, node.values[row] as V]),
    [item.key, item.value] as [string, V],
  ];
  if (entries.length <= LEAF_MAX || depth > MAX_DEPTH) return leafOf(entries);
  const keys = entries.map((entry) => entry[0]);
  return build(
    { keys, values: entries.map((entry) => entry[1]), hashes: Int32Array.from(keys, hashText) },
    [...keys.keys()],
    depth,
  );
}

/** The node without the key; a branch whose entries would fit in a leaf becomes one again. */
function deleteIn<V>(node: Node<V>, key: string, hash: number): Node<V> | undefined {
  if (!('children' in node)) {
    const index = node.keys.indexOf(key);
    return node.keys.length === 1
      ? undefined
      : { keys: node.keys.toSpliced(index, 1), values: node.values.toSpliced(index, 1) };
  }
  const slot = hash & (WIDTH - 1);
  const child = node.children[slot];
  if (child === undefined) return node;
  const children = node.children.with(slot, deleteIn(child, key, hash >>> BITS));
  return collapse(children) ?? { children };
}

function collapse<V>(children: readonly (Node<V> | undefined)[]): Leaf<V> | undefined {
  const entries: [string, V][] = [];
  for (const child of children) {
    if (child === undefined) continue;
    if ('children' in child || entries.length + child.keys.length > LEAF_MAX) return undefined;
    for (const [row, key] of child.keys.entries()) entries.push([key, child.values[row] as V]);
  }
  return leafOf(entries);
}

function* leaves<V>(node: Node<V>): Generator<Leaf<V>, void, undefined> {
  if (!('children' in node)) {
    yield node;
    return;
  }
  for (const child of node.children) if (child !== undefined) yield* leaves(child);
}

function compareNodes<V>(before: Node<V> | undefined, after: Node<V> | undefined, changed: string[]): void {
  if (before === after) return;
  if (before !== undefined && after !== undefined && 'children' in before && 'children' in after) {
    for (const [slot, child] of before.children.entries()) compareNodes(child, after.children[slot], changed);
    return;
  }
  const old = new Map(before === undefined ? [] : entriesOf(before));
  for (const [key, value] of after === undefined ? [] : entriesOf(after)) {
    if (old.get(key) !== value) changed.push(key);
    old.delete(key);
  }
  changed.push(...old.keys());
}

function entriesOf<V>(node: Node<V>): (readonly [string, V])[] {
  const entries: (readonly [string, V])[] = [];
  for (const leaf of leaves(node))
    for (const [row, key] of leaf.keys.entries()) entries.push([key, leaf.values[row] as V]);
  return entries;
}
