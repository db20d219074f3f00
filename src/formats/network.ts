import {
  asId,
  type EniId,
  type InternetGatewayId,
  type RouteTableId,
  type SubnetId,
  type VpcId,
} from '../core/model/ids.ts';
import type {
  EgressOnlyGateway,
  ElasticAddress,
  InternetGateway,
  NatAddress,
  NatGateway,
  PeeringConnection,
  PeeringSide,
} from '../core/model/gateway.ts';
import type { Route, RouteDestination, RouteTable, RouteTarget } from '../core/model/route-table.ts';
import type { Subnet, Vpc } from '../core/model/vpc.ts';
import type { Cidr } from '../core/net/cidr.ts';
import type { Value } from './fields.ts';

/** A VPC; prefixes that were taken away again are still listed by AWS and left out here. */
export function readVpc(value: Value): Vpc {
  const rows = associated(value.get('CidrBlockAssociationSet'), 'CidrBlock');
  const primary = value.get('CidrBlock').isPresent ? [value.get('CidrBlock').cidr()] : [];
  const rest = rows.filter(
    (cidr) => !primary.some((own) => own.length === cidr.length && own.base.w0 === cidr.base.w0),
  );
  return {
    id: asId(value.get('VpcId').text()),
    ownerId: value.get('OwnerId').textOr(''),
    isDefault: value.get('IsDefault').flagOr(false),
    cidrs: [...primary, ...rest, ...associated(value.get('Ipv6CidrBlockAssociationSet'), 'Ipv6CidrBlock')],
    ...(value.has('MainRouteTable') ? { mainRouteTable: unheldTable(value.get('MainRouteTable')) } : {}),
    tags: value.get('Tags').tags(),
  };
}

/** A subnet without its associations: NACLs and route tables bring those. */
export function readSubnet(value: Value): Subnet {
  const ipv4 = value.get('CidrBlock').isPresent ? [value.get('CidrBlock').cidr()] : [];
  const zone = value.get('AvailabilityZone');
  return {
    id: asId(value.get('SubnetId').text()),
    vpcId: asId(value.get('VpcId').text()),
    cidrs: [...ipv4, ...associated(value.get('Ipv6CidrBlockAssociationSet'), 'Ipv6CidrBlock')],
    ...(zone.isPresent ? { availabilityZone: zone.text() } : {}),
    mapPublicIpOnLaunch: value.get('MapPublicIpOnLaunch').flagOr(false),
    assignIpv6OnCreation: value.get('AssignIpv6AddressOnCreation').flagOr(false),
    ...(value.has('RouteTable') ? { routeTable: unheldTable(value.get('RouteTable')) } : {}),
    ...unheldAcl(value),
    tags: value.get('Tags').tags(),
  };
}

/** A link to a route table that is not in the export: only our own export says it on this side. */
function unheldTable(value: Value): NonNullable<Subnet['routeTable']> {
  const associationId = value.get('RouteTableAssociationId').textOr('');
  return { associationId, routeTableId: asId(value.get('RouteTableId').text()) };
}

/** The same for a network ACL. */
function unheldAcl(value: Value): Pick<Subnet, 'networkAcl'> {
  if (!value.has('NetworkAcl')) return {};
  const link = value.get('NetworkAcl');
  const associationId = link.get('NetworkAclAssociationId').textOr('');
  return { networkAcl: { associationId, aclId: asId(link.get('NetworkAclId').text()) } };
}

function associated(list: Value, field: string): readonly Cidr[] {
  return list
    .list()
    .filter(
      (row) =>
        row.get(`${field}State`).get('State').textOr('associated') === 'associated' ||
        !row.get(`${field}State`).isPresent,
    )
    .map((row) => row.get(field).cidr());
}

/** The account of a record, where the document says it. */
export function ownerOf(value: Value): { readonly ownerId?: string } {
  return value.has('OwnerId') ? { ownerId: value.get('OwnerId').text() } : {};
}

