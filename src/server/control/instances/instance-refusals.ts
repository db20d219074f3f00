// AWS's words for what instances, images and volumes refuse; grades as in the groups' texts.
import { invalidCombination, invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** [L] */
export function imageMalformed(id: string): Refused {
  return refuse('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
}

/** [L] */
export function instanceNotFound(id: string): Refused {
  return /^i-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
    : refuse('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
}

/** [L] */
export function volumeNotFound(id: string): Refused {
  return /^vol-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidVolume.NotFound', `The volume '${id}' does not exist.`)
    : refuse('InvalidVolumeID.Malformed', `Invalid id: "${id}" (expecting "vol-...")`);
}

/** [L] */
export function typeUnknown(name: string): Refused {
  return invalidValue(`Invalid value '${name}' for InstanceType.`);
}

/** [L] */
export function architectureDiffers(type: string, image: string): Refused {
  return invalidValue(
    `The architecture '${type}' of the specified instance type does not match the architecture '${image}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
  );
}

/** [L] */
export function withInterfaces(what: 'security groups' | 'subnet ID' | 'private address' | 'IPv6 address'): Refused {
  return invalidCombination(
    `Network interfaces and an instance-level ${what} may not be specified on the same request`,
  );
}

/** [L] */
export function deviceIndexMissing(): Refused {
  return invalidValue('Each network interface requires a device index.');
}

/** Rule [D API RunInstances], text [U]. */
export function deviceIndexes(): Refused {
  return invalidValue('The network interfaces of an instance have device indexes of their own, one of them 0.');
}

/** [L] */
export function interfacesLimit(count: number, type: string): Refused {
  return refuse('AttachmentLimitExceeded', `Interface count ${count} exceeds the limit for ${type}`);
}

/** [L] */
export function addressesOfTypeLimit(): Refused {
  return refuse('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
}

/** [L] */
export function publicWithSeveral(): Refused {
  return invalidCombination(
    'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.',
  );
}

/** [U], rule [D API InstanceNetworkInterfaceSpecification]: what an existing interface has already. */
export function existingInterfaceHas(parameter: string): Refused {
  return invalidCombination(`A network interface may not specify both a network interface ID and ${parameter}`);
}

/** [U], rule [D API RunInstances]: one interface, one address, for several instances. */
export function oneForMany(what: string): Refused {
  return invalidCombination(`${what} cannot be specified when launching more than one instance.`);
}

/** [L] */
export function namesWithSubnet(): Refused {
  return invalidCombination('The parameter groupName cannot be used with the parameter subnet');
}

/** [L] */
export function noDefaultSubnet(vpcId: string, zone: string | undefined): Refused {
  const where = zone === undefined ? '' : ` in the Availability Zone '${zone}'`;
  return refuse('MissingInput', `No subnets found for the default VPC '${vpcId}'${where}. Please specify a subnet.`);
}

/** [U] */
export function zoneOfOtherSubnet(zone: string, subnetId: string): Refused {
  return invalidValue(
    `Value (${zone}) for parameter availabilityZone is invalid. Subnet '${subnetId}' is in another availability zone.`,
  );
}

/** [L] */
export function isProtected(id: string, what: 'terminated' | 'stopped'): Refused {
  const attribute = what === 'terminated' ? 'disableApiTermination' : 'disableApiStop';
  return refuse(
    'OperationNotPermitted',
    `The instance '${id}' may not be ${what}. Modify its '${attribute}' instance attribute and try again.`,
  );
}

/** [L] */
export function wrongState(id: string, what: 'started' | 'stopped' | 'rebooted'): Refused {
  const subject = what === 'stopped' ? 'This instance' : 'The instance';
  return refuse('IncorrectInstanceState', `${subject} '${id}' is not in a state from which it can be ${what}.`);
}

/** [L] */
export function notStopped(id: string): Refused {
  return refuse('IncorrectInstanceState', `The instance '${id}' is not in the 'stopped' state.`);
}

/** [U] */
export function isTerminated(id: string): Refused {
  return refuse('IncorrectInstanceState', `The instance '${id}' is in the 'terminated' state.`);
}

/** [L] */
export function severalInterfaces(id: string): Refused {
  return refuse(
    'InvalidInstanceID',
    `There are multiple interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`,
  );
}

/** Code [D], text [U]. */
export function creditsUnsupported(what: string): Refused {
  return refuse('InstanceCreditSpecification.NotSupported', `${what} does not have CPU credits.`);
}

/** [L] */
export function userDataMalformed(): Refused {
  return invalidValue('Invalid BASE64 encoding of user data.');
}

/** [L] */
export function userDataTooLong(): Refused {
  return invalidValue('User data is limited to 16384 bytes');
}

/** [L] */
export function volumeInUse(id: string, instanceId: string): Refused {
  return refuse('VolumeInUse', `Volume ${id} is currently attached to ${instanceId}`, [instanceId]);
}
