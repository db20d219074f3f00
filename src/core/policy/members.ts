import { type Address, type Family, ipv4, ipv6 } from '../net/address.ts';
import { type Cidr, compareCidrs, sameCidr } from '../net/cidr.ts';
import type { Eni } from '../model/eni.ts';
import type { GroupId } from '../model/ids.ts';
import { getRecord, indexedIds, type World } from '../model/world.ts';

/**
 * The addresses of a group's members, sorted, each once. Packed, for a host may have to know a million of them: one word for each
 * IPv4 address, four for each IPv6 one. Delegated prefixes stand apart.
 */
export type Members = {
  readonly ipv4: Uint32Array;
  readonly ipv6: Uint32Array;
  readonly prefixes: readonly Cidr[];
};

export const NO_MEMBERS: Members = { ipv4: new Uint32Array(), ipv6: new Uint32Array(), prefixes: [] };

/** What joined and what left a group. An address in neither list stays what it was. */
export type MembersChange = { readonly added: Members; readonly removed: Members };

/** The members of a group in a world: every address and prefix of every interface that carries it (semantics Q17). */
export function membersOf(world: World, groupId: GroupId): Members {
  const enis: Eni[] = [];
  for (const id of indexedIds(world, 'enisByGroup', groupId)) {
    const eni = getRecord(world, 'enis', id);
    if (eni !== undefined) enis.push(eni);
  }
  return packMembers(
    enis.flatMap((eni) => eni.addresses.map((own) => own.address)),
    enis.flatMap((eni) => eni.prefixes),
  );
}

/** Packs addresses and prefixes in any order, repetitions included. */
export function packMembers(addresses: readonly Address[], prefixes: readonly Cidr[]): Members {
  const narrow = addresses.filter(({ family }) => family === 'ipv4').map(({ w0 }) => w0);
  const wide = addresses.filter(({ family }) => family === 'ipv6').map(({ w0, w1, w2, w3 }) => [w0, w1, w2, w3]);
  const sorted = prefixes.toSorted(compareCidrs);
  return {
    ipv4: distinct(Uint32Array.from(narrow).toSorted(), 1),
    ipv6: distinct(Uint32Array.from(wide.toSorted(compareWords).flat()), 4),
    prefixes: sorted.filter((one, at) => at === 0 || !sameCidr(sorted[at - 1] ?? one, one)),
  };
}

/** The packed addresses of a family, one by one. */
export function* addressesOf(members: Members, family: Family): Generator<Address, void, undefined> {
  if (family === 'ipv4') {
    for (const word of members.ipv4) yield ipv4(word);
    return;
  }
  const words = members.ipv6;
  for (let at = 0; at < words.length; at += 4)
    yield ipv6([words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0]);
}

/** How many addresses and prefixes there are. */
export function memberCount(members: Members): number {
  return members.ipv4.length + members.ipv6.length / 4 + members.prefixes.length;
}

/** What leads from one set of members to another. */
export function membersBetween(before: Members, after: Members): MembersChange {
  return { added: minus(after, before), removed: minus(before, after) };
}

/** The members after a change. What is added twice or removed while absent makes no difference. */
export function applyMembers(members: Members, { added, removed }: MembersChange): Members {
  const rest = minus(members, removed);
  return {
    ipv4: merge(rest.ipv4, added.ipv4, 1),
    ipv6: merge(rest.ipv6, added.ipv6, 4),
    prefixes: packMembers([], [...rest.prefixes, ...added.prefixes]).prefixes,
  };
}

function minus(from: Members, what: Members): Members {
  return {
    ipv4: minusWords(from.ipv4, what.ipv4, 1),
    ipv6: minusWords(from.ipv6, what.ipv6, 4),
    prefixes: from.prefixes.filter((one) => !what.prefixes.some((other) => sameCidr(one, other))),
  };
}

type Width = 1 | 4;

/** Both sorted, both distinct: one pass over each. */
function minusWords(from: Uint32Array, what: Uint32Array, width: Width): Uint32Array {
  if (what.length === 0) return from;
  const out = new Uint32Array(from.length);
  let [length, at] = [0, 0];
  for (let next = 0; next < from.length; next += width) {
    while (at < what.length && compareAt(what, at, from, next, width) < 0) at += width;
    if (at < what.length && compareAt(what, at, from, next, width) === 0) continue;
    out.set(from.subarray(next, next + width), length);
    length += width;
  }
  return out.slice(0, length);
}

function merge(a: Uint32Array, b: Uint32Array, width: Width): Uint32Array {
  if (b.length === 0) return a;
  const out = new Uint32Array(a.length + b.length);
  let [length, left, right] = [0, 0, 0];
  while (left < a.length || right < b.length) {
    const order = left >= a.length ? 1 : right >= b.length ? -1 : compareAt(a, left, b, right, width);
    out.set(order <= 0 ? a.subarray(left, left + width) : b.subarray(right, right + width), length);
    length += width;
    if (order <= 0) left += width;
    if (order >= 0) right += width;
  }
  return out.slice(0, length);
}

function distinct(sorted: Uint32Array, width: Width): Uint32Array {
  const out = new Uint32Array(sorted.length);
  let length = 0;
  for (let at = 0; at < sorted.length; at += width) {
    if (length > 0 && compareAt(out, length - width, sorted, at, width) === 0) continue;
    out.set(sorted.subarray(at, at + width), length);
    length += width;
  }
  return out.slice(0, length);
}

function compareAt(a: Uint32Array, at: number, b: Uint32Array, place: number, width: Width): number {
  for (let word = 0; word < width; word += 1) {
    const difference = (a[at + word] ?? 0) - (b[place + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  return (
    (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0) || (a[3] ?? 0) - (b[3] ?? 0)
  );
}
