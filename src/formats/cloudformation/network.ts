import type { Instance } from '../terraform/plan-json.ts';
import { at, type Fields, fieldsBy, flagAt, instanceOf, known, listAt, type Naming, tagsOf } from './fields.ts';
import { isList, isProperties, property, sameValue, textOf, UNKNOWN, type Value } from './value.ts';

/** A resource of a template with what its properties come to. */
export type Resource = { readonly id: string; readonly type: string; readonly properties: Value };

/** All resources of a template that are there, and one of them by its id. */
export type Resources = {
  readonly all: readonly Resource[];
  readonly byId: ReadonlyMap<string, Resource>;
  /** Where the stack is made. */
  readonly own: { readonly region: Value; readonly accountId: Value };
};

/** Types that become one of Terraform's by the names of their properties alone. */
export const NAMED: Readonly<Record<string, readonly [string, Naming]>> = {
  'AWS::EC2::EgressOnlyInternetGateway': ['aws_egress_only_internet_gateway', { vpc_id: 'VpcId' }],
  'AWS::EC2::InternetGateway': ['aws_internet_gateway', {}],
  'AWS::EC2::RouteTable': ['aws_route_table', { vpc_id: 'VpcId' }],
  'AWS::EC2::SubnetRouteTableAssociation': [
    'aws_route_table_association',
    { subnet_id: 'SubnetId', route_table_id: 'RouteTableId' },
  ],
  'AWS::EC2::GatewayRouteTableAssociation': [
    'aws_route_table_association',
    { gateway_id: 'GatewayId', route_table_id: 'RouteTableId' },
  ],
  'AWS::EC2::SubnetNetworkAclAssociation': [
    'aws_network_acl_association',
    { subnet_id: 'SubnetId', network_acl_id: 'NetworkAclId' },
  ],
  'AWS::EC2::VPNGatewayRoutePropagation': ['aws_vpn_gateway_route_propagation', { route_table_id: 'RouteTableIds[]' }],
  'AWS::EC2::NatGateway': [
    'aws_nat_gateway',
    {
      subnet_id: 'SubnetId',
      allocation_id: 'AllocationId',
      connectivity_type: '#ConnectivityType',
      private_ip: '#PrivateIpAddress',
      secondary_allocation_ids: 'SecondaryAllocationIds[]',
    },
  ],
  'AWS::EC2::NetworkInterfaceAttachment': [
    'aws_network_interface_attachment',
    { network_interface_id: 'NetworkInterfaceId', instance_id: 'InstanceId', device_index: '#DeviceIndex' },
  ],
  'AWS::EC2::SecurityGroupVpcAssociation': [
    'aws_vpc_security_group_vpc_association',
    { security_group_id: 'GroupId', vpc_id: 'VpcId' },
  ],
};

/** Types of which the properties need more than other names. */
export const NETWORK: Readonly<Record<string, (one: Resource, others: Resources) => readonly Instance[]>> = {
  'AWS::EC2::VPC': readVpc,
  'AWS::EC2::Subnet': readSubnet,
  'AWS::EC2::VPCCidrBlock': () => [],
  'AWS::EC2::SubnetCidrBlock': () => [],
  'AWS::EC2::VPCGatewayAttachment': readAttachment,
  'AWS::EC2::Route': readRoute,
  'AWS::EC2::NetworkAcl': (one) => [
    instanceOf(one.id, 'aws_network_acl', {
      vpc_id: at(one.properties, 'VpcId'),
      ingress: [],
      egress: [],
      tags: tagsOf(one.properties),
    }),
  ],
  'AWS::EC2::NetworkAclEntry': readEntry,
  'AWS::EC2::EIP': (one) => [
    instanceOf(one.id, 'aws_eip', { public_ip: UNKNOWN, instance: at(one.properties, 'InstanceId') }),
  ],
  'AWS::EC2::EIPAssociation': (one) => [
    instanceOf(one.id, 'aws_eip_association', {
      // `Ref` of an address gives the address itself: here both names mean the resource.
      allocation_id: at(one.properties, 'AllocationId') ?? at(one.properties, 'EIP'),
      instance_id: at(one.properties, 'InstanceId'),
      network_interface_id: at(one.properties, 'NetworkInterfaceId'),
      private_ip_address: at(one.properties, 'PrivateIpAddress'),
    }),
  ],
  'AWS::EC2::VPCPeeringConnection': readPeering,
  'AWS::EC2::PrefixList': readList,
};

function readVpc({ id, properties }: Resource, { all }: Resources): readonly Instance[] {
  const more = all.filter((one) => one.type === 'AWS::EC2::VPCCidrBlock' && isOf(one.properties, 'VpcId', id));
  const ipv4 = more.flatMap((one) => at(one.properties, 'CidrBlock') ?? []);
  const ipv6 = more.flatMap((one) => at(one.properties, 'Ipv6CidrBlock') ?? []);
  const isGiven = more.some(
    ({ properties: own }) =>
      at(own, 'CidrBlock') === undefined || flagAt(own, 'AmazonProvidedIpv6CidrBlock') !== undefined,
  );
  // A VPC of which any prefix may be has no edge that something could be told inside of.
  const isOpen =
    ipv4.some((one) => typeof one !== 'string') ||
    more.some(({ properties: own }) => at(own, 'Ipv4IpamPoolId') !== undefined);
  return [
    instanceOf(id, 'aws_vpc', {
      cidr_block: isOpen ? UNKNOWN : (at(properties, 'CidrBlock') ?? UNKNOWN),
      ...(isGiven ? { assign_generated_ipv6_cidr_block: true } : {}),
      ...(typeof ipv6[0] === 'string' ? { ipv6_cidr_block: ipv6[0] } : {}),
      tags: tagsOf(properties),
    }),
    ...ipv4.map((cidr, place) =>
      instanceOf(`${id}/prefix-${place}`, 'aws_vpc_ipv4_cidr_block_association', { vpc_id: id, cidr_block: cidr }),
    ),
  ];
}

