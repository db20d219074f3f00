import { formatAddress } from '../net/address.ts';
import { trafficInterval, transportPoint } from '../net/axis.ts';
import { anyCidr, type Cidr, cidrContains, formatCidr, hostCidr } from '../net/cidr.ts';
import { unreachable } from '../net/result.ts';
import { formatTraffic, replyTransport, type Traffic, type Transport } from '../net/traffic.ts';
import type { AclId, GroupId, RouteTableId } from '../model/ids.ts';
import type { Direction } from '../model/security-group.ts';
import { getRecord, indexedIds, listRecords, type World } from '../model/world.ts';
import type { GateAnswer, Verdict } from './evaluate.ts';
import { isInternetRoutable, isReservedDestination } from './exempt.ts';
import { addressWithoutPublic, type Naming, namedText, preposition } from './explain-text.ts';
import { orderedEntries } from './match.ts';
import type { Gate } from './path.ts';
import type { Decision, DenyReason } from './verdict.ts';

/** What would have to change for one blocker to let the packet pass. */
export type Remedy =
  | {
      readonly kind: 'add-rule';
      /** Any one of these groups would do. */
      readonly groups: readonly GroupId[];
      readonly direction: Direction;
      readonly traffic: Traffic;
      readonly cidr: Cidr;
      /** Groups of the interface at the other end: a reference to any of them would do as well. */
      readonly peerGroups: readonly GroupId[];
    }
  | {
      readonly kind: 'add-entry';
      readonly aclId: AclId;
      readonly direction: Direction;
      readonly traffic: Traffic;
      readonly cidr: Cidr;
      /** The entry that denies now; the new one must stand before it. */
      readonly below?: number;
      readonly isReply: boolean;
    }
  | {
      readonly kind: 'add-route';
      readonly routeTableId: RouteTableId;
      readonly destination: Cidr;
      readonly hint: string;
    }
  | { readonly kind: 'other'; readonly reason: DenyReason; readonly gate: Gate };

/** One remedy for each blocker of a verdict, in path order. `asked` widens group and NACL remedies to all that was asked for. */
export function remedies(
  world: World,
  verdict: Verdict,
  question: { readonly transport: Transport; readonly asked?: Traffic },
): readonly Remedy[] {
  return verdict.blockers.map((blocker) => remedyFor(world, blocker, question));
}

/** A remedy on one line. */
export function remedyText(remedy: Remedy, naming: Naming = () => undefined): string {
  switch (remedy.kind) {
    case 'add-rule': {
      const { groups, direction, peerGroups } = remedy;
      const into = groups.map((id) => namedText(id, naming)).join(' or ');
      const word = preposition(direction);
      const carried = peerGroups.map((id) => namedText(id, naming)).join(' or ');
      const orGroup = peerGroups.length === 0 ? '' : `, or ${word} the group ${carried}`;
      return `add to ${into} an ${direction} rule ${formatTraffic(remedy.traffic)} ${word} ${formatCidr(remedy.cidr)}${orGroup}`;
    }
    case 'add-entry': {
      const word = preposition(remedy.direction);
      const place =
        remedy.below === undefined
          ? ''
          : remedy.below > 1
            ? `, numbered below ${remedy.below}`
            : ', in place of entry 1, which comes first';
      const ephemeral = remedy.isReply ? ' (replies go to the port the client picked: usually 1024-65535)' : '';
      return `in ${namedText(remedy.aclId, naming)}, an ${remedy.direction} allow for ${formatTraffic(remedy.traffic)} ${word} ${formatCidr(remedy.cidr)}${place}${ephemeral}`;
    }
    case 'add-route':
      return `a route for ${formatCidr(remedy.destination)} in ${namedText(remedy.routeTableId, naming)}${remedy.hint === '' ? '' : `, ${remedy.hint}`}`;
    case 'other':
      return otherText(remedy.gate, remedy.reason, naming);
    default:
      return unreachable(remedy);
  }
}

type Question = { readonly transport: Transport; readonly asked?: Traffic };

function remedyFor(world: World, { gate, decision }: GateAnswer, question: Question): Remedy {
  if (decision.outcome !== 'deny') throw new Error('a blocker is a gate that denies');
  if (gate.kind === 'groups') return groupRemedy(gate, question);
  if (gate.kind === 'acl') return aclRemedy(world, { gate, decision }, question);
  if (decision.reason === 'no-route') return routeRemedy(world, gate) ?? { kind: 'other', reason: 'no-route', gate };
  return { kind: 'other', reason: decision.reason, gate };
}

function groupRemedy(gate: Extract<Gate, { kind: 'groups' }>, question: Question): Remedy {
  return {
    kind: 'add-rule',
    groups: gate.eni.groups,
    direction: gate.direction,
    traffic: trafficAt(gate, question),
    cidr: gate.peer.address.within ?? hostCidr(gate.peer.address),
    peerGroups: gate.peer.eni?.groups ?? [],
  };
}

