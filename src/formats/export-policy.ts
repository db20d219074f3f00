import { formatAddress } from '../core/net/address.ts';
import { formatCidr } from '../core/net/cidr.ts';
import { type Traffic, trafficProtocol } from '../core/net/traffic.ts';
import { protocolName } from '../core/net/protocol.ts';
import type { ConnectionTimeouts, Eni, EniAddress, Instance } from '../core/model/eni.ts';
import type { AclEntry, NetworkAcl } from '../core/model/network-acl.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../core/model/security-group.ts';
import type { World } from '../core/model/world.ts';
import { subnetsOfAcl } from './export-network.ts';
import { type Shape, tagShapes } from './shape.ts';

/** A group as describe-security-groups prints it: rules of one traffic joined into a permission. */
export function describeGroup(group: SecurityGroup): Shape {
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    OwnerId: group.ownerId,
    VpcId: group.vpcId,
    IpPermissions: permissions(group, 'ingress'),
    IpPermissionsEgress: permissions(group, 'egress'),
    Tags: tagShapes(group.tags),
  };
}

function permissions(group: SecurityGroup, direction: Direction): readonly Shape[] {
  const rules = group.rules.filter((rule) => rule.direction === direction);
  const joined = Map.groupBy(rules, (rule) => JSON.stringify(portShape(rule.traffic)));
  return [...joined.values()].map((same) => {
    const traffic = same[0]?.traffic ?? { kind: 'all' };
    const { IpProtocol, ...ports } = portShape(traffic);
    return {
      IpProtocol,
      ...(traffic.kind === 'all' ? {} : ports),
      IpRanges: same.flatMap((rule) => cidrRow(rule, 'ipv4', 'CidrIp')),
      Ipv6Ranges: same.flatMap((rule) => cidrRow(rule, 'ipv6', 'CidrIpv6')),
      PrefixListIds: same.flatMap((rule) =>
        rule.peer.kind === 'prefix-list'
          ? [{ PrefixListId: rule.peer.prefixListId, Description: rule.description }]
          : [],
      ),
      UserIdGroupPairs: same.flatMap((rule) =>
        rule.peer.kind === 'group' ? [{ ...groupShape(rule.peer), Description: rule.description }] : [],
      ),
    };
  });
}

function cidrRow(rule: Rule, family: 'ipv4' | 'ipv6', member: string): readonly Shape[] {
  const { peer, description } = rule;
  if (peer.kind !== 'cidr' || peer.cidr.family !== family) return [];
  return [{ [member]: formatCidr(peer.cidr), Description: description }];
}

/** The rules of a group as describe-security-group-rules prints them. */
export function describeRules(group: SecurityGroup): readonly Shape[] {
  return group.rules.map((rule) => ({
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: group.ownerId,
    IsEgress: rule.direction === 'egress',
    ...portShape(rule.traffic),
    ...peerShape(rule.peer),
    Description: rule.description,
    Tags: tagShapes(rule.tags),
  }));
}

type Ports = { readonly IpProtocol: string; readonly FromPort: number; readonly ToPort: number };

/** −1 stands for any ICMP type or code. */
function any(value: number | 'any'): number {
  return value === 'any' ? -1 : value;
}

/** Protocol and ports in AWS's numbers: −1 for any (API IpPermission). */
function portShape(traffic: Traffic): Ports {
  const protocol = trafficProtocol(traffic);
  const IpProtocol = protocol === undefined ? '-1' : protocolName(protocol);
  switch (traffic.kind) {
    case 'tcp':
    case 'udp':
      return { IpProtocol, FromPort: traffic.ports.from, ToPort: traffic.ports.to };
    case 'icmp':
    case 'icmpv6':
      return { IpProtocol, FromPort: any(traffic.type), ToPort: any(traffic.code) };
    case 'all':
    case 'protocol':
      return { IpProtocol, FromPort: -1, ToPort: -1 };
  }
}

function peerShape(peer: Peer): Shape {
  switch (peer.kind) {
    case 'cidr':
      return { [peer.cidr.family === 'ipv4' ? 'CidrIpv4' : 'CidrIpv6']: formatCidr(peer.cidr) };
    case 'prefix-list':
      return { PrefixListId: peer.prefixListId };
    case 'group':
      return { ReferencedGroupInfo: groupShape(peer) };
  }
}

function groupShape(peer: Extract<Peer, { kind: 'group' }>): Shape {
  return {
    GroupId: peer.groupId,
    UserId: peer.ownerId,
    VpcId: peer.vpcId,
    VpcPeeringConnectionId: peer.peeringId,
  };
}