/** What a route table says of others: which subnets use it, for which VPC it is the main one, which gateway's edge it stands at. */
export type TableLink = { readonly associationId: string; readonly routeTableId: RouteTableId } & (
  | { readonly kind: 'main'; readonly vpcId: VpcId }
  | { readonly kind: 'subnet'; readonly subnetId: SubnetId }
  | { readonly kind: 'edge'; readonly gatewayId: InternetGatewayId }
);

export function readRouteTable(value: Value): { readonly table: RouteTable; readonly links: readonly TableLink[] } {
  const id = asId<RouteTableId>(value.get('RouteTableId').text());
  const vpcId = asId<VpcId>(value.get('VpcId').text());
  const links = value
    .get('Associations')
    .list()
    .flatMap((row): TableLink[] => {
      const base = { associationId: row.get('RouteTableAssociationId').textOr(''), routeTableId: id };
      if (
        row.get('AssociationState').isPresent &&
        row.get('AssociationState').get('State').textOr('associated') !== 'associated'
      )
        return [];
      if (row.get('Main').flagOr(false)) return [{ ...base, kind: 'main', vpcId }];
      if (row.get('GatewayId').isPresent)
        return [{ ...base, kind: 'edge', gatewayId: asId(row.get('GatewayId').text()) }];
      return [{ ...base, kind: 'subnet', subnetId: asId(row.get('SubnetId').text()) }];
    });
  return {
    table: {
      id,
      vpcId,
      ...ownerOf(value),
      routes: value.get('Routes').list().map(readRoute),
      tags: value.get('Tags').tags(),
    },
    links,
  };
}

function readRoute(value: Value): Route {
  const state = value.get('State').isPresent ? value.get('State').oneOf(['active', 'blackhole', 'filtered']) : 'active';
  const target = readTarget(value);
  const origin =
    target.kind === 'local'
      ? 'local'
      : value.get('Origin').textOr('CreateRoute') === 'EnableVgwRoutePropagation'
        ? 'propagated'
        : 'static';
  return { destination: readDestination(value), target, state, origin };
}

function readDestination(value: Value): RouteDestination {
  for (const name of ['DestinationCidrBlock', 'DestinationIpv6CidrBlock']) {
    if (value.get(name).isPresent) return { kind: 'cidr', cidr: value.get(name).cidr() };
  }
  return { kind: 'prefix-list', prefixListId: asId(value.get('DestinationPrefixListId').text()) };
}

/** Members that name a target, in the order in which AWS may print several: an interface beside its instance is the truth. */
const TARGETS = [
  'NetworkInterfaceId',
  'NatGatewayId',
  'EgressOnlyInternetGatewayId',
  'VpcPeeringConnectionId',
  'GatewayId',
  'TransitGatewayId',
  'LocalGatewayId',
  'CarrierGatewayId',
  'CoreNetworkArn',
  'OdbNetworkArn',
  'InstanceId',
];

function readTarget(value: Value): RouteTarget {
  for (const name of TARGETS) {
    if (!value.get(name).isPresent) continue;
    const id = value.get(name).text();
    if (name === 'NetworkInterfaceId') return { kind: 'eni', id: asId<EniId>(id) };
    if (name === 'NatGatewayId') return { kind: 'nat-gateway', id: asId(id) };
    if (name === 'EgressOnlyInternetGatewayId') return { kind: 'egress-only-gateway', id: asId(id) };
    if (name === 'VpcPeeringConnectionId') return { kind: 'peering', id: asId(id) };
    if (name === 'GatewayId' && id === 'local') return { kind: 'local' };
    if (name === 'GatewayId' && id.startsWith('igw-')) return { kind: 'internet-gateway', id: asId(id) };
    return { kind: 'unmodelled', id };
  }
  return { kind: 'unmodelled', id: `a target that ${value.place} does not name` };
}

