import { PackedMap } from './packed-map.ts';
import { layersOf } from './patched-map.ts';
import { sameNumbers, TextList } from './text-list.ts';

const NOTHING = new Uint32Array();

/** A packed map from texts to texts. Many keys may have the same value: it stands there once. */
export class TextMap extends PackedMap<string> {
  readonly told: TextList;
  /** Which of the values each key has; absent where there is one for all. */
  readonly which: Uint32Array | undefined;

  private constructor(list: TextList, told: TextList, which: Uint32Array | undefined) {
    super(list);
    this.told = told;
    this.which = which;
  }

  static of(map: ReadonlyMap<string, string>): TextMap {
    const places = new Map<string, number>();
    const which = new Uint32Array(map.size);
    let at = 0;
    for (const value of map.values()) {
      const place = places.get(value) ?? places.size;
      places.set(value, place);
      which[at] = place;
      at += 1;
    }
    const told = new TextList([...places.keys()]);
    return new TextMap(new TextList([...map.keys()]), told, told.size > 1 ? which : undefined);
  }

  valueAt(place: number): string {
    return this.told.at(this.which?.[place] ?? 0);
  }

  /** Whether this says the same in the same order. */
  equals({ list, told, which = NOTHING }: TextMap): boolean {
    return this.list.equals(list) && this.told.equals(told) && sameNumbers(this.which ?? NOTHING, which);
  }

  /** The same keys with what becomes of their values; each value is asked for once. */
  changed(to: (value: string) => string): TextMap {
    const told = Array.from({ length: this.told.size }, (_, place) => to(this.told.at(place)));
    return new TextMap(this.list, new TextList(told), this.which);
  }

  /** How many keys have each of the values. */
  counts(): Uint32Array {
    const counts = new Uint32Array(this.told.size);
    if (this.which === undefined) counts.fill(this.size);
    else for (const place of this.which) counts[place] = (counts[place] ?? 0) + 1;
    return counts;
  }

  /** The keys that have one of some values. */
  *keysWith(wanted: ReadonlySet<string>): Generator<string, void, undefined> {
    const isWanted = new Uint8Array(this.told.size);
    for (const value of wanted) {
      const place = this.told.placeOf(value);
      if (place >= 0) isWanted[place] = 1;
    }
    for (let place = 0; place < this.size; place += 1)
      if (isWanted[this.which?.[place] ?? 0] === 1) yield this.list.at(place);
  }
}

/** Tells whether any key of a map has a value, which costs little where the map is packed. */
export function valuesIn(map: ReadonlyMap<string, string>): (value: string) => boolean {
  const { base, changes } = layersOf(map);
  if (!(base instanceof TextMap)) {
    const all = new Set(map.values());
    return (value) => all.has(value);
  }
  const counts = base.counts();
  const come = new Set<string>();
  for (const [key, value] of changes) {
    const place = base.list.placeOf(key);
    const told = place < 0 ? -1 : (base.which?.[place] ?? 0);
    if (told >= 0) counts[told] = (counts[told] ?? 0) - 1;
    if (value !== undefined) come.add(value);
  }
  return (value) => come.has(value) || (counts[base.told.placeOf(value)] ?? 0) > 0;
}

/** The keys of a map that have one of some values. */
export function* keysWith(
  map: ReadonlyMap<string, string>,
  wanted: ReadonlySet<string>,
): Generator<string, void, undefined> {
  const { base, changes } = layersOf(map);
  if (wanted.size === 0) return;
  if (base instanceof TextMap) {
    for (const key of base.keysWith(wanted)) if (!changes.has(key)) yield key;
  } else for (const [key, value] of base) if (wanted.has(value) && !changes.has(key)) yield key;
  for (const [key, value] of changes) if (value !== undefined && wanted.has(value)) yield key;
}

/** A map of texts as it is packed. */
export function packTexts(map: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return TextMap.of(map);
}
