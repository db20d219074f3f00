import { type Address, type Family, fillAddress, offsetAddress } from '../net/address.ts';
import { anyCidr, type Cidr, cidrCovers, compareCidrs, lastAddress, sameCidr } from '../net/cidr.ts';

/** The words of an address, signed or not: an `Address`, or a record that the caller fills anew for each packet. */
export type AddressWords = { readonly w0: number; readonly w1: number; readonly w2: number; readonly w3: number };

/**
 * Addresses by class: prefixes are laminar, so they cut the family into ranges that share one longest prefix, and a sorted list of
 * the ranges' first addresses finds it. Words are stored with the top bit turned, which makes signed order numeric order.
 */
export type AddressClasses = {
  /** First addresses, ascending: one word each in IPv4, four in IPv6. */
  readonly starts: Int32Array;
  readonly width: 1 | 4;
  readonly classes: Int32Array;
};

const TOP_BIT = 0x8000_0000 | 0;

type Range = { readonly start: Address; readonly value: number };

/**
 * The classes of a family by the longest of the given prefixes. `classOf` is asked once for each distinct prefix, outer ones first,
 * with the class of the prefix around it; the whole family is always asked first.
 */
export function addressClasses(
  family: Family,
  prefixes: readonly Cidr[],
  classOf: (prefix: Cidr, outer: number) => number,
): AddressClasses {
  const whole = anyCidr(family);
  const open: { cidr: Cidr; value: number }[] = [{ cidr: whole, value: classOf(whole, 0) }];
  const ranges: Range[] = [{ start: whole.base, value: open[0]?.value ?? 0 }];
  const leave = (): void => {
    const left = open.pop();
    const around = open.at(-1);
    if (left === undefined || around === undefined) return;
    const last = lastAddress(left.cidr);
    if (!isLast(last)) begin(ranges, { start: offsetAddress(last, 1), value: around.value });
  };
  let previous = whole;
  for (const cidr of prefixes.toSorted(compareCidrs)) {
    if (sameCidr(cidr, previous)) continue;
    previous = cidr;
    while (open.length > 1 && !cidrCovers(open.at(-1)?.cidr ?? whole, cidr)) leave();
    const value = classOf(cidr, open.at(-1)?.value ?? 0);
    open.push({ cidr, value });
    begin(ranges, { start: cidr.base, value });
  }
  while (open.length > 1) leave();
  return pack(family, mergeEqual(ranges));
}

/** The class of an address, which must be of the family. */
export function classAt(table: AddressClasses, address: AddressWords): number {
  return (table.width === 1 ? classOfWord(table, address.w0 ^ TOP_BIT) : classOfWords(table, address)) | 0;
}

function classOfWord(table: AddressClasses, word: number): number {
  const { starts } = table;
  let at = 0;
  let length = starts.length;
  while (length > 1) {
    const half = length >>> 1;
    if ((starts[at + half] ?? 0) <= word) at += half;
    length -= half;
  }
  return table.classes[at] ?? 0;
}

function classOfWords(table: AddressClasses, address: AddressWords): number {
  const { starts } = table;
  let at = 0;
  let length = starts.length >>> 2;
  while (length > 1) {
    const half = length >>> 1;
    if (startsBy(starts, (at + half) << 2, address)) at += half;
    length -= half;
  }
  return table.classes[at] ?? 0;
}

/** Whether the range at an index begins at or before the address. */
function startsBy(starts: Int32Array, index: number, address: AddressWords): boolean {
  const w0 = address.w0 ^ TOP_BIT;
  const s0 = starts[index] ?? 0;
  if (s0 !== w0) return s0 < w0;
  const w1 = address.w1 ^ TOP_BIT;
  const s1 = starts[index + 1] ?? 0;
  if (s1 !== w1) return s1 < w1;
  const w2 = address.w2 ^ TOP_BIT;
  const s2 = starts[index + 2] ?? 0;
  return s2 === w2 ? (starts[index + 3] ?? 0) <= (address.w3 ^ TOP_BIT) : s2 < w2;
}

/** Adds a range; one that begins where the last did takes its place. */
function begin(ranges: Range[], range: Range): void {
  const last = ranges.at(-1);
  if (last !== undefined && sameWords(last.start, range.start)) ranges.pop();
  ranges.push(range);
}

function mergeEqual(ranges: readonly Range[]): readonly Range[] {
  return ranges.filter((range, index) => range.value !== ranges[index - 1]?.value);
}

function pack(family: Family, ranges: readonly Range[]): AddressClasses {
  const words = ranges.flatMap(({ start }) =>
    family === 'ipv4' ? [start.w0] : [start.w0, start.w1, start.w2, start.w3],
  );
  return {
    starts: Int32Array.from(words, (word) => word ^ TOP_BIT),
    width: family === 'ipv4' ? 1 : 4,
    classes: Int32Array.from(ranges, (range) => range.value),
  };
}

function isLast(address: Address): boolean {
  return sameWords(address, fillAddress(address, 0));
}

function sameWords(a: Address, b: Address): boolean {
  return a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3;
}
