import { HEADS, LOW_FIRST, padded } from './byte-writer.ts';

/** A message of the kernel. `body` is what follows the head of nftables, or of netlink where there is none. */
export type Message = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
};

/** Types of messages that netlink itself has. */
export const NETLINK = { error: 2, done: 3 } as const;

/** The attributes of a message or of another attribute, by type; of one that comes twice the last. Damaged ones end the reading. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** The messages of one piece of what the kernel sent. */
export function messagesOf(piece: Uint8Array): readonly Message[] {
  const view = viewOf(piece);
  const messages: Message[] = [];
  for (let at = 0; at + HEADS.message <= piece.length;) {
    const length = view.getUint32(at, LOW_FIRST);
    if (length < HEADS.message || at + length > piece.length) break;
    const type = view.getUint16(at + 4, LOW_FIRST);
    // Messages of nftables have a head of their own first.
    const head = type >= 16 ? HEADS.message + HEADS.family : HEADS.message;
    messages.push({
      type,
      flags: view.getUint16(at + 6, LOW_FIRST),
      sequence: view.getUint32(at + 8, LOW_FIRST),
      body: piece.subarray(Math.min(at + head, at + length), at + length),
    });
    at += padded(length);
  }
  return messages;
}

/** The attributes of a body. */
export function attributesOf(body: Uint8Array): Attributes {
  const attributes = new Map<number, Uint8Array>();
  walk(body, { from: 0, to: body.length }, (type, value) => {
    attributes.set(type, body.subarray(value.from, value.to));
  });
  return attributes;
}

/** Where something stands among bytes. */
export type Place = { readonly from: number; readonly to: number };

/** Visits attributes in order where they stand: nothing is copied, for a million may have to be looked at. */
export function walk(bytes: Uint8Array, place: Place, visit: (type: number, value: Place) => void): void {
  everyAttribute(bytes, place, (type, value) => {
    visit(type, value);
    return true;
  });
}

/** Whether all attributes pass a test; the first that does not ends the looking, and so does a damaged one. */
export function everyAttribute(
  bytes: Uint8Array,
  { from, to }: Place,
  test: (type: number, value: Place) => boolean,
): boolean {
  for (let at = from; at + HEADS.attribute <= to;) {
    const length = hostWord16(bytes, at);
    if (length < HEADS.attribute || at + length > to) return true;
    if (!test(hostWord16(bytes, at + 2) & TYPE_MASK, { from: at + HEADS.attribute, to: at + length })) return false;
    at += padded(length);
  }
  return true;
}

/** Where the first attribute of a type stands. */
export function findAttribute(bytes: Uint8Array, place: Place, wanted: number): Place | undefined {
  const found: { place?: Place } = {};
  everyAttribute(bytes, place, (type, value) => {
    if (type === wanted) found.place = value;
    return type !== wanted;
  });
  return found.place;
}

/** The bits of an attribute's type that are no flags. */
const TYPE_MASK = 0x3fff;

function hostWord16(bytes: Uint8Array, at: number): number {
  const [low = 0, high = 0] = LOW_FIRST ? [bytes[at], bytes[at + 1]] : [bytes[at + 1], bytes[at]];
  return low | (high << 8);
}

/** A number, high byte first; 0 when it is not there. Past 2^53, as no counter of ours gets, the last digits are lost. */
export function numberOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : numberAt(value, { from: 0, to: value.length });
}

/** The number that stands at a place, high byte first. */
export function numberAt(bytes: Uint8Array, { from, to }: Place): number {
  let number = 0;
  for (let at = from; at < to; at += 1) number = number * 256 + (bytes[at] ?? 0);
  return number;
}

/** A number of four bytes as this machine has it. */
export function hostNumberOf(value: Uint8Array): number {
  return viewOf(value).getUint32(0, LOW_FIRST);
}

/** Text without its final zero; empty when it is not there. Bytes that are no ASCII become question marks: none of ours has any. */
export function textOf(value: Uint8Array | undefined): string {
  let text = '';
  for (const byte of value ?? []) {
    if (byte === 0) break;
    text += byte < 0x80 ? String.fromCharCode(byte) : '?';
  }
  return text;
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
