import { type Address, familyBits, ipv6, offsetAddress } from '../core/net/address.ts';
import {
  type Cidr,
  cidrContains,
  cidrCovers,
  cidrOf,
  cidrsOverlap,
  compareCidrs,
  lastAddress,
  sameCidr,
} from '../core/net/cidr.ts';

/** A set of addresses as its minimal list of prefixes, in order. INVARIANT: disjoint, and no two are halves of one prefix. */
export type AddressSpace = readonly Cidr[];

/** The set of all addresses that any of the prefixes holds. */
export function spaceOf(cidrs: Iterable<Cidr>): AddressSpace {
  const stack: Cidr[] = [];
  for (const cidr of [...cidrs].toSorted(compareCidrs)) {
    const last = stack.at(-1);
    if (last !== undefined && cidrCovers(last, cidr)) continue;
    stack.push(cidr);
    joinHalves(stack);
  }
  return stack;
}

/** Addresses of both. */
export function intersectSpaces(a: AddressSpace, b: AddressSpace): AddressSpace {
  const both: Cidr[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i] as Cidr;
    const right = b[j] as Cidr;
    if (cidrsOverlap(left, right)) {
      const inner = left.length >= right.length ? left : right;
      both.push(inner);
      if (inner === left) i += 1;
      else j += 1;
    } else if (compareCidrs(left, right) < 0) i += 1;
    else j += 1;
  }
  return spaceOf(both);
}

/** Addresses of the first that are not in the second. */
export function subtractSpaces(space: AddressSpace, holes: AddressSpace): AddressSpace {
  const rest: Cidr[] = [];
  let next = 0;
  for (const cidr of space) {
    const near: Cidr[] = [];
    // Both are in order: a hole that lies wholly before one prefix lies before all that follow.
    for (let at = next; at < holes.length; at += 1) {
      const hole = holes[at] as Cidr;
      if (cidrsOverlap(cidr, hole)) near.push(hole);
      else if (compareCidrs(hole, cidr) > 0) break;
      else if (near.length === 0) next = at + 1;
    }
    carve(cidr, near, rest);
  }
  return spaceOf(rest);
}

/** Whether an address is in the set; of one that is not known, whether all that it may be is in one prefix of the set. */
export function spaceHas(space: AddressSpace, address: Address): boolean {
  for (const cidr of space) if (cidrContains(cidr, address)) return true;
  return false;
}

/** An address to stand for the set; not a prefix's first one, which people take for the name of a network. */
export function sampleAddress(space: AddressSpace): Address | undefined {
  // The part of IPv6 that is handed out: an address outside of it would be as good, but makes a reader wonder.
  const usual = intersectSpaces(space, [GLOBAL_UNICAST]);
  const widest = (usual.length > 0 ? usual : space).toSorted((a, b) => a.length - b.length)[0];
  if (widest === undefined) return undefined;
  return widest.length >= familyBits(widest.family) - 1 ? widest.base : offsetAddress(widest.base, 1);
}

const GLOBAL_UNICAST: Cidr = cidrOf(ipv6([0x2000_0000, 0, 0, 0]), 3);

/** The number of addresses, as a float: for words such as "most of it", never for arithmetic. */
export function spaceSize(space: AddressSpace): number {
  return space.reduce((sum, cidr) => sum + 2 ** (familyBits(cidr.family) - cidr.length), 0);
}

/** While the last two are the halves of one prefix, that prefix replaces them. */
function joinHalves(stack: Cidr[]): void {
  for (;;) {
    const right = stack.at(-1);
    const left = stack.at(-2);
    if (left === undefined || right === undefined || left.length !== right.length || left.length === 0) return;
    const whole = cidrOf(left.base, left.length - 1);
    if (left.family !== right.family || !sameCidr(whole, cidrOf(right.base, right.length - 1))) return;
    stack.splice(-2, 2, whole);
  }
}

/** Splits a prefix until each part is wholly in a hole or wholly outside of all. The holes are in order and overlap the prefix. */
function carve(cidr: Cidr, holes: readonly Cidr[], rest: Cidr[]): void {
  const [first] = holes;
  if (first === undefined) {
    rest.push(cidr);
    return;
  }
  if (cidrCovers(first, cidr)) return;
  const [left, right] = halves(cidr);
  const middle = holes.findIndex((hole) => cidrContains(right, hole.base));
  carve(left, middle < 0 ? holes : holes.slice(0, middle), rest);
  carve(right, middle < 0 ? [] : holes.slice(middle), rest);
}

function halves(cidr: Cidr): readonly [Cidr, Cidr] {
  const length = cidr.length + 1;
  return [cidrOf(cidr.base, length), cidrOf(lastAddress(cidr), length)];
}
