import type { Cidr } from '../core/net/cidr.ts';
import type { Family } from '../core/net/address.ts';
import type { Traffic } from '../core/net/traffic.ts';
import type { ConnectionTimeouts, Eni, EniAddress, Instance } from '../core/model/eni.ts';
import { asId, type AclId, type EniId, type GroupId, type InstanceId, type SubnetId } from '../core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../core/model/network-acl.ts';
import type { PrefixList, PrefixListEntry } from '../core/model/prefix-list.ts';
import {
  type Direction,
  type GroupAssociation,
  type Peer,
  type Rule,
  ruleIdentity,
  type SecurityGroup,
} from '../core/model/security-group.ts';
import type { Value } from './fields.ts';
import { ownerOf } from './network.ts';
import { awsTraffic, permissionTraffic } from './ip-permission.ts';

/** A group with the rules of its permissions, which have no ids: rule rows bring AWS's, else `withMadeIds` makes some. */
export function readGroup(value: Value): SecurityGroup {
  const rules: Rule[] = [];
  for (const one of value.get('IpPermissions').list()) addPermission(rules, 'ingress', one);
  for (const one of value.get('IpPermissionsEgress').list()) addPermission(rules, 'egress', one);
  return {
    id: asId(value.get('GroupId').text()),
    vpcId: asId(value.get('VpcId').text()),
    ownerId: value.get('OwnerId').textOr(''),
    name: value.get('GroupName').textOr(''),
    description: value.get('Description').textOr(''),
    rules,
    tags: value.get('Tags').tags(),
  };
}

function addPermission(rules: Rule[], direction: Direction, value: Value): void {
  const traffic = permissionTraffic(value);
  const add = (name: string, peerOf: (row: Value) => Peer): void => {
    if (!value.has(name)) return;
    for (const row of value.get(name).list())
      rules.push(described({ id: asId(''), direction, traffic, peer: peerOf(row), tags: [] }, row));
  };
  add('IpRanges', (row) => ({ kind: 'cidr', cidr: row.get('CidrIp').cidr() }));
  add('Ipv6Ranges', (row) => ({ kind: 'cidr', cidr: row.get('CidrIpv6').cidr() }));
  add('PrefixListIds', listPeer);
  add('UserIdGroupPairs', groupPeer);
}

/** Rules without AWS's ids get some that say what they are: the same each time. */
export function withMadeIds(groupId: GroupId, rules: readonly Rule[]): readonly Rule[] {
  return rules.map((rule) => ({ ...rule, id: asId(`${groupId}:${ruleIdentity(rule).replaceAll(' ', ':')}`) }));
}

function listPeer(row: Value): Peer {
  return { kind: 'prefix-list', prefixListId: asId(row.get('PrefixListId').text()) };
}

/** Written member by member: spreading many small objects is what reading a large export would spend its time on. */
function groupPeer(row: Value): Peer {
  const peer: Draft<Extract<Peer, { kind: 'group' }>> = { kind: 'group', groupId: asId(row.get('GroupId').text()) };
  if (row.has('UserId')) peer.ownerId = row.get('UserId').text();
  if (row.has('VpcId')) peer.vpcId = asId(row.get('VpcId').text());
  if (row.has('VpcPeeringConnectionId')) peer.peeringId = asId(row.get('VpcPeeringConnectionId').text());
  return peer;
}

/** A record while it is read. */
type Draft<T> = { -readonly [K in keyof T]: T[K] };

function described(rule: Draft<Rule>, row: Value): Rule {
  if (row.has('Description')) rule.description = row.get('Description').text();
  return rule;
}

/** One row of describe-security-group-rules: a rule with AWS's id, and the group that it is of. */
export type RuleRow = { readonly groupId: GroupId; readonly rule: Rule };

export function readRuleRow(value: Value): RuleRow {
  const direction = value.get('IsEgress').flagOr(false) ? 'egress' : 'ingress';
  const rule: Draft<Rule> = {
    id: asId(value.get('SecurityGroupRuleId').text()),
    direction,
    traffic: permissionTraffic(value),
    peer: rowPeer(value),
    tags: value.get('Tags').tags(),
  };
  return { groupId: asId(value.get('GroupId').text()), rule: described(rule, value) };
}

