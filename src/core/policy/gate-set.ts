import { AXIS_SIZE, axisPart, placeOnAxis, trafficInterval, WHOLE_AXIS } from '../net/axis.ts';
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
  orderedEntries,
  PACKED_WORDS,
  placesByPeer,
  type PreparedRules,
  preparedRules,
} from './match.ts';
import type { Gate } from './path.ts';

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
    const places = placesByPeer(world, prepared, gate.peer);
    collectSpans(prepared, places.sure, sure);
    collectSpans(prepared, places.perhaps, perhaps);
  }
  const certain = normalizeIntervals(sure);
  if (unknownGroups.length > 0) return { sure: certain, possible: WHOLE_AXIS };
  return { sure: certain, possible: perhaps.length === 0 ? certain : unionSets(certain, normalizeIntervals(perhaps)) };
}

/** Adds the intervals of the rules at some places. */
function collectSpans({ packed }: PreparedRules, places: readonly number[], into: number[]): void {
  for (const place of places) {
    const at = place * PACKED_WORDS;
    into.push(packed[at] ?? 0, packed[at + 1] ?? 0);
  }
}
