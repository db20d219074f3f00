import { PackedMap } from './packed-map.ts';
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
}
