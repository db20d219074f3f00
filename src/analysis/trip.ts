import { type Address, formatAddress } from '../core/net/address.ts';
import { cidrContains } from '../core/net/cidr.ts';
import { eniOwns } from '../core/model/eni.ts';
import type { VpcId } from '../core/model/ids.ts';
import { targetText } from '../core/model/route-table.ts';
import { getRecord, indexedIds, type World } from '../core/model/world.ts';
import type { Gate, Path } from '../core/policy/path.ts';
import { planPath } from '../core/policy/plan.ts';
import { chooseRoute } from '../core/policy/route.ts';
import { type Decision, deny, unknown } from '../core/policy/verdict.ts';
import type { Place } from './place.ts';

/** One end of a trip: a place, and the one of its addresses that packets carry. */
export type Stop = { readonly place: Place; readonly address: Address };

/** The path between two stops. `note` tells what the gates alone would leave a reader wondering about. */
export type Trip = { readonly from: Stop; readonly to: Stop; readonly path: Path; readonly note?: string };

/** The path of packets from one stop to another. At least one end must be inside the world. */
export function planTrip(world: World, from: Stop, to: Stop): Trip {
  const path = pathBetween(world, from, to);
  const doubts = [from, to].flatMap(({ place }) => meantGate(place, { source: from.address, destination: to.address }));
  const trip = { from, to, path: doubts.length === 0 ? path : { ...path, forward: [...doubts, ...path.forward] } };
  return astray(trip) ?? trip;
}

/** Nothing certain is said of an end of which it is not known whether it is meant; that it is blocked holds all the same. */
function meantGate(place: Place, addresses: { readonly source: Address; readonly destination: Address }): Gate[] {
  if (place.kind !== 'eni' || place.perhaps === undefined) return [];
  const { reason, unknown: what } = place.perhaps;
  const decision = unknown(reason, [what]);
  return [{ way: 'forward', stage: 'route', resource: place.eni.id, ...addresses, kind: 'settled', decision }];
}

function pathBetween(world: World, from: Stop, to: Stop): Path {
  const { place } = from;
  if (place.kind === 'eni')
    return planPath(world, { kind: 'eni', eni: place.eni }, { source: from.address, destination: outwardAddress(to) });
  const inside = to.place;
  if (inside.kind !== 'eni' && inside.kind !== 'vacant') throw new Error('neither end of a trip is inside the world');
  const vpcId = inside.kind === 'eni' ? inside.eni.vpcId : inside.vpcId;
  const isPublic = inside.kind === 'eni' && inside.asked === 'public';
  if (place.kind !== 'internet' && !isPublic) {
    const why = whyElsewhere(world, vpcId, from.address);
    return planPath(world, { kind: 'elsewhere', vpcId, why }, { source: from.address, destination: to.address });
  }
  const destination = inside.kind === 'vacant' ? to.address : publicAddress(to);
  return destination === undefined
    ? unaddressedPath(world, vpcId, { source: from.address, to })
    : planPath(world, { kind: 'internet' }, { source: from.address, destination });
}

/** What a packet of the VPC carries as its destination: the public address only where the question names that one. */
function outwardAddress(to: Stop): Address {
  return to.place.kind === 'eni' && to.place.asked === 'public' ? (to.place.public ?? to.address) : to.address;
}

function publicAddress(to: Stop): Address | undefined {
  if (to.address.family === 'ipv6') return to.address;
  return to.place.kind === 'eni' ? to.place.public : undefined;
}

/**
 * The path of a packet from the internet to an address that has no public side: there is none, but what else stands in the way is worth
 * telling. So the packet goes on in thought from the VPC's edge, where no reference can match, and its answer as far as the way out.
 */
function unaddressedPath(world: World, vpcId: VpcId, header: { readonly source: Address; readonly to: Stop }): Path {
  const addresses = { source: header.source, destination: header.to.address };
  const path = planPath(world, { kind: 'elsewhere', vpcId, why: deny('no-public-address') }, addresses);
  return {
    ...path,
    forward: path.forward.map(withKnownPeer),
    reply: path.reply.filter((gate) => !repeatsNoAddress(gate)),
  };
}

/** From the internet, an address that no group reference can match. */
function withKnownPeer(gate: Gate): Gate {
  return gate.kind === 'groups' ? { ...gate, peer: { ...gate.peer, end: 'known' } } : gate;
}

/** On the way back: again the missing public address, or the doubt about where in thought the packet came from. */
function repeatsNoAddress(gate: Gate): boolean {
  if (gate.kind !== 'settled' || gate.decision.outcome === 'pass') return false;
  return (
    gate.decision.reason === 'no-public-address' ||
    (gate.stage === 'route' && gate.decision.reason === 'unmodelled-target')
  );
}

/** Why it cannot be said how packets of a network outside of the model come into a VPC. */
export function whyElsewhere(world: World, vpcId: VpcId, address: Address): Decision {
  for (const id of indexedIds(world, 'peeringsByVpc', vpcId)) {
    const peering = getRecord(world, 'peerings', id);
    if (peering === undefined) continue;
    const far = peering.requester.vpcId === vpcId ? peering.accepter : peering.requester;
    if (far.cidrs.some((cidr) => cidrContains(cidr, address))) return unknown('unknown-peer', [far.vpcId]);
  }
  const targets = new Set<string>();
  for (const id of indexedIds(world, 'routeTablesByVpc', vpcId)) {
    const table = getRecord(world, 'routeTables', id);
    const choice = table === undefined ? undefined : chooseRoute(world, table, address);
    if (choice?.kind === 'route' && choice.route.target.kind === 'unmodelled')
      targets.add(targetText(choice.route.target));
  }
  return unknown('unmodelled-target', targets.size === 0 ? [formatAddress(address)] : [...targets].toSorted());
}

/** The address is another interface's where the packet is sent, or the sender's own, so it never comes to the one that was asked for. */
function astray(trip: Trip): Trip | undefined {
  const { path, to } = trip;
  const arrival = arrivalOf(trip);
  if (arrival === undefined || (to.place.kind !== 'eni' && to.place.kind !== 'vacant')) return undefined;
  const { eni, source, destination } = arrival;
  const home = to.place.kind === 'eni' ? to.place.eni : undefined;
  if (home?.id === eni.id) return undefined;
  const decision = deny('no-route');
  const gate: Gate = {
    way: 'forward',
    stage: 'route',
    resource: eni.id,
    source,
    destination,
    kind: 'settled',
    decision,
  };
  const why = home?.vpcId === eni.vpcId ? 'both have it' : 'the VPCs overlap';
  const note = `where the packet is sent, ${formatAddress(destination)} is the address of ${eni.id}, not of ${home?.id ?? 'the one asked for'}: ${why}`;
  return { ...trip, path: { ...path, forward: [...path.forward, gate], reply: [], end: { kind: 'lost' } }, note };
}

/** The interface that a packet comes to: what is sent to an address that the sender has too stays there. */
function arrivalOf({ from, to, path }: Trip): Omit<Extract<Path['end'], { kind: 'eni' }>, 'kind'> | undefined {
  if (path.end.kind === 'eni') return path.end;
  const destination = outwardAddress(to);
  const stays = from.place.kind === 'eni' && eniOwns(from.place.eni, destination);
  return stays ? { eni: from.place.eni, source: from.address, destination } : undefined;
}
