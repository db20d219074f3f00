import { type Address, formatAddress } from '../net/address.ts';
import { formatCidr } from '../net/cidr.ts';
import { unreachable } from '../net/result.ts';
import { formatTraffic } from '../net/traffic.ts';
import { type Direction, peerText } from '../model/security-group.ts';
import { type Route, targetText } from '../model/route-table.ts';
import { isInternetRoutable } from './exempt.ts';
import type { Gate } from './path.ts';
import type { Decision, DenyReason, NearMiss, PassReason, RuleRef, Stage, UnknownReason } from './verdict.ts';

/** What a person calls the record of an id; undefined where it has no name. */
export type Naming = (id: string) => string | undefined;

type Deny = Extract<Decision, { outcome: 'deny' }>;

/** The stage as people say it: `group ingress`, `NACL egress`, `route`. */
export function stageText(stage: Stage): string {
  return stage.replace('acl-', 'NACL-').replace('-', ' ');
}

/** The name with the id behind it, or the id alone. */
export function namedText(id: string, naming: Naming): string {
  const name = naming(id);
  return name === undefined || name === id ? id : `${name} (${id})`;
}

/** One rule, entry or route on one line, id first. */
export function ruleText(ref: RuleRef, naming: Naming): string {
  switch (ref.kind) {
    case 'rule': {
      const { rule } = ref;
      const peer = rule.peer.kind === 'cidr' ? peerText(rule.peer) : namedText(peerText(rule.peer), naming);
      const note = rule.description === undefined || rule.description === '' ? '' : `, "${rule.description}"`;
      return `${rule.id}  ${formatTraffic(rule.traffic)} ${preposition(rule.direction)} ${peer}${note}`;
    }
    case 'entry': {
      const { entry } = ref;
      const what = `${entry.number} ${entry.action} ${formatTraffic(entry.traffic)}`;
      return `${namedText(ref.aclId, naming)}  ${what} ${preposition(entry.direction)} ${formatCidr(entry.cidr)}`;
    }
    case 'default-entry':
      return `${namedText(ref.aclId, naming)}  * deny`;
    case 'route':
      return `${namedText(ref.routeTableId, naming)}  ${routeText(ref.route, naming)}`;
    default:
      return unreachable(ref);
  }
}

/** `10.0.0.0/16 → local`. */
export function routeText(route: Route, naming: Naming): string {
  const { destination } = route;
  const to = destination.kind === 'cidr' ? formatCidr(destination.cidr) : namedText(destination.prefixListId, naming);
  return `${to} → ${namedText(targetText(route.target), naming)}`;
}

/** A rule that would have let the packet pass, and what it misses. */
export function nearMissText(miss: NearMiss, naming: Naming): string {
  const words = { peer: 'other peer', traffic: 'other traffic', order: 'comes too late' } as const;
  return `${ruleText(miss.rule, naming)}: ${miss.misses.map((one) => words[one]).join(', ')}`;
}

/** Why a gate without deciding rules lets the packet pass. */
export function passText(gate: Gate, by: PassReason, naming: Naming): string {
  switch (by) {
    case 'rules':
    case 'entry':
      return 'by rule';
    case 'route':
      return `inside ${namedText(gate.resource, naming)}: not routed`;
    case 'exempt':
      return 'a service of the VPC itself: neither groups nor NACLs filter it';
    case 'unfiltered':
      return `${namedText(gate.resource, naming)} has no groups: nothing is filtered there`;
    case 'tracked':
      return gate.stage === 'gateway'
        ? `${namedText(gate.resource, naming)} knows the flow that this answers`
        : 'answers a tracked connection';
    case 'related':
      return 'an ICMP error about a flow that passes here';
    case 'own-address':
      return 'its own address';
    case 'check-off':
      return `the source/destination check of ${namedText(gate.resource, naming)} is off`;
    case 'gateway':
      return namedText(gate.resource, naming);
    case 'protocol':
      return 'a protocol that NAT gateways pass';
    case 'same-interface':
      return 'an interface talks to itself: nothing is filtered';
    default:
      return unreachable(by);
  }
}

