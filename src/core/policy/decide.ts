import { type Address, formatAddress } from '../net/address.ts';
import { trafficInterval, transportPoint } from '../net/axis.ts';
import { replyTransport, type Transport } from '../net/traffic.ts';
import type { AclEntry, NetworkAcl } from '../model/network-acl.ts';
import { getRecord, type World } from '../model/world.ts';
import { gateSet, natPorts } from './gate-set.ts';
import {
  matchEntry,
  orderedEntries,
  type PlacedRule,
  placesByPeer,
  placesMeeting,
  type PreparedRules,
  sightRules,
  type Span,
} from './match.ts';
import type { Gate, PeerSight } from './path.ts';
import { type Decision, deny, type NearMiss, pass, type RuleRef, unknown, type UnknownReason } from './verdict.ts';

/** What a gate says to one packet: the definition that every compiled or symbolic form must equal. `transport` is the request's. */
export function decideGate(world: World, gate: Gate, transport: Transport): Decision {
  switch (gate.kind) {
    case 'settled':
      return gate.decision;
    case 'nat-protocols':
      return transport.kind === 'protocol' ? deny('nat-protocol') : pass('protocol');
    case 'groups':
    case 'acl':
      return decideSeen(world, gate, gate.view === 'request' ? transport : (replyTransport(transport) ?? transport));
  }
}

/** A gate that reads protocol, ports or ICMP types. */
export type Filter = Extract<Gate, { kind: 'groups' | 'acl' }>;

/** What a filter says to a packet as the filter sees it, whichever way it goes. */
export function decideSeen(world: World, gate: Filter, seen: Transport): Decision {
  if (gate.view === 'reply-to-nat' && (seen.kind === 'tcp' || seen.kind === 'udp'))
    return decideHiddenPort(world, gate, seen.kind);
  return gate.kind === 'acl' ? decideAcl(world, gate, seen) : decideGroups(world, gate, seen);
}

/** The union of the rules of all groups: any that matches admits; there is no order and no refusal by rule (E23:security-group-rules). */
function decideGroups(world: World, gate: Extract<Gate, { kind: 'groups' }>, transport: Transport): Decision {
  const { eni, direction, peer } = gate;
  const point = transportPoint(transport, gate.source.family);
  const span = { from: point, to: point };
  const { rules, prepared, unknownGroups, unfiltered } = sightRules(world, eni, { direction, peer, span });
  if (unfiltered) return pass('unfiltered');
  const admitting = rules.filter((one) => one.match === 'yes');
  if (admitting.length > 0) return pass('rules', admitting.map(ruleRef));
  const doubts = rules.flatMap(({ match }) => (typeof match === 'object' ? [match] : []));
  const reason: UnknownReason | undefined = unknownGroups.length > 0 ? 'unknown-group' : doubts[0]?.reason;
  if (reason !== undefined) return unknown(reason, [...unknownGroups, ...doubts.map((doubt) => doubt.unknown)]);
  if (prepared.every(({ placed }) => placed.length === 0)) return deny('no-rules');
  return { outcome: 'deny', reason: 'no-matching-rule', nearest: nearestRules(world, prepared, { peer, span }) };
}

/** The rules nearest to admitting a packet that none admits: those that miss its peer or its traffic, then those that miss both. */
function nearestRules(
  world: World,
  prepared: readonly PreparedRules[],
  { peer, span }: { readonly peer: PeerSight; readonly span: Span },
): readonly NearMiss[] {
  const near: NearMiss[] = [];
  const far: NearMiss[] = [];
  for (const own of prepared) {
    if (near.length === MAX_NEAREST) break;
    const byTraffic = placesMeeting(own, span);
    const byPeer = placesByPeer(world, own, peer).sure;
    for (const [place, placed] of own.placed.entries()) {
      const misses = byTraffic.includes(place) ? MISSES.peer : byPeer.includes(place) ? MISSES.traffic : MISSES.both;
      const alike = misses === MISSES.both ? far : near;
      if (alike.length < MAX_NEAREST) alike.push({ rule: ruleRef(placed), misses });
    }
  }
  return [...near, ...far].slice(0, MAX_NEAREST);
}

