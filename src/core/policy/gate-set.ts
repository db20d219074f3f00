import { AXIS_SIZE, axisPart, placeOnAxis, trafficInterval, WHOLE_AXIS } from '../net/axis.ts';
import { type Address, wordAgrees } from '../net/address.ts';
import {
  EMPTY_SET,
  interval,
  intersectSets,
  type IntervalSet,
  normalizeIntervals,
  subtractSets,
  unionSets,
} from '../net/interval-set.ts';
import { isUnfiltered } from '../model/eni.ts';
import type { NetworkAcl } from '../model/network-acl.ts';
import type { Direction } from '../model/security-group.ts';
import { getRecord, type World } from '../model/world.ts';
import {
  groupsOf,
  matchEntry,
  matchPeer,
  matchRule,
  orderedEntries,
  PACKED_WORDS,
  type PreparedRules,
  preparedRules,
} from './match.ts';
import type { Gate, PeerSight } from './path.ts';

/** The points of the axis that a gate lets pass for certain, and those that it may let pass. `sure` is within `possible`. */
export type GateSet = { readonly sure: IntervalSet; readonly possible: IntervalSet };

const ALL: GateSet = { sure: WHOLE_AXIS, possible: WHOLE_AXIS };
const NONE: GateSet = { sure: EMPTY_SET, possible: EMPTY_SET };
const PERHAPS: GateSet = { sure: EMPTY_SET, possible: WHOLE_AXIS };

/** NAT gateways pass TCP, UDP and ICMP (V:nat-gateway-basics). */
const NAT_POINTS: IntervalSet = unionSets(
  placeOnAxis(interval(0, 65_535), 'tcp'),
  unionSets(placeOnAxis(interval(0, 65_535), 'udp'), placeOnAxis(interval(0, 65_535), 'icmp')),
);

/** What a gate lets pass, over the whole axis of its own header (the view it reads). */
export function gateSet(world: World, gate: Gate): GateSet {
  switch (gate.kind) {
    case 'settled':
      return gate.decision.outcome === 'pass' ? ALL : gate.decision.outcome === 'deny' ? NONE : PERHAPS;
    case 'nat-protocols':
      return { sure: NAT_POINTS, possible: NAT_POINTS };
    case 'groups':
      return groupSet(world, gate);
    case 'acl': {
      const acl =
        gate.subnet.networkAcl === undefined ? undefined : getRecord(world, 'acls', gate.subnet.networkAcl.aclId);
      if (acl === undefined) return PERHAPS;
      return aclSet(acl, gate);
    }
  }
}

/**
 * The points that the numbered entries allow towards or from one address: first match wins, the rest is denied. An entry that perhaps
 * matches leaves its points open for those behind it: certain is what no entry that may win denies.
 */
export function aclSet(
  acl: NetworkAcl,
  gate: { readonly direction: Direction; readonly source: Gate['source']; readonly destination: Gate['destination'] },
): GateSet {
  const address = gate.direction === 'egress' ? gate.destination : gate.source;
  let open: IntervalSet = WHOLE_AXIS;
  let allowed: IntervalSet = EMPTY_SET;
  let denied: IntervalSet = EMPTY_SET;
  let isCertain = true;
  for (const entry of orderedEntries(acl, gate.direction)) {
    if (open.length === 0) break;
    const match = matchEntry(entry, address);
    if (match === 'no') continue;
    const [from, to] = trafficInterval(entry.traffic, address.family);
    const met = from === 0 && to === AXIS_SIZE - 1 ? open : intersectSets(open, [from, to]);
    if (entry.action === 'allow') allowed = unionSets(allowed, met);
    else denied = unionSets(denied, met);
    if (match === 'yes') open = met === open ? EMPTY_SET : subtractSets(open, [from, to]);
    else isCertain = false;
  }
  // Without a doubt, nothing is in both: what an entry decides is not open any more.
  return isCertain
    ? { sure: allowed, possible: allowed }
    : { sure: subtractSets(allowed, unionSets(denied, open)), possible: allowed };
}

