import { type Address, type Family, formatAddress, wordAgrees } from '../net/address.ts';
import { type Cidr, cidrContains, cidrMayContain, isAnyCidr } from '../net/cidr.ts';
import { trafficInterval } from '../net/axis.ts';
import { unreachable } from '../net/result.ts';
import { type Eni, isUnfiltered } from '../model/eni.ts';
import type { GroupId } from '../model/ids.ts';
import type { AclEntry, NetworkAcl } from '../model/network-acl.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../model/security-group.ts';
import { getRecord, type World } from '../model/world.ts';
import type { PeerSight } from './path.ts';
import type { UnknownReason } from './verdict.ts';

/** Whether a rule's peer is the one in sight; `unknown` names what would have to be known. */
export type PeerMatch = 'yes' | 'no' | { readonly reason: UnknownReason; readonly unknown: string };

/** A rule of a group with the interval of the axis that its traffic is in one family. */
export type PlacedRule = { readonly groupId: GroupId; readonly rule: Rule; readonly from: number; readonly to: number };

/** A placed rule with its relation to the peer in sight. */
export type SightedRule = PlacedRule & { readonly match: PeerMatch };

/** Points of the axis from the first to the last. */
export type Span = { readonly from: number; readonly to: number };

/** Rules of an interface in a direction, united over its groups; all of them, group by group; and the groups whose rules are not known. */
export type SightedRules = {
  readonly rules: readonly SightedRule[];
  readonly prepared: readonly PreparedRules[];
  readonly unknownGroups: readonly string[];
  readonly unfiltered: boolean;
};

/** The rules of an interface that are about some of the points in `span`, as one packet's peer meets them. */
export function sightRules(
  world: World,
  eni: Eni,
  asked: { readonly direction: Direction; readonly peer: PeerSight; readonly span: Span },
): SightedRules {
  const { direction, peer, span } = asked;
  const { groups, unknownGroups } = groupsOf(world, eni);
  const prepared = groups.map((group) => preparedRules(group, direction, peer.address.family));
  const rules: SightedRule[] = [];
  for (const own of prepared)
    for (const place of placesMeeting(own, span)) {
      const placed = own.placed[place];
      if (placed !== undefined) rules.push({ ...placed, match: matchRule(world, placed.rule, peer) });
    }
  return { rules, prepared, unknownGroups, unfiltered: isUnfiltered(eni) };
}

/** Where the rules stand that are about some of the points in a span. */
export function placesMeeting({ packed }: PreparedRules, { from, to }: Span): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at < packed.length; at += PACKED_WORDS)
    if ((packed[at] ?? 0) <= to && from <= (packed[at + 1] ?? 0)) places.push(at / PACKED_WORDS);
  return places;
}

/** The groups on an interface that the world holds, and the ids of those that it does not; an ordinary interface always has one. */
export function groupsOf(
  world: World,
  eni: Eni,
): { readonly groups: readonly SecurityGroup[]; readonly unknownGroups: readonly string[] } {
  const groups: SecurityGroup[] = [];
  const unknownGroups: string[] = eni.groups.length === 0 && !isUnfiltered(eni) ? [eni.id] : [];
  for (const id of eni.groups) {
    const group = getRecord(world, 'groups', id);
    if (group === undefined) unknownGroups.push(id);
    else groups.push(group);
  }
  if (eni.groupDoubt !== undefined) unknownGroups.push(eni.groupDoubt);
  return { groups, unknownGroups };
}

/**
 * The rules of a group in one direction, placed on the axis of one family: as they are, and for scans over many. `packed` has a row for each
 * rule; `references` says at which places rules name a group; `others` are the places of prefix lists and of rules of which it is not known
 * whether they are there.
 */
export type PreparedRules = {
  readonly placed: readonly PlacedRule[];
  readonly packed: Int32Array;
  readonly references: ReadonlyMap<GroupId, readonly number[]>;
  readonly others: readonly number[];
};

/** Words of a row in `PreparedRules.packed`: first point, last point, prefix length, the four words of the prefix. */
export const PACKED_WORDS = 7;

/** The prefix length in the rows of rules that no address of the family meets for certain by a prefix. */
const NO_PREFIX = -1;

