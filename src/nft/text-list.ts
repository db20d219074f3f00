/** Texts in a fixed order, all in one: beside what they say each takes ten bytes, where a string in a `Map` takes eighty. A host has half a million. */
export class TextList {
  readonly text: string;
  /** Where each text ends. */
  readonly ends: Uint32Array;
  /** Places of texts plus one, by their hash, made when a text is first looked for; 0 where there is none. */
  #index: Uint32Array | undefined;

  constructor(texts: readonly string[]) {
    this.text = texts.join('');
    this.ends = new Uint32Array(texts.length);
    let end = 0;
    for (const [place, text] of texts.entries()) {
      end += text.length;
      this.ends[place] = end;
    }
  }

  get size(): number {
    return this.ends.length;
  }

  at(place: number): string {
    return this.text.slice(this.ends[place - 1] ?? 0, this.ends[place]);
  }

  /** Whether these are the same texts in the same order. */
  equals({ text, ends }: TextList): boolean {
    return this.text === text && sameNumbers(this.ends, ends);
  }

  /** The place of a text, -1 where it is not one of these. */
  placeOf(wanted: string): number {
    this.#index ??= this.#indexed();
    const index = this.#index;
    const last = index.length - 1;
    for (let slot = hashOf(wanted, 0, wanted.length) & last; ; slot = (slot + 1) & last) {
      const place = (index[slot] ?? 0) - 1;
      if (place < 0 || this.#is(place, wanted)) return place;
    }
  }

  #is(place: number, wanted: string): boolean {
    const start = this.ends[place - 1] ?? 0;
    return (this.ends[place] ?? 0) - start === wanted.length && this.text.startsWith(wanted, start);
  }

  #indexed(): Uint32Array {
    const index = new Uint32Array(2 ** Math.ceil(Math.log2(this.size * 1.5 + 1)));
    const last = index.length - 1;
    let start = 0;
    for (const [place, end] of this.ends.entries()) {
      let slot = hashOf(this.text, start, end) & last;
      while (index[slot] !== 0) slot = (slot + 1) & last;
      index[slot] = place + 1;
      start = end;
    }
    return index;
  }
}

/** Whether two lists have the same numbers. */
export function sameNumbers(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((one, place) => one === b[place]);
}

/** 32 bits of a part of a text, by FNV-1a; the high bits count in the low ones. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash ^ (hash >>> 15);
}
