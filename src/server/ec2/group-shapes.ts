import type {
  IpPermission,
  SecurityGroup as GroupShape,
  SecurityGroupRule,
  UserIdGroupPair,
} from '@aws-sdk/client-ec2';
import { formatCidr } from '../../core/net/cidr.ts';
import { protocolName } from '../../core/net/protocol.ts';
import { ALL_TRAFFIC, type Traffic, trafficProtocol } from '../../core/net/traffic.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../../core/model/security-group.ts';
import type { Draft } from '../control/draft.ts';
import { arnOf, type Realm } from '../control/env.ts';
import { peeringStatusOf } from '../control/groups/references.ts';
import { tagShapes } from './tags.ts';

/** Rules as permissions: those of one protocol and ports are joined, with all four lists of sources. */
export function permissionsOf(
  draft: Draft,
  rules: readonly Pick<Rule, 'traffic' | 'peer' | 'description'>[],
): IpPermission[] {
  const joined = Map.groupBy(rules, ({ traffic }) => JSON.stringify(portsOf(traffic)));
  return [...joined.values()].map((same): IpPermission => {
    const { IpProtocol, FromPort, ToPort } = portsOf(same[0]?.traffic ?? ALL_TRAFFIC);
    const hasPorts = IpProtocol !== '-1' && FromPort !== undefined && ToPort !== undefined;
    return {
      IpProtocol,
      ...(hasPorts ? { FromPort, ToPort } : {}),
      UserIdGroupPairs: same.flatMap((rule) =>
        rule.peer.kind === 'group' ? [described(pairOf(draft, rule.peer), rule)] : [],
      ),
      IpRanges: same.flatMap((rule) => cidrRow(rule.peer, 'ipv4').map((CidrIp) => described({ CidrIp }, rule))),
      Ipv6Ranges: same.flatMap((rule) => cidrRow(rule.peer, 'ipv6').map((CidrIpv6) => described({ CidrIpv6 }, rule))),
      PrefixListIds: same.flatMap((rule) =>
        rule.peer.kind === 'prefix-list' ? [described({ PrefixListId: rule.peer.prefixListId }, rule)] : [],
      ),
    };
  });
}

function described<T extends object>(
  shape: T,
  { description }: { readonly description?: string },
): T & { Description?: string } {
  return description === undefined ? shape : { ...shape, Description: description };
}

function cidrRow(peer: Peer, family: 'ipv4' | 'ipv6'): readonly string[] {
  return peer.kind === 'cidr' && peer.cidr.family === family ? [formatCidr(peer.cidr)] : [];
}

/** A group as a rule names it: the owner goes with the group, the peering is told with its status (API UserIdGroupPair). */
function pairOf(draft: Draft, peer: Extract<Peer, { kind: 'group' }>): UserIdGroupPair {
  const isThere = draft.get('groups', peer.groupId) !== undefined;
  const status = peeringStatusOf(draft, peer);
  return {
    GroupId: peer.groupId,
    ...(peer.ownerId === undefined || !isThere ? {} : { UserId: peer.ownerId }),
    ...(peer.vpcId === undefined ? {} : { VpcId: peer.vpcId }),
    ...(peer.peeringId === undefined ? {} : { VpcPeeringConnectionId: peer.peeringId }),
    ...(status === undefined ? {} : { PeeringStatus: status }),
  };
}

/** A rule as DescribeSecurityGroupRules shows it: −1 where there are no ports. */
export function ruleShape(draft: Draft, group: SecurityGroup, rule: Rule): SecurityGroupRule {
  const { IpProtocol, FromPort = -1, ToPort = -1 } = portsOf(rule.traffic);
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: group.ownerId,
    IsEgress: rule.direction === 'egress',
    IpProtocol,
    FromPort,
    ToPort,
    ...peerShape(draft, rule.peer),
    ...(rule.description === undefined ? {} : { Description: rule.description }),
    Tags: tagShapes(rule.tags),
  };
}

function peerShape(draft: Draft, peer: Peer): Partial<SecurityGroupRule> {
  switch (peer.kind) {
    case 'cidr':
      return peer.cidr.family === 'ipv4' ? { CidrIpv4: formatCidr(peer.cidr) } : { CidrIpv6: formatCidr(peer.cidr) };
    case 'prefix-list':
      return { PrefixListId: peer.prefixListId };
    case 'group':
      return { ReferencedGroupInfo: pairOf(draft, peer) };
  }
}

/** AWS's three members for a traffic; ICMP has its type and code in them, −1 for any. */
export function portsOf(traffic: Traffic): { IpProtocol: string; FromPort?: number; ToPort?: number } {
  const protocol = trafficProtocol(traffic);
  const IpProtocol = protocol === undefined ? '-1' : protocolName(protocol);
  if ('ports' in traffic) return { IpProtocol, FromPort: traffic.ports.from, ToPort: traffic.ports.to };
  if (!('type' in traffic)) return { IpProtocol };
  const [type, code] = [traffic.type, traffic.code].map((value) => (value === 'any' ? -1 : value));
  return {
    IpProtocol,
    ...(type === undefined ? {} : { FromPort: type }),
    ...(code === undefined ? {} : { ToPort: code }),
  };
}

/** A group as DescribeSecurityGroups shows it. */
export function groupShape(draft: Draft, group: SecurityGroup, realm: Realm): GroupShape {
  const permissions = (direction: Direction): IpPermission[] =>
    permissionsOf(
      draft,
      group.rules.filter((rule) => rule.direction === direction),
    );
  return {
    OwnerId: group.ownerId,
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    SecurityGroupArn: arnOf(realm, 'security-group', group.id),
    IpPermissions: permissions('ingress'),
    IpPermissionsEgress: permissions('egress'),
    Tags: tagShapes(group.tags),
  };
}
