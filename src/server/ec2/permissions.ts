import type { IpPermission, SecurityGroupRule, UserIdGroupPair } from '@aws-sdk/client-ec2';
import { formatCidr, parseCidr } from '../../core/net/cidr.ts';
import { protocolName } from '../../core/net/protocol.ts';
import { ok, type Result } from '../../core/net/result.ts';
import { ALL_TRAFFIC, protocolTraffic, type Traffic, trafficProtocol } from '../../core/net/traffic.ts';
import { asId } from '../../core/model/ids.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../../core/model/security-group.ts';
import type { NewRule } from '../control/groups/authorize.ts';
import { invalidValue, missingParameter, type Refusal } from '../control/refusal.ts';
import { tagShapes } from './tags.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['icmp', 1],
  ['icmpv6', 58],
]);

type Read<T> = Result<T, Refusal>;

/** The rules of permissions: one for each source. Errors carry AWS's codes and texts. */
export function rulesOfPermissions(permissions: readonly IpPermission[]): Read<readonly NewRule[]> {
  const rules: NewRule[] = [];
  for (const permission of permissions) {
    const traffic = trafficOf(permission);
    if (!traffic.ok) return traffic;
    const peers = peersOf(permission);
    if (!peers.ok) return peers;
    for (const { peer, description } of peers.value)
      rules.push({ traffic: traffic.value, peer, ...(description === undefined ? {} : { description }) });
  }
  return ok(rules);
}

type Ports = Pick<IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'>;

/** What `-1`, names, numbers, ports and ICMP types mean (API IpPermission). */
export function trafficOf({ IpProtocol: protocol, FromPort: from, ToPort: to }: Ports): Read<Traffic> {
  if (protocol === undefined || protocol === '')
    return invalidValue(
      "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
    );
  if (protocol === '-1') return ok(ALL_TRAFFIC);
  const number = PROTOCOLS.get(protocol.toLowerCase()) ?? (/^[0-9]{1,3}$/.test(protocol) ? Number(protocol) : -1);
  const whole = protocolTraffic(number);
  if (!whole.ok) return invalidValue(`Invalid value '${protocol}' for IP protocol. Unknown protocol.`);
  switch (whole.value.kind) {
    case 'tcp':
    case 'udp':
      return portTraffic(whole.value.kind, from, to);
    case 'icmp':
    case 'icmpv6':
      return icmpTraffic(whole.value.kind, from, to);
    case 'all':
    case 'protocol':
      return whole;
  }
}

function portTraffic(kind: 'tcp' | 'udp', from: number | undefined, to: number | undefined): Read<Traffic> {
  if (from === undefined || to === undefined)
    return invalidValue('Invalid value for portRange. Must specify both from and to ports with TCP/UDP.');
  for (const [name, port] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return invalidValue(`TCP/UDP (${name}) port (${port}) out of range`);
  return from > to ? invalidValue(`Invalid TCP/UDP port range (${from}:${to})`) : ok({ kind, ports: { from, to } });
}

function icmpTraffic(kind: 'icmp' | 'icmpv6', type: number | undefined, code: number | undefined): Read<Traffic> {
  if (kind === 'icmpv6' && type === undefined && code === undefined) return ok({ kind, type: 'any', code: 'any' });
  if (type === undefined || code === undefined)
    return invalidValue('Invalid value for portRange. Must specify both from and to ports with ICMP.');
  for (const [name, value] of [
    ['type', type],
    ['code', code],
  ] as const)
    if (!Number.isInteger(value) || value < -1 || value > 255)
      return invalidValue(`ICMP ${name} (${value}) out of range`);
  if (type === -1 && code !== -1) return invalidValue(`ICMP code (${code}) must be -1 when the type is -1`);
  if (type === -1) return ok({ kind, type: 'any', code: 'any' });
  return ok({ kind, type, code: code === -1 ? 'any' : code });
}

type Described = { readonly peer: Peer; readonly description: string | undefined };

function peersOf(permission: IpPermission): Read<readonly Described[]> {
  const peers: Described[] = [];
  for (const { CidrIp: text, Description: description } of permission.IpRanges ?? []) {
    const peer = cidrPeer(text, 'ipv4');
    if (!peer.ok) return peer;
    peers.push({ peer: peer.value, description });
  }
  for (const { CidrIpv6: text, Description: description } of permission.Ipv6Ranges ?? []) {
    const peer = cidrPeer(text, 'ipv6');
    if (!peer.ok) return peer;
    peers.push({ peer: peer.value, description });
  }
  for (const { PrefixListId: id, Description: description } of permission.PrefixListIds ?? []) {
    if (id === undefined) return missingParameter('PrefixListId');
    peers.push({ peer: { kind: 'prefix-list', prefixListId: asId(id) }, description });
  }
  for (const { GroupId: id, Description: description } of permission.UserIdGroupPairs ?? []) {
    if (id === undefined) return missingParameter('GroupId');
    peers.push({ peer: { kind: 'group', groupId: asId(id) }, description });
  }
  return peers.length === 0 ? missingParameter('IpRanges') : ok(peers);
}

function cidrPeer(text: string | undefined, family: 'ipv4' | 'ipv6'): Read<Peer> {
  if (text === undefined) return missingParameter(family === 'ipv4' ? 'CidrIp' : 'CidrIpv6');
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== family) return invalidValue(`CIDR block ${text} is malformed`);
  return ok({ kind: 'cidr', cidr: cidr.value });
}

