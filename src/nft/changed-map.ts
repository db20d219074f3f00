/** What becomes of the values of another map, made when it is asked for: a second map would take as much room again. */
export class ChangedMap<K, A, B> implements ReadonlyMap<K, B> {
  readonly map: ReadonlyMap<K, A>;
  readonly to: (value: A) => B;

  constructor(map: ReadonlyMap<K, A>, to: (value: A) => B) {
    this.map = map;
    this.to = to;
  }

  get size(): number {
    return this.map.size;
  }

  get(key: K): B | undefined {
    const value = this.map.get(key);
    return value === undefined ? undefined : this.to(value);
  }

  has(key: K): boolean {
    return this.map.has(key);
  }

  *entries(): Generator<[K, B], undefined, unknown> {
    for (const [key, value] of this.map) yield [key, this.to(value)];
    return undefined;
  }

  *keys(): Generator<K, undefined, unknown> {
    yield* this.map.keys();
    return undefined;
  }

  *values(): Generator<B, undefined, unknown> {
    for (const value of this.map.values()) yield this.to(value);
    return undefined;
  }

  forEach(act: (value: B, key: K, map: ReadonlyMap<K, B>) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  [Symbol.iterator](): Generator<[K, B], undefined, unknown> {
    return this.entries();
  }
}
