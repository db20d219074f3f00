// AWS's words for what VPCs and subnets refuse; grades as in the groups' texts.
import { dependency, invalidCombination, invalidParameter, invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Code [D], text [E]. */
export function vpcNotFound(vpcId: string): Refused {
  return /^vpc-[0-9a-f]{1,17}$/.test(vpcId)
    ? refuse('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`)
    : refuse('InvalidVpcID.Malformed', `Invalid id: "${vpcId}" (expecting "vpc-...")`);
}

/** Code [D], text [E]. */
export function subnetNotFound(subnetId: string): Refused {
  return /^subnet-[0-9a-f]{1,17}$/.test(subnetId)
    ? refuse('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`)
    : refuse('InvalidSubnetID.Malformed', `Invalid id: "${subnetId}" (expecting "subnet-...")`);
}

/** [E] */
export function cidrMalformed(parameter: string, text: string): Refused {
  return invalidParameter(parameter, text, 'This is not a valid CIDR block.');
}

/** Code [r], text [E]: of a size or a range that no VPC may have. */
export function vpcRange(text: string): Refused {
  return refuse('InvalidVpc.Range', `The CIDR '${text}' is invalid.`);
}

/** Code [r], text [E]: of a size that no subnet may have, or outside its VPC. */
export function subnetRange(text: string): Refused {
  return refuse('InvalidSubnet.Range', `The CIDR '${text}' is invalid.`);
}

/** Code [r], text [E]. */
export function subnetConflict(text: string): Refused {
  return refuse('InvalidSubnet.Conflict', `The CIDR '${text}' conflicts with another subnet`);
}

/** Code [D], text [E]. */
export function vpcsLimit(): Refused {
  return refuse('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
}

/** Code [D], text [U]. */
export function subnetsLimit(): Refused {
  return refuse('SubnetLimitExceeded', 'The maximum number of subnets has been reached.');
}

/** [R] */
export function cidrsLimit(vpcId: string, most: number): Refused {
  return refuse('CidrLimitExceeded', `This network ${vpcId} has met its maximum number of allowed CIDRs: ${most}`);
}

/** [U]: it meets another CIDR of the VPC or of a peer. */
export function vpcConflict(text: string, other: string): Refused {
  return refuse('InvalidVpc.Range', `The CIDR '${text}' conflicts with ${other}.`);
}

/** [U], rule [D V:vpc-cidr-blocks]. */
export function vpcRestricted(text: string): Refused {
  return refuse(
    'InvalidVpc.Range',
    `The CIDR '${text}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.`,
  );
}

/** [L] */
export function vpcInUse(vpcId: string, holders: readonly string[]): Refused {
  return dependency(`The vpc '${vpcId}' has dependencies and cannot be deleted.`, holders);
}

/** [L] */
export function subnetInUse(subnetId: string, holders: readonly string[]): Refused {
  return dependency(`The subnet '${subnetId}' has dependencies and cannot be deleted.`, holders);
}

/** [E] */
export function associationNotFound(associationId: string): Refused {
  return refuse(
    'InvalidVpcCidrBlockAssociationID.NotFound',
    `The vpc CIDR block association ID '${associationId}' does not exist`,
  );
}

/** [E] */
export function subnetAssociationNotFound(associationId: string): Refused {
  return refuse(
    'InvalidSubnetCidrBlockAssociationID.NotFound',
    `The subnet CIDR block association ID '${associationId}' does not exist`,
  );
}

/** [E] */
export function primaryCidr(associationId: string): Refused {
  return refuse(
    'OperationNotPermitted',
    `The vpc CIDR block with association ID ${associationId} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`,
  );
}

/** [U] */
export function cidrInUse(text: string, holders: readonly string[]): Refused {
  return dependency(`The CIDR '${text}' is in use.`, holders);
}

/** [E] */
export function zoneUnknown(zone: string, zones: readonly string[]): Refused {
  return invalidParameter(
    'availabilityZone',
    zone,
    `Subnets can currently only be created in the following availability zones: ${zones.join(', ')}.`,
  );
}

/** [R] */
export function nativeWithoutIpv6(): Refused {
  return refuse('MissingParameter', "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.");
}

/** [R] */
export function nativeWithIpv4(): Refused {
  return invalidCombination(
    'When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.',
  );
}

/** [E] */
export function defaultVpcExists(vpcId: string): Refused {
  return refuse('DefaultVpcAlreadyExists', `A Default VPC already exists for this account in this region: ${vpcId}.`);
}

/** [E] */
export function defaultSubnetExists(zone: string, subnetId: string): Refused {
  return refuse(
    'DefaultSubnetAlreadyExistsInAvailabilityZone',
    `'${subnetId}' is already the default subnet in ${zone}.`,
  );
}

/** [E] */
export function noDefaultVpc(): Refused {
  return refuse('DefaultVpcDoesNotExist', 'A default VPC does not exist.');
}

/** [U], rule [D API ModifySubnetAttribute]. */
export function subnetWithoutIpv6(subnetId: string): Refused {
  return invalidValue(`The subnet '${subnetId}' has no IPv6 CIDR block.`);
}
