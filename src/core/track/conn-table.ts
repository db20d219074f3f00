import type { Family } from '../net/address.ts';

/** One flow at one interface: its owner, protocol, ports and addresses, as `writeConnKey` writes them. Words past the family's are not read. */
export type ConnKey = Int32Array;

/** Words of a key by family: owner, protocol, ports, then the local and the remote address. */
export const KEY_WORDS: Readonly<Record<Family, number>> = { ipv4: 5, ipv6: 11 };

/** Words of a slot by family: the key, the entry's state, and its expiry as a double in the last two. 32 and 64 bytes. */
const SLOT_WORDS: Readonly<Record<Family, number>> = { ipv4: 8, ipv6: 16 };
/** Set in the state word of every slot that holds an entry. Keeping no hash leaves one cache miss to a lookup. */
const USED = 0x8000_0000 | 0;
const MIN_SLOTS = 64;

export type ConnTableOptions = {
  readonly family: Family;
  /** Whoever picks ports and addresses must not be able to pick the slots too: a secret number in earnest, any in a test. */
  readonly seed: number;
  readonly maxEntries: number;
};

/** What the table holds of a flow beside its key. */
export type Held = { readonly state: number; readonly expiresSeconds: number };

/**
 * A bounded hash table of the flows of one family in typed arrays: open addressing, linear probing, at most four fifths full. A slot is found by
 * its key; slots move when others are removed, so they are good only until the next change. Expired entries count as absent.
 */
export class ConnTable {
  readonly #keyWords: number;
  readonly #slotWords: number;
  readonly #seed: number;
  readonly #maxEntries: number;
  #words: Int32Array;
  #doubles: Float64Array;
  #mask: number = MIN_SLOTS - 1;
  #size = 0;
  /** No entry ends before this moment: until then a full table need not be searched for expired ones. */
  #earliestSeconds: number = Infinity;
  readonly #owned: Map<number, number> = new Map();

  constructor({ family, seed, maxEntries }: ConnTableOptions) {
    this.#keyWords = KEY_WORDS[family];
    this.#slotWords = SLOT_WORDS[family];
    this.#seed = seed | 0;
    this.#maxEntries = maxEntries;
    this.#words = new Int32Array(MIN_SLOTS * this.#slotWords);
    this.#doubles = new Float64Array(this.#words.buffer);
  }

  /** Entries held, expired ones that nobody asked for since included. */
  get size(): number {
    return this.#size;
  }

  /** Entries of one owner, counted like `size`. */
  countOf(owner: number): number {
    return this.#owned.get(owner) ?? 0;
  }

  /** The slot of a live entry, or -1. */
  find(key: ConnKey, nowSeconds: number): number {
    const slot = this.#locate(key);
    if (slot < 0 || this.expiryOf(slot) > nowSeconds) return slot;
    this.remove(slot);
    return -1;
  }

