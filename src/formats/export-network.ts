import { formatAddress } from '../core/net/address.ts';
import { type Cidr, formatCidr } from '../core/net/cidr.ts';
import type {
  EgressOnlyGateway,
  ElasticAddress,
  InternetGateway,
  NatGateway,
  PeeringConnection,
  PeeringSide,
} from '../core/model/gateway.ts';
import type { VpcId } from '../core/model/ids.ts';
import type { Route, RouteTable } from '../core/model/route-table.ts';
import type { Subnet, Vpc } from '../core/model/vpc.ts';
import { getRecord, indexedIds, listRecords, type World } from '../core/model/world.ts';
import { type Shape, tagShapes } from './shape.ts';

const ASSOCIATED = { State: 'associated' } as const;

/** A VPC as describe-vpcs prints it. */
export function describeVpc(world: World, vpc: Vpc): Shape {
  const [primary, ...others] = ofFamily(vpc.cidrs, 'ipv4');
  const main = vpc.mainRouteTable;
  return {
    VpcId: vpc.id,
    OwnerId: vpc.ownerId,
    IsDefault: vpc.isDefault,
    CidrBlock: primary,
    CidrBlockAssociationSet: (primary === undefined ? [] : [primary, ...others]).map((cidr) => ({
      CidrBlock: cidr,
      CidrBlockState: ASSOCIATED,
    })),
    Ipv6CidrBlockAssociationSet: ipv6Associations(vpc.cidrs),
    MainRouteTable:
      main === undefined || getRecord(world, 'routeTables', main.routeTableId) !== undefined
        ? undefined
        : { RouteTableAssociationId: main.associationId, RouteTableId: main.routeTableId },
    Tags: tagShapes(vpc.tags),
  };
}

/** A subnet as describe-subnets prints it. */
export function describeSubnet(world: World, subnet: Subnet): Shape {
  const { routeTable, networkAcl } = subnet;
  return {
    SubnetId: subnet.id,
    VpcId: subnet.vpcId,
    CidrBlock: ofFamily(subnet.cidrs, 'ipv4')[0],
    Ipv6CidrBlockAssociationSet: ipv6Associations(subnet.cidrs),
    AvailabilityZone: subnet.availabilityZone,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    AssignIpv6AddressOnCreation: subnet.assignIpv6OnCreation,
    RouteTable:
      routeTable === undefined || getRecord(world, 'routeTables', routeTable.routeTableId) !== undefined
        ? undefined
        : { RouteTableAssociationId: routeTable.associationId, RouteTableId: routeTable.routeTableId },
    NetworkAcl:
      networkAcl === undefined || getRecord(world, 'acls', networkAcl.aclId) !== undefined
        ? undefined
        : { NetworkAclAssociationId: networkAcl.associationId, NetworkAclId: networkAcl.aclId },
    Tags: tagShapes(subnet.tags),
  };
}

/** A route table as describe-route-tables prints it, with the subnets, VPC and gateways that use it. */
export function describeRouteTable(world: World, table: RouteTable): Shape {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: table.ownerId,
    Associations: tableAssociations(world, table),
    Routes: table.routes.map(describeRoute),
    Tags: tagShapes(table.tags),
  };
}

