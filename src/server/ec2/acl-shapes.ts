import type { NetworkAcl as AclShape, NetworkAclEntry } from '@aws-sdk/client-ec2';
import type { Family } from '../../core/net/address.ts';
import { formatCidr } from '../../core/net/cidr.ts';
import { type Traffic, trafficProtocol } from '../../core/net/traffic.ts';
import type { AclEntry, NetworkAcl } from '../../core/model/network-acl.ts';
import { aclAssociationIdOf, subnetsUnder } from '../control/acls/acls.ts';
import type { Draft } from '../control/draft.ts';
import { tagShapes } from './tags.ts';

/** A NACL as DescribeNetworkAcls shows it, with the denies that it ends in. */
export function aclShape(draft: Draft, acl: NetworkAcl): AclShape {
  return {
    NetworkAclId: acl.id,
    VpcId: acl.vpcId,
    ...(acl.ownerId === undefined ? {} : { OwnerId: acl.ownerId }),
    IsDefault: acl.isDefault,
    Associations: subnetsUnder(draft, acl).map((subnet) => ({
      NetworkAclAssociationId: aclAssociationIdOf(subnet),
      NetworkAclId: acl.id,
      SubnetId: subnet.id,
    })),
    Entries: [...entryShapes(draft, acl)],
    Tags: tagShapes(acl.tags),
  };
}

/**
 * The entries of a NACL as AWS lists them: outbound first [R], each way by number, and last the deny that is implied: 32767 for IPv4, 32768
 * for IPv6 where there is any (V23:amazon-vpc-limits).
 */
export function entryShapes(draft: Draft, acl: NetworkAcl): readonly NetworkAclEntry[] {
  const cidrs = [...(draft.get('vpcs', acl.vpcId)?.cidrs ?? []), ...acl.entries.map(({ cidr }) => cidr)];
  const hasIpv6 = cidrs.some(({ family }) => family === 'ipv6');
  const families: readonly Family[] = hasIpv6 ? ['ipv4', 'ipv6'] : ['ipv4'];
  return (['egress', 'ingress'] as const).flatMap((direction) => [
    ...acl.entries.filter((entry) => entry.direction === direction).map(entryShape),
    ...families.map((family) => finalDeny(direction === 'egress', family)),
  ]);
}

function finalDeny(Egress: boolean, family: Family): NetworkAclEntry {
  const peer = family === 'ipv4' ? { CidrBlock: '0.0.0.0/0' } : { Ipv6CidrBlock: '::/0' };
  return { ...peer, Egress, Protocol: '-1', RuleAction: 'deny', RuleNumber: family === 'ipv4' ? 32_767 : 32_768 };
}

function entryShape({ number, direction, action, cidr, traffic }: AclEntry): NetworkAclEntry {
  return {
    ...(cidr.family === 'ipv4' ? { CidrBlock: formatCidr(cidr) } : { Ipv6CidrBlock: formatCidr(cidr) }),
    Egress: direction === 'egress',
    ...trafficShape(traffic),
    Protocol: String(trafficProtocol(traffic) ?? -1),
    RuleAction: action,
    RuleNumber: number,
  };
}

function trafficShape(traffic: Traffic): Pick<NetworkAclEntry, 'PortRange' | 'IcmpTypeCode'> {
  if ('ports' in traffic) return { PortRange: { From: traffic.ports.from, To: traffic.ports.to } };
  if (!('type' in traffic)) return {};
  const [Type = -1, Code = -1] = [traffic.type, traffic.code].map((value) => (value === 'any' ? -1 : value));
  return { IcmpTypeCode: { Type, Code } };
}