/** A network ACL as describe-network-acls prints it, with its subnets and the final denies that it implies. */
export function describeAcl(world: World, acl: NetworkAcl): Shape {
  return {
    NetworkAclId: acl.id,
    VpcId: acl.vpcId,
    OwnerId: acl.ownerId,
    IsDefault: acl.isDefault,
    Associations: subnetsOfAcl(world, acl.id).map((subnet) => ({
      NetworkAclAssociationId: subnet.networkAcl?.associationId,
      NetworkAclId: acl.id,
      SubnetId: subnet.id,
    })),
    Entries: [...acl.entries.map(describeEntry), ...FINAL_DENIES],
    Tags: tagShapes(acl.tags),
  };
}

const FINAL_DENIES: readonly Shape[] = [true, false].flatMap((egress) => [
  { RuleNumber: 32_767, Egress: egress, Protocol: '-1', RuleAction: 'deny', CidrBlock: '0.0.0.0/0' },
  { RuleNumber: 32_768, Egress: egress, Protocol: '-1', RuleAction: 'deny', Ipv6CidrBlock: '::/0' },
]);

function describeEntry(entry: AclEntry): Shape {
  const { traffic, cidr } = entry;
  return {
    RuleNumber: entry.number,
    Egress: entry.direction === 'egress',
    Protocol: String(trafficProtocol(traffic) ?? -1),
    RuleAction: entry.action,
    [cidr.family === 'ipv4' ? 'CidrBlock' : 'Ipv6CidrBlock']: formatCidr(cidr),
    ...('ports' in traffic ? { PortRange: { From: traffic.ports.from, To: traffic.ports.to } } : {}),
    ...('type' in traffic ? { IcmpTypeCode: { Type: any(traffic.type), Code: any(traffic.code) } } : {}),
  };
}

/** An interface as describe-network-interfaces prints it. */
export function describeEni(eni: Eni): Shape {
  const { attachment } = eni;
  return {
    NetworkInterfaceId: eni.id,
    VpcId: eni.vpcId,
    SubnetId: eni.subnetId,
    OwnerId: eni.ownerId,
    InterfaceType: eni.interfaceType,
    Status: eni.status,
    Description: eni.description,
    SourceDestCheck: eni.sourceDestCheck,
    Groups: eni.groups.map((id) => ({ GroupId: id })),
    PrivateIpAddresses: eni.addresses.filter((own) => own.address.family === 'ipv4').map(describeAddress),
    Ipv6Addresses: eni.addresses
      .filter((own) => own.address.family === 'ipv6')
      .map((own) => ({ Ipv6Address: formatAddress(own.address), IsPrimaryIpv6: own.isPrimary })),
    Ipv4Prefixes: prefixShapes(eni, 'ipv4', 'Ipv4Prefix'),
    Ipv6Prefixes: prefixShapes(eni, 'ipv6', 'Ipv6Prefix'),
    Attachment:
      attachment === undefined
        ? undefined
        : {
            AttachmentId: attachment.attachmentId,
            DeviceIndex: attachment.deviceIndex,
            InstanceId: attachment.instanceId,
          },
    ConnectionTrackingConfiguration: timeoutShape(eni.timeouts),
    TagSet: tagShapes(eni.tags),
  };
}

function describeAddress(own: EniAddress): Shape {
  return {
    PrivateIpAddress: formatAddress(own.address),
    Primary: own.isPrimary,
    Association:
      own.public === undefined
        ? undefined
        : {
            PublicIp: formatAddress(own.public.address),
            AllocationId: own.public.allocationId,
            AssociationId: own.public.associationId,
          },
  };
}

function prefixShapes(eni: Eni, family: 'ipv4' | 'ipv6', member: string): readonly Shape[] {
  return eni.prefixes.filter((prefix) => prefix.family === family).map((prefix) => ({ [member]: formatCidr(prefix) }));
}

function timeoutShape(timeouts: ConnectionTimeouts): Shape | undefined {
  if (Object.keys(timeouts).length === 0) return undefined;
  return {
    TcpEstablishedTimeout: timeouts.tcpEstablishedSeconds,
    UdpStreamTimeout: timeouts.udpStreamSeconds,
    UdpTimeout: timeouts.udpSeconds,
  };
}

/** An instance as describe-instances prints it; its interfaces stand by themselves. */
export function describeInstance(instance: Instance): Shape {
  return { InstanceId: instance.id, State: { Name: instance.state }, Tags: tagShapes(instance.tags) };
}
