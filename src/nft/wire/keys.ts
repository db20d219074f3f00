import { type Address, fillAddress, formatAddress, ipv4, ipv6, parseAddress } from '../../core/net/address.ts';
import { expectOk } from '../../core/net/result.ts';
import { addressNumber, spanText } from '../address-keys.ts';
import { rawBytes, rawText } from '../raw-fields.ts';
import type { KeyType, RawField, Value } from '../ruleset.ts';
import { hostNumberOf, numberOf, textOf, viewOf } from './byte-reader.ts';
import { LOW_FIRST, padded } from './byte-writer.ts';

/** What a part of a key can be: what our sets have, a mark in the network's order as ranges have it, and what only rules compare. */
export type PartType =
  | KeyType
  | RawField
  | 'ordered_mark'
  | 'icmp_type'
  | 'icmp_code'
  | 'icmpv6_type'
  | 'icmpv6_code'
  | 'length'
  | 'number';

/** The number by which nft knows numbers of any length. */
const INTEGER = 4;

/** Bytes of a part, and the number by which nft knows the type: the kernel only keeps it. */
const PARTS: Readonly<Record<PartType, { readonly size: number; readonly number: number }>> = {
  ifname: { size: 16, number: 41 },
  ether_addr: { size: 6, number: 9 },
  ipv4_addr: { size: 4, number: 7 },
  ipv6_addr: { size: 16, number: 8 },
  inet_proto: { size: 1, number: 12 },
  inet_service: { size: 2, number: 13 },
  mark: { size: 4, number: 19 },
  ordered_mark: { size: 4, number: 19 },
  icmp_type: { size: 1, number: 14 },
  icmp_code: { size: 1, number: 32 },
  icmpv6_type: { size: 1, number: 29 },
  icmpv6_code: { size: 1, number: 33 },
  length: { size: 2, number: INTEGER },
  number: { size: 1, number: INTEGER },
  '@th,64,16': { size: 2, number: INTEGER },
  '@th,64,32': { size: 4, number: INTEGER },
  '@th,64,128': { size: 16, number: INTEGER },
  '@th,80,48': { size: 6, number: INTEGER },
  '@th,192,16': { size: 2, number: INTEGER },
  '@th,208,48': { size: 6, number: INTEGER },
};

const TYPES_BY_NUMBER: ReadonlyMap<number, string> = new Map(
  Object.entries(PARTS).flatMap(([name, { number }]) =>
    name === 'ordered_mark' || (number === INTEGER && name !== 'number') ? [] : [[number, name] as const],
  ),
);

/** The types of a set's keys as they stand in it: ranges want the network's order. */
export function standing(types: readonly PartType[], isInterval: boolean): readonly PartType[] {
  return isInterval ? types.map((type) => (type === 'mark' ? 'ordered_mark' : type)) : types;
}

/** Bits that each part of a concatenation has in the number of its type. */
const TYPE_BITS = 6;

/** The number of a type, or of a concatenation of types. */
export function typeNumber(types: readonly PartType[]): number {
  return types.reduce((sum, type) => sum * 2 ** TYPE_BITS + PARTS[type].number, 0);
}

/** The names of the types that a number stands for; a type that is not ours has its number as its name. */
export function typeNames(number: number): readonly string[] {
  const names: string[] = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 2 ** TYPE_BITS)) {
    const one = rest % 2 ** TYPE_BITS;
    names.unshift(TYPES_BY_NUMBER.get(one) ?? String(one));
  }
  return names;
}

/** Whether a name is that of a type of ours. */
export function isPartType(name: string): name is PartType {
  return Object.hasOwn(PARTS, name);
}

/** The bytes of a part of a key. Of a concatenation each is filled up to four. */
export function partSize(type: PartType): number {
  return PARTS[type].size;
}

/** In which order the bytes of a part stand: as this machine has numbers, or as the network has them. */
export function byteOrder(type: PartType): 'host' | 'network' {
  return type === 'mark' || type === 'ifname' ? 'host' : 'network';
}

/** The bytes of a whole key. */
export function keySize(types: readonly PartType[]): number {
  const [only] = types;
  if (only !== undefined && types.length === 1) return PARTS[only].size;
  return types.reduce((sum, type) => sum + padded(PARTS[type].size), 0);
}

/** A key, or the first and the last of a range of keys: of a concatenation part by part. */
export type KeySpan = { readonly from: Uint8Array; readonly to: Uint8Array };

/** The bytes of a key that is written as rulesets write it. Throws on text that is no such key: it was never one of ours. */
export function keyBytes(types: readonly PartType[], text: Value): KeySpan {
  const [only] = types;
  if (only !== undefined && types.length === 1) return partBytes(only, text);
  const parts = text.split(' . ');
  if (parts.length !== types.length) throw new Error(`${text} is no key of ${types.length} parts`);
  const [from, to] = [new Uint8Array(keySize(types)), new Uint8Array(keySize(types))];
  let at = 0;
  for (const [index, type] of types.entries()) {
    const span = partBytes(type, parts[index] ?? '');
    from.set(span.from, at);
    to.set(span.to, at);
    at += padded(PARTS[type].size);
  }
  return { from, to };
}

