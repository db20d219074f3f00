import { cidrOf } from '../core/net/cidr.ts';
import type { Family } from '../core/net/address.ts';
import type { Traffic } from '../core/net/traffic.ts';
import type { Eni, EniAddress, Instance } from '../core/model/eni.ts';
import { asId, type AclId, type EniId, type GroupId, type InstanceId, type SubnetId } from '../core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../core/model/network-acl.ts';
import type { PrefixList } from '../core/model/prefix-list.ts';
import {
  type Direction,
  type GroupAssociation,
  type Peer,
  type Rule,
  ruleIdentity,
  type SecurityGroup,
} from '../core/model/security-group.ts';
import type { Value } from './fields.ts';
import { awsTraffic, permissionTraffic } from './ip-permission.ts';

/** A group with the rules of its permissions; their ids are made up from what they say until rule rows bring AWS's. */
export function readGroup(value: Value): SecurityGroup {
  const id = asId<GroupId>(value.get('GroupId').text());
  const rules = (name: string, direction: Direction): readonly Rule[] =>
    value
      .get(name)
      .list()
      .flatMap((one) => permissionRules(id, direction, one));
  return {
    id,
    vpcId: asId(value.get('VpcId').text()),
    ownerId: value.get('OwnerId').textOr(''),
    name: value.get('GroupName').textOr(''),
    description: value.get('Description').textOr(''),
    rules: [...rules('IpPermissions', 'ingress'), ...rules('IpPermissionsEgress', 'egress')],
    tags: value.get('Tags').tags(),
  };
}

function permissionRules(groupId: GroupId, direction: Direction, value: Value): readonly Rule[] {
  const traffic = permissionTraffic(value);
  const peers: readonly (readonly [Value, Peer])[] = [
    ...value
      .get('IpRanges')
      .list()
      .map((row) => [row, { kind: 'cidr', cidr: row.get('CidrIp').cidr() }] as const),
    ...value
      .get('Ipv6Ranges')
      .list()
      .map((row) => [row, { kind: 'cidr', cidr: row.get('CidrIpv6').cidr() }] as const),
    ...value
      .get('PrefixListIds')
      .list()
      .map((row) => [row, listPeer(row)] as const),
    ...value
      .get('UserIdGroupPairs')
      .list()
      .map((row) => [row, groupPeer(row)] as const),
  ];
  return peers.map(([row, peer]) => {
    const rule: Rule = { id: asId(''), direction, traffic, peer, ...description(row), tags: [] };
    return { ...rule, id: asId(`${groupId}:${ruleIdentity(rule).replaceAll(' ', ':')}`) };
  });
}

function listPeer(row: Value): Peer {
  return { kind: 'prefix-list', prefixListId: asId(row.get('PrefixListId').text()) };
}

function groupPeer(row: Value): Peer {
  return {
    kind: 'group',
    groupId: asId(row.get('GroupId').text()),
    ...(row.get('UserId').isPresent ? { ownerId: row.get('UserId').text() } : {}),
    ...(row.get('VpcId').isPresent ? { vpcId: asId(row.get('VpcId').text()) } : {}),
    ...(row.get('VpcPeeringConnectionId').isPresent
      ? { peeringId: asId(row.get('VpcPeeringConnectionId').text()) }
      : {}),
  };
}

function description(row: Value): { readonly description?: string } {
  return row.get('Description').isPresent ? { description: row.get('Description').text() } : {};
}

/** One row of describe-security-group-rules: a rule with AWS's id, and the group that it is of. */
export type RuleRow = { readonly groupId: GroupId; readonly rule: Rule };

export function readRuleRow(value: Value): RuleRow {
  const direction = value.get('IsEgress').flagOr(false) ? 'egress' : 'ingress';
  const rule: Rule = {
    id: asId(value.get('SecurityGroupRuleId').text()),
    direction,
    traffic: permissionTraffic(value),
    peer: rowPeer(value),
    ...description(value),
    tags: value.get('Tags').tags(),
  };
  return { groupId: asId(value.get('GroupId').text()), rule };
}

