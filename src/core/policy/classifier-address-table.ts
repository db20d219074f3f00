import type { AddressWords } from './classifier-addresses.ts';

/** Words of an entry: the address, the place, the value plus 1 (0 marks a free slot); a power of two, so that slots are shifts. */
const ENTRY_BITS = 3;
const PLACE = 4;
const VALUE = 5;
const FIRST_SLOTS = 64;

/**
 * Small integers by place and address, in one array: open addressing, linear probing, at most half full. A place is any number that
 * keeps equal addresses apart. Values are 0 or more.
 */
export class AddressTable {
  #entries = new Int32Array(FIRST_SLOTS << ENTRY_BITS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value, or -1 when there is none. */
  get(place: number, address: AddressWords): number {
    return (this.#entries[this.#find(place, address) + VALUE] ?? 0) - 1;
  }

  set(place: number, address: AddressWords, value: number): void {
    if ((this.#size + 1) * 2 > this.#mask) this.#grow();
    const at = this.#find(place, address);
    if (this.#entries[at + VALUE] === 0) this.#size += 1;
    this.#entries.set([address.w0, address.w1, address.w2, address.w3, place, value + 1], at);
  }

  /** Removes an entry and closes the gap, so that no search ends early and no slot is wasted. */
  delete(place: number, address: AddressWords): void {
    let gap = this.#find(place, address);
    if (this.#entries[gap + VALUE] === 0) return;
    this.#size -= 1;
    for (let at = this.#next(gap); this.#entries[at + VALUE] !== 0; at = this.#next(at)) {
      const home = this.#home(at);
      const staysBehindGap = gap <= at ? gap < home && home <= at : gap < home || home <= at;
      if (staysBehindGap) continue;
      this.#entries.copyWithin(gap, at, at + (1 << ENTRY_BITS));
      gap = at;
    }
    this.#entries.fill(0, gap, gap + (1 << ENTRY_BITS));
  }

  /** Where the entry is, or the free slot where it would be. */
  #find(place: number, address: AddressWords): number {
    const entries = this.#entries;
    const w0 = address.w0 | 0;
    const w1 = address.w1 | 0;
    const w2 = address.w2 | 0;
    const w3 = address.w3 | 0;
    let slot = hashOf(w0, w1 ^ place, w2, w3) & this.#mask;
    for (;;) {
      const at = slot << ENTRY_BITS;
      const isHere =
        entries[at] === w0 &&
        entries[at + 3] === w3 &&
        entries[at + 2] === w2 &&
        entries[at + 1] === w1 &&
        entries[at + PLACE] === place;
      if (isHere || entries[at + VALUE] === 0) return at;
      slot = (slot + 1) & this.#mask;
    }
  }

  #next(at: number): number {
    return (((at >> ENTRY_BITS) + 1) & this.#mask) << ENTRY_BITS;
  }

  #home(at: number): number {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, place = 0] = this.#entries.subarray(at, at + VALUE);
    return (hashOf(w0, w1 ^ place, w2, w3) & this.#mask) << ENTRY_BITS;
  }

  #grow(): void {
    const old = this.#entries;
    this.#mask = this.#mask * 2 + 1;
    this.#entries = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 1 << ENTRY_BITS) {
      if (old[at + VALUE] === 0) continue;
      const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, place = 0] = old.subarray(at, at + VALUE);
      this.#entries.set(old.subarray(at, at + (1 << ENTRY_BITS)), this.#find(place, { w0, w1, w2, w3 }));
    }
  }
}

function hashOf(a: number, b: number, c: number, d: number): number {
  let hash =
    Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b) ^ Math.imul(c, 0xc2b2_ae35) ^ Math.imul(d, 0x27d4_eb2f);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