/** The prepared rules of a group. */
export function preparedRules(group: SecurityGroup, direction: Direction, family: Family): PreparedRules {
  const known = PREPARED[direction][family];
  let prepared = known.get(group);
  if (prepared === undefined) {
    prepared = prepare(group, direction, family);
    known.set(group, prepared);
  }
  return prepared;
}

/** Memory of a pure function: a group's record never changes, so neither do its prepared rules. */
const PREPARED: Readonly<Record<Direction, Readonly<Record<Family, WeakMap<SecurityGroup, PreparedRules>>>>> = {
  ingress: { ipv4: new WeakMap(), ipv6: new WeakMap() },
  egress: { ipv4: new WeakMap(), ipv6: new WeakMap() },
};

/** The rules of a group in one direction with the points of a family's axis that they are about. */
export function placeRules(group: SecurityGroup, direction: Direction, family: Family): readonly PlacedRule[] {
  return group.rules
    .filter((rule) => rule.direction === direction)
    .map((rule): PlacedRule => {
      const [from, to] = trafficInterval(rule.traffic, family);
      return { groupId: group.id, rule, from, to };
    });
}

function prepare(group: SecurityGroup, direction: Direction, family: Family): PreparedRules {
  const placed = placeRules(group, direction, family);
  const references = new Map<GroupId, number[]>();
  const others: number[] = [];
  for (const [place, { rule }] of placed.entries()) {
    if (rule.doubt !== undefined || rule.peer.kind === 'prefix-list') others.push(place);
    else if (rule.peer.kind === 'group') {
      const places = references.get(rule.peer.groupId);
      if (places === undefined) references.set(rule.peer.groupId, [place]);
      else places.push(place);
    }
  }
  return { placed, packed: Int32Array.from(placed.flatMap((one) => packedRow(one, family))), references, others };
}

function packedRow({ rule, from, to }: PlacedRule, family: Family): readonly number[] {
  if (rule.doubt !== undefined || rule.peer.kind !== 'cidr' || rule.peer.cidr.family !== family)
    return [from, to, NO_PREFIX, 0, 0, 0, 0];
  const { base, length } = rule.peer.cidr;
  return [from, to, length, base.w0, base.w1, base.w2, base.w3];
}

/** Places of rules whose peer is the one in sight, for certain or perhaps. */
export type PeerPlaces = { readonly sure: readonly number[]; readonly perhaps: readonly number[] };

/** The rules whose peer is the one in sight: what `matchRule` says of each, for all of a group at once. In no particular order. */
export function placesByPeer(world: World, prepared: PreparedRules, sight: PeerSight): PeerPlaces {
  const found: Found = { sure: [], perhaps: [] };
  if (sight.address.within !== undefined) {
    matchPlaces(world, prepared, { sight, places: [...prepared.placed.keys()], found });
    return found;
  }
  matchPlaces(world, prepared, { sight, places: prepared.others, found });
  matchPrefixes(prepared.packed, sight.address, found.sure);
  matchReferences(prepared.references, sight, found);
  return found;
}

type Found = { readonly sure: number[]; readonly perhaps: number[] };

/** Rule by rule: for what the packed forms do not hold. */
function matchPlaces(
  world: World,
  { placed }: PreparedRules,
  asked: { readonly sight: PeerSight; readonly places: readonly number[]; readonly found: Found },
): void {
  const { sight, places, found } = asked;
  for (const place of places) {
    const rule = placed[place]?.rule;
    const match = rule === undefined ? 'no' : matchRule(world, rule, sight);
    if (match === 'yes') found.sure.push(place);
    else if (match !== 'no') found.perhaps.push(place);
  }
}

/** The rows whose prefix holds the address. */
function matchPrefixes(packed: Int32Array, { w0, w1, w2, w3 }: Address, found: number[]): void {
  for (let at = 0; at < packed.length; at += PACKED_WORDS) {
    const length = packed[at + 2] ?? NO_PREFIX;
    const holds =
      length !== NO_PREFIX &&
      wordAgrees(packed[at + 3] ?? 0, w0, length) &&
      (length <= 32 ||
        (wordAgrees(packed[at + 4] ?? 0, w1, length - 32) &&
          wordAgrees(packed[at + 5] ?? 0, w2, length - 64) &&
          wordAgrees(packed[at + 6] ?? 0, w3, length - 96)));
    if (holds) found.push(at / PACKED_WORDS);
  }
}

