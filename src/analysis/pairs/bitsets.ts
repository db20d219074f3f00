import { NOT_KNOWN, PairMemo } from './pair-memo.ts';
import { Tuples } from './tuples.ts';

/** A set of classes, by its number in a `Bitsets`: equal sets of one arena have equal numbers. */
export type SetId = number;

/** The set with no member, in every arena. */
export const NO_CLASSES: SetId = 0;

/** A piece of a set is so many words, so that 512 members are one piece: pieces without members, or with all, cost nothing. */
const PIECE_WORDS = 16;
const PIECE_BITS = 9;
const WORD_MASK = PIECE_WORDS - 1;

/** Up to so many sets are united two by two, which is remembered. */
const FEW = 4;

/** The piece with no member. */
const NO_PIECE = 0;
/** Stands for a piece that is not made yet. */
const TOUCHED = -1;

type Operation = 'and' | 'or' | 'without';

/**
 * Sets over `size` members, each kept once: comparing is comparing numbers, and what was computed once is remembered. A set is a tuple of
 * pieces, which are kept once, too: most sets differ from others in few pieces. Nothing is ever given back; a new arena takes the place of one
 * that grew too large.
 */
export class Bitsets {
  /** Members are 0 … size − 1. */
  readonly size: number;
  /** The set of all members; equal to `NO_CLASSES` when there is none. */
  readonly all: SetId;
  /** How many pieces a set has. */
  readonly #width: number;
  readonly #pieces = new Tuples(PIECE_WORDS);
  readonly #sets: Tuples;
  readonly #memory: Readonly<Record<Operation, PairMemo>> = {
    and: new PairMemo(),
    or: new PairMemo(),
    without: new PairMemo(),
  };
  /** The piece, and the set, that are being made. */
  readonly #words = new Int32Array(PIECE_WORDS);
  readonly #scratch: Int32Array;
  /** The words of a set that is made member by member; empty between times. */
  readonly #members: Int32Array;
  /** The piece with all members that it can have. */
  readonly #full: number;
  readonly #sizes = new Map<SetId, number>();

  constructor(size: number) {
    this.size = size;
    this.#width = Math.max(1, (size + (1 << PIECE_BITS) - 1) >>> PIECE_BITS);
    this.#sets = new Tuples(this.#width);
    this.#scratch = new Int32Array(this.#width);
    this.#members = new Int32Array(this.#width * PIECE_WORDS);
    this.#pieces.intern(this.#words);
    this.#sets.intern(this.#scratch);
    this.#full = this.#pieces.intern(this.#words.fill(-1));
    this.all = this.of(Array.from({ length: size }, (_, member) => member));
  }

  /** How many sets there are, and the bytes that they take. */
  get usage(): { readonly sets: number; readonly bytes: number } {
    const words = this.#sets.count * this.#width + this.#pieces.count * PIECE_WORDS;
    return { sets: this.#sets.count, bytes: words * 4 };
  }

  /** The set of these members, in any order. */
  of(members: Iterable<number>): SetId {
    const [scratch, words] = [this.#scratch.fill(NO_PIECE), this.#members];
    const touched: number[] = [];
    for (const member of members) {
      const at = member >>> PIECE_BITS;
      if (scratch[at] === NO_PIECE) touched.push(at);
      scratch[at] = TOUCHED;
      words[member >>> 5] = (words[member >>> 5] ?? 0) | (1 << (member & 31));
    }
    for (const at of touched) {
      const piece = words.subarray(at * PIECE_WORDS, (at + 1) * PIECE_WORDS);
      scratch[at] = this.#pieces.intern(piece);
      piece.fill(0);
    }
    return this.#sets.intern(scratch);
  }

  /** The union of any number of sets, in one pass. */
  union(sets: readonly SetId[]): SetId {
    if (sets.length <= FEW) {
      let all: SetId = NO_CLASSES;
      for (const set of sets) all = this.or(all, set);
      return all;
    }
    for (let at = 0; at < this.#width; at += 1) this.#scratch[at] = this.#joined(sets, at);
    return this.#sets.intern(this.#scratch);
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
    const piece = this.#pieceOf(set, member >>> PIECE_BITS);
    const word = this.#pieces.blockOf(piece)[this.#pieces.placeOf(piece) + ((member >>> 5) & WORD_MASK)] ?? 0;
    return (word & (1 << (member & 31))) !== 0;
  }

  /** Whether two sets have a member in common; no set is made. */
  overlap(a: SetId, b: SetId): boolean {
    const pieces = this.#pieces;
    for (let at = 0; at < this.#width; at += 1) {
      const [one, other] = [this.#pieceOf(a, at), this.#pieceOf(b, at)];
      if (one === NO_PIECE || other === NO_PIECE) continue;
      if (one === other) return true;
      const [left, right] = [pieces.placeOf(one), pieces.placeOf(other)];
      for (let word = 0; word < PIECE_WORDS; word += 1)
        if (((pieces.blockOf(one)[left + word] ?? 0) & (pieces.blockOf(other)[right + word] ?? 0)) !== 0) return true;
    }
    return false;
  }

  /** The number of members. */
  count(set: SetId): number {
    const known = this.#sizes.get(set);
    if (known !== undefined) return known;
    let count = 0;
    for (let at = 0; at < this.#width; at += 1) {
      const piece = this.#pieceOf(set, at);
      if (piece === NO_PIECE) continue;
      const [words, start] = [this.#pieces.blockOf(piece), this.#pieces.placeOf(piece)];
      for (let word = 0; word < PIECE_WORDS; word += 1) count += bitsIn(words[start + word] ?? 0);
    }
    this.#sizes.set(set, count);
    return count;
  }

  /** Visits the members, ascending: quicker than `members` for sets of many. */
  each(set: SetId, visit: (member: number) => void): void {
    for (let at = 0; at < this.#width; at += 1) {
      const piece = this.#pieceOf(set, at);
      if (piece === NO_PIECE) continue;
      const [words, start] = [this.#pieces.blockOf(piece), this.#pieces.placeOf(piece)];
      for (let word = 0; word < PIECE_WORDS; word += 1)
        eachBit(words[start + word] ?? 0, (bit) => visit(firstIn(at, word) + bit));
    }
  }

  /** The members, ascending. */
  *members(set: SetId): Generator<number, void, undefined> {
    for (let at = 0; at < this.#width; at += 1) {
      const piece = this.#pieceOf(set, at);
      if (piece === NO_PIECE) continue;
      const [words, start] = [this.#pieces.blockOf(piece), this.#pieces.placeOf(piece)];
      for (let word = 0; word < PIECE_WORDS; word += 1) {
        let bits = words[start + word] ?? 0;
        while (bits !== 0) {
          const low = bits & -bits;
          yield firstIn(at, word) + (31 - Math.clz32(low));
          bits ^= low;
        }
      }
    }
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
    const [scratch, width, full] = [this.#scratch, this.#width, this.#full];
    const [one, left] = [this.#sets.blockOf(a), this.#sets.placeOf(a)];
    const [other, right] = [this.#sets.blockOf(b), this.#sets.placeOf(b)];
    for (let at = 0; at < width; at += 1) {
      const mine = one[left + at] ?? NO_PIECE;
      const theirs = other[right + at] ?? NO_PIECE;
      if (operation === 'and') {
        if (mine === theirs || theirs === full || mine === NO_PIECE) scratch[at] = mine;
        else if (mine === full || theirs === NO_PIECE) scratch[at] = theirs;
        else scratch[at] = this.#piece(operation, mine, theirs);
      } else if (operation === 'or') {
        if (mine === theirs || theirs === NO_PIECE || mine === full) scratch[at] = mine;
        else if (mine === NO_PIECE || theirs === full) scratch[at] = theirs;
        else scratch[at] = this.#piece(operation, mine, theirs);
      } else if (mine === theirs || theirs === full || mine === NO_PIECE) scratch[at] = NO_PIECE;
      else scratch[at] = theirs === NO_PIECE ? mine : this.#piece(operation, mine, theirs);
    }
    return this.#sets.intern(scratch);
  }

  #piece(operation: Operation, a: number, b: number): number {
    const [words, pieces] = [this.#words, this.#pieces];
    const [one, left] = [pieces.blockOf(a), pieces.placeOf(a)];
    const [other, right] = [pieces.blockOf(b), pieces.placeOf(b)];
    if (operation === 'and')
      for (let word = 0; word < PIECE_WORDS; word += 1)
        words[word] = (one[left + word] ?? 0) & (other[right + word] ?? 0);
    else if (operation === 'or')
      for (let word = 0; word < PIECE_WORDS; word += 1)
        words[word] = (one[left + word] ?? 0) | (other[right + word] ?? 0);
    else
      for (let word = 0; word < PIECE_WORDS; word += 1)
        words[word] = (one[left + word] ?? 0) & ~(other[right + word] ?? 0);
    return pieces.intern(words);
  }

  /** The union of one piece of each of these sets. */
  #joined(sets: readonly SetId[], at: number): number {
    const [words, pieces] = [this.#words, this.#pieces];
    let last = NO_PIECE;
    let isMixed = false;
    for (const set of sets) {
      const piece = this.#pieceOf(set, at);
      if (piece === last || piece === NO_PIECE) continue;
      if (piece === this.#full) return piece;
      const [own, start] = [pieces.blockOf(piece), pieces.placeOf(piece)];
      if (last === NO_PIECE) words.fill(0);
      else isMixed = true;
      for (let word = 0; word < PIECE_WORDS; word += 1) words[word] = (words[word] ?? 0) | (own[start + word] ?? 0);
      last = piece;
    }
    return isMixed ? pieces.intern(words) : last;
  }

  #pieceOf(set: SetId, at: number): number {
    return this.#sets.blockOf(set)[this.#sets.placeOf(set) + at] ?? NO_PIECE;
  }
}

/** The first member that a word of a piece can have. */
function firstIn(piece: number, word: number): number {
  return (piece << PIECE_BITS) + word * 32;
}

/** Visits the bits of a word that are set, by place, ascending. */
export function eachBit(word: number, visit: (bit: number) => void): void {
  let bits = word;
  while (bits !== 0) {
    const low = bits & -bits;
    visit(31 - Math.clz32(low));
    bits ^= low;
  }
}

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