/** Whether a set holds every, no or only some destination port that a NAT gateway may have chosen (1024–65535, V23:nat-gateway-troubleshooting). */
export function natPorts(set: IntervalSet, protocol: 'tcp' | 'udp'): 'all' | 'none' | 'some' {
  const chosen = intersectSets(axisPart(set, protocol), [1024, 65_535]);
  if (chosen.length === 0) return 'none';
  return chosen.length === 2 && chosen[0] === 1024 && chosen[1] === 65_535 ? 'all' : 'some';
}

function groupSet(world: World, gate: Extract<Gate, { kind: 'groups' }>): GateSet {
  if (isUnfiltered(gate.eni)) return ALL;
  const { groups, unknownGroups } = groupsOf(world, gate.eni);
  const sure: number[] = [];
  const perhaps: number[] = [];
  for (const group of groups) {
    const prepared = preparedRules(group, gate.direction, gate.peer.address.family);
    if (gate.peer.address.within !== undefined) {
      collectByMatch(world, prepared.placed, { peer: gate.peer, into: { sure, perhaps } });
      continue;
    }
    collectByMatch(world, prepared.doubtful, { peer: gate.peer, into: { sure, perhaps } });
    collectCidrs(prepared.cidrs, gate.peer.address, sure);
    collectReferences(prepared.references, gate.peer, { sure, perhaps });
    for (const { rule, from, to } of prepared.lists) {
      const match = matchPeer(world, rule.peer, gate.peer);
      if (match === 'yes') sure.push(from, to);
      else if (match !== 'no') perhaps.push(from, to);
    }
  }
  const certain = normalizeIntervals(sure);
  if (unknownGroups.length > 0) return { sure: certain, possible: WHOLE_AXIS };
  return { sure: certain, possible: perhaps.length === 0 ? certain : unionSets(certain, normalizeIntervals(perhaps)) };
}

/** Adds the intervals of the packed rules whose prefix holds the address. */
function collectCidrs(cidrs: Int32Array, address: Address, into: number[]): void {
  const { w0, w1, w2, w3 } = address;
  for (let at = 0; at < cidrs.length; at += PACKED_WORDS) {
    const length = cidrs[at + 2] ?? 0;
    const holds =
      wordAgrees(cidrs[at + 3] ?? 0, w0, length) &&
      (length <= 32 ||
        (wordAgrees(cidrs[at + 4] ?? 0, w1, length - 32) &&
          wordAgrees(cidrs[at + 5] ?? 0, w2, length - 64) &&
          wordAgrees(cidrs[at + 6] ?? 0, w3, length - 96)));
    if (holds) into.push(cidrs[at] ?? 0, cidrs[at + 1] ?? 0);
  }
}

/** Rule by rule: for what the packed forms do not hold. */
function collectByMatch(
  world: World,
  rules: PreparedRules['placed'],
  { peer, into }: { readonly peer: PeerSight; readonly into: { readonly sure: number[]; readonly perhaps: number[] } },
): void {
  for (const { rule, from, to } of rules) {
    const match = matchRule(world, rule, peer);
    if (match === 'yes') into.sure.push(from, to);
    else if (match !== 'no') into.perhaps.push(from, to);
  }
}

/** References are looked up by the groups of the interface in sight: it has few, a group may name many. */
function collectReferences(
  references: PreparedRules['references'],
  peer: PeerSight,
  into: { readonly sure: number[]; readonly perhaps: number[] },
): void {
  if (peer.eni !== undefined)
    for (const id of peer.eni.groups) for (const point of references.get(id) ?? []) into.sure.push(point);
  if (peer.eni === undefined ? peer.end === 'unknown' : peer.eni.groupDoubt !== undefined) {
    for (const intervals of references.values()) for (const point of intervals) into.perhaps.push(point);
  }
}
