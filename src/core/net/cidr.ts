import {
  type Address,
  compareAddresses,
  familyBits,
  fillAddress,
  type Family,
  formatAddress,
  maskAddress,
  parseAddress,
  sameAddress,
  sameLeadingBits,
} from './address.ts';
import { fail, ok, type Result } from './result.ts';

/** An address prefix. INVARIANT: the bits of `base` after `length` are 0, so equal prefixes are equal records. */
export type Cidr = { readonly family: Family; readonly base: Address; readonly length: number };

/** 0.0.0.0/0. */
export const ANY_IPV4: Cidr = { family: 'ipv4', base: { family: 'ipv4', w0: 0, w1: 0, w2: 0, w3: 0 }, length: 0 };
/** ::/0. */
export const ANY_IPV6: Cidr = { family: 'ipv6', base: { family: 'ipv6', w0: 0, w1: 0, w2: 0, w3: 0 }, length: 0 };

/** The prefix of every address of a family. */
export function anyCidr(family: Family): Cidr {
  return family === 'ipv4' ? ANY_IPV4 : ANY_IPV6;
}

/** The prefix of `length` bits around an address; host bits are cleared as AWS does (API IpRange). */
export function cidrOf(address: Address, length: number): Cidr {
  return length === 0
    ? anyCidr(address.family)
    : { family: address.family, base: maskAddress(address, length), length };
}

/** The prefix that holds one address alone. */
export function hostCidr(address: Address): Cidr {
  return { family: address.family, base: address, length: familyBits(address.family) };
}

/** Reads `address/length`; host bits are cleared. A bare address is refused, as AWS does (V:security-group-rules). */
export function parseCidr(text: string): Result<Cidr> {
  const slash = text.indexOf('/');
  const length = prefixLength(text, slash + 1);
  const address = slash < 0 || length === undefined ? undefined : parseAddress(text.slice(0, slash));
  if (length === undefined || address?.ok !== true || length > familyBits(address.value.family))
    return fail(malformed(text));
  return ok(cidrOf(address.value, length));
}

/** Canonical text, e.g. `10.0.0.0/8`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.base)}/${cidr.length}`;
}

/** Whether the prefix holds the address for certain; never across families. */
export function cidrContains(cidr: Cidr, address: Address): boolean {
  if (address.within !== undefined) return cidrCovers(cidr, address.within);
  return cidr.family === address.family && sameLeadingBits(cidr.base, address, cidr.length);
}

/** Whether the prefix holds the address or, where the address is not known, may hold it. */
export function cidrMayContain(cidr: Cidr, address: Address): boolean {
  return address.within === undefined ? cidrContains(cidr, address) : cidrsOverlap(cidr, address.within);
}

/** Whether `outer` holds every address of `inner`. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return outer.length <= inner.length && cidrContains(outer, inner.base);
}

/** Whether two prefixes share an address; prefixes are laminar, so one then covers the other. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrCovers(a, b) || cidrCovers(b, a);
}

/** Whether two prefixes are the same. */
export function sameCidr(a: Cidr, b: Cidr): boolean {
  return a.length === b.length && sameAddress(a.base, b.base);
}

/** Order by family, base, then length: a prefix stands before those it covers. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  return compareAddresses(a.base, b.base) || a.length - b.length;
}

/** Whether the prefix is every address of its family. */
export function isAnyCidr(cidr: Cidr): boolean {
  return cidr.length === 0;
}

/** The last address of the prefix. */
export function lastAddress(cidr: Cidr): Address {
  return fillAddress(cidr.base, cidr.length);
}

/** The number of one to three digits that ends a text; no leading zero. */
function prefixLength(text: string, from: number): number | undefined {
  const digits = text.length - from;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(from) === 48)) return undefined;
  let length = 0;
  for (let index = from; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  return length;
}

function malformed(text: string): string {
  return `CIDR block ${JSON.stringify(text)} is malformed`;
}
