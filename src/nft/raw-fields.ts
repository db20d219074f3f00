import type { KeyType, RawField, RawKey, Value } from './ruleset.ts';

/** Where the bytes of a raw field are in the transport header. */
export function rawPlace(field: RawField): { readonly offset: number; readonly size: number } {
  const [, from, length] = field.split(',');
  return { offset: Number(from) / 8, size: Number(length) / 8 };
}

/** Whether a field, or a part of a key, is bytes without a word of nft's. */
export function isRaw(field: string): field is RawField {
  return field.startsWith('@th,');
}

/** What raw bytes are called in rules and sets: hexadecimal digits without zeros in front, as `nft list` prints them. */
export function rawText(bytes: Uint8Array): Value {
  return `0x${[...bytes]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^0+(?=.)/u, '')}`;
}

/** The bytes that a text stands for, so many of them. */
export function rawBytes(text: Value, size: number): Uint8Array {
  const digits = text.slice(2).padStart(size * 2, '0');
  return Uint8Array.from({ length: size }, (_, at) => Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16));
}

/** The sets that have raw bytes in their keys. nft tells by JSON neither how many they are nor where they were read. */
export const RAW_SETS: ReadonlyMap<string, readonly [KeyType, RawKey]> = new Map([
  ['neighbour-macs', ['ifname', '@th,208,48']],
  ['neighbours6', ['ifname', '@th,64,128']],
  ['neighbours6p', ['ifname', '@th,64,128']],
]);
