/** Words of a key: owner, protocol and family, both ports, then the first words of both addresses and the rest of them. */
export const KEY_WORDS = 11;

/** One flow at one interface, as `connKey` writes it. */
export type ConnKey = Int32Array;

/** Words of a slot: the key, the entry's state, its expiry (two words), a spare one and the hash. One cache line of 64 bytes. */
const SLOT_WORDS = 16;
const STATE = 11;
/** In doubles from the slot's beginning. */
const EXPIRY = 6;
const HASH = 15;
const MIN_SLOTS = 64;

export type ConnTableOptions = {
  /** Whoever picks ports and addresses must not be able to pick the slots too: a secret number in earnest, any in a test. */
  readonly seed: number;
  readonly maxEntries: number;
};

/**
 * A bounded hash table of flows in one typed array: open addressing, linear probing, at most half full. A slot is found by its key;
 * slots move when others are removed, so they are good only until the next change. Expired entries count as absent.
 */
export class ConnTable {
  readonly #seed: number;
  readonly #maxEntries: number;
  #words: Int32Array = new Int32Array(MIN_SLOTS * SLOT_WORDS);
  #doubles: Float64Array = new Float64Array(this.#words.buffer);
  #mask: number = MIN_SLOTS - 1;
  #size = 0;
  /** No entry ends before this moment: until then a full table need not be searched for expired ones. */
  #earliestSeconds = Infinity;
  readonly #owned: Map<number, number> = new Map();

  constructor({ seed, maxEntries }: ConnTableOptions) {
    this.#seed = seed | 0;
    this.#maxEntries = maxEntries;
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
    const slot = this.#locate(key, this.#hash(key));
    if (slot < 0 || (this.#doubles[slot * 8 + EXPIRY] ?? 0) > nowSeconds) return slot;
    this.remove(slot);
    return -1;
  }

  /** The state word of a slot. */
  stateOf(slot: number): number {
    return this.#words[slot * SLOT_WORDS + STATE] ?? 0;
  }

  /** When the entry of a slot ends. */
  expiryOf(slot: number): number {
    return this.#doubles[slot * 8 + EXPIRY] ?? 0;
  }

  /** Sets the state word and the expiry of a slot. */
  update(slot: number, state: number, expiresSeconds: number): void {
    this.#words[slot * SLOT_WORDS + STATE] = state;
    this.#doubles[slot * 8 + EXPIRY] = expiresSeconds;
    if (expiresSeconds < this.#earliestSeconds) this.#earliestSeconds = expiresSeconds;
  }

  /** Adds an entry for a key that has none. False when the table is at its bound even without the expired entries. */
  insert(
    key: ConnKey,
    entry: { readonly state: number; readonly expiresSeconds: number },
    nowSeconds: number,
  ): boolean {
    if (this.#size >= this.#maxEntries) this.sweep(nowSeconds);
    if (this.#size >= this.#maxEntries) return false;
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#grow(nowSeconds);
    this.#place(key, entry);
    return true;
  }

  /** Removes the entry of a slot; entries behind it may move up. */
  remove(slot: number): void {
    const owner = this.#words[slot * SLOT_WORDS] ?? 0;
    this.#owned.set(owner, this.countOf(owner) - 1);
    this.#size -= 1;
    let hole = slot;
    for (let next = (slot + 1) & this.#mask; ; next = (next + 1) & this.#mask) {
      const hash = this.#words[next * SLOT_WORDS + HASH] ?? 0;
      if (hash === 0) break;
      const home = hash & this.#mask;
      // The entry may fill the hole unless its home lies behind the hole, on the way to where it stands.
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#words.copyWithin(hole * SLOT_WORDS, next * SLOT_WORDS, (next + 1) * SLOT_WORDS);
      hole = next;
    }
    this.#words.fill(0, hole * SLOT_WORDS, (hole + 1) * SLOT_WORDS);
  }

  /** Removes everything that has expired. */
  sweep(nowSeconds: number): void {
    if (nowSeconds >= this.#earliestSeconds) this.#rebuild(this.#mask + 1, (_, expires) => expires > nowSeconds);
  }

  /** Removes everything of one owner. */
  removeOwner(owner: number): void {
    if (this.countOf(owner) > 0) this.#rebuild(this.#mask + 1, (one) => one !== owner);
  }

  #grow(nowSeconds: number): void {
    this.#rebuild((this.#mask + 1) * 2, (_, expires) => expires > nowSeconds);
  }

  #rebuild(slots: number, isKept: (owner: number, expiresSeconds: number) => boolean): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const used = this.#mask + 1;
    this.#words = new Int32Array(slots * SLOT_WORDS);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#mask = slots - 1;
    this.#size = 0;
    this.#earliestSeconds = Infinity;
    this.#owned.clear();
    for (let slot = 0; slot < used; slot += 1) {
      const base = slot * SLOT_WORDS;
      if (words[base + HASH] === 0) continue;
      const expiresSeconds = doubles[slot * 8 + EXPIRY] ?? 0;
      if (!isKept(words[base] ?? 0, expiresSeconds)) continue;
      this.#place(words.subarray(base, base + KEY_WORDS), { state: words[base + STATE] ?? 0, expiresSeconds });
    }
  }

  #place(key: ConnKey, entry: { readonly state: number; readonly expiresSeconds: number }): void {
    const hash = this.#hash(key);
    let slot = hash & this.#mask;
    while (this.#words[slot * SLOT_WORDS + HASH] !== 0) slot = (slot + 1) & this.#mask;
    this.#words.set(key, slot * SLOT_WORDS);
    this.#words[slot * SLOT_WORDS + HASH] = hash;
    this.update(slot, entry.state, entry.expiresSeconds);
    this.#size += 1;
    const owner = key[0] ?? 0;
    this.#owned.set(owner, this.countOf(owner) + 1);
  }

  #locate(key: ConnKey, hash: number): number {
    const words = this.#words;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const base = slot * SLOT_WORDS;
      const found = words[base + HASH];
      if (found === 0) return -1;
      if (found === hash && isKeyAt(words, base, key)) return slot;
    }
  }

  /** Never 0, which marks a free slot. Multiply, rotate, mix at the end; an IPv4 key is its first five words. */
  #hash(key: ConnKey): number {
    const length = isIpv6Key(key) ? KEY_WORDS : 5;
    let hash = this.#seed;
    for (let index = 0; index < length; index += 1) {
      hash = Math.imul(hash ^ (key[index] ?? 0), 0x9e37_79b1);
      hash = (hash << 15) | (hash >>> 17);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    hash ^= hash >>> 16;
    return hash === 0 ? 1 : hash;
  }
}

/** Bit of the protocol word that says IPv6. */
export const IPV6_KEY = 0x1_0000;

function isIpv6Key(key: ConnKey): boolean {
  return ((key[1] ?? 0) & IPV6_KEY) !== 0;
}

function isKeyAt(words: Int32Array, base: number, key: ConnKey): boolean {
  for (let index = 0; index < KEY_WORDS; index += 1) if (words[base + index] !== key[index]) return false;
  return true;
}