function rowPeer(value: Value): Peer {
  for (const name of ['CidrIpv4', 'CidrIpv6'])
    if (value.get(name).isPresent) return { kind: 'cidr', cidr: value.get(name).cidr() };
  if (value.get('PrefixListId').isPresent) return listPeer(value);
  if (!value.get('ReferencedGroupInfo').isPresent)
    value.fail('expected one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo');
  return groupPeer(value.get('ReferencedGroupInfo'));
}

export function readAssociation(value: Value): GroupAssociation {
  const groupId = value.get('GroupId').text();
  const vpcId = value.get('VpcId').text();
  return {
    id: `${groupId}/${vpcId}`,
    groupId: asId(groupId),
    vpcId: asId(vpcId),
    state: value.get('State').textOr('associated'),
  };
}

export type AclLink = { readonly associationId: string; readonly aclId: AclId; readonly subnetId: SubnetId };

export function readAcl(value: Value): { readonly acl: NetworkAcl; readonly links: readonly AclLink[] } {
  const id = asId<AclId>(value.get('NetworkAclId').text());
  const links = value
    .get('Associations')
    .list()
    .map((row) => ({
      associationId: row.get('NetworkAclAssociationId').textOr(''),
      aclId: id,
      subnetId: asId<SubnetId>(row.get('SubnetId').text()),
    }));
  const entries = value.get('Entries').list().flatMap(readEntry);
  return {
    acl: {
      id,
      vpcId: asId(value.get('VpcId').text()),
      isDefault: value.get('IsDefault').flagOr(false),
      entries: sortEntries(entries),
      tags: value.get('Tags').tags(),
    },
    links,
  };
}

/** The final denies (32767, 32768) are implied by every NACL and not kept. */
function readEntry(value: Value): readonly AclEntry[] {
  const number = value.get('RuleNumber').integer(1, 32_768);
  if (number > 32_766) return [];
  const action = value.get('RuleAction').oneOf(['allow', 'deny']);
  const cidr = value.get('Ipv6CidrBlock').isPresent ? value.get('Ipv6CidrBlock').cidr() : value.get('CidrBlock').cidr();
  return [
    {
      number,
      direction: value.get('Egress').flagOr(false) ? 'egress' : 'ingress',
      action,
      cidr,
      traffic: entryTraffic(value, cidr.family),
    },
  ];
}

function entryTraffic(value: Value, family: Family): Traffic {
  const protocol = value.get('Protocol').text();
  const icmp = value.get('IcmpTypeCode');
  if (protocol === '1' || (protocol === '58' && family === 'ipv6')) {
    const [type, code] = icmp.isPresent
      ? [icmp.get('Type').integer(-1, 255), icmp.get('Code').integer(-1, 255)]
      : [-1, -1];
    return value.parsed(awsTraffic(protocol, type, code));
  }
  const range = value.get('PortRange');
  const [from, to] = range.isPresent
    ? [range.get('From').integer(0, 65_535), range.get('To').integer(0, 65_535)]
    : [0, 65_535];
  return value.parsed(awsTraffic(protocol, protocol === '58' ? -1 : from, protocol === '58' ? -1 : to));
}

