// AWS's words for what network interfaces refuse; grades as in the groups' texts.
import { invalidCombination, invalidParameter, invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** [R] */
export function eniNotFound(eniId: string): Refused {
  return /^eni-[0-9a-f]{1,17}$/.test(eniId)
    ? refuse('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${eniId}' does not exist`)
    : refuse('InvalidNetworkInterfaceId.Malformed', `Invalid id: "${eniId}" (expecting "eni-...")`);
}

/** [L] */
export function attachmentNotFound(attachmentId: string): Refused {
  return refuse('InvalidAttachmentID.NotFound', `The interface attachment '${attachmentId}' does not exist.`);
}

/** [L] */
export function eniInUse(eniId: string): Refused {
  return invalidValue(`Network interface '${eniId}' is currently in use.`);
}

/** [L]: attached to something already, and so not free for another. */
export function eniTaken(eniId: string): Refused {
  return refuse('InvalidNetworkInterface.InUse', `Interface: [${eniId}] in use.`);
}

/** [L]: of a service of AWS's. */
export function eniManaged(): Refused {
  return refuse('AuthFailure', 'You do not have permission to access the specified resource.');
}

/** [L]: the attachment of an interface that a service of AWS's made. */
export function attachmentManaged(attachmentId: string): Refused {
  const kind = /^[a-z]+-attach/.exec(attachmentId)?.[0] ?? 'ela-attach';
  return refuse('OperationNotPermitted', `You are not allowed to manage '${kind}' attachments.`);
}

/** [L] */
export function primaryDetached(): Refused {
  return refuse(
    'OperationNotPermitted',
    'The network interface at device index 0 and networkCard index 0 cannot be detached.',
  );
}

/** [L] */
export function deviceIndexTaken(instanceId: string, deviceIndex: number): Refused {
  return invalidValue(`Instance '${instanceId}' already has an interface attached at device index '${deviceIndex}'.`);
}

/** [L] */
export function zonesDiffer(): Refused {
  return invalidCombination(
    'You may not attach a network interface to an instance if they are not in the same availability zone',
  );
}

/** Code [D], text [U]. */
export function instanceNotReady(instanceId: string, state: string): Refused {
  return refuse('IncorrectState', `Instance '${instanceId}' is '${state}', not 'running' or 'stopped'.`);
}

/** Code [D], text [E]. */
export function groupsPerEniLimit(): Refused {
  return refuse(
    'SecurityGroupsPerInterfaceLimitExceeded',
    'The maximum number of security groups per interface has been reached.',
  );
}

/** [U], rule [D V:amazon-vpc-limits]: the rules of all groups of an interface together. */
export function rulesPerEniLimit(eniId: string, most: number): Refused {
  return refuse(
    'RulesPerSecurityGroupLimitExceeded',
    `The security groups of ${eniId} would have more than ${most} rules of a direction and address family.`,
  );
}

/** [L] */
export function groupOfOtherNetwork(groupId: string, subnetId: string): Refused {
  return refuse('InvalidParameter', `Security group ${groupId} and subnet ${subnetId} belong to different networks.`);
}

/** [U]: a VPC that came without its default group. */
export function defaultGroupMissing(vpcId: string): Refused {
  return refuse('InvalidGroup.NotFound', `The security group 'default' does not exist in VPC '${vpcId}'`);
}

/** Rule [D API ModifyNetworkInterfaceAttribute], text [U]. */
export function groupsMissing(): Refused {
  return invalidValue('A network interface needs at least one security group.');
}

/** [E] */
export function addressMalformed(text: string): Refused {
  return invalidValue(`invalid value for parameter address: ${text}`);
}

/** [L] */
export function addressOutsideSubnet(text: string): Refused {
  return invalidValue(`Address ${text} does not fall within the subnet's address range`);
}

/** [E] */
export function addressReserved(text: string): Refused {
  return invalidValue(`Address ${text} is in subnet's reserved address range`);
}

/** Code [D], text [L]. */
export function addressInUse(text: string): Refused {
  return refuse('InvalidIPAddress.InUse', `Address ${text} is in use.`);
}

/** [L] */
export function moveNotAllowed(texts: readonly string[]): Refused {
  return invalidValue(`[${texts.join(', ')}] assigned, but move is not allowed.`);
}

/** [U]: the address or prefix is named twice, or one holds the other. */
export function addressRepeated(text: string): Refused {
  return invalidValue(`The address ${text} is specified more than once.`);
}

/** [U], rule [D API AssignPrivateIpAddresses]: only secondary addresses move. */
export function primaryMoved(text: string): Refused {
  return invalidParameter('privateIpAddress', text, 'The primary IP address of an interface cannot be reassigned.');
}

/** [E] */
export function primaryUnassigned(text: string): Refused {
  return invalidParameter('privateIpAddress', text, 'The primary IP address of an interface cannot be unassigned.');
}

/** [L] */
export function notAssigned(eniId: string): Refused {
  return invalidValue(`Some of the specified addresses are not assigned to interface ${eniId}`);
}

/** [L] */
export function subnetFull(): Refused {
  return refuse(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free addresses to satisfy the request.',
  );
}

/** [U]: no block of that size is free, though single addresses may be. */
export function prefixesExhausted(): Refused {
  return refuse(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free CIDR blocks to satisfy the request.',
  );
}

/** [L] */
export function addressesLimit(eniId: string): Refused {
  return refuse('PrivateIpAddressLimitExceeded', `${eniId}: Number of private addresses will exceed limit.`);
}

/** [U]: the subnet has none of that family. */
export function subnetWithoutFamily(subnetId: string, family: 'IPv4' | 'IPv6'): Refused {
  return invalidValue(`The subnet '${subnetId}' has no ${family} CIDR block.`);
}

/** [U], rule [D E2:ec2-prefix-eni]. */
export function prefixMalformed(text: string, length: number): Refused {
  return invalidParameter('prefix', text, `This is not a valid /${length} prefix.`);
}

/** [U], rule [D E2:conntrack]. */
export function timeoutOutOfRange(
  name: string,
  seconds: number,
  { from, to }: { readonly from: number; readonly to: number },
): Refused {
  return invalidParameter(name, seconds, `Expecting a value between ${from} and ${to}.`);
}

/** Code [D]; the server's pool of public addresses is empty. */
export function publicPoolEmpty(): Refused {
  return refuse('InsufficientAddressCapacity', 'Not enough available addresses to satisfy your request.');
}

/** [U] */
export function descriptionTooLong(most: number): Refused {
  return invalidValue(`A description of a network interface has at most ${most} characters.`);
}

/** [E] */
export function nothingAssigned(family: 'ipv4' | 'ipv6'): Refused {
  return refuse(
    'InvalidParameter',
    family === 'ipv4'
      ? 'One of privateIpAddressSet or privateIpAddressCount or ipv4PrefixSet or ipv4PrefixCount must be specified.'
      : 'One of ipv6AddressSet or ipv6AddressCount or ipv6PrefixSet or ipv6PrefixCount must be specified.',
  );
}
