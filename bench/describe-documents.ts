// Documents with the members that AWS's describe calls print, for the kinds of record that a generated estate has.
import { formatAddress } from '../src/core/net/address.ts';
import { type Cidr, formatCidr } from '../src/core/net/cidr.ts';
import { type Traffic, trafficProtocol } from '../src/core/net/traffic.ts';
import type { Eni } from '../src/core/model/eni.ts';
import type { AclEntry, NetworkAcl } from '../src/core/model/network-acl.ts';
import { type Route, type RouteTable, targetText } from '../src/core/model/route-table.ts';
import type { Direction, Rule, SecurityGroup } from '../src/core/model/security-group.ts';
import type { Subnet, Vpc } from '../src/core/model/vpc.ts';
import type { RecordLists } from '../src/core/model/world.ts';
import { idOf } from './world-ids.ts';

type Json = { readonly [member: string]: unknown };

/** One document for each describe call, by the name of its file. */
export function describeDocuments(lists: RecordLists): ReadonlyMap<string, Json> {
  const { vpcs = [], subnets = [], acls = [], routeTables = [], groups = [], enis = [] } = lists;
  return new Map<string, Json>([
    ['vpcs.json', { Vpcs: vpcs.map(vpcJson) }],
    ['subnets.json', { Subnets: subnets.map(subnetJson) }],
    ['network-acls.json', { NetworkAcls: acls.map((acl) => aclJson(acl, subnets)) }],
    ['route-tables.json', { RouteTables: routeTables.map((table) => tableJson(table, subnets)) }],
    [
      'internet-gateways.json',
      {
        InternetGateways: (lists.internetGateways ?? []).map((one) => ({
          Attachments: attachments(one.vpcId),
          InternetGatewayId: one.id,
          OwnerId: one.ownerId,
          Tags: [],
        })),
      },
    ],
    [
      'egress-only-internet-gateways.json',
      {
        EgressOnlyInternetGateways: (lists.egressOnlyGateways ?? []).map((one) => ({
          Attachments: attachments(one.vpcId),
          EgressOnlyInternetGatewayId: one.id,
          Tags: [],
        })),
      },
    ],
    ['nat-gateways.json', { NatGateways: (lists.natGateways ?? []).map(natJson) }],
    ['vpc-peering-connections.json', { VpcPeeringConnections: [] }],
    ['security-groups.json', { SecurityGroups: groups.map(groupJson) }],
    [
      'security-group-rules.json',
      { SecurityGroupRules: groups.flatMap((group) => group.rules.map((rule) => rowJson(group, rule))) },
    ],
    ['network-interfaces.json', { NetworkInterfaces: enis.map(eniJson) }],
  ]);
}

function attachments(vpcId: string | undefined): readonly Json[] {
  return vpcId === undefined ? [] : [{ State: 'available', VpcId: vpcId }];
}

function vpcJson(vpc: Vpc): Json {
  const [primary] = vpc.cidrs;
  return {
    OwnerId: vpc.ownerId,
    InstanceTenancy: 'default',
    Ipv6CidrBlockAssociationSet: vpc.cidrs.filter(isIpv6).map((cidr, index) => ({
      AssociationId: idOf('vpc-cidr-assoc', 1000 + index),
      Ipv6CidrBlock: formatCidr(cidr),
      Ipv6CidrBlockState: { State: 'associated' },
      NetworkBorderGroup: 'eu-west-1',
      Ipv6Pool: 'Amazon',
    })),
    CidrBlockAssociationSet: vpc.cidrs
      .filter((cidr) => !isIpv6(cidr))
      .map((cidr, index) => ({
        AssociationId: idOf('vpc-cidr-assoc', index),
        CidrBlock: formatCidr(cidr),
        CidrBlockState: { State: 'associated' },
      })),
    IsDefault: vpc.isDefault,
    Tags: [],
    VpcId: vpc.id,
    State: 'available',
    CidrBlock: primary === undefined ? '' : formatCidr(primary),
    DhcpOptionsId: idOf('dopt', 0),
  };
}

function subnetJson(subnet: Subnet): Json {
  const [ipv4Block] = subnet.cidrs;
  return {
    AvailabilityZoneId: 'euw1-az1',
    MapCustomerOwnedIpOnLaunch: false,
    OwnerId: '111122223333',
    AssignIpv6AddressOnCreation: subnet.assignIpv6OnCreation,
    Ipv6CidrBlockAssociationSet: subnet.cidrs.filter(isIpv6).map((cidr) => ({
      AssociationId: idOf('subnet-cidr-assoc', 0),
      Ipv6CidrBlock: formatCidr(cidr),
      Ipv6CidrBlockState: { State: 'associated' },
    })),
    Tags: subnet.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    SubnetArn: `arn:aws:ec2:eu-west-1:111122223333:subnet/${subnet.id}`,
    EnableDns64: false,
    Ipv6Native: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    SubnetId: subnet.id,
    State: 'available',
    VpcId: subnet.vpcId,
    CidrBlock: ipv4Block === undefined ? '' : formatCidr(ipv4Block),
    AvailableIpAddressCount: 500,
    AvailabilityZone: subnet.availabilityZone,
    DefaultForAz: false,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
  };
}

