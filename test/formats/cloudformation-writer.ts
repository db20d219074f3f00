// Worlds as CloudFormation templates, as people write them: references by name, groups by their ids, what can be a parameter as one.
import { Random } from '../../bench/random.ts';
import { formatAddress } from '../../src/core/net/address.ts';
import { formatCidr } from '../../src/core/net/cidr.ts';
import { type Traffic, trafficProtocol } from '../../src/core/net/traffic.ts';
import type { Route } from '../../src/core/model/route-table.ts';
import type { Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';

type Written = { readonly Type: string; readonly Condition?: string; readonly Properties: Record<string, unknown> };

function ref(id: string): object {
  return { Ref: id };
}

function anyOf(value: number | 'any'): number {
  return value === 'any' ? -1 : value;
}

/** A template that makes a world; what of it is a parameter depends on the seed. */
export function templateOf(world: World, seed: number): { readonly Resources: Record<string, Written> } {
  const random = new Random(seed);
  const parameters: Record<string, unknown> = {};
  const resources: Record<string, Written> = {};
  const put = (id: string, Type: string, Properties: Record<string, unknown>): void => {
    resources[id] = { Type: `AWS::EC2::${Type}`, Properties };
  };
  const text = (value: string): unknown => {
    if (!random.chance(0.2)) return value;
    const name = `Parameter${Object.keys(parameters).length}`;
    parameters[name] = { Type: 'String', Default: value };
    return random.chance(0.5) ? ref(name) : { 'Fn::Sub': `\${${name}}` };
  };
  for (const vpc of listRecords(world, 'vpcs')) {
    const [primary, ...more] = vpc.cidrs.filter(({ family }) => family === 'ipv4');
    put(vpc.id, 'VPC', { CidrBlock: primary === undefined ? '' : text(formatCidr(primary)) });
    for (const [at, cidr] of [...more, ...vpc.cidrs.filter(({ family }) => family === 'ipv6')].entries())
      put(`${vpc.id}Prefix${at}`, 'VPCCidrBlock', {
        VpcId: ref(vpc.id),
        [cidr.family === 'ipv4' ? 'CidrBlock' : 'Ipv6CidrBlock']: formatCidr(cidr),
      });
  }
  for (const subnet of listRecords(world, 'subnets')) {
    const [ipv4, ipv6] = ['ipv4', 'ipv6'].map((family) => subnet.cidrs.find((cidr) => cidr.family === family));
    put(subnet.id, 'Subnet', {
      VpcId: ref(subnet.vpcId),
      ...(ipv4 === undefined ? { Ipv6Native: true } : { CidrBlock: text(formatCidr(ipv4)) }),
      ...(ipv6 === undefined ? {} : { Ipv6CidrBlock: formatCidr(ipv6) }),
    });
    // A template has no hold on the main table of a VPC: whoever takes it is associated with a table that says the same.
    const main = getRecord(world, 'vpcs', subnet.vpcId)?.mainRouteTable;
    const table = subnet.routeTable ?? main;
    if (table !== undefined)
      put(`${subnet.id}Table`, 'SubnetRouteTableAssociation', {
        SubnetId: ref(subnet.id),
        RouteTableId: ref(table.routeTableId),
      });
    const aclId = subnet.networkAcl?.aclId ?? '';
    if (!aclId.startsWith('default-acl-of-'))
      put(`${subnet.id}Acl`, 'SubnetNetworkAclAssociation', { SubnetId: ref(subnet.id), NetworkAclId: ref(aclId) });
  }
  for (const table of listRecords(world, 'routeTables')) {
    put(table.id, 'RouteTable', { VpcId: ref(table.vpcId) });
    for (const [at, route] of table.routes.entries())
      if (route.target.kind !== 'local')
        put(`${table.id}Route${at}`, 'Route', { RouteTableId: ref(table.id), ...routeProperties(route) });
  }
  for (const gateway of listRecords(world, 'internetGateways')) {
    put(gateway.id, 'InternetGateway', {});
    if (gateway.vpcId !== undefined)
      put(`${gateway.id}Attachment`, 'VPCGatewayAttachment', {
        VpcId: ref(gateway.vpcId),
        InternetGatewayId: ref(gateway.id),
      });
  }
  for (const gateway of listRecords(world, 'egressOnlyGateways'))
    put(gateway.id, 'EgressOnlyInternetGateway', { VpcId: ref(gateway.vpcId ?? '') });
  for (const nat of listRecords(world, 'natGateways'))
    put(nat.id, 'NatGateway', {
      SubnetId: ref(nat.subnetId),
      ConnectivityType: nat.connectivity,
      ...(nat.addresses[0] === undefined ? {} : { PrivateIpAddress: formatAddress(nat.addresses[0].private) }),
    });
  for (const list of listRecords(world, 'prefixLists'))
    if (list.entries !== undefined)
      put(list.id, 'PrefixList', {
        AddressFamily: list.family === 'ipv4' ? 'IPv4' : 'IPv6',
        Entries: list.entries.map(({ cidr }) => ({ Cidr: text(formatCidr(cidr)) })),
      });
  for (const acl of listRecords(world, 'acls')) {
    if (acl.id.startsWith('default-acl-of-')) continue;
    put(acl.id, 'NetworkAcl', { VpcId: ref(acl.vpcId) });
    for (const [at, entry] of acl.entries.entries())
      put(`${acl.id}Entry${at}`, 'NetworkAclEntry', {
        NetworkAclId: ref(acl.id),
        RuleNumber: entry.number,
        RuleAction: entry.action,
        Egress: entry.direction === 'egress',
        Protocol: trafficProtocol(entry.traffic) ?? -1,
        [entry.cidr.family === 'ipv4' ? 'CidrBlock' : 'Ipv6CidrBlock']: text(formatCidr(entry.cidr)),
        ...entryTraffic(entry.traffic),
      });
  }
  for (const group of listRecords(world, 'groups')) putGroup(group, { put, text, random });
  for (const eni of listRecords(world, 'enis')) {
    if (eni.interfaceType === 'nat_gateway') continue;
    const ipv4 = eni.addresses.filter(({ address }) => address.family === 'ipv4');
    const ipv6 = eni.addresses.filter(({ address }) => address.family === 'ipv6');
    put(eni.id, 'NetworkInterface', {
      SubnetId: ref(eni.subnetId),
      GroupSet: eni.groups.map(ref),
      SourceDestCheck: eni.sourceDestCheck,
      InterfaceType: eni.interfaceType,
      ...(ipv4[0] === undefined ? {} : { PrivateIpAddress: text(formatAddress(ipv4[0].address)) }),
      PrivateIpAddresses: ipv4.slice(1).map((own) => ({ PrivateIpAddress: formatAddress(own.address) })),
      Ipv6Addresses: ipv6.map((own) => ({ Ipv6Address: formatAddress(own.address) })),
    });
    for (const [at, own] of eni.addresses.entries())
      if (own.public !== undefined) {
        put(`${eni.id}Public${at}`, 'EIP', {});
        put(`${eni.id}Link${at}`, 'EIPAssociation', {
          AllocationId: { 'Fn::GetAtt': [`${eni.id}Public${at}`, 'AllocationId'] },
          NetworkInterfaceId: ref(eni.id),
          PrivateIpAddress: formatAddress(own.address),
        });
      }
  }
  for (const peering of listRecords(world, 'peerings')) {
    const { requester, accepter } = peering;
    if (peering.status === 'active')
      put(peering.id, 'VPCPeeringConnection', {
        VpcId: ref(requester.vpcId),
        PeerVpcId: ref(accepter.vpcId),
        ...(requester.region === accepter.region ? {} : { PeerRegion: accepter.region }),
      });
  }
  return { ...(Object.keys(parameters).length === 0 ? {} : { Parameters: parameters }), Resources: resources };
}

type Pen = {
  readonly put: (id: string, type: string, properties: Record<string, unknown>) => void;
  readonly text: (value: string) => unknown;
  readonly random: Random;
};

function putGroup(group: SecurityGroup, { put, text, random }: Pen): void {
  const egress = group.rules.filter((rule) => rule.direction === 'egress');
  const inline = (rule: Rule): object => ruleProperties(rule, text);
  // Only a rule of its own takes the one for everything from a group; this one is for an address that nobody has.
  const nobody = { IpProtocol: 'icmp', FromPort: 252, ToPort: 86, CidrIp: '255.255.255.255/32' };
  const isInline = random.chance(0.5);
  const ingress = group.rules.filter((rule) => rule.direction === 'ingress');
  put(group.id, 'SecurityGroup', {
    VpcId: ref(group.vpcId),
    GroupDescription: 'a group',
    ...(isInline && ingress.every((rule) => rule.peer.kind !== 'group')
      ? { SecurityGroupIngress: ingress.map(inline) }
      : {}),
    SecurityGroupEgress: egress.length === 0 ? [nobody] : egress.map(inline),
  });
  if (isInline && ingress.every((rule) => rule.peer.kind !== 'group')) return;
  for (const [at, rule] of ingress.entries())
    put(`${group.id}In${at}`, 'SecurityGroupIngress', { GroupId: ref(group.id), ...inline(rule) });
}

function ruleProperties(rule: Rule, text: Pen['text']): object {
  const { peer, traffic, direction } = rule;
  const side = direction === 'ingress' ? 'Source' : 'Destination';
  const of =
    peer.kind === 'cidr'
      ? { [peer.cidr.family === 'ipv4' ? 'CidrIp' : 'CidrIpv6']: text(formatCidr(peer.cidr)) }
      : peer.kind === 'group'
        ? { [`${side}SecurityGroupId`]: ref(peer.groupId) }
        : { [`${side}PrefixListId`]: ref(peer.prefixListId) };
  const protocol = trafficProtocol(traffic);
  const { from, to } = portsOf(traffic);
  return { IpProtocol: String(protocol ?? -1), ...(from === undefined ? {} : { FromPort: from, ToPort: to }), ...of };
}

function portsOf(traffic: Traffic): { readonly from?: number; readonly to?: number } {
  if (traffic.kind === 'tcp' || traffic.kind === 'udp') return traffic.ports;
  return traffic.kind === 'icmp' || traffic.kind === 'icmpv6'
    ? { from: anyOf(traffic.type), to: anyOf(traffic.code) }
    : {};
}

function entryTraffic(traffic: Traffic): object {
  const { from, to } = portsOf(traffic);
  if (from === undefined) return {};
  return traffic.kind === 'icmp' || traffic.kind === 'icmpv6'
    ? { Icmp: { Type: from, Code: to } }
    : { PortRange: { From: from, To: to } };
}

function routeProperties({ destination, target }: Route): object {
  const to =
    destination.kind === 'prefix-list'
      ? { DestinationPrefixListId: ref(destination.prefixListId) }
      : {
          [destination.cidr.family === 'ipv4' ? 'DestinationCidrBlock' : 'DestinationIpv6CidrBlock']: formatCidr(
            destination.cidr,
          ),
        };
  const names = {
    'internet-gateway': 'GatewayId',
    'egress-only-gateway': 'EgressOnlyInternetGatewayId',
    'nat-gateway': 'NatGatewayId',
    peering: 'VpcPeeringConnectionId',
    eni: 'NetworkInterfaceId',
  } as const;
  if (target.kind === 'local' || target.kind === 'unmodelled')
    return { ...to, TransitGatewayId: target.kind === 'local' ? 'local' : target.id };
  return { ...to, [names[target.kind]]: ref(target.id) };
}
