import { NOT_KNOWN, PairMemo } from './pair-memo.ts';

/** A set of classes, by its number in a `Bitsets`: equal sets of one arena have equal numbers. */
export type SetId = number;

/** The set with no member, in every arena. */
export const NO_CLASSES: SetId = 0;

/** More sets or rows than this are a fault: memory ends long before. */
export const MAX_ID: number = 2 ** 30;

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
  #words: Int32Array;
  #count = 0;
  /** Open addressing: number of a set + 1, or 0. */
  #slots = new Int32Array(1024);
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
    this.#words = new Int32Array(this.#width * 64);
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
      const at = set * this.#width;
      for (let word = 0; word < this.#width; word += 1)
        scratch[word] = (scratch[word] ?? 0) | (this.#words[at + word] ?? 0);
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
    return ((this.#words[set * this.#width + (member >>> 5)] ?? 0) & (1 << (member & 31))) !== 0;
  }

  /** Tells each member that only one of two sets has: `isIn` where the second has it. */
  eachChange(a: SetId, b: SetId, tell: (member: number, isIn: boolean) => void): void {
    const [left, right] = [a * this.#width, b * this.#width];
    for (let word = 0; word < this.#width; word += 1) {
      const after = this.#words[right + word] ?? 0;
      let bits = (this.#words[left + word] ?? 0) ^ after;
      while (bits !== 0) {
        const low = bits & -bits;
        tell(word * 32 + (31 - Math.clz32(low)), (after & low) !== 0);
        bits ^= low;
      }
    }
  }

  /** Whether two sets have a member in common; no set is made. */
  overlap(a: SetId, b: SetId): boolean {
    const [words, left, right] = [this.#words, a * this.#width, b * this.#width];
    for (let word = 0; word < this.#width; word += 1)
      if (((words[left + word] ?? 0) & (words[right + word] ?? 0)) !== 0) return true;
    return false;
  }

  /** The number of members. */
  count(set: SetId): number {
    const known = this.#sizes.get(set);
    if (known !== undefined) return known;
    let count = 0;
    for (let word = 0; word < this.#width; word += 1) count += bitsIn(this.#words[set * this.#width + word] ?? 0);
    this.#sizes.set(set, count);
    return count;
  }

  /** The members, ascending. */
  *members(set: SetId): Generator<number, void, undefined> {
    for (let word = 0; word < this.#width; word += 1) {
      let bits = this.#words[set * this.#width + word] ?? 0;
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
    const [words, scratch, width] = [this.#words, this.#scratch, this.#width];
    const [left, right] = [a * width, b * width];
    if (operation === 'and')
      for (let word = 0; word < width; word += 1)
        scratch[word] = (words[left + word] ?? 0) & (words[right + word] ?? 0);
    else if (operation === 'or')
      for (let word = 0; word < width; word += 1)
        scratch[word] = (words[left + word] ?? 0) | (words[right + word] ?? 0);
    else
      for (let word = 0; word < width; word += 1)
        scratch[word] = (words[left + word] ?? 0) & ~(words[right + word] ?? 0);
    return this.#intern();
  }

  /** The number of the set that stands in the scratch words. */
  #intern(): SetId {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#scratch) & mask;
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) return this.#add(slot);
      if (this.#equals(id)) return id;
      slot = (slot + 1) & mask;
    }
  }

  #add(slot: number): SetId {
    const id = this.#count;
    if (id >= MAX_ID) throw new Error('more sets of classes than an analysis can number');
    const end = (id + 1) * this.#width;
    if (end > this.#words.length) this.#words = grown(this.#words, end);
    this.#words.set(this.#scratch, id * this.#width);
    this.#slots[slot] = id + 1;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #equals(id: SetId): boolean {
    const at = id * this.#width;
    for (let word = 0; word < this.#width; word += 1) if (this.#words[at + word] !== this.#scratch[word]) return false;
    return true;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#count; id += 1) {
      let slot = hashOf(this.#words.subarray(id * this.#width, (id + 1) * this.#width)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function grown(words: Int32Array, least: number): Int32Array {
  const larger = new Int32Array(Math.max(least, words.length * 2));
  larger.set(words);
  return larger;
}

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
