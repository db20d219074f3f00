import { type Address, type Family, formatAddress } from '../net/address.ts';
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

/** All rules of an interface in a direction, united over its groups, and the groups whose rules are not known. */
export type SightedRules = {
  readonly rules: readonly SightedRule[];
  readonly unknownGroups: readonly string[];
  readonly unfiltered: boolean;
};

/** The rules of an interface as one packet's peer meets them. */
export function sightRules(
  world: World,
  eni: Eni,
  options: { readonly direction: Direction; readonly peer: PeerSight },
): SightedRules {
  const { direction, peer } = options;
  const { groups, unknownGroups } = groupsOf(world, eni);
  const placed = groups.flatMap((group) => preparedRules(group, direction, peer.address.family).placed);
  const rules = placed.map((one): SightedRule => ({ ...one, match: matchRule(world, one.rule, peer) }));
  return { rules, unknownGroups, unfiltered: isUnfiltered(eni) };
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
 * The rules of a group in one direction, placed on the axis of one family: as they are, and for scans over many: CIDR peers of the family
 * in one flat array, references by group, prefix lists.
 */
export type PreparedRules = {
  readonly placed: readonly PlacedRule[];
  readonly cidrs: Int32Array;
  readonly references: ReadonlyMap<GroupId, readonly number[]>;
  readonly lists: readonly PlacedRule[];
  /** Rules of which it is not known whether they are there; they stand in `placed` and nowhere else. */
  readonly doubtful: readonly PlacedRule[];
};

/** Words for each rule in `PreparedRules.cidrs`: first point, last point, prefix length, the four words of the prefix. */
export const PACKED_WORDS = 7;

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

function prepare(group: SecurityGroup, direction: Direction, family: Family): PreparedRules {
  const placed = group.rules
    .filter((rule) => rule.direction === direction)
    .map((rule): PlacedRule => {
      const [from, to] = trafficInterval(rule.traffic, family);
      return { groupId: group.id, rule, from, to };
    });
  const certain = placed.filter(({ rule }) => rule.doubt === undefined);
  const words = certain.flatMap(({ rule, from, to }) => {
    if (rule.peer.kind !== 'cidr' || rule.peer.cidr.family !== family) return [];
    const { base, length } = rule.peer.cidr;
    return [from, to, length, base.w0, base.w1, base.w2, base.w3];
  });
  const references = new Map<GroupId, number[]>();
  for (const { rule, from, to } of certain) {
    if (rule.peer.kind !== 'group') continue;
    const intervals = references.get(rule.peer.groupId);
    if (intervals === undefined) references.set(rule.peer.groupId, [from, to]);
    else intervals.push(from, to);
  }
  const lists = certain.filter(({ rule }) => rule.peer.kind === 'prefix-list');
  const doubtful = placed.filter(({ rule }) => rule.doubt !== undefined);
  return { placed, cidrs: Int32Array.from(words), references, lists, doubtful };
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
      return matchCidrs([peer.cidr], sight);
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

function matchCidrs(cidrs: readonly Cidr[], { address }: PeerSight): PeerMatch {
  if (cidrs.some((cidr) => cidrContains(cidr, address))) return 'yes';
  return address.within !== undefined && cidrs.some((cidr) => cidrMayContain(cidr, address))
    ? { reason: 'unknown-address', unknown: formatAddress(address) }
    : 'no';
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
