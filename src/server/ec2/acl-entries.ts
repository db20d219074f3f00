import type { CreateNetworkAclEntryRequest, IcmpTypeCode, PortRange } from '@aws-sdk/client-ec2';
import { type Cidr, parseCidr } from '../../core/net/cidr.ts';
import { ok, type Result } from '../../core/net/result.ts';
import { ALL_TRAFFIC, protocolTraffic, type Traffic } from '../../core/net/traffic.ts';
import type { AclEntry } from '../../core/model/network-acl.ts';
import { entryIcmpMissing, entryPortsMissing, entryProtocolUnknown } from '../control/acls/acl-refusals.ts';
import { invalidCombination, invalidParameter, missingParameter, type Refusal } from '../control/refusal.ts';
import { cidrMalformed } from '../control/vpcs/vpc-refusals.ts';

type Read<T> = Result<T, Refusal>;

/** The entry that a request describes, and the NACL that it is for (API CreateNetworkAclEntry). */
export function entryOf(
  input: CreateNetworkAclEntryRequest,
): Read<{ readonly aclId: string; readonly entry: AclEntry }> {
  const { NetworkAclId: aclId, RuleNumber: number, RuleAction: action, Egress: isEgress } = input;
  if (aclId === undefined) return missingParameter('NetworkAclId');
  if (number === undefined) return missingParameter('RuleNumber');
  if (action === undefined) return missingParameter('RuleAction');
  if (isEgress === undefined) return missingParameter('Egress');
  // The enumeration of the SDK says no more than what it may be: anything comes over the wire.
  const known = (['allow', 'deny'] as const).find((one) => one === action);
  if (known === undefined) return invalidParameter('ruleAction', action, 'It must be allow or deny.');
  const cidr = entryCidr(input);
  if (!cidr.ok) return cidr;
  const traffic = entryTraffic(input, cidr.value);
  if (!traffic.ok) return traffic;
  const direction = isEgress ? 'egress' : 'ingress';
  return ok({ aclId, entry: { number, direction, action: known, cidr: cidr.value, traffic: traffic.value } });
}

/** Exactly one CIDR, IPv4 or IPv6; host bits are cleared as AWS does. */
function entryCidr({ CidrBlock: ipv4, Ipv6CidrBlock: ipv6 }: CreateNetworkAclEntryRequest): Read<Cidr> {
  if (ipv4 !== undefined && ipv6 !== undefined)
    return invalidCombination('Only one of cidrBlock and ipv6CidrBlock can be specified');
  const [family, text] = ipv6 === undefined ? (['ipv4', ipv4] as const) : (['ipv6', ipv6] as const);
  if (text === undefined) return missingParameter('CidrBlock');
  const cidr = parseCidr(text);
  return cidr.ok && cidr.value.family === family
    ? cidr
    : cidrMalformed(family === 'ipv4' ? 'cidrBlock' : 'ipv6CidrBlock', text.slice(0, 80));
}

/**
 * `-1` is all traffic; TCP and UDP need ports, ICMP a type and code, ICMPv6 so only beside an IPv6 CIDR: beside an IPv4 one it is all types,
 * whatever is said. Other protocols are all of the protocol (API CreateNetworkAclEntry).
 */
function entryTraffic(
  { Protocol: protocol, PortRange, IcmpTypeCode }: CreateNetworkAclEntryRequest,
  cidr: Cidr,
): Read<Traffic> {
  if (protocol === undefined || protocol === '') return missingParameter('Protocol');
  if (protocol === '-1') return ok(ALL_TRAFFIC);
  const whole = protocolTraffic(/^[0-9]{1,3}$/.test(protocol) ? Number(protocol) : -1);
  if (!whole.ok) return entryProtocolUnknown(protocol);
  switch (whole.value.kind) {
    case 'tcp':
    case 'udp':
      return portTraffic(whole.value.kind, PortRange);
    case 'icmp':
      return icmpTraffic('icmp', IcmpTypeCode);
    case 'icmpv6':
      return cidr.family === 'ipv4' ? whole : icmpTraffic('icmpv6', IcmpTypeCode);
    case 'all':
    case 'protocol':
      return whole;
  }
}

function portTraffic(kind: 'tcp' | 'udp', range: PortRange | undefined): Read<Traffic> {
  const { From: from, To: to } = range ?? {};
  if (from === undefined || to === undefined) return entryPortsMissing();
  for (const [name, port] of [
    ['portRange.from', from],
    ['portRange.to', to],
  ] as const)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return invalidParameter(name, port, 'A port must be in range 0..65535.');
  return from > to
    ? invalidParameter('portRange', `${from}-${to}`, 'The first port is beyond the last.')
    : ok({ kind, ports: { from, to } });
}

function icmpTraffic(kind: 'icmp' | 'icmpv6', given: IcmpTypeCode | undefined): Read<Traffic> {
  const { Type: type, Code: code } = given ?? {};
  if (type === undefined || code === undefined) return entryIcmpMissing();
  for (const [name, value] of [
    ['icmpTypeCode.type', type],
    ['icmpTypeCode.code', code],
  ] as const)
    if (!Number.isInteger(value) || value < -1 || value > 255)
      return invalidParameter(name, value, 'It must be in range -1..255.');
  if (type === -1 && code !== -1)
    return invalidParameter('icmpTypeCode.code', code, 'The code must be -1 when the type is -1.');
  if (type === -1) return ok({ kind, type: 'any', code: 'any' });
  return ok({ kind, type, code: code === -1 ? 'any' : code });
}
