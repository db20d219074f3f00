import { type AxisTable, segmentAt } from './classifier-axis.ts';

/** Rows of bits, one bit for each segment of an axis table, equal rows stored once. Row 0 has no bit set. */
export class RowTable {
  /** Words in a row. */
  readonly words: number;
  readonly #rows = new Map<number, number[]>();
  #data: Int32Array;
  #count = 0;

  constructor(bits: number) {
    this.words = Math.ceil(bits / 32);
    this.#data = new Int32Array(this.words * 4);
    this.intern(this.blank());
  }

  /** Whether the row has the bit. */
  has(row: number, bit: number): boolean {
    return (((this.#data[row * this.words + (bit >> 5)] ?? 0) >>> (bit & 31)) & 1) === 1;
  }

  /** A row outside the table, without a bit. */
  blank(): Int32Array {
    return new Int32Array(this.words);
  }

  /** A copy of a row. */
  copy(row: number): Int32Array {
    return this.#data.slice(row * this.words, (row + 1) * this.words);
  }

  /** The number of the row that has exactly these bits. */
  intern(bits: Int32Array): number {
    const hash = hashWords(bits);
    const bucket = this.#rows.get(hash);
    const known = bucket?.find((row) => this.#equals(row, bits));
    if (known !== undefined) return known;
    const row = this.#count;
    this.#count += 1;
    if (this.#count * this.words > this.#data.length) this.#grow();
    this.#data.set(bits, row * this.words);
    if (bucket === undefined) this.#rows.set(hash, [row]);
    else bucket.push(row);
    return row;
  }

  #grow(): void {
    const larger = new Int32Array(this.#data.length * 2);
    larger.set(this.#data);
    this.#data = larger;
  }

  #equals(row: number, bits: Int32Array): boolean {
    return bits.every((word, index) => word === this.#data[row * this.words + index]);
  }
}

/** Sets in `into` all bits that are set in `from`. */
export function addBits(into: Int32Array, from: Int32Array): void {
  for (const [index, word] of from.entries()) into[index] = (into[index] ?? 0) | word;
}

/** Sets the bits of all segments from that of the first point to that of the last. */
export function addInterval(into: Int32Array, table: AxisTable, [from, to]: readonly [number, number]): void {
  const last = segmentAt(table, to);
  for (let bit = segmentAt(table, from); bit <= last; bit += 1)
    into[bit >> 5] = (into[bit >> 5] ?? 0) | (1 << (bit & 31));
}

function hashWords(words: Int32Array): number {
  let hash = 0x811c_9dc5;
  for (const word of words) hash = Math.imul(hash ^ word ^ (word >>> 15), 0x0100_0193);
  return hash;
}
