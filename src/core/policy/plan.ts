import { formatAddress, sameAddress } from '../net/address.ts';
import { eniOwns } from '../model/eni.ts';
import type { World } from '../model/world.ts';
import type { End, Gate, Origin, Path } from './path.ts';
import { deny, pass, unknown } from './verdict.ts';
import { type Header, Walk, type WalkResult, type WalkStart } from './walk.ts';

/**
 * The path between two addresses and back: which gates a packet meets, in order, decided as far as addresses and topology decide them.
 * Every engine reads this one path; what the remaining gates say to a packet or to a set of traffic is theirs.
 *
 *     source-check → group-egress → acl-egress → route → gateway → acl-ingress → group-ingress → destination-check
 */
export function planPath(world: World, origin: Origin, header: Header): Path {
  const forward = walkWay(world, { origin, header, start: FRESH_START });
  const back = walkBack(world, { origin, header, forward });
  return {
    family: header.source.family,
    forward: forward.gates,
    reply: back,
    end: forward.end,
    translations: forward.translations,
  };
}

/** A packet that no device has seen before. */
export const FRESH_START: WalkStart = { way: 'forward', passed: new Set(), translations: [] };

/** One packet to be walked by itself: a device that keeps state gives what it knows as the start. */
export type Journey = { readonly origin: Origin; readonly header: Header; readonly start: WalkStart };

/** The gates that one packet meets on one way, and where they end. */
export function walkWay(world: World, { origin, header, start }: Journey): WalkResult {
  const walk = new Walk(world, start);
  if (origin.kind === 'eni' && eniOwns(origin.eni, header.destination)) return stayHere(origin.eni.id, header);
  switch (origin.kind) {
    case 'eni':
      walk.leaveEni(origin.eni, header);
      return walk.result;
    case 'internet':
      walk.enterFromInternet(header);
      return walk.result;
    case 'elsewhere':
      walk.comeFromElsewhere(origin.vpcId, header, origin.why);
      return walk.result;
  }
}

function stayHere(resource: string, header: Header): WalkResult {
  const decision = pass('same-interface');
  const gate: Gate = { way: 'forward', stage: 'exempt', resource, ...header, kind: 'settled', decision };
  return { gates: [gate], end: { kind: 'service' }, enis: [], translations: [] };
}

type Trip = { readonly origin: Origin; readonly header: Header; readonly forward: WalkResult };

/** The answer is routed afresh from where the packet arrived, and must come back to where it left. */
function walkBack(world: World, trip: Trip): readonly Gate[] {
  const { end } = trip.forward;
  if (end.kind === 'service' || end.kind === 'lost') return [];
  const walk = new Walk(world, {
    way: 'reply',
    passed: new Set(trip.forward.enis),
    translations: trip.forward.translations,
    ...(end.kind === 'internet' ? { returnThrough: end.through } : {}),
  });
  const header = { source: end.destination, destination: end.source };
  if (end.kind === 'eni') walk.leaveEni(end.eni, header);
  else walk.enterFromInternet(header);
  const back = walk.result;
  const astray = strayGate(trip, back.end, header);
  return astray === undefined ? back.gates : [...back.gates, astray];
}

/** The gate that refuses an answer which ends elsewhere than where the packet came from. */
function strayGate(trip: Trip, end: End, header: Header): Gate | undefined {
  if (end.kind === 'lost' || isHome(trip, end)) return undefined;
  const throughEgressOnly =
    end.kind === 'internet' && end.through === 'egress-only-gateway' && trip.origin.kind === 'internet';
  const decision =
    trip.origin.kind === 'elsewhere'
      ? unknown('unmodelled-target', [formatAddress(header.destination)])
      : deny(throughEgressOnly ? 'egress-only' : 'asymmetric-route');
  const resource = end.kind === 'eni' ? end.eni.id : formatAddress(header.destination);
  return {
    way: 'reply',
    stage: throughEgressOnly ? 'gateway' : 'route',
    resource,
    ...header,
    kind: 'settled',
    decision,
  };
}

/** Whether an answer comes back to the sender, from the address that the sender asked: what bypasses a gateway lacks the one that it would give. */
function isHome(trip: Trip, end: Exclude<End, { readonly kind: 'lost' }>): boolean {
  const { origin, header } = trip;
  if (end.kind === 'service' || !sameAddress(end.source, header.destination)) return false;
  if (origin.kind === 'eni') return end.kind === 'eni' && end.eni.id === origin.eni.id;
  return origin.kind === 'internet' && end.kind === 'internet' && end.through === 'internet-gateway';
}
