import { type Address, type Family, formatAddress } from '../core/net/address.ts';
import { formatCidr } from '../core/net/cidr.ts';
import { intervalsOf } from '../core/net/interval-set.ts';
import { unreachable } from '../core/net/result.ts';
import { formatTraffic, type Transport } from '../core/net/traffic.ts';
import { targetText } from '../core/model/route-table.ts';
import { peerText } from '../core/model/security-group.ts';
import type { World } from '../core/model/world.ts';
import type { RuleRef } from '../core/policy/verdict.ts';
import { eniName } from './names.ts';
import { isHostCidr, type Place } from './place.ts';
import { icmpBoxes, type PortBox, protocolRanges, type TrafficBoxes } from './traffic-split.ts';

/** Inclusive ranges of integers, ascending: `[[22, 22], [8000, 8010]]`. */
export type Ranges = readonly (readonly [number, number])[];

/** A set of traffic as disjoint boxes. */
export type TrafficDocument = {
  readonly tcp: readonly { readonly destinationPorts: Ranges; readonly sourcePorts: Ranges }[];
  readonly udp: readonly { readonly destinationPorts: Ranges; readonly sourcePorts: Ranges }[];
  readonly icmp: readonly { readonly types: readonly [number, number]; readonly codes: readonly [number, number] }[];
  /** Protocol numbers. */
  readonly other: Ranges;
};

export type PlaceDocument =
  | {
      readonly kind: 'interface';
      readonly eni: string;
      readonly instance: string | null;
      readonly name: string | null;
      readonly vpc: string;
      readonly subnet: string;
      readonly groups: readonly string[];
      readonly addresses: readonly string[];
      readonly publicAddress: string | null;
      readonly asked: 'private' | 'public';
    }
  | { readonly kind: 'vacant'; readonly vpc: string; readonly addresses: readonly string[] }
  | { readonly kind: 'internet' | 'elsewhere'; readonly addresses: readonly string[] };

export type PacketDocument = {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly sourcePort?: number;
  /** Null for the port that a NAT gateway picks. */
  readonly destinationPort?: number | null;
  readonly type?: number;
  readonly code?: number;
};

export type RuleDocument =
  | {
      readonly kind: 'rule';
      readonly id: string;
      readonly group: string;
      readonly direction: string;
      readonly traffic: string;
      readonly peer: string;
      readonly description: string | null;
    }
  | {
      readonly kind: 'entry';
      readonly acl: string;
      readonly direction: string;
      readonly number: number;
      readonly action: string;
      readonly traffic: string;
      readonly cidr: string;
    }
  | { readonly kind: 'default-entry'; readonly acl: string }
  | { readonly kind: 'route'; readonly routeTable: string; readonly destination: string; readonly target: string };

/** A set of traffic as its document. */
export function trafficDocument(boxes: TrafficBoxes, family: Family): TrafficDocument {
  return {
    tcp: boxes.tcp.map(boxDocument),
    udp: boxes.udp.map(boxDocument),
    icmp: icmpBoxes(boxes.icmp),
    other: intervalsOf(protocolRanges(boxes.other, family)),
  };
}

function boxDocument(box: PortBox): TrafficDocument['tcp'][number] {
  return { destinationPorts: intervalsOf(box.destinationPorts), sourcePorts: intervalsOf(box.sourcePorts) };
}

/** A place as its document. */
export function placeDocument(world: World, place: Place): PlaceDocument {
  const addresses = place.space.map((cidr) => (isHostCidr(cidr) ? formatAddress(cidr.base) : formatCidr(cidr)));
  switch (place.kind) {
    case 'eni': {
      const { eni } = place;
      return {
        kind: 'interface',
        eni: eni.id,
        instance: eni.attachment?.instanceId ?? null,
        name: eniName(world, eni) ?? null,
        vpc: eni.vpcId,
        subnet: eni.subnetId,
        groups: eni.groups,
        addresses,
        publicAddress: place.public === undefined || place.family === 'ipv6' ? null : formatAddress(place.public),
        asked: place.asked,
      };
    }
    case 'vacant':
      return { kind: 'vacant', vpc: place.vpcId, addresses };
    case 'internet':
    case 'elsewhere':
      return { kind: place.kind, addresses };
    default:
      return unreachable(place);
  }
}

/** A rule, entry or route as its document. */
export function ruleDocument(ref: RuleRef): RuleDocument {
  switch (ref.kind) {
    case 'rule':
      return {
        kind: 'rule',
        id: ref.rule.id,
        group: ref.groupId,
        direction: ref.rule.direction,
        traffic: formatTraffic(ref.rule.traffic),
        peer: peerText(ref.rule.peer),
        description: ref.rule.description ?? null,
      };
    case 'entry':
      return {
        kind: 'entry',
        acl: ref.aclId,
        direction: ref.entry.direction,
        number: ref.entry.number,
        action: ref.entry.action,
        traffic: formatTraffic(ref.entry.traffic),
        cidr: formatCidr(ref.entry.cidr),
      };
    case 'default-entry':
      return { kind: 'default-entry', acl: ref.aclId };
    case 'route': {
      const { destination, target } = ref.route;
      return {
        kind: 'route',
        routeTable: ref.routeTableId,
        destination: destination.kind === 'cidr' ? formatCidr(destination.cidr) : destination.prefixListId,
        target: targetText(target),
      };
    }
    default:
      return unreachable(ref);
  }
}

/** A packet of a path as its document. */
export function packetDocument(
  header: { readonly source: Address; readonly destination: Address },
  transport: Transport,
): PacketDocument {
  const base = { source: formatAddress(header.source), destination: formatAddress(header.destination) };
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return {
        ...base,
        protocol: transport.kind,
        sourcePort: transport.sourcePort,
        destinationPort: transport.destinationPort,
      };
    case 'icmp':
    case 'icmpv6':
      return { ...base, protocol: transport.kind, type: transport.type, code: transport.code };
    case 'protocol':
      return { ...base, protocol: String(transport.protocol) };
    default:
      return unreachable(transport);
  }
}
