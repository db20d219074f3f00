/** Whether this machine stores the low byte first: heads of netlink messages and what the kernel compares as numbers stand as the machine has them. */
export const LOW_FIRST: boolean = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Marks an attribute that holds attributes (NLA_F_NESTED). */
const NESTED = 0x8000;
/** Bytes of the head of a message, of the head of nftables in it, and of the head of an attribute. */
export const HEADS = { message: 16, family: 4, attribute: 4 } as const;

const FIRST_SIZE = 4096;

/** Writes netlink messages one after another. Numbers in attributes of nftables have their high byte first. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_SIZE);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written, where it stands: it is no more once something else is written. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins anew, in the same room. */
  clear(): void {
    this.#length = 0;
  }

  /** Hands out what was written, and begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.clear();
    return taken;
  }

  /** A message with the head of nftables: address family, and a resource id as batches use it. */
  message(
    head: { readonly type: number; readonly flags: number; readonly sequence: number },
    of: { readonly family: number; readonly resource?: number },
    write: () => void,
  ): void {
    const start = this.#length;
    const at = this.#room(HEADS.message + HEADS.family);
    this.#view.setUint16(at + 4, head.type, LOW_FIRST);
    this.#view.setUint16(at + 6, head.flags, LOW_FIRST);
    this.#view.setUint32(at + 8, head.sequence, LOW_FIRST);
    this.#view.setUint32(at + 12, 0);
    this.#view.setUint8(at + 16, of.family);
    this.#view.setUint8(at + 17, 0);
    this.#view.setUint16(at + 18, of.resource ?? 0);
    write();
    this.#view.setUint32(start, this.#length - start, LOW_FIRST);
  }

  /** An attribute that holds attributes. */
  nest(type: number, write: () => void): void {
    const start = this.#length;
    this.#head(type | NESTED, 0);
    write();
    this.#view.setUint16(start, this.#length - start, LOW_FIRST);
  }

  text(type: number, text: string): void {
    const at = this.#head(type, text.length + 1);
    for (let index = 0; index < text.length; index += 1) this.#bytes[at + index] = text.charCodeAt(index);
  }

  byte(type: number, value: number): void {
    const at = this.#head(type, 1);
    this.#bytes[at] = value;
  }

  word16(type: number, value: number): void {
    const at = this.#head(type, 2);
    this.#view.setUint16(at, value);
  }

  /** Signed values stand as their complement. */
  word32(type: number, value: number): void {
    const at = this.#head(type, 4);
    this.#view.setInt32(at, value | 0);
  }

  word64(type: number, value: bigint): void {
    const at = this.#head(type, 8);
    this.#view.setBigUint64(at, value);
  }

  bytes(type: number, bytes: Uint8Array): void {
    const at = this.#head(type, bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The same bytes many times; `fill` is told where each copy stands. */
  copies(template: Uint8Array, count: number, fill: (view: DataView, at: number, index: number) => void): void {
    const start = this.#room(template.length * count);
    for (let index = 0; index < count; index += 1) {
      const at = start + index * template.length;
      this.#bytes.set(template, at);
      fill(this.#view, at, index);
    }
  }

  /** The head of an attribute of so many bytes, which are zero until they are written; gives where they stand. */
  #head(type: number, length: number): number {
    const at = this.#room(HEADS.attribute + padded(length));
    this.#view.setUint16(at, HEADS.attribute + length, LOW_FIRST);
    this.#view.setUint16(at + 2, type, LOW_FIRST);
    this.#bytes.fill(0, at + HEADS.attribute, at + HEADS.attribute + padded(length));
    return at + HEADS.attribute;
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length <= this.#bytes.length) return at;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
    grown.set(this.#bytes.subarray(0, at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    return at;
  }
}

/** Attributes and messages begin at multiples of four bytes. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
