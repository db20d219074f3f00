import { TextList } from './text-list.ts';

const SPACE = ' ';
/** The prime of FNV-1a. */
const PRIME = 0x0100_0193;

/**
 * Texts of words in a fixed order, each word once: keys of classes name their profile, the chain of their peers and their rules, which others name too, so
 * they take half of what they take in one text.
 */
export class WordList {
  readonly words: TextList;
  /** The words of all texts, by their places. */
  readonly #places: Uint32Array;
  /** Where each text ends. */
  readonly #ends: Uint32Array;
  /** Places of texts plus one, by their hash, made when a text is first looked for; 0 where there is none. */
  #index: Uint32Array | undefined;

  constructor(texts: readonly string[]) {
    const known = new Map<string, number>();
    const places: number[] = [];
    this.#ends = new Uint32Array(texts.length);
    for (const [at, text] of texts.entries()) {
      for (const word of text.split(SPACE)) {
        const place = known.get(word) ?? known.size;
        known.set(word, place);
        places.push(place);
      }
      this.#ends[at] = places.length;
    }
    this.words = new TextList([...known.keys()]);
    this.#places = Uint32Array.from(places);
  }

  get size(): number {
    return this.#ends.length;
  }

  at(place: number): string {
    let text = '';
    const [from, to] = this.#bounds(place);
    for (let at = from; at < to; at += 1) text += `${at === from ? '' : SPACE}${this.words.at(this.#places[at] ?? 0)}`;
    return text;
  }

  /** The place of a text, -1 where it is not one of these. */
  placeOf(wanted: string): number {
    const words: number[] = [];
    for (const word of wanted.split(SPACE)) {
      const place = this.words.placeOf(word);
      if (place < 0) return -1;
      words.push(place);
    }
    this.#index ??= this.#indexed();
    const index = this.#index;
    const last = index.length - 1;
    for (let slot = hashOf(words, 0, words.length) & last; ; slot = (slot + 1) & last) {
      const place = (index[slot] ?? 0) - 1;
      if (place < 0 || this.#is(place, words)) return place;
    }
  }

  #bounds(place: number): readonly [from: number, to: number] {
    return [this.#ends[place - 1] ?? 0, this.#ends[place] ?? 0];
  }

  #is(place: number, words: readonly number[]): boolean {
    const [from, to] = this.#bounds(place);
    return to - from === words.length && words.every((word, at) => word === this.#places[from + at]);
  }

  #indexed(): Uint32Array {
    const index = new Uint32Array(2 ** Math.ceil(Math.log2(this.size * 1.5 + 1)));
    const last = index.length - 1;
    for (let place = 0; place < this.size; place += 1) {
      let slot = hashOf(this.#places, ...this.#bounds(place)) & last;
      while (index[slot] !== 0) slot = (slot + 1) & last;
      index[slot] = place + 1;
    }
    return index;
  }
}

/** 32 bits of a part of a list of numbers, by FNV-1a over whole numbers; the high bits count in the low ones. */
function hashOf(numbers: ArrayLike<number>, from: number, to: number): number {
  let hash = 0x811c_9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (numbers[at] ?? 0), PRIME);
  return hash ^ (hash >>> 15);
}