function aclRemedy(
  world: World,
  { gate, decision }: { readonly gate: Extract<Gate, { kind: 'acl' }>; readonly decision: Decision },
  question: Question,
): Remedy {
  const aclId = gate.subnet.networkAcl?.aclId;
  const acl = aclId === undefined ? undefined : getRecord(world, 'acls', aclId);
  if (acl === undefined || decision.outcome !== 'deny') return { kind: 'other', reason: 'acl-default', gate };
  const address = gate.direction === 'egress' ? gate.destination : gate.source;
  const traffic = trafficAt(gate, question);
  const [from, to] = trafficInterval(traffic, address.family);
  const denial = orderedEntries(acl, gate.direction).find((entry) => {
    const [first, last] = trafficInterval(entry.traffic, address.family);
    return entry.action === 'deny' && cidrContains(entry.cidr, address) && first <= to && from <= last;
  });
  return {
    kind: 'add-entry',
    aclId: acl.id,
    direction: gate.direction,
    traffic,
    cidr: address.within ?? hostCidr(address),
    isReply: gate.way === 'reply' && (traffic.kind === 'tcp' || traffic.kind === 'udp'),
    ...(denial === undefined ? {} : { below: denial.number }),
  };
}

/** What the gate would have to admit: all that was asked for where it reads the request, else the one answer that it reads. */
function trafficAt(gate: Extract<Gate, { kind: 'groups' | 'acl' }>, { transport, asked }: Question): Traffic {
  if (gate.view === 'request') {
    const isPart = asked !== undefined && asked.kind !== 'all' && covers(asked, transport, gate);
    return isPart ? asked : exactTraffic(transport);
  }
  const seen = replyTransport(transport) ?? transport;
  if (gate.view === 'reply-to-nat' && (seen.kind === 'tcp' || seen.kind === 'udp'))
    return { kind: seen.kind, ports: { from: 1024, to: 65_535 } };
  return exactTraffic(seen);
}

function covers(asked: Traffic, transport: Transport, gate: Gate): boolean {
  const [from, to] = trafficInterval(asked, gate.source.family);
  const point = transportPoint(transport, gate.source.family);
  return from <= point && point <= to;
}

/** The traffic that matches one packet and nothing else. */
export function exactTraffic(transport: Transport): Traffic {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return { kind: transport.kind, ports: { from: transport.destinationPort, to: transport.destinationPort } };
    case 'icmp':
    case 'icmpv6':
      return { kind: transport.kind, type: transport.type, code: transport.code };
    case 'protocol':
      return { kind: 'protocol', protocol: transport.protocol };
    default:
      return unreachable(transport);
  }
}

/** A route for the VPC that holds the destination, else for the internet, else for the address alone. */
function routeRemedy(world: World, gate: Gate): Remedy | undefined {
  const table = getRecord(world, 'routeTables', gate.resource);
  const { destination } = gate;
  if (table === undefined || isReservedDestination(destination)) return undefined;
  for (const vpc of listRecords(world, 'vpcs')) {
    const block = vpc.cidrs.find((cidr) => cidrContains(cidr, destination));
    if (block === undefined || vpc.id === table.vpcId) continue;
    const peering = [...indexedIds(world, 'peeringsByVpc', table.vpcId)].find((id) => {
      const record = getRecord(world, 'peerings', id);
      return [record?.requester.vpcId, record?.accepter.vpcId].includes(vpc.id);
    });
    const hint = peering === undefined ? `over a peering connection with ${vpc.id}` : `to ${peering}`;
    return { kind: 'add-route', routeTableId: table.id, destination: block, hint };
  }
  return isInternetRoutable(destination)
    ? {
        kind: 'add-route',
        routeTableId: table.id,
        destination: anyCidr(destination.family),
        hint: 'to an internet or NAT gateway',
      }
    : { kind: 'add-route', routeTableId: table.id, destination: hostCidr(destination), hint: '' };
}

function otherText(gate: Gate, reason: DenyReason, naming: Naming): string {
  const resource = namedText(gate.resource, naming);
  const destination = formatAddress(gate.destination);
  switch (reason) {
    case 'source-not-own':
    case 'destination-not-own':
      return `switch off the source/destination check of ${resource}, if it is meant to forward`;
    case 'no-route':
      return `a route to ${destination}; there can be none at ${resource}`;
    case 'blackhole-route':
      return `in ${resource}, point the route for ${destination} at a target that exists`;
    case 'no-interface':
      return `an interface with the address ${destination}`;
    case 'asymmetric-route':
      return `route the answer to ${destination} back the way the packet came, not by ${resource}`;
    case 'forwarding-loop':
      return `routes that do not lead back to ${resource}`;
    case 'no-public-address':
      return `a public address for ${formatAddress(addressWithoutPublic(gate))} (an Elastic address), or for outbound flows a route to a NAT gateway`;
    case 'gateway-detached':
      return `attach a gateway: ${resource}`;
    case 'not-internet-routable':
      return `a way to ${destination} other than the internet: peering, VPN or transit gateway`;
    case 'egress-only':
      return `an internet gateway in place of ${resource}`;
    case 'nat-inbound':
      return 'a public address or a load balancer of its own for the receiver: no flow from outside enters by a NAT gateway';
    case 'nat-unavailable':
      return `bring ${resource} to the state "available"`;
    case 'nat-protocol':
      return `a way out without ${resource}: an internet gateway and a public address`;
    case 'peering-inactive':
      return `accept or renew the peering connection ${resource}`;
    case 'peering-not-transitive':
      return `a peering connection with the VPC of ${destination} itself, or a transit gateway`;
    case 'conntrack-full':
      return `fewer connections at ${resource}, or rules that leave them untracked`;
    case 'nat-expired':
      return 'open the connection anew, or let no 350 seconds pass without a packet';
    case 'nat-full':
      return `further public addresses for ${resource}`;
    case 'no-rules':
    case 'no-matching-rule':
    case 'acl-entry':
    case 'acl-default':
      return `an allow at ${resource}`;
    default:
      return unreachable(reason);
  }
}