/** Why a gate refuses, in one line. */
export function denyText(gate: Gate, decision: Deny, naming: Naming): string {
  const { winner, reason } = decision;
  const resource = namedText(gate.resource, naming);
  const destination = formatAddress(gate.destination);
  const texts: Readonly<Record<DenyReason, () => string>> = {
    'source-not-own': () =>
      `${resource} sends from ${formatAddress(gate.source)}, not its own address, and its source/destination check is on`,
    'no-rules': () => `${groupsText(gate, naming)} has no ${directionOf(gate)} rule at all`,
    'no-matching-rule': () => `no ${directionOf(gate)} rule of ${groupsText(gate, naming)} matches`,
    'acl-entry': () => (winner === undefined ? 'an entry denies' : ruleText(winner, naming)),
    'acl-default': () => `${winner === undefined ? '* deny' : ruleText(winner, naming)}: no entry matches`,
    'no-route': () => `no route of ${resource} leads to ${destination}`,
    'blackhole-route': () => `${winner === undefined ? resource : ruleText(winner, naming)} is a blackhole`,
    'no-interface': () => `no interface has the address ${destination}`,
    'asymmetric-route': () => `the answer to ${destination} leaves by ${resource}, not the way the packet came`,
    'forwarding-loop': () => `the packet comes to ${resource} a second time`,
    'no-public-address': () => `${formatAddress(addressWithoutPublic(gate))} has no public address`,
    'gateway-detached': () => `no gateway is attached here: ${resource}`,
    'not-internet-routable': () =>
      `the internet carries no packets from ${formatAddress(gate.source)} to ${destination}`,
    'egress-only': () => `${resource} is egress-only: flows from outside do not enter by it`,
    'nat-inbound': () => `${resource} translates outbound flows only: none from outside enters by it`,
    'nat-unavailable': () => `${resource} is not available`,
    'nat-protocol': () => `${resource} passes TCP, UDP and ICMP only`,
    'peering-inactive': () => `${resource} is not active`,
    'peering-not-transitive': () => `${destination} lies beyond the VPC at the other end of ${resource}`,
    'destination-not-own': () =>
      `${resource} receives a packet for ${destination}, not its own address, and its source/destination check is on`,
    'conntrack-full': () => `${resource} tracks as many connections as it may: no new one passes`,
    'nat-expired': () => `${resource} has no such connection (any more) and resets it`,
    'nat-full': () => `${resource} has no port left for another connection to ${destination}`,
  };
  return texts[reason]();
}

/** What a gate would have to know. */
export function unknownText(gate: Gate, decision: Extract<Decision, { outcome: 'unknown' }>, naming: Naming): string {
  const what = decision.unknowns.map((id) => namedText(id, naming)).join(', ');
  const texts: Readonly<Record<UnknownReason, string>> = {
    'unknown-group': `the rules of ${what} are not known`,
    'unknown-prefix-list': `the entries of ${what} are not known`,
    'unknown-acl': `the network ACL ${what} is not known`,
    'unknown-route-table': `the route table ${what} is not known`,
    'unknown-subnet': `the subnet ${what} is not known`,
    'unknown-vpc': `whether ${formatAddress(gate.destination)} is the resolver of ${what} is not known`,
    'unknown-gateway': `the gateway ${what} is not known`,
    'unknown-interface': `which interface it is, and its groups, is not known (${what})`,
    'unknown-peer': `the peer VPC ${what} is not known`,
    'unmodelled-target':
      what === formatAddress(gate.source)
        ? `how packets of ${what} come in is not known`
        : `what lies behind ${what} is not modelled`,
    'unknown-rule': `whether a rule is there is not known: ${what}`,
    'unknown-entry': `whether an entry is there is not known: ${what}`,
    'unknown-route': `whether a route is there is not known: ${what}`,
    'unknown-address': `an address that is not known yet decides: ${what}`,
    'nat-port-varies': `the NAT gateway picks a port from 1024-65535, and only some of them pass here`,
    'nat-address-varies': `${what} picks one of several addresses`,
  };
  return texts[decision.reason];
}

/** `from` for ingress, `to` for egress. */
export function preposition(direction: Direction): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to';
}

function directionOf(gate: Gate): Direction {
  return gate.stage.endsWith('ingress') ? 'ingress' : 'egress';
}

function groupsText(gate: Gate, naming: Naming): string {
  return gate.kind === 'groups' ? gate.eni.groups.map((id) => namedText(id, naming)).join(', ') : gate.resource;
}

/** Whose public address is missing: the receiver's for a packet that comes in from the internet, else the sender's. */
export function addressWithoutPublic(gate: Gate): Address {
  const comesIn = isInternetRoutable(gate.source) && !isInternetRoutable(gate.destination);
  return comesIn ? gate.destination : gate.source;
}
