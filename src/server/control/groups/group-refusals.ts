// AWS's words for what groups and rules refuse. Grades as in the conformance cases: [L] seen in public logs, [R] recorded from AWS, [D] documented,
// [E] another implementation's, [U] unverified.
import { formatCidr } from '../../../core/net/cidr.ts';
import { protocolName } from '../../../core/net/protocol.ts';
import { type Traffic, trafficProtocol } from '../../../core/net/traffic.ts';
import type { Peer } from '../../../core/model/security-group.ts';
import { dependency, invalidParameter, invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

const CHARACTERS = 'less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*';

/** [R] */
export function groupNotFound(groupId: string): Refused {
  return refuse('InvalidGroup.NotFound', `The security group '${groupId}' does not exist`);
}

/** [L] */
export function groupNameNotFound(name: string, vpcId: string): Refused {
  return refuse('InvalidGroup.NotFound', `The security group '${name}' does not exist in default VPC '${vpcId}'`);
}

/** [L] */
export function groupNameTaken(name: string, vpcId: string): Refused {
  return refuse('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`);
}

/** [E] The page of codes has InvalidGroup.Reserved, of EC2-Classic's time. */
export function groupNameReserved(): Refused {
  return invalidValue('Cannot use reserved security group name: default');
}

/** [L] */
export function groupNameLikeId(name: string): Refused {
  return invalidParameter('GroupName', name, 'Group names may not be in the format sg-*.');
}

/** [E] */
export function groupNameCharacters(): Refused {
  return invalidValue(`Invalid security group name. Valid names are non-empty strings ${CHARACTERS}`);
}

/** [L] */
export function descriptionNotAscii(text: string): Refused {
  return invalidParameter('GroupDescription', text, 'Character sets beyond ASCII are not supported.');
}

/** [L] */
export function descriptionCharacters(): Refused {
  return invalidValue(`Invalid security group description. Valid descriptions are strings ${CHARACTERS}`);
}

/** [L] */
export function ruleDescriptionCharacters(): Refused {
  return invalidValue(`Invalid rule description. Valid descriptions are strings ${CHARACTERS}`);
}

/** [D] */
export function groupIsDefault(groupId: string): Refused {
  return refuse('CannotDelete', `the specified group: "${groupId}" name: "default" cannot be deleted by a user`);
}

/** [L] */
export function groupInUse(groupId: string, holders: readonly string[]): Refused {
  return dependency(`resource ${groupId} has a dependent object`, holders);
}

/** Code [D], text [U]. */
export function groupsLimit(): Refused {
  return refuse('SecurityGroupLimitExceeded', 'The maximum number of security groups has been reached.');
}

/** [L] */
export function rulesLimit(): Refused {
  return refuse(
    'RulesPerSecurityGroupLimitExceeded',
    'The maximum number of rules per security group has been reached.',
  );
}

/** [L] for CIDRs and all traffic; the other peers alike [U]. */
export function ruleExists(traffic: Traffic, peer: Peer): Refused {
  return refuse('InvalidPermission.Duplicate', `the specified rule "${ruleWords(traffic, peer)}" already exists`);
}

/** [L] */
export function ruleRepeated(): Refused {
  return invalidValue('The same permission must not appear multiple times');
}

/** [D] */
export function ruleNotFound(): Refused {
  return refuse('InvalidPermission.NotFound', 'The specified rule does not exist in this security group');
}

/** [R]; an id of another form is malformed [E]. */
export function ruleIdNotFound(ruleId: string): Refused {
  return /^sgr-.{1,17}$/s.test(ruleId)
    ? refuse('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${ruleId}' does not exist`)
    : refuse('InvalidSecurityGroupRuleId.Malformed', `Invalid id: "${ruleId}" (expecting "sgr-...")`);
}

/** [E] */
export function ruleIdRepeated(ruleId: string): Refused {
  return invalidValue(
    `Duplicated security group rule ID '${ruleId}'. The same security group rule ID must not appear multiple times.`,
  );
}

/** The kinds of source that a rule keeps for life, by the parameter that gives them. */
export type PeerType = 'CidrIpv4' | 'CidrIpv6' | 'PrefixListId' | 'ReferencedGroupId';

const PEER_TYPES: Readonly<Record<PeerType, string>> = {
  CidrIpv4: 'IPv4 CIDR',
  CidrIpv6: 'IPv6 CIDR',
  PrefixListId: 'prefix list',
  ReferencedGroupId: 'referenced group',
};

/** Rule [D], text [E]. */
export function sourceTypeChanged(ruleId: string, types: { readonly from: PeerType; readonly to: PeerType }): Refused {
  return invalidValue(
    `Invalid rule type for security group rule '${ruleId}'. You may not specify ${types.to} for an existing ${PEER_TYPES[types.from]} rule.`,
  );
}

/** Rule [D], code and text [U]. */
export function associationOfDefaultGroup(groupId: string): Refused {
  return invalidValue(`The default security group '${groupId}' cannot be associated with another VPC.`);
}

/** Rule [D], code and text [U]. */
export function associationWithDefaultVpc(vpcId: string): Refused {
  return invalidValue(`Security groups cannot be associated with the default VPC '${vpcId}'.`);
}

/** [U] */
export function associationWithOwnVpc(groupId: string, vpcId: string): Refused {
  return invalidValue(`The security group '${groupId}' belongs to the VPC '${vpcId}' already.`);
}

/** [U] */
export function associationTaken(groupId: string, vpcId: string): Refused {
  return refuse(
    'Resource.AlreadyAssociated',
    `The security group '${groupId}' is already associated with VPC '${vpcId}'`,
  );
}

/** [U] */
export function associationNotFound(groupId: string, vpcId: string): Refused {
  return refuse(
    'InvalidSecurityGroupVpcAssociation.NotFound',
    `The security group '${groupId}' is not associated with VPC '${vpcId}'`,
  );
}

/** Rule [D], text as for deletion. */
export function associationInUse(groupId: string, holders: readonly string[]): Refused {
  return groupInUse(groupId, holders);
}

/** [L] */
export function groupsOfDifferentNetworks(): Refused {
  return refuse('InvalidGroup.NotFound', 'You have specified two resources that belong to different networks.');
}

/** `peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW` */
function ruleWords(traffic: Traffic, peer: Peer): string {
  const who = peer.kind === 'cidr' ? formatCidr(peer.cidr) : peer.kind === 'group' ? peer.groupId : peer.prefixListId;
  const protocol = trafficProtocol(traffic);
  if (protocol === undefined) return `peer: ${who}, ALL, ALLOW`;
  const name = protocolName(protocol).toUpperCase();
  const [from, to] =
    'ports' in traffic
      ? [traffic.ports.from, traffic.ports.to]
      : 'type' in traffic
        ? [traffic.type === 'any' ? -1 : traffic.type, traffic.code === 'any' ? -1 : traffic.code]
        : [-1, -1];
  return `peer: ${who}, ${name}, from port: ${from}, to port: ${to}, ALLOW`;
}