/** References are looked up by the groups of the interface in sight: it has few, a group may name many. */
function matchReferences(references: PreparedRules['references'], sight: PeerSight, found: Found): void {
  if (sight.eni !== undefined)
    for (const id of sight.eni.groups) for (const place of references.get(id) ?? []) found.sure.push(place);
  if (sight.eni === undefined ? sight.end === 'unknown' : sight.eni.groupDoubt !== undefined)
    for (const places of references.values()) for (const place of places) found.perhaps.push(place);
}

/** Whether a rule is there and its peer is the one in sight. */
export function matchRule(world: World, rule: Rule, sight: PeerSight): PeerMatch {
  const match = matchPeer(world, rule.peer, sight);
  return match === 'yes' && rule.doubt !== undefined ? { reason: 'unknown-rule', unknown: rule.doubt } : match;
}

/** Whether the peer of a rule is the one in sight. A CIDR or list never matches across families. */
export function matchPeer(world: World, peer: Peer, sight: PeerSight): PeerMatch {
  switch (peer.kind) {
    case 'cidr':
      return matchCidr(peer.cidr, sight.address);
    case 'prefix-list': {
      const list = getRecord(world, 'prefixLists', peer.prefixListId);
      if (list !== undefined && list.family !== sight.address.family) return 'no';
      if (list?.entries === undefined) return { reason: 'unknown-prefix-list', unknown: peer.prefixListId };
      return matchCidrs(
        list.entries.map((entry) => entry.cidr),
        sight,
      );
    }
    case 'group':
      if (sight.eni?.groups.includes(peer.groupId) === true) return 'yes';
      if (sight.eni?.groupDoubt !== undefined) return { reason: 'unknown-interface', unknown: sight.eni.groupDoubt };
      if (sight.eni !== undefined) return 'no';
      return sight.end === 'known' ? 'no' : { reason: 'unknown-interface', unknown: peer.groupId };
    default:
      return unreachable(peer);
  }
}

function matchCidr(cidr: Cidr, address: Address): PeerMatch {
  if (cidrContains(cidr, address)) return 'yes';
  return address.within !== undefined && cidrMayContain(cidr, address) ? unknownAddress(address) : 'no';
}

function matchCidrs(cidrs: readonly Cidr[], { address }: PeerSight): PeerMatch {
  if (cidrs.some((cidr) => cidrContains(cidr, address))) return 'yes';
  return address.within !== undefined && cidrs.some((cidr) => cidrMayContain(cidr, address))
    ? unknownAddress(address)
    : 'no';
}

function unknownAddress(address: Address): PeerMatch {
  return { reason: 'unknown-address', unknown: formatAddress(address) };
}

/** Whether an entry of a NACL is there and is about an address: `perhaps` where that depends on what is not known. */
export function matchEntry(entry: AclEntry, address: Address): 'yes' | 'no' | 'perhaps' {
  if (entry.doubt === undefined && cidrContains(entry.cidr, address)) return 'yes';
  return cidrMayContain(entry.cidr, address) ? 'perhaps' : 'no';
}

/** The entries of a NACL that can meet a packet of the direction, in the order in which they are tried. */
export function orderedEntries(acl: NetworkAcl, direction: Direction): readonly AclEntry[] {
  let ordered = ORDERED.get(acl);
  if (ordered === undefined) {
    ordered = {
      ingress: acl.entries.filter((entry) => entry.direction === 'ingress'),
      egress: acl.entries.filter((entry) => entry.direction === 'egress'),
    };
    ORDERED.set(acl, ordered);
  }
  return ordered[direction];
}

/** Whether a NACL lets everything of a family pass in a direction, as the default one does before it is edited. */
export function passesAll(acl: NetworkAcl, direction: Direction, family: Family): boolean {
  const first = orderedEntries(acl, direction).find(({ cidr }) => cidr.family === family);
  return (
    first?.action === 'allow' && first.doubt === undefined && first.traffic.kind === 'all' && isAnyCidr(first.cidr)
  );
}

/** Memory of a pure function, like `PREPARED`. */
const ORDERED = new WeakMap<NetworkAcl, Readonly<Record<Direction, readonly AclEntry[]>>>();