/** Rules as permissions: those of one protocol and ports are joined, with all four lists of sources. */
export function permissionsOf(rules: readonly Pick<Rule, 'traffic' | 'peer' | 'description'>[]): IpPermission[] {
  const joined = Map.groupBy(rules, ({ traffic }) => JSON.stringify(portsOf(traffic)));
  return [...joined.values()].map((same): IpPermission => {
    const { IpProtocol, FromPort, ToPort } = portsOf(same[0]?.traffic ?? ALL_TRAFFIC);
    const hasPorts = IpProtocol !== '-1' && FromPort !== undefined && ToPort !== undefined;
    return {
      IpProtocol,
      ...(hasPorts ? { FromPort, ToPort } : {}),
      UserIdGroupPairs: same.flatMap((rule) =>
        rule.peer.kind === 'group' ? [described(pairOf(rule.peer), rule)] : [],
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

function pairOf(peer: Extract<Peer, { kind: 'group' }>): UserIdGroupPair {
  return {
    GroupId: peer.groupId,
    ...(peer.ownerId === undefined ? {} : { UserId: peer.ownerId }),
    ...(peer.vpcId === undefined ? {} : { VpcId: peer.vpcId }),
    ...(peer.peeringId === undefined ? {} : { VpcPeeringConnectionId: peer.peeringId }),
  };
}

/** A rule as DescribeSecurityGroupRules shows it: −1 where there are no ports. */
export function ruleShape(group: SecurityGroup, rule: Rule): SecurityGroupRule {
  const { IpProtocol, FromPort = -1, ToPort = -1 } = portsOf(rule.traffic);
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: group.ownerId,
    IsEgress: rule.direction === 'egress',
    IpProtocol,
    FromPort,
    ToPort,
    ...peerShape(rule.peer),
    ...(rule.description === undefined ? {} : { Description: rule.description }),
    Tags: tagShapes(rule.tags),
  };
}

function peerShape(peer: Peer): Partial<SecurityGroupRule> {
  switch (peer.kind) {
    case 'cidr':
      return peer.cidr.family === 'ipv4' ? { CidrIpv4: formatCidr(peer.cidr) } : { CidrIpv6: formatCidr(peer.cidr) };
    case 'prefix-list':
      return { PrefixListId: peer.prefixListId };
    case 'group':
      return { ReferencedGroupInfo: pairOf(peer) };
  }
}

function portsOf(traffic: Traffic): { IpProtocol: string; FromPort?: number; ToPort?: number } {
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

/** A group's rules of a direction as permissions. */
export function groupPermissions(group: SecurityGroup, direction: Direction): IpPermission[] {
  return permissionsOf(group.rules.filter((rule) => rule.direction === direction));
}
