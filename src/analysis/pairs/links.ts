import { sameAddress } from '../../core/net/address.ts';
import { placeOnAxis } from '../../core/net/axis.ts';
import { EMPTY_SET, type IntervalSet, unionSets } from '../../core/net/interval-set.ts';
import type { World } from '../../core/model/world.ts';
import type { Gate, Path, PeerSight } from '../../core/policy/path.ts';
import { type Reach, reachOf, type TrafficSet } from '../../core/policy/reach.ts';
import { planTrip, type Stop } from '../trip.ts';
import type { Spot, SpotId } from './spots.ts';

/** What a gate of groups sees of the other end: its groups, its address alone, or perhaps its groups. */
export type Sight = 'groups' | 'address' | 'perhaps';

/** Which gates of groups a path asks: none at an end that has no groups or is behind a device which hides it. */
export type Shape = {
  readonly sender: Sight | 'none';
  /** A peer: the receiver sees this address, whoever sends. */
  readonly receiver: Sight | 'none' | PeerSight;
};

/** Source ports that get an answer. */
export type SourcePorts = { readonly tcp: IntervalSet; readonly udp: IntervalSet };

/** Two values of the same kind: what holds for certain, and what may hold. */
export type Both<T> = { readonly sure: T; readonly possible: T };

/** All that paths between two spots say, but for the rules of the groups at both ends. */
export type Link =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'shaped';
      readonly shape: Shape;
      readonly points: Both<IntervalSet>;
      readonly sourcePorts: Both<SourcePorts>;
    }
  /** Groups of other interfaces are asked too, or groups on the way back: every pair of classes is asked by itself. */
  | { readonly kind: 'single' };

const NONE: Link = { kind: 'none' };

/** Whether traffic counts that gets there and is answered, or also what gets there and whose answer is lost. */
export type Ways = 'both' | 'forward';

/** The links between the spots of one world, each found when first asked for, by planning the path between two members. */
export class Links {
  readonly #world: World;
  readonly #spots: readonly Spot[];
  readonly #ways: Ways;
  readonly #known = new Map<number, Link>();

  constructor(world: World, spots: readonly Spot[], ways: Ways = 'both') {
    this.#world = world;
    this.#spots = spots;
    this.#ways = ways;
  }

  /** The link from one spot to another. */
  between(from: SpotId, to: SpotId): Link {
    const key = from * this.#spots.length + to;
    let link = this.#known.get(key);
    if (link === undefined) {
      link = this.#find(this.#spots[from], this.#spots[to]);
      this.#known.set(key, link);
    }
    return link;
  }

  #find(from: Spot | undefined, to: Spot | undefined): Link {
    if (from === undefined || to === undefined || !(from.isInside || to.isInside)) return NONE;
    const pair = differentStops(from.stops, to.stops);
    return pair === undefined ? NONE : linkOf(this.#world, pair, this.#ways);
  }
}

/** The exact traffic between two stops, by planning their own path. */
export function singleReach(world: World, from: Stop, to: Stop): Reach {
  return reachOf(world, planTrip(world, from, to).path);
}

/** Two stops of different interfaces; undefined where both sides have the same one alone. */
export function differentStops(
  from: readonly Stop[],
  to: readonly Stop[],
): { readonly from: Stop; readonly to: Stop } | undefined {
  for (const one of from)
    for (const other of to)
      if (one.place.kind !== 'eni' || other.place.kind !== 'eni' || one.place.eni.id !== other.place.eni.id)
        return { from: one, to: other };
  return undefined;
}

/** The points of the axis that a set of traffic has, whatever its source ports. */
export function pointsOf(set: TrafficSet): IntervalSet {
  const ports = unionSets(placeOnAxis(set.tcp.destinationPorts, 'tcp'), placeOnAxis(set.udp.destinationPorts, 'udp'));
  return unionSets(ports, unionSets(placeOnAxis(set.icmp, 'icmp'), placeOnAxis(set.other, 'other')));
}

/** The source ports of a set of traffic. */
export function sourcePortsOf(set: TrafficSet): SourcePorts {
  return { tcp: set.tcp.sourcePorts, udp: set.udp.sourcePorts };
}

function linkOf(world: World, pair: { readonly from: Stop; readonly to: Stop }, ways: Ways): Link {
  const path = pathOf(world, pair, ways);
  // Without all groups, those on the way back too: others of the two spots, and other worlds with these paths, may have other rules there.
  const rest = reachOf(world, { ...path, forward: withoutGroups(path.forward), reply: withoutGroups(path.reply) });
  const points = { sure: pointsOf(rest.sure), possible: pointsOf(rest.possible) };
  if (points.possible.length === 0) return NONE;
  const shape = shapeOf(path, pair);
  if (shape === undefined) return { kind: 'single' };
  const sourcePorts = { sure: sourcePortsOf(rest.sure), possible: sourcePortsOf(rest.possible) };
  return { kind: 'shaped', shape, points, sourcePorts };
}

function withoutGroups(gates: readonly Gate[]): readonly Gate[] {
  return gates.filter((gate) => gate.kind !== 'groups');
}

function pathOf(world: World, { from, to }: { readonly from: Stop; readonly to: Stop }, ways: Ways): Path {
  const { path } = planTrip(world, from, to);
  return ways === 'both' ? path : { ...path, reply: [] };
}

/** Which groups a path asks; undefined where it asks others than those of its ends. */
function shapeOf(path: Path, { from, to }: { readonly from: Stop; readonly to: Stop }): Shape | undefined {
  if (path.reply.some((gate) => gate.kind === 'groups')) return undefined;
  let shape: Shape = { sender: 'none', receiver: 'none' };
  for (const gate of path.forward) {
    if (gate.kind !== 'groups') continue;
    if (isAt(gate, from, 'egress') && shape.sender === 'none') {
      const sight = sightOf(gate.peer, to);
      if (sight === undefined) return undefined;
      shape = { ...shape, sender: sight };
    } else if (isAt(gate, to, 'ingress') && shape.receiver === 'none') {
      shape = { ...shape, receiver: sightOf(gate.peer, from) ?? gate.peer };
      if (typeof shape.receiver === 'object' && gate.peer.eni !== undefined) return undefined;
    } else {
      return undefined;
    }
  }
  return shape;
}

type GroupGate = Extract<Gate, { kind: 'groups' }>;

function isAt(gate: GroupGate, { place }: Stop, direction: GroupGate['direction']): boolean {
  return gate.direction === direction && place.kind === 'eni' && place.eni.id === gate.eni.id;
}

/** What the gate sees of an end; undefined where it sees another address, or another interface behind it. */
function sightOf(peer: PeerSight, { place, address }: Stop): Sight | undefined {
  if (!sameAddress(peer.address, address)) return undefined;
  if (peer.eni === undefined) return peer.end === 'known' ? 'address' : 'perhaps';
  return place.kind === 'eni' && place.eni.id === peer.eni.id ? 'groups' : undefined;
}

/** No source ports. */
export const NO_SOURCE_PORTS: SourcePorts = { tcp: EMPTY_SET, udp: EMPTY_SET };
