import type { IpPermission, UserIdGroupPair } from '@aws-sdk/client-ec2';
import { parseCidr } from '../../core/net/cidr.ts';
import { ok, type Result } from '../../core/net/result.ts';
import { ALL_TRAFFIC, protocolTraffic, type Traffic } from '../../core/net/traffic.ts';
import { asId } from '../../core/model/ids.ts';
import type { Peer } from '../../core/model/security-group.ts';
import type { NewRule } from '../control/groups/authorize.ts';
import { invalidValue, missingParameter, type Refusal } from '../control/refusal.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['icmp', 1],
  ['icmpv6', 58],
]);

type Read<T> = Result<T, Refusal>;

/** The id of a group that is named by its name: names stand in the default VPC alone. */
export type GroupIdOf = (name: string) => Read<string>;

/** The rules of permissions: one for each source. Errors carry AWS's codes and texts. */
export function rulesOfPermissions(
  permissions: readonly IpPermission[],
  groupIdOf: GroupIdOf,
): Read<readonly NewRule[]> {
  const rules: NewRule[] = [];
  for (const permission of permissions) {
    const traffic = trafficOf(permission);
    if (!traffic.ok) return traffic;
    const peers = peersOf(permission, groupIdOf);
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

/** A source with what is said of it. */
export type Described = { readonly peer: Peer; readonly description: string | undefined };

/** The sources of a permission, each a peer; at least one. */
export function peersOf(permission: IpPermission, groupIdOf: GroupIdOf): Read<readonly Described[]> {
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
  for (const pair of permission.UserIdGroupPairs ?? []) {
    const peer = groupPeer(pair, groupIdOf);
    if (!peer.ok) return peer;
    peers.push({ peer: peer.value, description: pair.Description });
  }
  return peers.length === 0 ? missingParameter('IpRanges') : ok(peers);
}

function groupPeer(pair: UserIdGroupPair, groupIdOf: GroupIdOf): Read<Peer> {
  const { GroupId: id, GroupName: name, UserId: ownerId } = pair;
  if (id === undefined && name === undefined) return missingParameter('GroupId');
  const found = id === undefined ? groupIdOf(name ?? '') : ok(id);
  if (!found.ok) return found;
  return ok({ kind: 'group', groupId: asId(found.value), ...(ownerId === undefined ? {} : { ownerId }) });
}

function cidrPeer(text: string | undefined, family: 'ipv4' | 'ipv6'): Read<Peer> {
  if (text === undefined) return missingParameter(family === 'ipv4' ? 'CidrIp' : 'CidrIpv6');
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== family) return invalidValue(`CIDR block ${text} is malformed`);
  return ok({ kind: 'cidr', cidr: cidr.value });
}
