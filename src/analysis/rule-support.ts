import type { Family } from '../core/net/address.ts';
import { placeOnAxis, trafficInterval } from '../core/net/axis.ts';
import { cidrContains } from '../core/net/cidr.ts';
import { intersectSets, interval, type IntervalSet, subtractSets, unionSets } from '../core/net/interval-set.ts';
import { echoTypes } from '../core/net/protocol.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { orderedEntries, sightRules } from '../core/policy/match.ts';
import type { Gate, Path } from '../core/policy/path.ts';
import type { RuleRef } from '../core/policy/verdict.ts';
import type { TrafficBoxes } from './traffic-split.ts';

/** A gate of a path with every rule, entry or route of it that lets some of a set of traffic pass. */
export type Support = { readonly gate: Gate; readonly rules: readonly RuleRef[] };

/** What each gate of a path contributes to a set of traffic that passes them all. */
export function supportOf(world: World, path: Path, boxes: TrafficBoxes): readonly Support[] {
  const forward = requestPoints(boxes);
  const back = replyPoints(boxes, path.family);
  return [...path.forward, ...path.reply].map((gate) => ({
    gate,
    rules: gateSupport(world, gate, gate.way === 'forward' ? forward : viewed(gate, back)),
  }));
}

function gateSupport(world: World, gate: Gate, points: IntervalSet): readonly RuleRef[] {
  switch (gate.kind) {
    case 'settled':
      return gate.decision.outcome === 'pass' ? gate.decision.rules : [];
    case 'nat-protocols':
      return [];
    case 'groups':
      return groupSupport(world, gate, points);
    case 'acl':
      return aclSupport(world, gate, points);
  }
}

function groupSupport(world: World, gate: Extract<Gate, { kind: 'groups' }>, points: IntervalSet): readonly RuleRef[] {
  const { eni, direction, peer } = gate;
  const [from, to] = [points[0] ?? 0, points.at(-1) ?? -1];
  return sightRules(world, eni, { direction, peer, span: { from, to } })
    .rules.filter((one) => one.match === 'yes' && intersectSets([one.from, one.to], points).length > 0)
    .map(({ groupId, rule }): RuleRef => ({ kind: 'rule', groupId, rule }));
}

function aclSupport(world: World, gate: Extract<Gate, { kind: 'acl' }>, points: IntervalSet): readonly RuleRef[] {
  const id = gate.subnet.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(world, 'acls', id);
  if (acl === undefined) return [];
  const address = gate.direction === 'egress' ? gate.destination : gate.source;
  const found: RuleRef[] = [];
  let open = points;
  for (const entry of orderedEntries(acl, gate.direction)) {
    if (!cidrContains(entry.cidr, address)) continue;
    const [from, to] = trafficInterval(entry.traffic, address.family);
    if (intersectSets(open, [from, to]).length === 0) continue;
    if (entry.action === 'allow') found.push({ kind: 'entry', aclId: acl.id, entry });
    open = subtractSets(open, [from, to]);
  }
  return found;
}

/** The set as points of the axis, by destination ports. */
function requestPoints(boxes: TrafficBoxes): IntervalSet {
  return onAxis(boxes, 'destinationPorts', boxes);
}

/** The answers to the set as points of the axis: its source ports, echo replies, and the other protocols themselves. */
function replyPoints(boxes: TrafficBoxes, family: Family): IntervalSet {
  const { request, reply } = echoTypes(family);
  const isEcho = intersectSets(boxes.icmp, [request * 256, request * 256 + 255]).length > 0;
  const icmp = isEcho ? interval(reply * 256, reply * 256) : [];
  return onAxis(boxes, 'sourcePorts', { icmp, other: boxes.other });
}

function onAxis(
  boxes: TrafficBoxes,
  side: 'destinationPorts' | 'sourcePorts',
  rest: Pick<TrafficBoxes, 'icmp' | 'other'>,
): IntervalSet {
  const parts = [
    ...boxes.tcp.map((box) => placeOnAxis(box[side], 'tcp')),
    ...boxes.udp.map((box) => placeOnAxis(box[side], 'udp')),
    placeOnAxis(rest.icmp, 'icmp'),
    placeOnAxis(rest.other, 'other'),
  ];
  return parts.reduce(unionSets, []);
}

/** A gate on the way back to a NAT gateway sees the port that the gateway chose, whatever the sender's was. */
function viewed(gate: Gate, back: IntervalSet): IntervalSet {
  if ((gate.kind !== 'groups' && gate.kind !== 'acl') || gate.view !== 'reply-to-nat') return back;
  const chosen = (part: 'tcp' | 'udp'): IntervalSet => {
    const [from = 0, to = 0] = placeOnAxis(interval(0, 65_535), part);
    const used = intersectSets(back, [from, to]).length > 0;
    return used ? placeOnAxis(interval(1024, 65_535), part) : [];
  };
  const ports = unionSets(placeOnAxis(interval(0, 65_535), 'tcp'), placeOnAxis(interval(0, 65_535), 'udp'));
  return unionSets(subtractSets(back, ports), unionSets(chosen('tcp'), chosen('udp')));
}