function tableAssociations(world: World, table: RouteTable): readonly Shape[] {
  const base = { RouteTableId: table.id, AssociationState: ASSOCIATED };
  const main = getRecord(world, 'vpcs', table.vpcId)?.mainRouteTable;
  const subnets = [...listRecords(world, 'subnets')].filter((one) => one.routeTable?.routeTableId === table.id);
  const gateways = [...listRecords(world, 'internetGateways')].filter((one) => one.edgeRouteTableId === table.id);
  return [
    ...(main?.routeTableId === table.id ? [{ ...base, RouteTableAssociationId: main.associationId, Main: true }] : []),
    ...subnets.map((subnet) => ({
      ...base,
      RouteTableAssociationId: subnet.routeTable?.associationId,
      Main: false,
      SubnetId: subnet.id,
    })),
    ...gateways.map((gateway) => ({ ...base, Main: false, GatewayId: gateway.id })),
  ].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function describeRoute(route: Route): Shape {
  const { destination, target } = route;
  return {
    ...(destination.kind === 'prefix-list'
      ? { DestinationPrefixListId: destination.prefixListId }
      : destination.cidr.family === 'ipv4'
        ? { DestinationCidrBlock: formatCidr(destination.cidr) }
        : { DestinationIpv6CidrBlock: formatCidr(destination.cidr) }),
    [targetMember(target)]: target.kind === 'local' ? 'local' : target.id,
    Origin:
      route.origin === 'propagated'
        ? 'EnableVgwRoutePropagation'
        : route.origin === 'local'
          ? 'CreateRouteTable'
          : 'CreateRoute',
    State: route.state,
  };
}

/** Beginnings of the ids of targets that are not modelled, with the members that AWS names them by. */
const UNMODELLED: readonly (readonly [string, string])[] = [
  ['tgw-', 'TransitGatewayId'],
  ['lgw-', 'LocalGatewayId'],
  ['cagw-', 'CarrierGatewayId'],
  ['arn:', 'CoreNetworkArn'],
  ['i-', 'InstanceId'],
];

function targetMember(target: Route['target']): string {
  switch (target.kind) {
    case 'local':
    case 'internet-gateway':
      return 'GatewayId';
    case 'egress-only-gateway':
      return 'EgressOnlyInternetGatewayId';
    case 'nat-gateway':
      return 'NatGatewayId';
    case 'peering':
      return 'VpcPeeringConnectionId';
    case 'eni':
      return 'NetworkInterfaceId';
    case 'unmodelled':
      return UNMODELLED.find(([start]) => target.id.startsWith(start))?.[1] ?? 'GatewayId';
  }
}

/** An internet gateway as describe-internet-gateways prints it. */
export function describeInternetGateway(gateway: InternetGateway): Shape {
  return {
    InternetGatewayId: gateway.id,
    OwnerId: gateway.ownerId,
    Attachments: attachments(gateway.vpcId, 'available'),
    Tags: tagShapes(gateway.tags),
  };
}

/** An egress-only gateway as describe-egress-only-internet-gateways prints it. */
export function describeEgressOnlyGateway(gateway: EgressOnlyGateway): Shape {
  return {
    EgressOnlyInternetGatewayId: gateway.id,
    Attachments: attachments(gateway.vpcId, 'attached'),
    Tags: tagShapes(gateway.tags),
  };
}

function attachments(vpcId: VpcId | undefined, state: string): readonly Shape[] {
  return vpcId === undefined ? [] : [{ State: state, VpcId: vpcId }];
}

/** A NAT gateway as describe-nat-gateways prints it. */
export function describeNatGateway(nat: NatGateway): Shape {
  return {
    NatGatewayId: nat.id,
    VpcId: nat.vpcId,
    SubnetId: nat.subnetId,
    ConnectivityType: nat.connectivity,
    State: nat.state,
    NatGatewayAddresses: nat.addresses.map((own) => ({
      PrivateIp: formatAddress(own.private),
      PublicIp: own.public === undefined ? undefined : formatAddress(own.public),
      AllocationId: own.allocationId,
      NetworkInterfaceId: own.eniId,
    })),
    Tags: tagShapes(nat.tags),
  };
}

/** An Elastic address as describe-addresses prints it. */
export function describeElasticAddress(address: ElasticAddress): Shape {
  return {
    AllocationId: address.id,
    PublicIp: formatAddress(address.public),
    AssociationId: address.associationId,
    NetworkInterfaceId: address.eniId,
    PrivateIpAddress: address.private === undefined ? undefined : formatAddress(address.private),
    Tags: tagShapes(address.tags),
  };
}

/** A peering connection as describe-vpc-peering-connections prints it. */
export function describePeering(peering: PeeringConnection): Shape {
  return {
    VpcPeeringConnectionId: peering.id,
    Status: { Code: peering.status },
    RequesterVpcInfo: describeSide(peering.requester),
    AccepterVpcInfo: describeSide(peering.accepter),
    Tags: tagShapes(peering.tags),
  };
}

function describeSide(side: PeeringSide): Shape {
  const ipv4 = ofFamily(side.cidrs, 'ipv4');
  return {
    VpcId: side.vpcId,
    OwnerId: side.ownerId,
    Region: side.region,
    CidrBlock: ipv4[0],
    CidrBlockSet: ipv4.map((cidr) => ({ CidrBlock: cidr })),
    Ipv6CidrBlockSet: ofFamily(side.cidrs, 'ipv6').map((cidr) => ({ Ipv6CidrBlock: cidr })),
  };
}

function ofFamily(cidrs: readonly Cidr[], family: Cidr['family']): readonly string[] {
  return cidrs.filter((cidr) => cidr.family === family).map(formatCidr);
}

function ipv6Associations(cidrs: readonly Cidr[]): readonly Shape[] {
  return ofFamily(cidrs, 'ipv6').map((cidr) => ({ Ipv6CidrBlock: cidr, Ipv6CidrBlockState: ASSOCIATED }));
}

/** The subnets that an ACL filters, by id. */
export function subnetsOfAcl(world: World, aclId: string): readonly Subnet[] {
  const acl = getRecord(world, 'acls', aclId);
  const ids = acl === undefined ? [] : [...indexedIds(world, 'subnetsByVpc', acl.vpcId)];
  return ids
    .flatMap((id) => getRecord(world, 'subnets', id) ?? [])
    .filter((subnet) => subnet.networkAcl?.aclId === aclId)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
