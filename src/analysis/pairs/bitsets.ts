import { rehashed } from './hash-slots.ts';
import { NOT_KNOWN, PairMemo } from './pair-memo.ts';

/** A set of classes, by its number in a `Bitsets`: equal sets of one arena have equal numbers. */
export type SetId = number;

/** The set with no member, in every arena. */
export const NO_CLASSES: SetId = 0;

/** More sets or rows than this are a fault: memory ends long before. */
export const MAX_ID: number = 2 ** 30;

/** About how many words a block has: 256 KiB. */
const BLOCK_WORDS = 2 ** 16;

type Operation = 'and' | 'or' | 'without';

/**
 * Sets over `size` members, each kept once: comparing is comparing numbers, and what was computed once is remembered. Nothing is ever
 * given back; a new arena takes the place of one that grew too large.
 */
export class Bitsets {
  /** Members are 0 … size − 1. */
  readonly size: number;
  /** The set of all members; equal to `NO_CLASSES` when there is none. */
  readonly all: SetId;
  readonly #width: number;
  /** The words of all sets in blocks of equal size: what is there never moves, however many sets come. */
  readonly #blocks: Int32Array[] = [];
  /** A block has 2^shift sets. */
  readonly #shift: number;
  readonly #mask: number;
  #count = 0;
  /** Open addressing, two words a slot: number of a set + 1 (0: free), and its hash. */
  #slots = new Int32Array(2048);
  readonly #memory: Readonly<Record<Operation, PairMemo>> = {
    and: new PairMemo(),
    or: new PairMemo(),
    without: new PairMemo(),
  };
  readonly #scratch: Int32Array;
  readonly #sizes = new Map<SetId, number>();

  constructor(size: number) {
    this.size = size;
    this.#width = Math.max(1, (size + 31) >>> 5);
    this.#shift = Math.max(0, Math.min(10, 31 - Math.clz32(BLOCK_WORDS / this.#width)));
    this.#mask = 2 ** this.#shift - 1;
    this.#scratch = new Int32Array(this.#width);
    this.#intern();
    for (let member = 0; member < size; member += 1) this.#mark(member);
    this.all = this.#intern();
  }

  /** How many sets there are, and the bytes that they take. */
  get usage(): { readonly sets: number; readonly bytes: number } {
    return { sets: this.#count, bytes: this.#count * this.#width * 4 };
  }

  /** The set of these members, in any order. */
  of(members: Iterable<number>): SetId {
    this.#scratch.fill(0);
    for (const member of members) this.#mark(member);
    return this.#intern();
  }

  /** The union of any number of sets, in one pass. */
  union(sets: Iterable<SetId>): SetId {
    const scratch = this.#scratch;
    scratch.fill(0);
    for (const set of sets) {
      const [words, at] = [this.#blockOf(set), this.#placeOf(set)];
      for (let word = 0; word < this.#width; word += 1) scratch[word] = (scratch[word] ?? 0) | (words[at + word] ?? 0);
    }
    return this.#intern();
  }

  /** Members of both. */
  and(a: SetId, b: SetId): SetId {
    if (a === b || b === this.all) return a;
    if (a === this.all) return b;
    if (a === NO_CLASSES || b === NO_CLASSES) return NO_CLASSES;
    return this.#remembered('and', Math.min(a, b), Math.max(a, b));
  }

  /** Members of either. */
  or(a: SetId, b: SetId): SetId {
    if (a === b || b === NO_CLASSES) return a;
    if (a === NO_CLASSES) return b;
    if (a === this.all || b === this.all) return this.all;
    return this.#remembered('or', Math.min(a, b), Math.max(a, b));
  }

  /** Members of the first that are not in the second. */
  without(a: SetId, b: SetId): SetId {
    if (a === b || a === NO_CLASSES || b === this.all) return NO_CLASSES;
    return b === NO_CLASSES ? a : this.#remembered('without', a, b);
  }

  /** Whether a set has a member. */
  has(set: SetId, member: number): boolean {
    return ((this.#blockOf(set)[this.#placeOf(set) + (member >>> 5)] ?? 0) & (1 << (member & 31))) !== 0;
  }

  /** Tells each member that only one of two sets has: `isIn` where the second has it. */
  eachChange(a: SetId, b: SetId, tell: (member: number, isIn: boolean) => void): void {
    const [old, left] = [this.#blockOf(a), this.#placeOf(a)];
    const [now, right] = [this.#blockOf(b), this.#placeOf(b)];
    for (let word = 0; word < this.#width; word += 1) {
      const after = now[right + word] ?? 0;
      let bits = (old[left + word] ?? 0) ^ after;
      while (bits !== 0) {
        const low = bits & -bits;
        tell(word * 32 + (31 - Math.clz32(low)), (after & low) !== 0);
        bits ^= low;
      }
    }
  }

  /** Whether two sets have a member in common; no set is made. */
  overlap(a: SetId, b: SetId): boolean {
    const [one, left] = [this.#blockOf(a), this.#placeOf(a)];
    const [other, right] = [this.#blockOf(b), this.#placeOf(b)];
    for (let word = 0; word < this.#width; word += 1)
      if (((one[left + word] ?? 0) & (other[right + word] ?? 0)) !== 0) return true;
    return false;
  }

  /** The number of members. */
  count(set: SetId): number {
    const known = this.#sizes.get(set);
    if (known !== undefined) return known;
    const [words, at] = [this.#blockOf(set), this.#placeOf(set)];
    let count = 0;
    for (let word = 0; word < this.#width; word += 1) count += bitsIn(words[at + word] ?? 0);
    this.#sizes.set(set, count);
    return count;
  }

  /** The members, ascending. */
  *members(set: SetId): Generator<number, void, undefined> {
    const [words, at] = [this.#blockOf(set), this.#placeOf(set)];
    for (let word = 0; word < this.#width; word += 1) {
      let bits = words[at + word] ?? 0;
      while (bits !== 0) {
        const low = bits & -bits;
        yield word * 32 + (31 - Math.clz32(low));
        bits ^= low;
      }
    }
  }

  #mark(member: number): void {
    this.#scratch[member >>> 5] = (this.#scratch[member >>> 5] ?? 0) | (1 << (member & 31));
  }

  #remembered(operation: Operation, a: SetId, b: SetId): SetId {
    const memory = this.#memory[operation];
    const known = memory.get(a, b);
    if (known !== NOT_KNOWN) return known;
    const made = this.#make(operation, a, b);
    memory.set(a, b, made);
    return made;
  }

  #make(operation: Operation, a: SetId, b: SetId): SetId {
    const [scratch, width] = [this.#scratch, this.#width];
    const [one, left] = [this.#blockOf(a), this.#placeOf(a)];
    const [other, right] = [this.#blockOf(b), this.#placeOf(b)];
    if (operation === 'and')
      for (let word = 0; word < width; word += 1) scratch[word] = (one[left + word] ?? 0) & (other[right + word] ?? 0);
    else if (operation === 'or')
      for (let word = 0; word < width; word += 1) scratch[word] = (one[left + word] ?? 0) | (other[right + word] ?? 0);
    else
      for (let word = 0; word < width; word += 1) scratch[word] = (one[left + word] ?? 0) & ~(other[right + word] ?? 0);
    return this.#intern();
  }

  #blockOf(set: SetId): Int32Array {
    return this.#blocks[set >>> this.#shift] ?? NO_WORDS;
  }

  #placeOf(set: SetId): number {
    return (set & this.#mask) * this.#width;
  }

  /** The number of the set that stands in the scratch words. */
  #intern(): SetId {
    const hash = hashOf(this.#scratch);
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (slots[slot * 2] ?? 0) - 1;
      if (id < 0) return this.#add(slot, hash);
      if (slots[slot * 2 + 1] === hash && this.#equals(id)) return id;
      slot = (slot + 1) & mask;
    }
  }

  #add(slot: number, hash: number): SetId {
    const id = this.#count;
    if (id >= MAX_ID) throw new Error('more sets of classes than an analysis can number');
    if ((id & this.#mask) === 0) this.#blocks.push(new Int32Array((this.#mask + 1) * this.#width));
    this.#blockOf(id).set(this.#scratch, this.#placeOf(id));
    this.#slots[slot * 2] = id + 1;
    this.#slots[slot * 2 + 1] = hash;
    this.#count += 1;
    if (this.#count * 4 > this.#slots.length) this.#slots = rehashed(this.#slots);
    return id;
  }

  #equals(id: SetId): boolean {
    const [words, at] = [this.#blockOf(id), this.#placeOf(id)];
    for (let word = 0; word < this.#width; word += 1) if (words[at + word] !== this.#scratch[word]) return false;
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

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
