/**
 * A map that never changes, with few changes on top: what was packed stays as it is, and whoever compares two maps over the same one has only the changes
 * to compare. Values are never undefined.
 */
export class PatchedMap<K, V> implements ReadonlyMap<K, V> {
  readonly base: ReadonlyMap<K, V>;
  /** What keys have in place of what they have below; undefined where they are gone. */
  readonly changes: ReadonlyMap<K, V | undefined>;
  readonly size: number;

  constructor(base: ReadonlyMap<K, V>, changes: ReadonlyMap<K, V | undefined>) {
    this.base = base;
    this.changes = changes;
    let { size } = base;
    for (const [key, value] of changes) size += (value === undefined ? 0 : 1) - (base.has(key) ? 1 : 0);
    this.size = size;
  }

  get(key: K): V | undefined {
    return this.changes.get(key) ?? (this.changes.has(key) ? undefined : this.base.get(key));
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): Generator<[K, V], undefined, unknown> {
    for (const [key, value] of this.base) if (!this.changes.has(key)) yield [key, value];
    for (const [key, value] of this.changes) if (value !== undefined) yield [key, value];
    return undefined;
  }

  *keys(): Generator<K, undefined, unknown> {
    for (const [key] of this) yield key;
    return undefined;
  }

  *values(): Generator<V, undefined, unknown> {
    for (const [, value] of this) yield value;
    return undefined;
  }

  forEach(act: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  [Symbol.iterator](): Generator<[K, V], undefined, unknown> {
    return this.entries();
  }
}

/** A patch may have a part of what is below it; then all is packed anew, which so costs each change little. */
const PARTS = 8;

/** The map after some changes. `pack` makes one without any, once there are too many. */
export function patched<K, V>(
  map: ReadonlyMap<K, V>,
  now: ReadonlyMap<K, V | undefined>,
  pack: (map: ReadonlyMap<K, V>) => ReadonlyMap<K, V>,
): ReadonlyMap<K, V> {
  if (now.size === 0) return map;
  const { base, changes } = layersOf(map);
  // What is again as it is below is no change.
  const all = new Map([...new Map([...changes, ...now])].filter(([key, value]) => base.get(key) !== value));
  if (all.size === 0) return base;
  const next = new PatchedMap(base, all);
  return isMuch(all, base) ? pack(next) : next;
}

/** Whether changes are too many to stand on top of a map. */
export function isMuch(changes: ReadonlyMap<unknown, unknown>, base: ReadonlyMap<unknown, unknown>): boolean {
  return changes.size * PARTS > base.size;
}

/** What is below, and what is on top of it. */
export function layersOf<K, V>(map: ReadonlyMap<K, V>): Pick<PatchedMap<K, V>, 'base' | 'changes'> {
  return isPatched(map) ? map : { base: map, changes: new Map() };
}

function isPatched<K, V>(map: ReadonlyMap<K, V>): map is PatchedMap<K, V> {
  return map instanceof PatchedMap;
}

/** The only keys at which two maps may differ; undefined where they have nothing in common by which to tell. */
export function keysBetween<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): ReadonlySet<K> | undefined {
  if (a === b) return new Set();
  const [one, other] = [layersOf(a), layersOf(b)];
  return one.base === other.base ? new Set([...one.changes.keys(), ...other.changes.keys()]) : undefined;
}

/** What a map has at some keys; all that it has where none are named. */
export function* entriesAt<K, V>(
  map: ReadonlyMap<K, V>,
  keys: ReadonlySet<K> | undefined,
): Generator<readonly [K, V], void, undefined> {
  if (keys === undefined) yield* map;
  else
    for (const key of keys) {
      const value = map.get(key);
      if (value !== undefined) yield [key, value];
    }
}
