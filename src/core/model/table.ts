/**
 * A persistent map from text to values: a trie over the bits of a hash, 32 ways at each level. A change copies one path (a few
 * hundred bytes), so a world of 100,000 ENIs is never copied and two worlds share all they have in common.
 * INVARIANT: the shape depends on the keys alone, never on the order of changes.
 */
export type Table<V> = { readonly size: number; readonly root: Node<V> };

/** `hashes` are those of the keys: a look-up reads them side by side, and of the keys, far apart in memory, only the one it wants. */
type Leaf<V> = { readonly keys: readonly string[]; readonly values: readonly V[]; readonly hashes: readonly number[] };
type Branch<V> = { readonly children: readonly (Node<V> | undefined)[] };
type Node<V> = Leaf<V> | Branch<V>;

const BITS = 5;
const WIDTH = 32;
/** Levels that a 32-bit hash feeds; below them keys with equal hashes share one leaf. */
const MAX_DEPTH = 6;
const LEAF_MAX = 12;

const EMPTY_LEAF: Leaf<never> = { keys: [], values: [], hashes: [] };
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
  return tableOfColumns(keys, values);
}

/** A table of keys and the values that stand beside them; keys must be distinct. */
export function tableOfColumns<V>(keys: readonly string[], values: readonly V[]): Table<V> {
  return { size: keys.length, root: build(columnsOf(keys, values), [...keys.keys()], 0) };
}

/** A table of sets: under each key the ids for which `keysOf` gives it. Ids must be distinct; a key given twice counts once. */
export function tableOfSets(ids: readonly string[], keysOf: (row: number) => readonly string[]): Table<Table<true>> {
  const rowsByKey = new Map<string, number[]>();
  for (let row = 0; row < ids.length; row += 1) {
    for (const key of keysOf(row)) {
      const rows = rowsByKey.get(key);
      if (rows === undefined) rowsByKey.set(key, [row]);
      else if (rows.at(-1) !== row) rows.push(row);
    }
  }
  const columns = columnsOf(
    ids,
    Array.from(ids, () => true as const),
  );
  const sets: Table<true>[] = [];
  for (const rows of rowsByKey.values()) sets.push({ size: rows.length, root: build(columns, rows, 0) });
  return tableOfColumns([...rowsByKey.keys()], sets);
}

/** A table that is made when it is first read; `make` must be pure. Only the time of the first read tells it from any other. */
export function lazyTable<V>(make: () => Table<V>): Table<V> {
  // Plain data with a hidden slot and the same getters in all: reads of lazy and of other tables stay fast side by side.
  return Object.defineProperties({}, { [SLOT]: { value: make, writable: true }, ...LAZY_PROPERTIES }) as Table<V>;
}

/** The value of a key, or undefined. */
export function tableGet<V>(table: Table<V>, key: string): V | undefined {
  return find(table, key, hashText(key));
}

/** Whether the table has the key. */
export function tableHas(table: Table<unknown>, key: string): boolean {
  return tableGet(table, key) !== undefined;
}

/** The table with the key set to the value. */
export function tableSet<V>(table: Table<V>, key: string, value: V): Table<V> {
  const hash = hashText(key);
  const grown = find(table, key, hash) === undefined ? 1 : 0;
  return { size: table.size + grown, root: setIn(table.root, { key, value, hash }, 0) };
}

/** The table without the key; the same table when it has none such. */
export function tableDelete<V>(table: Table<V>, key: string): Table<V> {
  const hash = hashText(key);
  if (find(table, key, hash) === undefined) return table;
  return { size: table.size - 1, root: deleteIn(table.root, { key, hash }, 0) ?? EMPTY_LEAF };
}

/** All values, in no particular but repeatable order. */
export function tableValues<V>(table: Table<V>): readonly V[] {
  const { root } = table;
  return 'children' in root ? leavesOf(root).flatMap((leaf) => leaf.values) : root.values;
}

