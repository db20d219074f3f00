import type {
  AnalysisAclRule,
  AnalysisComponent,
  AnalysisPacketHeader,
  AnalysisRouteTableRoute,
  AnalysisSecurityGroupRule,
  PortRange,
} from '@aws-sdk/client-ec2';
import { parseCidr } from '../../../core/net/cidr.ts';
import { parseTraffic } from '../../../core/net/traffic.ts';
import { getRecord, type World } from '../../../core/model/world.ts';
import type { HopDocument } from '../../../analysis/answer-document.ts';
import { nameOf } from '../../../analysis/names.ts';
import type { Ranges, RuleDocument } from '../../../analysis/part-documents.ts';
import { arnOf, type Realm } from '../../control/env.ts';
import { TAGGABLE } from '../../control/tags/taggable.ts';
import { portsOf } from '../group-shapes.ts';

/** The world that an answer is about, and whose it is. */
export type View = { readonly world: World; readonly realm: Realm };

/** A resource by its id, with its ARN and the name that it has in the world. */
export function componentFor(id: string, { world, realm }: View): AnalysisComponent {
  const prefix = /^[a-z]+(?=-)/.exec(id)?.[0] ?? '';
  const type = TAGGABLE.get(prefix)?.type;
  const name = nameOf(world, id);
  return {
    Id: id,
    ...(type === undefined ? {} : { Arn: arnOf(realm, type, id) }),
    ...(name === undefined ? {} : { Name: name }),
  };
}

/** Where a resource is: its subnet and VPC, as far as it has them; of an interface also what it is attached to. */
export function homeOf(
  id: string,
  view: View,
): { readonly AttachedTo?: AnalysisComponent; readonly Subnet?: AnalysisComponent; readonly Vpc?: AnalysisComponent } {
  const { world } = view;
  const eni = getRecord(world, 'enis', id);
  const instance = eni?.attachment?.instanceId;
  const subnet = eni?.subnetId ?? getRecord(world, 'natGateways', id)?.subnetId;
  const vpc =
    eni?.vpcId ??
    getRecord(world, 'subnets', id)?.vpcId ??
    getRecord(world, 'routeTables', id)?.vpcId ??
    getRecord(world, 'natGateways', id)?.vpcId ??
    getRecord(world, 'internetGateways', id)?.vpcId ??
    getRecord(world, 'egressOnlyGateways', id)?.vpcId ??
    getRecord(world, 'groups', id)?.vpcId ??
    getRecord(world, 'acls', id)?.vpcId;
  return {
    ...(instance === undefined ? {} : { AttachedTo: componentFor(instance, view) }),
    ...(subnet === undefined ? {} : { Subnet: componentFor(subnet, view) }),
    ...(vpc === undefined ? {} : { Vpc: componentFor(vpc, view) }),
  };
}

type Kinded<K extends RuleDocument['kind']> = Extract<RuleDocument, { kind: K }>;

/** A rule of a group. */
export function groupRule({ group, direction, traffic, peer }: Kinded<'rule'>): AnalysisSecurityGroupRule {
  const isCidr = parseCidr(peer).ok;
  return {
    SecurityGroupId: !isCidr && peer.startsWith('sg-') ? peer : group,
    Direction: direction,
    ...trafficShape(traffic),
    ...(!isCidr && peer.startsWith('pl-') ? { PrefixListId: peer } : {}),
    ...(isCidr ? { Cidr: peer } : {}),
  };
}

/** An entry of a NACL; the final deny has no entry of its own (AWS shows it as 32767). */
export function aclRule(rule: RuleDocument, { stage }: Pick<HopDocument, 'stage'>): AnalysisAclRule {
  const Egress = stage === 'acl-egress';
  if (rule.kind !== 'entry') return { Egress, RuleAction: 'deny', RuleNumber: 32_767, Protocol: 'all' };
  const { number, action, traffic, cidr } = rule;
  return { Egress, RuleNumber: number, RuleAction: action, Cidr: cidr, ...trafficShape(traffic) };
}

function trafficShape(text: string): { Protocol?: string; PortRange?: PortRange } {
  const traffic = parseTraffic(text);
  if (!traffic.ok) return {};
  const { IpProtocol, FromPort, ToPort } = portsOf(traffic.value);
  const hasPorts = FromPort !== undefined && ToPort !== undefined && 'ports' in traffic.value;
  return {
    Protocol: traffic.value.kind === 'all' ? 'all' : IpProtocol,
    ...(hasPorts ? { PortRange: { From: FromPort, To: ToPort } } : {}),
  };
}

/** Where a route leads, by the prefix of its target. */
const TARGETS: readonly (readonly [prefix: string, member: keyof AnalysisRouteTableRoute])[] = [
  ['nat-', 'NatGatewayId'],
  ['pcx-', 'VpcPeeringConnectionId'],
  ['eni-', 'NetworkInterfaceId'],
  ['eigw-', 'EgressOnlyInternetGatewayId'],
  ['tgw-', 'TransitGatewayId'],
  ['cagw-', 'CarrierGatewayId'],
  ['lgw-', 'LocalGatewayId'],
  ['arn:', 'CoreNetworkArn'],
];

/** A route of a route table. `state`: as the packet met it. */
export function routeOf(
  { destination, target }: Kinded<'route'>,
  state: 'active' | 'blackhole' = 'active',
): AnalysisRouteTableRoute {
  const member = TARGETS.find(([prefix]) => target.startsWith(prefix));
  return {
    ...(destination.startsWith('pl-') ? { DestinationPrefixListId: destination } : { DestinationCidr: destination }),
    [member?.[1] ?? 'GatewayId']: target,
    Origin: target === 'local' ? 'CreateRouteTable' : 'CreateRoute',
    State: state,
  };
}

/** A header: addresses as they are at one place, ports as ranges, the protocol by its number. */
export function headerShape(
  addresses: { readonly source: string; readonly destination: string },
  {
    protocol,
    sourcePorts,
    destinationPorts,
  }: { readonly protocol: string; readonly sourcePorts: Ranges; readonly destinationPorts: Ranges },
): AnalysisPacketHeader {
  return {
    SourceAddresses: [rangeText(addresses.source)],
    DestinationAddresses: [rangeText(addresses.destination)],
    Protocol: protocol,
    SourcePortRanges: rangeShapes(sourcePorts),
    DestinationPortRanges: rangeShapes(destinationPorts),
  };
}

/** Ranges of ports. */
export function rangeShapes(ranges: Ranges): PortRange[] {
  return ranges.map(([From, To]) => ({ From, To }));
}

/** An address in CIDR notation. */
export function rangeText(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}