function aclJson(acl: NetworkAcl, subnets: readonly Subnet[]): Json {
  const finals = [true, false].flatMap((isEgress): readonly Json[] => [
    { CidrBlock: '0.0.0.0/0', Egress: isEgress, Protocol: '-1', RuleAction: 'deny', RuleNumber: 32_767 },
  ]);
  return {
    Associations: subnets
      .filter((subnet) => subnet.networkAcl?.aclId === acl.id)
      .map((subnet) => ({
        NetworkAclAssociationId: subnet.networkAcl?.associationId,
        NetworkAclId: acl.id,
        SubnetId: subnet.id,
      })),
    Entries: [...acl.entries.map(entryJson), ...finals],
    IsDefault: acl.isDefault,
    NetworkAclId: acl.id,
    Tags: [],
    VpcId: acl.vpcId,
    OwnerId: '111122223333',
  };
}

function entryJson(entry: AclEntry): Json {
  const { traffic } = entry;
  return {
    [isIpv6(entry.cidr) ? 'Ipv6CidrBlock' : 'CidrBlock']: formatCidr(entry.cidr),
    Egress: entry.direction === 'egress',
    ...(traffic.kind === 'icmp' || traffic.kind === 'icmpv6'
      ? { IcmpTypeCode: { Type: numberOr(traffic.type), Code: numberOr(traffic.code) } }
      : {}),
    ...(traffic.kind === 'tcp' || traffic.kind === 'udp'
      ? { PortRange: { From: traffic.ports.from, To: traffic.ports.to } }
      : {}),
    Protocol: String(trafficProtocol(traffic) ?? -1),
    RuleAction: entry.action,
    RuleNumber: entry.number,
  };
}

function tableJson(table: RouteTable, subnets: readonly Subnet[]): Json {
  const explicit = subnets.filter((subnet) => subnet.routeTable?.routeTableId === table.id);
  const isMain = explicit.length === 0;
  const state = { State: 'associated' };
  return {
    Associations: isMain
      ? [{ Main: true, RouteTableAssociationId: idOf('rtbassoc', 0), RouteTableId: table.id, AssociationState: state }]
      : explicit.map((subnet) => ({
          Main: false,
          RouteTableAssociationId: subnet.routeTable?.associationId,
          RouteTableId: table.id,
          SubnetId: subnet.id,
          AssociationState: state,
        })),
    PropagatingVgws: [],
    RouteTableId: table.id,
    Routes: table.routes.map(routeJson),
    Tags: [],
    VpcId: table.vpcId,
    OwnerId: '111122223333',
  };
}

const TARGET_MEMBERS: Readonly<Record<Route['target']['kind'], string>> = {
  local: 'GatewayId',
  'internet-gateway': 'GatewayId',
  'egress-only-gateway': 'EgressOnlyInternetGatewayId',
  'nat-gateway': 'NatGatewayId',
  peering: 'VpcPeeringConnectionId',
  eni: 'NetworkInterfaceId',
  unmodelled: 'TransitGatewayId',
};

function routeJson({ destination, target, state, origin }: Route): Json {
  return {
    ...(destination.kind === 'prefix-list'
      ? { DestinationPrefixListId: destination.prefixListId }
      : {
          [isIpv6(destination.cidr) ? 'DestinationIpv6CidrBlock' : 'DestinationCidrBlock']: formatCidr(
            destination.cidr,
          ),
        }),
    [TARGET_MEMBERS[target.kind]]: targetText(target),
    Origin: origin === 'local' ? 'CreateRouteTable' : 'CreateRoute',
    State: state,
  };
}

function natJson(nat: NonNullable<RecordLists['natGateways']>[number]): Json {
  return {
    CreateTime: '2026-03-02T09:00:00+00:00',
    NatGatewayAddresses: nat.addresses.map((own) => ({
      PrivateIp: formatAddress(own.private),
      ...(own.public === undefined ? {} : { PublicIp: formatAddress(own.public) }),
      IsPrimary: true,
      Status: 'succeeded',
    })),
    NatGatewayId: nat.id,
    State: nat.state,
    SubnetId: nat.subnetId,
    VpcId: nat.vpcId,
    ConnectivityType: nat.connectivity,
    Tags: [],
  };
}

function groupJson(group: SecurityGroup): Json {
  return {
    Description: group.description,
    GroupName: group.name,
    IpPermissions: permissions(group, 'ingress'),
    OwnerId: group.ownerId,
    GroupId: group.id,
    IpPermissionsEgress: permissions(group, 'egress'),
    Tags: [],
    VpcId: group.vpcId,
    SecurityGroupArn: `arn:aws:ec2:eu-west-1:${group.ownerId}:security-group/${group.id}`,
  };
}

