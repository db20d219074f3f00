import { fail, ok, type Result } from './result.ts';

/** The two address families; they never mix in one packet, rule or prefix list. */
export type Family = 'ipv4' | 'ipv6';

export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/**
 * An IP address as four unsigned 32-bit words, most significant first.
 * INVARIANT: an IPv4 address stands in `w0`; `w1`–`w3` are 0. So prefix arithmetic is one code path for both families.
 */
export type Address = {
  readonly family: Family;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  /**
   * Set where the address itself is not known, only a prefix that holds it: the words then are a number that tells it from other such
   * addresses, and mean nothing else (`unknownAddress`).
   */
  readonly within?: { readonly family: Family; readonly base: Address; readonly length: number };
};

/** The number of bits in an address of the family. */
export function familyBits(family: Family): 32 | 128 {
  return family === 'ipv4' ? 32 : 128;
}

/** An IPv4 address from its 32-bit value. */
export function ipv4(bits: number): Address {
  return { family: 'ipv4', w0: bits >>> 0, w1: 0, w2: 0, w3: 0 };
}

/** An IPv6 address from its four 32-bit words, most significant first. */
export function ipv6(words: readonly [number, number, number, number]): Address {
  return { family: 'ipv6', w0: words[0] >>> 0, w1: words[1] >>> 0, w2: words[2] >>> 0, w3: words[3] >>> 0 };
}

/**
 * An address of which only a prefix is known; `number` (1 to 2²⁴ − 1) tells it from others. Its words lie where no interface can have an
 * address: 0.0.0.0/8, and 100::/64, which is for discarding (RFC 6666).
 */
export function unknownAddress(within: NonNullable<Address['within']>, number: number): Address {
  return within.family === 'ipv4'
    ? { family: 'ipv4', w0: number, w1: 0, w2: 0, w3: 0, within }
    : { family: 'ipv6', w0: 0x0100_0000, w1: 0, w2: 0, w3: number, within };
}

/** Whether two addresses are the same, family included. One that is not known is never one that is, whatever its words. */
export function sameAddress(a: Address, b: Address): boolean {
  return (
    a.w0 === b.w0 &&
    a.w3 === b.w3 &&
    a.w2 === b.w2 &&
    a.w1 === b.w1 &&
    a.family === b.family &&
    (a.within === undefined) === (b.within === undefined)
  );
}

/** Numeric order, IPv4 before IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  return a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3;
}

/** Whether the first `length` bits of two addresses of one family agree. */
export function sameLeadingBits(a: Address, b: Address, length: number): boolean {
  return (
    wordAgrees(a.w0, b.w0, length) &&
    (length <= 32 || wordAgrees(a.w1, b.w1, length - 32)) &&
    (length <= 64 || wordAgrees(a.w2, b.w2, length - 64)) &&
    (length <= 96 || wordAgrees(a.w3, b.w3, length - 96))
  );
}

/** Whether the first `length` bits of two words agree; all of them from 32 on, none asked for below 1. Signed words will do. */
export function wordAgrees(a: number, b: number, length: number): boolean {
  return length <= 0 || (a ^ b) >>> (length >= 32 ? 0 : 32 - length) === 0;
}

/** The address with all bits after the first `length` cleared. */
export function maskAddress(address: Address, length: number): Address {
  if (address.family === 'ipv4') {
    const bits = (address.w0 & wordMask(length)) >>> 0;
    return bits === address.w0 ? address : ipv4(bits);
  }
  return mapWords(address, (word, index) => (word & wordMask(length - index * 32)) >>> 0);
}

/** The address with all bits of the family after the first `length` set: the last one of a prefix. */
export function fillAddress(address: Address, length: number): Address {
  return mapWords(address, (word, index) => (word | ~wordMask(length - index * 32)) >>> 0);
}

/** The address `offset` further on (0 ≤ offset < 2³²); wraps within the family. */
export function offsetAddress(address: Address, offset: number): Address {
  const words = [address.w0, address.w1, address.w2, address.w3];
  let carry = offset;
  for (let index = address.family === 'ipv4' ? 0 : 3; index >= 0 && carry > 0; index -= 1) {
    const sum = (words[index] ?? 0) + carry;
    words[index] = sum % 0x1_0000_0000;
    carry = Math.floor(sum / 0x1_0000_0000);
  }
  return { family: address.family, w0: words[0] ?? 0, w1: words[1] ?? 0, w2: words[2] ?? 0, w3: words[3] ?? 0 };
}