/** All keys, in the order of `tableValues`. */
export function tableKeys(table: Table<unknown>): readonly string[] {
  const { root } = table;
  return 'children' in root ? leavesOf(root).flatMap((leaf) => leaf.keys) : root.keys;
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

function find<V>(table: Table<V>, key: string, hash: number): V | undefined {
  let node = table.root;
  let bits = hash;
  while ('children' in node) {
    const child: Node<V> | undefined = node.children[bits & (WIDTH - 1)];
    if (child === undefined) return undefined;
    node = child;
    bits >>>= BITS;
  }
  const index = placeIn(node, key, hash);
  return index < 0 ? undefined : node.values[index];
}

/** The place of a key in a leaf, -1 if it has none. */
function placeIn(leaf: Leaf<unknown>, key: string, hash: number): number {
  const { hashes, keys } = leaf;
  for (let place = 0; place < hashes.length; place += 1)
    if (hashes[place] === hash && keys[place] === key) return place;
  return -1;
}

const SLOT = Symbol('a table or what makes it');

type Lazy = { [SLOT]: Table<unknown> | (() => Table<unknown>) };

const LAZY_PROPERTIES = {
  size: {
    enumerable: true,
    get(this: Lazy): number {
      return made(this).size;
    },
  },
  root: {
    enumerable: true,
    get(this: Lazy): Node<unknown> {
      return made(this).root;
    },
  },
};

function made(lazy: Lazy): Table<unknown> {
  const slot = lazy[SLOT];
  if (typeof slot !== 'function') return slot;
  const table = slot();
  lazy[SLOT] = table;
  return table;
}

type Columns<V> = {
  readonly keys: readonly string[];
  readonly values: readonly V[];
  readonly hashes: ArrayLike<number>;
};

function columnsOf<V>(keys: readonly string[], values: readonly V[]): Columns<V> {
  const hashes = new Int32Array(keys.length);
  for (let row = 0; row < keys.length; row += 1) hashes[row] = hashText(keys[row] ?? '');
  return { keys, values, hashes };
}

/** The node of some rows; may change their order. */
function build<V>(columns: Columns<V>, rows: number[], depth: number): Node<V> {
  if (rows.length <= LEAF_MAX || depth > MAX_DEPTH) return leafOf(columns, rows);
  const shift = depth * BITS;
  const buckets = Array.from({ length: WIDTH }, (): number[] | undefined => undefined);
  for (const row of rows) {
    const slot = ((columns.hashes[row] ?? 0) >>> shift) & (WIDTH - 1);
    const bucket = buckets[slot];
    if (bucket === undefined) buckets[slot] = [row];
    else bucket.push(row);
  }
  return { children: buckets.map((bucket) => bucket && build(columns, bucket, depth + 1)) };
}

/** Keys are sorted within a leaf so that the shape does not remember the order of arrival. */
function leafOf<V>({ keys, values, hashes }: Columns<V>, rows: number[]): Leaf<V> {
  const [first = 0] = rows;
  // Most sets of an index are of one.
  if (rows.length === 1)
    return { keys: [keys[first] ?? ''], values: [values[first] as V], hashes: [hashes[first] ?? 0] };
  if (rows.length <= LEAF_MAX) sortFew(keys, rows);
  else rows.sort((a, b) => ((keys[a] ?? '') < (keys[b] ?? '') ? -1 : 1));
  return {
    keys: rows.map((row) => keys[row] ?? ''),
    values: rows.map((row) => values[row] as V),
    hashes: rows.map((row) => hashes[row] ?? 0),
  };
}

/** Sorts by insertion: quickest for the few rows of a leaf, which often come in order. */
function sortFew(keys: readonly string[], rows: number[]): void {
  for (let end = 1; end < rows.length; end += 1) {
    const row = rows[end] ?? 0;
    const key = keys[row] ?? '';
    let at = end;
    for (; at > 0 && key < (keys[rows[at - 1] ?? 0] ?? ''); at -= 1) rows[at] = rows[at - 1] ?? 0;
    rows[at] = row;
  }
}

type Insertion<V> = { readonly key: string; readonly value: V; readonly hash: number };

function setIn<V>(node: Node<V>, item: Insertion<V>, depth: number): Node<V> {
  const { key, value, hash } = item;
  if ('children' in node) {
    const slot = (hash >>> (depth * BITS)) & (WIDTH - 1);
    const child = node.children[slot];
    const next = child === undefined ? { keys: [key], values: [value], hashes: [hash] } : setIn(child, item, depth + 1);
    return { children: node.children.with(slot, next) };
  }
  const index = placeIn(node, key, hash);
  if (index >= 0) return { keys: node.keys, values: node.values.with(index, value), hashes: node.hashes };
  const later = node.keys.findIndex((other) => other > key);
  const place = later < 0 ? node.keys.length : later;
  const grown = {
    keys: node.keys.toSpliced(place, 0, key),
    values: node.values.toSpliced(place, 0, value),
    hashes: node.hashes.toSpliced(place, 0, hash),
  };
  return grown.keys.length <= LEAF_MAX || depth > MAX_DEPTH ? grown : build(grown, [...grown.keys.keys()], depth);
}

/** The node without the key; a branch whose entries would fit in a leaf becomes one again. */
function deleteIn<V>(node: Node<V>, item: Omit<Insertion<V>, 'value'>, depth: number): Node<V> | undefined {
  if (!('children' in node)) {
    const index = placeIn(node, item.key, item.hash);
    if (node.keys.length === 1) return undefined;
    return {
      keys: node.keys.toSpliced(index, 1),
      values: node.values.toSpliced(index, 1),
      hashes: node.hashes.toSpliced(index, 1),
    };
  }
  const slot = (item.hash >>> (depth * BITS)) & (WIDTH - 1);
  const child = node.children[slot];
  if (child === undefined) return node;
  const children = node.children.with(slot, deleteIn(child, item, depth + 1));
  return collapse(children) ?? { children };
}

function collapse<V>(children: readonly (Node<V> | undefined)[]): Leaf<V> | undefined {
  const inside: Leaf<V>[] = [];
  let size = 0;
  for (const child of children) {
    if (child === undefined) continue;
    if ('children' in child) return undefined;
    size += child.keys.length;
    if (size > LEAF_MAX) return undefined;
    inside.push(child);
  }
  const keys = inside.flatMap((leaf) => leaf.keys);
  const values = inside.flatMap((leaf) => leaf.values);
  const hashes = inside.flatMap((leaf) => leaf.hashes);
  return leafOf({ keys, values, hashes }, [...keys.keys()]);
}

/** The leaves of a node, in order. A list, as readers mostly want all: generators within generators take longer than what is done with a value. */
function leavesOf<V>(node: Node<V>, found: Leaf<V>[] = []): readonly Leaf<V>[] {
  if ('children' in node) {
    for (const child of node.children) if (child !== undefined) leavesOf(child, found);
  } else found.push(node);
  return found;
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
  for (const leaf of leavesOf(node))
    for (const [row, key] of leaf.keys.entries()) entries.push([key, leaf.values[row] as V]);
  return entries;
}