/** AWS gathers the peers of one traffic in one permission. */
function permissions(group: SecurityGroup, direction: Direction): readonly Json[] {
  const own = group.rules.filter((rule) => rule.direction === direction);
  return [...Map.groupBy(own, (rule) => JSON.stringify(trafficJson(rule.traffic))).values()].map((rules) => ({
    ...trafficJson(rules[0]?.traffic ?? { kind: 'all' }),
    IpRanges: rules.flatMap(({ peer }) =>
      peer.kind === 'cidr' && !isIpv6(peer.cidr) ? [{ CidrIp: formatCidr(peer.cidr) }] : [],
    ),
    Ipv6Ranges: rules.flatMap(({ peer }) =>
      peer.kind === 'cidr' && isIpv6(peer.cidr) ? [{ CidrIpv6: formatCidr(peer.cidr) }] : [],
    ),
    PrefixListIds: [],
    UserIdGroupPairs: rules.flatMap(({ peer }) =>
      peer.kind === 'group' ? [{ UserId: group.ownerId, GroupId: peer.groupId }] : [],
    ),
  }));
}

function rowJson(group: SecurityGroup, { id, direction, traffic, peer }: Rule): Json {
  const numbers = trafficJson(traffic);
  return {
    SecurityGroupRuleId: id,
    GroupId: group.id,
    GroupOwnerId: group.ownerId,
    IsEgress: direction === 'egress',
    FromPort: -1,
    ToPort: -1,
    ...numbers,
    ...(peer.kind === 'cidr' ? { [isIpv6(peer.cidr) ? 'CidrIpv6' : 'CidrIpv4']: formatCidr(peer.cidr) } : {}),
    ...(peer.kind === 'group' ? { ReferencedGroupInfo: { GroupId: peer.groupId, UserId: group.ownerId } } : {}),
    Tags: [],
    SecurityGroupRuleArn: `arn:aws:ec2:eu-west-1:${group.ownerId}:security-group-rule/${id}`,
  };
}

function trafficJson(traffic: Traffic): Json {
  switch (traffic.kind) {
    case 'all':
      return { IpProtocol: '-1' };
    case 'tcp':
    case 'udp':
      return { IpProtocol: traffic.kind, FromPort: traffic.ports.from, ToPort: traffic.ports.to };
    case 'icmp':
    case 'icmpv6':
      return { IpProtocol: traffic.kind, FromPort: numberOr(traffic.type), ToPort: numberOr(traffic.code) };
    case 'protocol':
      return { IpProtocol: String(traffic.protocol) };
  }
}

function eniJson(eni: Eni, index: number): Json {
  const ipv4Rows = eni.addresses
    .filter((own) => own.address.family === 'ipv4')
    .map((own) => {
      const privateIp = formatAddress(own.address);
      const association =
        own.public === undefined
          ? {}
          : {
              Association: {
                IpOwnerId: 'amazon',
                PublicDnsName: `ec2-${formatAddress(own.public.address).replaceAll('.', '-')}.eu-west-1.compute.amazonaws.com`,
                PublicIp: formatAddress(own.public.address),
              },
            };
      return {
        ...association,
        Primary: own.isPrimary,
        PrivateDnsName: `ip-${privateIp.replaceAll('.', '-')}.eu-west-1.compute.internal`,
        PrivateIpAddress: privateIp,
      };
    });
  const { Primary: _, ...primary } = ipv4Rows[0] ?? { Primary: true };
  return {
    ...primary,
    Attachment: {
      AttachTime: '2026-03-02T09:00:00+00:00',
      AttachmentId: eni.attachment?.attachmentId,
      DeleteOnTermination: true,
      DeviceIndex: eni.attachment?.deviceIndex,
      NetworkCardIndex: 0,
      InstanceId: eni.attachment?.instanceId,
      InstanceOwnerId: eni.ownerId,
      Status: 'attached',
    },
    AvailabilityZone: 'eu-west-1a',
    Description: eni.description,
    Groups: eni.groups.map((id) => ({ GroupName: `group ${id.slice(-4)}`, GroupId: id })),
    InterfaceType: eni.interfaceType,
    Ipv6Addresses: eni.addresses
      .filter((own) => own.address.family === 'ipv6')
      .map((own) => ({ Ipv6Address: formatAddress(own.address), IsPrimaryIpv6: false })),
    MacAddress: `02:00:00:${(index >> 16).toString(16).padStart(2, '0')}:${((index >> 8) & 255).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
    NetworkInterfaceId: eni.id,
    OwnerId: eni.ownerId,
    PrivateIpAddresses: ipv4Rows,
    RequesterManaged: false,
    SourceDestCheck: eni.sourceDestCheck,
    Status: eni.status,
    SubnetId: eni.subnetId,
    TagSet: [{ Key: 'Name', Value: `machine-${index}` }],
    VpcId: eni.vpcId,
  };
}

function isIpv6(cidr: Cidr): boolean {
  return cidr.family === 'ipv6';
}

function numberOr(value: number | 'any'): number {
  return value === 'any' ? -1 : value;
}
