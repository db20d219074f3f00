import type { Family } from '../net/address.ts';
import { axisPart, otherProtocol, WHOLE_AXIS } from '../net/axis.ts';
import { EMPTY_SET, interval, intersectSets, type IntervalSet, setHas, subtractSets } from '../net/interval-set.ts';
import { echoTypes } from '../net/protocol.ts';
import type { Transport } from '../net/traffic.ts';
import type { World } from '../model/world.ts';
import { gateSet, type GateSet, natPorts } from './gate-set.ts';
import type { Gate, Path } from './path.ts';

/**
 * A product of destination ports and source ports. Gates of the forward way read destination ports only, gates of the reply read the
 * source port only, so for one path and protocol the allowed set is exactly such a product. INVARIANT: both empty or neither.
 */
export type PortProduct = { readonly destinationPorts: IntervalSet; readonly sourcePorts: IntervalSet };

/** A set of traffic between two addresses. `icmp` counts type × 256 + code, `other` protocol numbers by rank (`otherNumbers`). */
export type TrafficSet = {
  readonly tcp: PortProduct;
  readonly udp: PortProduct;
  readonly icmp: IntervalSet;
  readonly other: IntervalSet;
};

/** Exactly what is allowed on a path, and what may be, depending on what the world does not hold. `sure` is within `possible`. */
export type Reach = { readonly family: Family; readonly sure: TrafficSet; readonly possible: TrafficSet };

export const NO_PORTS: PortProduct = { destinationPorts: EMPTY_SET, sourcePorts: EMPTY_SET };
export const NO_TRAFFIC: TrafficSet = { tcp: NO_PORTS, udp: NO_PORTS, icmp: EMPTY_SET, other: EMPTY_SET };

/**
 * The exact set of traffic that a path carries, replies included: what `evaluate` would say to every packet at once.
 * The NACLs of the way back are intersected before anything is concluded: each may leave ports, and both together none.
 */
export function reachOf(world: World, path: Path): Reach {
  const forward = meet(world, path.forward);
  if (forward.possible.length === 0) return { family: path.family, sure: NO_TRAFFIC, possible: NO_TRAFFIC };
  const back = meet(
    world,
    path.reply.filter((gate) => !hidesPort(gate)),
  );
  const hidden = path.reply.filter(hidesPort).map((gate) => gateSet(world, gate));
  const sure = trafficSet({
    family: path.family,
    forward: forward.sure,
    back: back.sure,
    hidden: hidden.map((set) => set.sure),
    natOpen: (port) => port === 'all',
  });
  // Mostly nothing is in doubt: then both are one set.
  if (forward.sure === forward.possible && back.sure === back.possible && hidden.length === 0)
    return { family: path.family, sure, possible: sure };
  const possible = trafficSet({
    family: path.family,
    forward: forward.possible,
    back: back.possible,
    hidden: hidden.map((set) => set.possible),
    natOpen: (port) => port !== 'none',
  });
  return { family: path.family, sure, possible };
}

/** Whether a set holds a packet. */
export function hasTransport(set: TrafficSet, transport: Transport, family: Family): boolean {
  switch (transport.kind) {
    case 'tcp':
    case 'udp': {
      const ports = set[transport.kind];
      return (
        setHas(ports.destinationPorts, transport.destinationPort) && setHas(ports.sourcePorts, transport.sourcePort)
      );
    }
    case 'icmp':
    case 'icmpv6':
      return setHas(set.icmp, transport.type * 256 + transport.code);
    case 'protocol':
      return otherNumbers(set.other, family).includes(transport.protocol);
  }
}

/** Whether the set holds no traffic. */
export function isNoTraffic(set: TrafficSet): boolean {
  return (
    set.tcp.destinationPorts.length === 0 &&
    set.udp.destinationPorts.length === 0 &&
    set.icmp.length === 0 &&
    set.other.length === 0
  );
}

/** The part of a set that a set of axis points (of a traffic asked for) covers. */
export function limitTraffic(set: TrafficSet, points: IntervalSet): TrafficSet {
  return {
    tcp: product(intersectSets(set.tcp.destinationPorts, axisPart(points, 'tcp')), set.tcp.sourcePorts),
    udp: product(intersectSets(set.udp.destinationPorts, axisPart(points, 'udp')), set.udp.sourcePorts),
    icmp: intersectSets(set.icmp, axisPart(points, 'icmp')),
    other: intersectSets(set.other, axisPart(points, 'other')),
  };
}

/** The protocol numbers of a set's `other` part, ascending. */
export function otherNumbers(other: IntervalSet, family: Family): readonly number[] {
  const numbers: number[] = [];
  for (let index = 0; index < other.length; index += 2) {
    for (let rank = other[index] ?? 0; rank <= (other[index + 1] ?? -1); rank += 1)
      numbers.push(otherProtocol(rank, family));
  }
  return numbers;
}

/** What all gates let pass together. */
function meet(world: World, gates: readonly Gate[]): GateSet {
  let sure: IntervalSet = WHOLE_AXIS;
  let possible: IntervalSet = WHOLE_AXIS;
  for (const gate of gates) {
    if (gate.kind === 'settled' && gate.decision.outcome === 'pass') continue;
    const set = gateSet(world, gate);
    const certain = sure === possible && set.sure === set.possible;
    sure = narrow(sure, set.sure);
    possible = certain ? sure : intersectSets(possible, set.possible);
    if (possible.length === 0) break;
  }
  return { sure, possible };
}

/** The intersection, without work where one of the two is the whole axis. */
function narrow(set: IntervalSet, by: IntervalSet): IntervalSet {
  if (set === WHOLE_AXIS) return by;
  return by === WHOLE_AXIS ? set : intersectSets(set, by);
}

function hidesPort(gate: Gate): boolean {
  return (gate.kind === 'groups' || gate.kind === 'acl') && gate.view === 'reply-to-nat';
}

type Ways = {
  readonly family: Family;
  readonly forward: IntervalSet;
  readonly back: IntervalSet;
  /** What the gates allow that see a port which a NAT gateway chose. */
  readonly hidden: readonly IntervalSet[];
  readonly natOpen: (ports: 'all' | 'none' | 'some') => boolean;
};

function trafficSet(ways: Ways): TrafficSet {
  // ICMP and other protocols have no port to hide: those gates read them like any other.
  const back = ways.hidden.reduce(intersectSets, ways.back);
  return {
    tcp: portProduct(ways, 'tcp'),
    udp: portProduct(ways, 'udp'),
    icmp: icmpSet(ways.family, axisPart(ways.forward, 'icmp'), axisPart(back, 'icmp')),
    other: intersectSets(axisPart(ways.forward, 'other'), axisPart(back, 'other')),
  };
}

function portProduct(ways: Ways, part: 'tcp' | 'udp'): PortProduct {
  if (!ways.hidden.every((set) => ways.natOpen(natPorts(set, part)))) return NO_PORTS;
  return product(axisPart(ways.forward, part), axisPart(ways.back, part));
}

function product(destinationPorts: IntervalSet, sourcePorts: IntervalSet): PortProduct {
  return destinationPorts.length === 0 || sourcePorts.length === 0 ? NO_PORTS : { destinationPorts, sourcePorts };
}

/** Echo requests need the echo reply (type, code 0) to come back; other types are not answered. */
function icmpSet(family: Family, forward: IntervalSet, back: IntervalSet): IntervalSet {
  const { request, reply } = echoTypes(family);
  return setHas(back, reply * 256) ? forward : subtractSets(forward, interval(request * 256, request * 256 + 255));
}