function isOf(properties: Value, name: string, id: string): boolean {
  const value = at(properties, name);
  return value === id || typeof value !== 'string';
}

function readSubnet({ id, properties }: Resource, { all }: Resources): readonly Instance[] {
  const added = all.some((one) => one.type === 'AWS::EC2::SubnetCidrBlock' && isOf(one.properties, 'SubnetId', id));
  const ipv6 = at(properties, 'Ipv6CidrBlock');
  return [
    instanceOf(id, 'aws_subnet', {
      ...fieldsBy(properties, {
        vpc_id: 'VpcId',
        map_public_ip_on_launch: '?MapPublicIpOnLaunch',
        assign_ipv6_address_on_creation: '?AssignIpv6AddressOnCreation',
        ipv6_native: '?Ipv6Native',
      }),
      cidr_block:
        known(at(properties, 'CidrBlock')) ?? (flagAt(properties, 'Ipv6Native') === true ? undefined : UNKNOWN),
      ipv6_cidr_block: ipv6 === undefined && added ? UNKNOWN : known(ipv6),
      tags: tagsOf(properties),
    }),
  ];
}

function readAttachment({ id, properties }: Resource): readonly Instance[] {
  const gateway = at(properties, 'InternetGatewayId');
  return gateway === undefined
    ? []
    : [
        instanceOf(id, 'aws_internet_gateway_attachment', {
          internet_gateway_id: gateway,
          vpc_id: at(properties, 'VpcId'),
        }),
      ];
}

const ROUTE: Naming = {
  route_table_id: 'RouteTableId',
  destination_cidr_block: 'DestinationCidrBlock',
  destination_ipv6_cidr_block: 'DestinationIpv6CidrBlock',
  destination_prefix_list_id: 'DestinationPrefixListId',
  gateway_id: 'GatewayId',
  nat_gateway_id: 'NatGatewayId',
  egress_only_gateway_id: 'EgressOnlyInternetGatewayId',
  vpc_peering_connection_id: 'VpcPeeringConnectionId',
  transit_gateway_id: 'TransitGatewayId',
  vpc_endpoint_id: 'VpcEndpointId',
  local_gateway_id: 'LocalGatewayId',
  carrier_gateway_id: 'CarrierGatewayId',
  core_network_arn: 'CoreNetworkArn',
};

function readRoute({ id, properties }: Resource, { byId }: Resources): readonly Instance[] {
  const machine = at(properties, 'InstanceId');
  const target = typeof machine === 'string' ? byId.get(machine) : undefined;
  const first = target?.type === 'AWS::EC2::Instance' ? `${target.id}/eni` : undefined;
  return [
    instanceOf(id, 'aws_route', {
      ...fieldsBy(properties, ROUTE),
      network_interface_id: at(properties, 'NetworkInterfaceId') ?? first,
      instance_id: first === undefined ? machine : undefined,
    }),
  ];
}

function readEntry({ id, properties }: Resource): readonly Instance[] {
  return [
    instanceOf(id, 'aws_network_acl_rule', {
      ...fieldsBy(properties, {
        network_acl_id: 'NetworkAclId',
        rule_number: '#RuleNumber',
        rule_action: '#RuleAction',
        protocol: '#Protocol',
        cidr_block: '#CidrBlock',
        ipv6_cidr_block: '#Ipv6CidrBlock',
        from_port: '#PortRange.From',
        to_port: '#PortRange.To',
        icmp_type: '#Icmp.Type',
        icmp_code: '#Icmp.Code',
      }),
      egress: flagAt(properties, 'Egress') ?? false,
    }),
  ];
}

function readPeering({ id, properties }: Resource, { own }: Resources): readonly Instance[] {
  const owner = at(properties, 'PeerOwnerId');
  const isOwn = owner === undefined || sameValue(owner, own.accountId) === true;
  const region = at(properties, 'PeerRegion');
  const isHere = region === undefined || sameValue(region, own.region) === true;
  return [
    instanceOf(id, 'aws_vpc_peering_connection', {
      vpc_id: at(properties, 'VpcId'),
      peer_vpc_id: at(properties, 'PeerVpcId'),
      // Within an account, and with a role of the other one, CloudFormation accepts by itself.
      auto_accept: isOwn || at(properties, 'PeerRoleArn') !== undefined ? true : UNKNOWN,
      ...(isHere ? {} : { peer_region: textOf(region) ?? '{another Region}' }),
      tags: tagsOf(properties),
    }),
  ];
}

function readList({ id, properties }: Resource): readonly Instance[] {
  const entries = listAt(properties, 'Entries');
  const blocks = isList(entries)
    ? entries.map((one): Value => ({ cidr: isProperties(one) ? (property(one, 'Cidr') ?? UNKNOWN) : UNKNOWN }))
    : (entries ?? []);
  const fields: Fields = {
    name: at(properties, 'PrefixListName'),
    address_family: at(properties, 'AddressFamily'),
    entry: blocks,
    tags: tagsOf(properties),
  };
  return [instanceOf(id, 'aws_ec2_managed_prefix_list', fields)];
}