export function readInternetGateway(value: Value): InternetGateway {
  const attachment = value
    .get('Attachments')
    .list()
    .find((row) => ['available', 'attached', 'attaching'].includes(row.get('State').textOr('')));
  return {
    id: asId(value.get('InternetGatewayId').text()),
    ...ownerOf(value),
    ...(attachment === undefined ? {} : { vpcId: asId<VpcId>(attachment.get('VpcId').text()) }),
    tags: value.get('Tags').tags(),
  };
}

export function readEgressOnly(value: Value): EgressOnlyGateway {
  const attachment = value
    .get('Attachments')
    .list()
    .find((row) => ['available', 'attached', 'attaching'].includes(row.get('State').textOr('')));
  return {
    id: asId(value.get('EgressOnlyInternetGatewayId').text()),
    ...(attachment === undefined ? {} : { vpcId: asId<VpcId>(attachment.get('VpcId').text()) }),
    tags: value.get('Tags').tags(),
  };
}

export function readNat(value: Value): NatGateway {
  const type = value.get('ConnectivityType');
  const connectivity = type.isPresent ? type.oneOf(['public', 'private']) : 'public';
  return {
    id: asId(value.get('NatGatewayId').text()),
    vpcId: asId(value.get('VpcId').text()),
    subnetId: asId(value.get('SubnetId').text()),
    connectivity,
    state: value.get('State').textOr('available'),
    addresses: value
      .get('NatGatewayAddresses')
      .list()
      .filter((row) => row.get('PrivateIp').isPresent)
      .map(readNatAddress),
    tags: value.get('Tags').tags(),
  };
}

function readNatAddress(value: Value): NatAddress {
  return {
    private: value.get('PrivateIp').address(),
    ...(value.get('PublicIp').isPresent ? { public: value.get('PublicIp').address() } : {}),
    ...(value.get('AllocationId').isPresent ? { allocationId: asId(value.get('AllocationId').text()) } : {}),
    ...(value.get('NetworkInterfaceId').isPresent ? { eniId: asId(value.get('NetworkInterfaceId').text()) } : {}),
  };
}

export function readAddresses(value: Value): ElasticAddress {
  const publicIp = value.get('PublicIp');
  return {
    id: asId(value.get('AllocationId').textOr(publicIp.text())),
    public: publicIp.address(),
    ...(value.get('AssociationId').isPresent ? { associationId: value.get('AssociationId').text() } : {}),
    ...(value.get('NetworkInterfaceId').isPresent ? { eniId: asId(value.get('NetworkInterfaceId').text()) } : {}),
    ...(value.get('PrivateIpAddress').isPresent ? { private: value.get('PrivateIpAddress').address() } : {}),
    tags: value.get('Tags').tags(),
  };
}

export function readPeering(value: Value): PeeringConnection {
  return {
    id: asId(value.get('VpcPeeringConnectionId').text()),
    status: value.get('Status').get('Code').text(),
    requester: readSide(value.get('RequesterVpcInfo')),
    accepter: readSide(value.get('AccepterVpcInfo')),
    tags: value.get('Tags').tags(),
  };
}

function readSide(value: Value): PeeringSide {
  const ipv4 = value
    .get('CidrBlockSet')
    .list()
    .map((row) => row.get('CidrBlock').cidr());
  const single = ipv4.length === 0 && value.get('CidrBlock').isPresent ? [value.get('CidrBlock').cidr()] : [];
  const ipv6 = value
    .get('Ipv6CidrBlockSet')
    .list()
    .map((row) => row.get('Ipv6CidrBlock').cidr());
  return {
    vpcId: asId(value.get('VpcId').text()),
    ownerId: value.get('OwnerId').textOr(''),
    ...(value.get('Region').isPresent ? { region: value.get('Region').text() } : {}),
    cidrs: [...ipv4, ...single, ...ipv6],
  };
}