/** The address directly before, or undefined for the first of its family. */
export function previousAddress(address: Address): Address | undefined {
  const words = [address.w0, address.w1, address.w2, address.w3];
  for (let index = address.family === 'ipv4' ? 0 : 3; index >= 0; index -= 1) {
    const word = words[index] ?? 0;
    words[index] = word === 0 ? 0xffff_ffff : word - 1;
    if (word !== 0) {
      return { family: address.family, w0: words[0] ?? 0, w1: words[1] ?? 0, w2: words[2] ?? 0, w3: words[3] ?? 0 };
    }
  }
  return undefined;
}

/**
 * Reads dotted-quad IPv4 or RFC 4291 IPv6 text.
 * Refuses leading zeros, short forms and zone ids: inet_aton's leniency (`010.1`, `0x7f.1`) is a known way around firewalls.
 */
export function parseAddress(text: string): Result<Address> {
  const address = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return address === undefined ? fail(`${JSON.stringify(text)} is not an IP address`) : ok(address);
}

/** Canonical text: dotted quad, or RFC 5952 (lower case, longest run of zeros as `::`). `10.0.1.0/24?3` for one that is not known. */
export function formatAddress(address: Address): string {
  const { within } = address;
  if (within !== undefined)
    return `${formatAddress(within.base)}/${within.length}?${within.family === 'ipv4' ? address.w0 : address.w3}`;
  return address.family === 'ipv4' ? formatIpv4(address.w0) : formatIpv6(address);
}

function wordMask(length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - length)) >>> 0;
}

function mapWords(address: Address, map: (word: number, index: number) => number): Address {
  if (address.family === 'ipv4') return ipv4(map(address.w0, 0));
  return ipv6([map(address.w0, 0), map(address.w1, 1), map(address.w2, 2), map(address.w3, 3)]);
}

function parseIpv4(text: string): Address | undefined {
  const bits = ipv4Bits(text);
  return bits === undefined ? undefined : ipv4(bits);
}

function ipv4Bits(text: string): number | undefined {
  let bits = 0;
  let value = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || dots === 3) return undefined;
      bits = bits * 256 + value;
      value = 0;
      digits = 0;
      dots += 1;
    } else {
      if (code < 48 || code > 57 || (digits > 0 && value === 0)) return undefined;
      value = value * 10 + code - 48;
      digits += 1;
      if (value > 255) return undefined;
    }
  }
  return dots === 3 && digits > 0 ? bits * 256 + value : undefined;
}

function parseIpv6(text: string): Address | undefined {
  const gap = text.indexOf('::');
  const groups: number[] = [];
  if (!pushGroups(groups, text, { from: 0, to: gap < 0 ? text.length : gap, mayEndInIpv4: gap < 0 })) return undefined;
  if (gap >= 0) {
    const head = groups.length;
    if (!pushGroups(groups, text, { from: gap + 2, to: text.length, mayEndInIpv4: true })) return undefined;
    if (groups.length > 7) return undefined;
    while (groups.length < 8) groups.splice(head, 0, 0);
  }
  if (groups.length !== 8) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  return ipv6([a * 65_536 + b, c * 65_536 + d, e * 65_536 + f, g * 65_536 + h]);
}

type GroupSpan = { readonly from: number; readonly to: number; readonly mayEndInIpv4: boolean };

/** Reads the 16-bit groups of one side of `::`, none if it is empty; a dotted quad may stand last where `mayEndInIpv4`. */
function pushGroups(groups: number[], text: string, { from, to, mayEndInIpv4 }: GroupSpan): boolean {
  if (from === to) return true;
  let value = 0;
  let start = from;
  for (let index = from; index <= to; index += 1) {
    const code = index === to ? COLON : text.charCodeAt(index);
    if (code === COLON) {
      // An empty group, or one too many.
      if (index === start || groups.length === 8) return false;
      groups.push(value);
      value = 0;
      start = index + 1;
    } else if (code === DOT) {
      const bits = mayEndInIpv4 ? ipv4Bits(text.slice(start, to)) : undefined;
      if (bits === undefined) return false;
      groups.push(bits >>> 16, bits & 0xffff);
      return true;
    } else {
      const digit = hexDigit(code);
      if (digit === undefined || index - start === 4) return false;
      value = value * 16 + digit;
    }
  }
  return true;
}

const DOT = 46;
const COLON = 58;

function hexDigit(code: number): number | undefined {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : undefined;
}

function formatIpv4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function formatIpv6(address: Address): string {
  const groups: number[] = [];
  for (const word of [address.w0, address.w1, address.w2, address.w3]) groups.push(word >>> 16, word & 0xffff);
  const run = longestZeroRun(groups);
  if (run.length < 2) return hexGroups(groups, 0, 8);
  return `${hexGroups(groups, 0, run.start)}::${hexGroups(groups, run.start + run.length, 8)}`;
}

function hexGroups(groups: readonly number[], from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index += 1)
    text += `${index === from ? '' : ':'}${(groups[index] ?? 0).toString(16)}`;
  return text;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (index < groups.length && groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