const MISSES = { peer: ['peer'], traffic: ['traffic'], both: ['peer', 'traffic'] } as const;

/** Numbered entries in ascending order, the first match decides, then the final deny (V:vpc-network-acls). */
function decideAcl(world: World, gate: Extract<Gate, { kind: 'acl' }>, transport: Transport): Decision {
  const acl = aclOf(world, gate);
  if (acl === undefined) return unknown('unknown-acl', [gate.subnet.networkAcl?.aclId ?? gate.subnet.id]);
  const address = gate.direction === 'egress' ? gate.destination : gate.source;
  const point = transportPoint(transport, address.family);
  const misses: NearMiss[] = [];
  const doubts: AclEntry[] = [];
  let winner: RuleRef | undefined;
  for (const entry of orderedEntries(acl, gate.direction)) {
    const [from, to] = trafficInterval(entry.traffic, address.family);
    const match = matchEntry(entry, address);
    const peer = match !== 'no';
    const traffic = from <= point && point <= to;
    const ref: RuleRef = { kind: 'entry', aclId: acl.id, entry };
    if (match === 'perhaps' && traffic && winner === undefined) {
      doubts.push(entry);
    } else if (peer && traffic && winner === undefined) {
      const doubt = doubtOf(doubts, entry.action, address);
      if (doubt !== undefined) return doubt;
      if (entry.action === 'allow') return pass('entry', [ref]);
      winner = ref;
    } else if (entry.action === 'allow') {
      const order = peer && traffic ? (['order'] as const) : [];
      misses.push({
        rule: ref,
        misses: [...(peer ? [] : (['peer'] as const)), ...(traffic ? [] : (['traffic'] as const)), ...order],
      });
    }
  }
  const doubt = winner === undefined ? doubtOf(doubts, 'deny', address) : undefined;
  if (doubt !== undefined) return doubt;
  if (winner === undefined)
    return {
      outcome: 'deny',
      reason: 'acl-default',
      winner: { kind: 'default-entry', aclId: acl.id },
      nearest: closest(misses),
    };
  return { outcome: 'deny', reason: 'acl-entry', winner, nearest: closest(misses) };
}

/** The doubt of entries that perhaps match, where one of them would do other than what comes behind them. */
function doubtOf(entries: readonly AclEntry[], action: AclEntry['action'], address: Address): Decision | undefined {
  const others = entries.filter((entry) => entry.action !== action);
  if (others.length === 0) return undefined;
  const unknowns = others.flatMap((entry) => entry.doubt ?? []);
  return unknowns.length > 0
    ? unknown('unknown-entry', unknowns)
    : unknown('unknown-address', [formatAddress(address)]);
}

/** A gate that reads the port which a NAT gateway chose: an answer only where every port of 1024–65535 gets the same one. */
function decideHiddenPort(world: World, gate: Filter, kind: 'tcp' | 'udp'): Decision {
  const { sure, possible } = gateSet(world, gate);
  const [some, most] = [natPorts(sure, kind), natPorts(possible, kind)];
  const uniform = some === 'all' || most === 'none' || (some === 'none' && most === 'all');
  if (!uniform) return unknown('nat-port-varies', [gate.resource]);
  const lowest: Transport = { kind, sourcePort: 0, destinationPort: 1024 };
  return gate.kind === 'acl' ? decideAcl(world, gate, lowest) : decideGroups(world, gate, lowest);
}

/** The fewest missed aspects first; rules of one group stay in their order. Bounded: an answer is read by people. */
function closest(misses: readonly NearMiss[]): readonly NearMiss[] {
  return misses.toSorted((a, b) => a.misses.length - b.misses.length).slice(0, MAX_NEAREST);
}

/** As many near misses as fit a screen beside the rest of the answer. */
const MAX_NEAREST = 8;

function ruleRef({ groupId, rule }: PlacedRule): RuleRef {
  return { kind: 'rule', groupId, rule };
}

function aclOf(world: World, gate: Extract<Gate, { kind: 'acl' }>): NetworkAcl | undefined {
  return gate.subnet.networkAcl === undefined ? undefined : getRecord(world, 'acls', gate.subnet.networkAcl.aclId);
}
