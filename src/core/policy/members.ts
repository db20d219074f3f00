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
  return { added: membersWithout(after, before), removed: membersWithout(before, after) };
}

/** The members after a change. What is added twice or removed while absent makes no difference. */
export function applyMembers(members: Members, { added, removed }: MembersChange): Members {
  const rest = membersWithout(members, removed);
  return {
    ipv4: merge(rest.ipv4, added.ipv4, 1),
    ipv6: merge(rest.ipv6, added.ipv6, 4),
    prefixes:
      added.prefixes.length === 0 ? rest.prefixes : packMembers([], [...rest.prefixes, ...added.prefixes]).prefixes,
  };
}

/** Those of the first that are not among the others. */
export function membersWithout(from: Members, what: Members): Members {
  return {
    ipv4: minusWords(from.ipv4, what.ipv4, 1),
    ipv6: minusWords(from.ipv6, what.ipv6, 4),
    prefixes:
      what.prefixes.length === 0
        ? from.prefixes
        : from.prefixes.filter((one) => !what.prefixes.some((other) => sameCidr(one, other))),
  };
}

type Width = 1 | 4;

/**
 * Both sorted, both distinct. What lies between two places of the shorter one is copied at once: one address that joins or leaves a hundred
 * thousand costs a copy of them, not a walk.
 */
function minusWords(from: Uint32Array, what: Uint32Array, width: Width): Uint32Array {
  if (from.length === 0 || what.length === 0) return from;
  if (from.length < what.length) return keptWords(from, what, width);
  const out = new Uint32Array(from.length);
  let [length, kept] = [0, 0];
  for (let next = 0; next < what.length; next += width) {
    const place = placeOf(from, { start: kept, words: what, at: next }, width);
    out.set(from.subarray(kept, place), length);
    length += place - kept;
    kept = place < from.length && compareAt(from, place, what, next, width) === 0 ? place + width : place;
  }
  out.set(from.subarray(kept), length);
  return out.slice(0, length + from.length - kept);
}

/** The words of the shorter that the longer does not have. */
function keptWords(from: Uint32Array, what: Uint32Array, width: Width): Uint32Array {
  const out = new Uint32Array(from.length);
  let [length, start] = [0, 0];
  for (let at = 0; at < from.length; at += width) {
    start = placeOf(what, { start, words: from, at }, width);
    if (start < what.length && compareAt(what, start, from, at, width) === 0) continue;
    out.set(from.subarray(at, at + width), length);
    length += width;
  }
  return out.slice(0, length);
}

function merge(a: Uint32Array, b: Uint32Array, width: Width): Uint32Array {
  const [long, short] = a.length < b.length ? [b, a] : [a, b];
  if (short.length === 0) return long;
  const out = new Uint32Array(long.length + short.length);
  let [length, kept] = [0, 0];
  for (let next = 0; next < short.length; next += width) {
    const place = placeOf(long, { start: kept, words: short, at: next }, width);
    out.set(long.subarray(kept, place), length);
    length += place - kept;
    kept = place;
    if (place < long.length && compareAt(long, place, short, next, width) === 0) continue;
    out.set(short.subarray(next, next + width), length);
    length += width;
  }
  out.set(long.subarray(kept), length);
  return out.slice(0, length + long.length - kept);
}

/** Where an address stands in sorted words, or would: by steps that double, then halving, so near places cost little. */
function placeOf(
  sorted: Uint32Array,
  { start, words, at }: { readonly start: number; readonly words: Uint32Array; readonly at: number },
  width: Width,
): number {
  let step = width;
  let [low, high] = [start, start];
  while (high < sorted.length && compareAt(sorted, high, words, at, width) < 0) {
    low = high + width;
    high += step;
    step *= 2;
  }
  high = Math.min(high, sorted.length);
  while (low < high) {
    const middle = low + Math.floor((high - low) / width / 2) * width;
    if (compareAt(sorted, middle, words, at, width) < 0) low = middle + width;
    else high = middle;
  }
  return low;
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