function rowPeer(value: Value): Peer {
  for (const name of ['CidrIpv4', 'CidrIpv6'])
    if (value.has(name)) return { kind: 'cidr', cidr: value.get(name).cidr() };
  if (value.has('PrefixListId')) return listPeer(value);
  if (!value.has('ReferencedGroupInfo'))
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
      ...ownerOf(value),
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
  const attachment = value.has('Attachment') ? readAttachment(value.get('Attachment'), instance) : undefined;
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
    prefixes: [...prefixesOf(value, 'Ipv4Prefix'), ...prefixesOf(value, 'Ipv6Prefix')],
    sourceDestCheck: value.get('SourceDestCheck').flagOr(true),
    interfaceType: value.get('InterfaceType').textOr('interface'),
    status: value.get('Status').textOr('in-use'),
    description: value.get('Description').textOr(''),
    ...(attachment === undefined ? {} : { attachment }),
    timeouts: value.has('ConnectionTrackingConfiguration')
      ? readTimeouts(value.get('ConnectionTrackingConfiguration'))
      : {},
    tags: value.get('TagSet').tags(),
  };
}

function prefixesOf(value: Value, field: 'Ipv4Prefix' | 'Ipv6Prefix'): readonly Cidr[] {
  if (!value.has(`${field}es`)) return [];
  return value
    .get(`${field}es`)
    .list()
    .map((row) => row.get(field).cidr());
}

function readAttachment(value: Value, instance: InstanceId | undefined): NonNullable<Eni['attachment']> {
  const instanceId = value.has('InstanceId') ? asId<InstanceId>(value.get('InstanceId').text()) : instance;
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    deviceIndex: value.has('DeviceIndex') ? value.get('DeviceIndex').integer(0, 1000) : 0,
    ...(value.has('AttachmentId') ? { attachmentId: value.get('AttachmentId').text() } : {}),
  };
}

function readTimeouts(value: Value): ConnectionTimeouts {
  const seconds = (name: string): number => value.get(name).integer(1, 432_000);
  return {
    ...(value.has('TcpEstablishedTimeout') ? { tcpEstablishedSeconds: seconds('TcpEstablishedTimeout') } : {}),
    ...(value.has('UdpStreamTimeout') ? { udpStreamSeconds: seconds('UdpStreamTimeout') } : {}),
    ...(value.has('UdpTimeout') ? { udpSeconds: seconds('UdpTimeout') } : {}),
  };
}

function readAddress(row: Value): EniAddress {
  const address = row.get('PrivateIpAddress').address();
  const isPrimary = row.get('Primary').flagOr(false);
  const association = row.has('Association') ? row.get('Association') : undefined;
  return association?.has('PublicIp') === true
    ? { address, isPrimary, public: readPublic(association) }
    : { address, isPrimary };
}

function readPublic(value: Value): NonNullable<EniAddress['public']> {
  return {
    address: value.get('PublicIp').address(),
    ...(value.has('AllocationId') ? { allocationId: asId(value.get('AllocationId').text()) } : {}),
    ...(value.has('AssociationId') ? { associationId: value.get('AssociationId').text() } : {}),
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

/** One entry of a prefix list. */
export function readListEntry(value: Value): PrefixListEntry {
  const cidr = value.get('Cidr').cidr();
  return value.has('Description') ? { cidr, description: value.get('Description').text() } : { cidr };
}

/** describe-managed-prefix-lists gives no entries, describe-prefix-lists (AWS's own lists) has them as `Cidrs`, our export as `Entries`. */
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
    ...(value.has('Entries') ? { entries: value.get('Entries').list().map(readListEntry) } : {}),
    versions: value
      .get('Versions')
      .list()
      .map((row) => ({
        version: row.get('Version').integer(0, 1_000_000),
        entries: row.get('Entries').list().map(readListEntry),
      })),
    ...(value.get('Version').isPresent ? { version: value.get('Version').integer(0, 1_000_000) } : {}),
    ...(value.get('MaxEntries').isPresent ? { weight: value.get('MaxEntries').integer(0, 1_000_000) } : {}),
    state: value.get('State').textOr('create-complete'),
    tags: value.get('Tags').tags(),
  };
}