  /** The state of a slot's entry: 31 bits. */
  stateOf(slot: number): number {
    return (this.#words[slot * this.#slotWords + this.#keyWords] ?? 0) & ~USED;
  }

  /** When the entry of a slot ends. */
  expiryOf(slot: number): number {
    return this.#doubles[((slot + 1) * this.#slotWords) / 2 - 1] ?? 0;
  }

  /** Sets the state and the expiry of a slot's entry. */
  update(slot: number, state: number, expiresSeconds: number): void {
    this.#words[slot * this.#slotWords + this.#keyWords] = state | USED;
    this.#doubles[((slot + 1) * this.#slotWords) / 2 - 1] = expiresSeconds;
    if (expiresSeconds < this.#earliestSeconds) this.#earliestSeconds = expiresSeconds;
  }

  /** Adds an entry for a key that has none. False when the table is at its bound even without the expired entries. */
  insert(key: ConnKey, entry: Held, nowSeconds: number): boolean {
    if (this.#size >= this.#maxEntries) this.sweep(nowSeconds);
    if (this.#size >= this.#maxEntries) return false;
    const slots = this.#mask + 1;
    if ((this.#size + 1) * 5 > slots * 4) this.#rebuild(slots * 2, (_, expires) => expires > nowSeconds);
    this.#place(key, entry);
    return true;
  }

  /** Removes the entry of a slot; entries behind it may move up. */
  remove(slot: number): void {
    const width = this.#slotWords;
    const owner = this.#words[slot * width] ?? 0;
    this.#owned.set(owner, this.countOf(owner) - 1);
    this.#size -= 1;
    let hole = slot;
    for (let next = (slot + 1) & this.#mask; ; next = (next + 1) & this.#mask) {
      if (this.#words[next * width + this.#keyWords] === 0) break;
      const home = this.#hash(this.#words.subarray(next * width, next * width + this.#keyWords));
      // The entry may fill the hole unless its home lies behind the hole, on the way to where it stands.
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#words.copyWithin(hole * width, next * width, (next + 1) * width);
      hole = next;
    }
    this.#words[hole * width + this.#keyWords] = 0;
  }

  /** Removes everything that has expired. */
  sweep(nowSeconds: number): void {
    if (nowSeconds >= this.#earliestSeconds) this.#rebuild(this.#mask + 1, (_, expires) => expires > nowSeconds);
  }

  /** Removes everything of one owner. */
  removeOwner(owner: number): void {
    if (this.countOf(owner) > 0) this.#rebuild(this.#mask + 1, (one) => one !== owner);
  }

  #rebuild(slots: number, isKept: (owner: number, expiresSeconds: number) => boolean): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const width = this.#slotWords;
    this.#words = new Int32Array(slots * width);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#mask = slots - 1;
    this.#size = 0;
    this.#earliestSeconds = Infinity;
    this.#owned.clear();
    for (let base = 0; base < words.length; base += width) {
      const state = words[base + this.#keyWords] ?? 0;
      const expiresSeconds = doubles[(base + width) / 2 - 1] ?? 0;
      if (state === 0 || !isKept(words[base] ?? 0, expiresSeconds)) continue;
      this.#place(words.subarray(base, base + this.#keyWords), { state: state & ~USED, expiresSeconds });
    }
  }

  #place(key: ConnKey, entry: Held): void {
    let slot = this.#hash(key) & this.#mask;
    while (this.#words[slot * this.#slotWords + this.#keyWords] !== 0) slot = (slot + 1) & this.#mask;
    const base = slot * this.#slotWords;
    for (let index = 0; index < this.#keyWords; index += 1) this.#words[base + index] = key[index] ?? 0;
    this.update(slot, entry.state, entry.expiresSeconds);
    this.#size += 1;
    const owner = key[0] ?? 0;
    this.#owned.set(owner, this.countOf(owner) + 1);
  }

  #locate(key: ConnKey): number {
    const words = this.#words;
    const mask = this.#mask;
    for (let slot = this.#hash(key) & mask; ; slot = (slot + 1) & mask) {
      const base = slot * this.#slotWords;
      if (words[base + this.#keyWords] === 0) return -1;
      // The remote address differs most often.
      if (words[base + 4] === key[4] && this.#isKeyAt(base, key)) return slot;
    }
  }

  #isKeyAt(base: number, key: ConnKey): boolean {
    const words = this.#words;
    for (let index = 0; index < this.#keyWords; index += 1) if (words[base + index] !== key[index]) return false;
    return true;
  }

  /** Multiply and rotate word by word, then mix so that the low bits hang on all. */
  #hash(key: ConnKey): number {
    let hash = this.#seed;
    for (let index = 0; index < this.#keyWords; index += 1) {
      hash = Math.imul(hash ^ (key[index] ?? 0), 0x9e37_79b1);
      hash = (hash << 15) | (hash >>> 17);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    return hash ^ (hash >>> 15);
  }
}