export function readEni(value: Value, instance?: InstanceId): Eni {
  const attachment = value.get('Attachment');
  const owner =
    attachment.isPresent && attachment.get('InstanceId').isPresent
      ? asId<InstanceId>(attachment.get('InstanceId').text())
      : instance;
  const index =
    attachment.isPresent && attachment.get('DeviceIndex').isPresent
      ? attachment.get('DeviceIndex').integer(0, 1000)
      : 0;
  const timeouts = value.get('ConnectionTrackingConfiguration');
  const seconds = (name: string, field: string): object =>
    timeouts.isPresent && timeouts.get(name).isPresent ? { [field]: timeouts.get(name).integer(1, 432_000) } : {};
  return {
    id: asId<EniId>(value.get('NetworkInterfaceId').text()),
    vpcId: asId(value.get('VpcId').text()),
    subnetId: asId(value.get('SubnetId').text()),
    ownerId: value.get('OwnerId').textOr(''),
    groups: value
      .get('Groups')
      .list()
      .map((row) => asId(row.get('GroupId').text())),
    addresses: [
      ...value.get('PrivateIpAddresses').list().map(readAddress),
      ...value
        .get('Ipv6Addresses')
        .list()
        .map((row): EniAddress => ({
          address: row.get('Ipv6Address').address(),
          isPrimary: row.get('IsPrimaryIpv6').flagOr(false),
        })),
    ],
    prefixes: [
      ...value
        .get('Ipv4Prefixes')
        .list()
        .map((row) => row.get('Ipv4Prefix').cidr()),
      ...value
        .get('Ipv6Prefixes')
        .list()
        .map((row) => row.get('Ipv6Prefix').cidr()),
    ].map((cidr) => cidrOf(cidr.base, cidr.length)),
    sourceDestCheck: value.get('SourceDestCheck').flagOr(true),
    interfaceType: value.get('InterfaceType').textOr('interface'),
    status: value.get('Status').textOr('in-use'),
    description: value.get('Description').textOr(''),
    ...(attachment.isPresent
      ? { attachment: { deviceIndex: index, ...(owner === undefined ? {} : { instanceId: owner }) } }
      : {}),
    timeouts: {
      ...seconds('TcpEstablishedTimeout', 'tcpEstablishedSeconds'),
      ...seconds('UdpStreamTimeout', 'udpStreamSeconds'),
      ...seconds('UdpTimeout', 'udpSeconds'),
    },
    tags: value.get('TagSet').tags(),
  };
}

function readAddress(row: Value): EniAddress {
  const association = row.get('Association');
  const isPublic = association.isPresent && association.get('PublicIp').isPresent;
  return {
    address: row.get('PrivateIpAddress').address(),
    isPrimary: row.get('Primary').flagOr(false),
    ...(isPublic
      ? {
          public: {
            address: association.get('PublicIp').address(),
            ...(association.get('AllocationId').isPresent
              ? { allocationId: asId(association.get('AllocationId').text()) }
              : {}),
            ...(association.get('AssociationId').isPresent
              ? { associationId: association.get('AssociationId').text() }
              : {}),
          },
        }
      : {}),
  };
}

/** An instance and the interfaces that AWS prints inside it. */
export function readInstance(value: Value): { readonly instance: Instance; readonly enis: readonly Eni[] } {
  const id = asId<InstanceId>(value.get('InstanceId').text());
  const state = value.get('State').isPresent ? value.get('State').get('Name').textOr('running') : 'running';
  return {
    instance: { id, state, tags: value.get('Tags').tags() },
    enis: value
      .get('NetworkInterfaces')
      .list()
      .map((one) => readEni(one, id)),
  };
}

/** describe-managed-prefix-lists gives no entries; describe-prefix-lists (AWS's own lists) has them as `Cidrs`. */
export function readPrefixList(value: Value): PrefixList {
  const cidrs = value.get('Cidrs').isPresent
    ? value
        .get('Cidrs')
        .list()
        .map((row) => row.cidr())
    : undefined;
  const family: Family = value.get('AddressFamily').textOr('IPv4') === 'IPv6' ? 'ipv6' : 'ipv4';
  return {
    id: asId(value.get('PrefixListId').text()),
    name: value.get('PrefixListName').textOr(''),
    ownerId: value.get('OwnerId').textOr(cidrs === undefined ? '' : 'AWS'),
    family,
    ...(cidrs === undefined
      ? {}
      : { entries: cidrs.filter((cidr) => cidr.family === family).map((cidr) => ({ cidr })) }),
    versions: [],
    ...(value.get('Version').isPresent ? { version: value.get('Version').integer(0, 1_000_000) } : {}),
    ...(value.get('MaxEntries').isPresent ? { weight: value.get('MaxEntries').integer(0, 1_000_000) } : {}),
    state: value.get('State').textOr('create-complete'),
    tags: value.get('Tags').tags(),
  };
}