function partBytes(type: PartType, text: Value): KeySpan {
  switch (type) {
    case 'ifname':
      return single(deviceBytes(text));
    case 'ether_addr':
      return single(Uint8Array.from(text.split(':'), (digits) => Number.parseInt(digits, 16)));
    case 'ipv4_addr':
    case 'ipv6_addr':
      return addressSpan(text);
    case 'mark':
      return single(hostWord(Number(text)));
    case 'ordered_mark':
    case 'inet_proto':
    case 'inet_service':
    case 'icmp_type':
    case 'icmp_code':
    case 'icmpv6_type':
    case 'icmpv6_code':
    case 'length':
    case 'number': {
      const [from = '', to = from] = text.split('-');
      const { size } = PARTS[type];
      return { from: wholeNumber(Number(from), size), to: wholeNumber(Number(to), size) };
    }
    case '@th,64,16':
    case '@th,64,32':
    case '@th,64,128':
    case '@th,80,48':
    case '@th,192,16':
    case '@th,208,48': {
      const [from = '', to = from] = text.split('-');
      const { size } = PARTS[type];
      return { from: rawBytes(from, size), to: rawBytes(to, size) };
    }
  }
}

function single(bytes: Uint8Array): KeySpan {
  return { from: bytes, to: bytes };
}

function deviceBytes(text: Value): Uint8Array {
  const bytes = new Uint8Array(PARTS.ifname.size);
  for (let at = 1; at < text.length - 1; at += 1) bytes[at - 1] = text.charCodeAt(at);
  return bytes;
}

/** A number of four bytes as this machine has it. */
export function hostWord(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, LOW_FIRST);
  return bytes;
}

function wholeNumber(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let at = size - 1; at >= 0; at -= 1) {
    bytes[at] = rest & 0xff;
    rest >>>= 8;
  }
  return bytes;
}

function addressSpan(text: Value): KeySpan {
  const [base = '', length] = text.split('/');
  if (length !== undefined) {
    const first = expectOk(parseAddress(base));
    return { from: addressBytes(first), to: addressBytes(fillAddress(first, Number(length))) };
  }
  const [from = '', to = from] = text.split('-');
  return { from: addressBytes(expectOk(parseAddress(from))), to: addressBytes(expectOk(parseAddress(to))) };
}

function addressBytes({ family, w0, w1, w2, w3 }: Address): Uint8Array {
  const words = family === 'ipv4' ? [w0] : [w0, w1, w2, w3];
  const bytes = new Uint8Array(words.length * 4);
  const view = viewOf(bytes);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
  return bytes;
}

/** A key, or a range of keys, as rulesets write it. Undefined when the bytes are none of these types. */
export function keyText(types: readonly PartType[], { from, to }: KeySpan): Value | undefined {
  const [only] = types;
  if (from.length !== keySize(types) || to.length !== from.length) return undefined;
  if (only !== undefined && types.length === 1) return partText(only, { from, to });
  let at = 0;
  const texts = types.map((type) => {
    const end = at + PARTS[type].size;
    const text = partText(type, { from: from.subarray(at, end), to: to.subarray(at, end) });
    at += padded(PARTS[type].size);
    return text;
  });
  return texts.join(' . ');
}

function partText(type: PartType, { from, to }: KeySpan): Value {
  switch (type) {
    case 'ifname':
      return `"${textOf(from)}"`;
    case 'ether_addr':
      return [...from].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    case 'ipv4_addr':
    case 'ipv6_addr': {
      const [first, last] = [addressOf(from), addressOf(to)];
      return isSame(from, to)
        ? formatAddress(first)
        : spanText(first.family, addressNumber(first), addressNumber(last));
    }
    case 'mark':
      return String(hostNumberOf(from));
    case 'ordered_mark':
    case 'inet_proto':
    case 'inet_service':
    case 'icmp_type':
    case 'icmp_code':
    case 'icmpv6_type':
    case 'icmpv6_code':
    case 'length':
    case 'number':
      return isSame(from, to) ? String(numberOf(from)) : `${numberOf(from)}-${numberOf(to)}`;
    case '@th,64,16':
    case '@th,64,32':
    case '@th,64,128':
    case '@th,80,48':
    case '@th,192,16':
    case '@th,208,48':
      return isSame(from, to) ? rawText(from) : `${rawText(from)}-${rawText(to)}`;
  }
}

function addressOf(bytes: Uint8Array): Address {
  const view = viewOf(bytes);
  if (bytes.length === 4) return ipv4(view.getUint32(0));
  return ipv6([view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)]);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
