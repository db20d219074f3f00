import { layersOf } from './patched-map.ts';
import type { TextList } from './text-list.ts';
import { WordList } from './word-list.ts';

/** Texts in a fixed order, packed. */
type Texts = Pick<TextList, 'size' | 'at' | 'placeOf'>;

/** A map from texts that never changes, packed. */
export abstract class PackedMap<V, L extends Texts = TextList> implements ReadonlyMap<string, V> {
  readonly list: L;

  constructor(list: L) {
    this.list = list;
  }

  get size(): number {
    return this.list.size;
  }

  abstract valueAt(place: number): V;

  get(key: string): V | undefined {
    const place = this.list.placeOf(key);
    return place < 0 ? undefined : this.valueAt(place);
  }

  has(key: string): boolean {
    return this.list.placeOf(key) >= 0;
  }

  *entries(): Generator<[string, V], undefined, unknown> {
    for (let place = 0; place < this.size; place += 1) yield [this.list.at(place), this.valueAt(place)];
    return undefined;
  }

  *keys(): Generator<string, undefined, unknown> {
    for (let place = 0; place < this.size; place += 1) yield this.list.at(place);
    return undefined;
  }

  *values(): Generator<V, undefined, unknown> {
    for (let place = 0; place < this.size; place += 1) yield this.valueAt(place);
    return undefined;
  }

  forEach(act: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  [Symbol.iterator](): Generator<[string, V], undefined, unknown> {
    return this.entries();
  }
}

/** A packed map from texts of words to numbers of 32 bits. */
export class NumberMap extends PackedMap<number, WordList> {
  readonly numbers: Uint32Array;

  constructor(map: ReadonlyMap<string, number>) {
    super(new WordList([...map.keys()]));
    this.numbers = Uint32Array.from(map.values());
  }

  valueAt(place: number): number {
    return this.numbers[place] ?? 0;
  }
}

/** The numbers that a map gives, each to one key. */
export function numbersIn(map: ReadonlyMap<string, number>): Set<number> {
  const { base, changes } = layersOf(map);
  const numbers = new Set(base instanceof NumberMap ? base.numbers : base.values());
  for (const key of changes.keys()) numbers.delete(base.get(key) ?? -1);
  for (const number of changes.values()) if (number !== undefined) numbers.add(number);
  return numbers;
}

/** The keys to which a map gives one of these numbers. */
export function* keysOfNumbers(
  map: ReadonlyMap<string, number>,
  wanted: ReadonlySet<number>,
): Generator<string, void, undefined> {
  const { base, changes } = layersOf(map);
  if (base instanceof NumberMap) {
    for (const [place, number] of base.numbers.entries())
      if (wanted.has(number) && !changes.has(base.list.at(place))) yield base.list.at(place);
  } else for (const [key, number] of base) if (wanted.has(number) && !changes.has(key)) yield key;
  for (const [key, number] of changes) if (number !== undefined && wanted.has(number)) yield key;
}
