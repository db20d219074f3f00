import { rehashed } from './hash-slots.ts';

/** More of one kind than this are a fault: memory ends long before. */
export const MAX_ID: number = 2 ** 30;

/** About how many words a block has: 256 KiB. */
const BLOCK_WORDS = 2 ** 16;

/**
 * Tuples of so many 32-bit words, each kept once, by number: equal tuples have equal numbers. The first one is 0. Nothing is ever given back.
 */
export class Tuples {
  readonly width: number;
  /** Blocks of equal size: what is there never moves, however many tuples come. */
  readonly #blocks: Int32Array[] = [];
  /** A block has 2^shift tuples. */
  readonly #shift: number;
  readonly #mask: number;
  #count = 0;
  /** Open addressing, two words a slot: number of a tuple + 1 (0: free), and its hash. */
  #slots = new Int32Array(1024);

  constructor(width: number) {
    this.width = width;
    this.#shift = Math.max(0, Math.min(10, 31 - Math.clz32(BLOCK_WORDS / width)));
    this.#mask = 2 ** this.#shift - 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The block in which the words of a tuple stand, from `placeOf` on. */
  blockOf(id: number): Int32Array {
    return this.#blocks[id >>> this.#shift] ?? NO_WORDS;
  }

  placeOf(id: number): number {
    return (id & this.#mask) * this.width;
  }

  /** The number of the tuple that has these words; they are copied. */
  intern(words: Int32Array): number {
    const hash = hashOf(words);
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (slots[slot * 2] ?? 0) - 1;
      if (id < 0) return this.#add(words, slot, hash);
      if (slots[slot * 2 + 1] === hash && this.#equals(id, words)) return id;
      slot = (slot + 1) & mask;
    }
  }

  #add(words: Int32Array, slot: number, hash: number): number {
    const id = this.#count;
    if (id >= MAX_ID) throw new Error('more sets of classes than an analysis can number');
    if ((id & this.#mask) === 0) this.#blocks.push(new Int32Array((this.#mask + 1) * this.width));
    this.blockOf(id).set(words, this.placeOf(id));
    this.#slots[slot * 2] = id + 1;
    this.#slots[slot * 2 + 1] = hash;
    this.#count += 1;
    if (this.#count * 4 > this.#slots.length) this.#slots = rehashed(this.#slots);
    return id;
  }

  #equals(id: number, words: Int32Array): boolean {
    const [own, at] = [this.blockOf(id), this.placeOf(id)];
    for (let word = 0; word < this.width; word += 1) if (own[at + word] !== words[word]) return false;
    return true;
  }
}

const NO_WORDS = new Int32Array();

/** Four lanes, so that one multiplication need not wait for the one before. */
function hashOf(words: Int32Array): number {
  let [a, b, c, d] = [0x9e37_79b9 | 0, 0x85eb_ca6b | 0, 0xc2b2_ae35 | 0, 0x27d4_eb2f];
  const whole = words.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    a = Math.imul(a ^ (words[at] ?? 0), 0x85eb_ca6b);
    b = Math.imul(b ^ (words[at + 1] ?? 0), 0xc2b2_ae35);
    c = Math.imul(c ^ (words[at + 2] ?? 0), 0x27d4_eb2f);
    d = Math.imul(d ^ (words[at + 3] ?? 0), 0x9e37_79b1);
    a ^= a >>> 15;
    b ^= b >>> 13;
    c ^= c >>> 16;
    d ^= d >>> 14;
  }
  for (let at = whole; at < words.length; at += 1) {
    a = Math.imul(a ^ (words[at] ?? 0), 0x85eb_ca6b);
    a ^= a >>> 15;
  }
  let mixed = a ^ Math.imul(b, 3) ^ Math.imul(c, 5) ^ Math.imul(d, 7);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb_352d);
  return mixed ^ (mixed >>> 15);
}
