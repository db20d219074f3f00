/** No result stands under a pair yet. */
export const NOT_KNOWN = -1;

/**
 * Results of an operation on two numbers, by both: what a `Map` over one packed number would be, without a heap number for each key. Numbers
 * and results are 0 … 2³¹ − 2.
 */
export class PairMemo {
  #mask = 1023;
  /** Three words an entry: the first number + 1 (0: free), the second, the result. */
  #entries = new Int32Array((this.#mask + 1) * 3);
  #count = 0;

  /** The result for a pair, or `NOT_KNOWN`. */
  get(a: number, b: number): number {
    const entries = this.#entries;
    let slot = slotOf(a, b) & this.#mask;
    for (;;) {
      const at = slot * 3;
      const first = entries[at];
      if (first === 0) return NOT_KNOWN;
      if (first === a + 1 && entries[at + 1] === b) return entries[at + 2] ?? NOT_KNOWN;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Notes the result for a pair that has none. */
  set(a: number, b: number, result: number): void {
    if (this.#count * 2 > this.#mask) this.#grow();
    this.#put(a, b, result);
    this.#count += 1;
  }

  #put(a: number, b: number, result: number): void {
    const entries = this.#entries;
    let slot = slotOf(a, b) & this.#mask;
    while (entries[slot * 3] !== 0) slot = (slot + 1) & this.#mask;
    entries[slot * 3] = a + 1;
    entries[slot * 3 + 1] = b;
    entries[slot * 3 + 2] = result;
  }

  #grow(): void {
    const old = this.#entries;
    this.#mask = this.#mask * 4 + 3;
    this.#entries = new Int32Array((this.#mask + 1) * 3);
    for (let at = 0; at < old.length; at += 3) {
      const first = old[at] ?? 0;
      if (first !== 0) this.#put(first - 1, old[at + 1] ?? 0, old[at + 2] ?? 0);
    }
  }
}

/** Numbers for pairs of numbers: 0 for the first pair that is asked for, 1 for the next other one. */
export class PairNumbers {
  readonly #known = new PairMemo();
  #count = 0;

  /** The number of a pair. */
  of(a: number, b: number): number {
    const known = this.#known.get(a, b);
    if (known !== NOT_KNOWN) return known;
    this.#known.set(a, b, this.#count);
    this.#count += 1;
    return this.#count - 1;
  }
}

function slotOf(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
