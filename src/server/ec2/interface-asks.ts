import type { InstanceNetworkInterfaceSpecification } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import type { Claim } from '../control/enis/claim.ts';
import { descriptionFault } from '../control/enis/description.ts';
import type { InterfaceAsk } from '../control/instances/launch-interfaces.ts';
import { type Refusal, unsupported } from '../control/refusal.ts';
import { type AddressInput, claimOf, privateAddressesOf, timeoutsOf } from './eni-input.ts';
import { refuseGiven } from './given.ts';

/** An interface in a launch, from the SDK's shape. Clients send empty text, zero and false for what they leave open. */
export function interfaceAskOf(given: InstanceNetworkInterfaceSpecification): Result<InterfaceAsk, Refusal> {
  const foreign = refuseGiven(given, ['EnaSrdSpecification', 'EnaQueueCount']);
  if (foreign !== undefined) return foreign;
  if (given.AssociateCarrierIpAddress === true) return unsupported('the parameter AssociateCarrierIpAddress');
  if ((given.NetworkCardIndex ?? 0) !== 0) return unsupported('network cards other than 0');
  if (!['', 'interface'].includes(given.InterfaceType ?? ''))
    return unsupported(`the interface type ${given.InterfaceType?.slice(0, 40) ?? ''}`);
  const fault = descriptionFault(given.Description ?? '');
  if (fault !== undefined) return fault;
  const own = privateAddressesOf(textOf(given.PrivateIpAddress), given.PrivateIpAddresses);
  if (!own.ok) return own;
  const ipv4 = wantedOf('ipv4', {
    addresses: own.value.others,
    count: given.SecondaryPrivateIpAddressCount,
    prefixes: given.Ipv4Prefixes?.map(({ Ipv4Prefix }) => Ipv4Prefix),
    prefixCount: given.Ipv4PrefixCount,
  });
  if (!ipv4.ok) return ipv4;
  const ipv6 = ipv6Claim(given);
  if (!ipv6.ok) return ipv6;
  const { Groups: groups = [], ConnectionTrackingSpecification: tracking } = given;
  return ok({
    deviceIndex: given.DeviceIndex,
    eniId: textOf(given.NetworkInterfaceId),
    subnetId: textOf(given.SubnetId),
    groupIds: groups.length === 0 ? undefined : groups,
    description: textOf(given.Description),
    primary: own.value.primary,
    ipv4: ipv4.value,
    ipv6: ipv6.value,
    hasPrimaryIpv6: given.PrimaryIpv6 === true ? true : undefined,
    publicAddress: given.AssociatePublicIpAddress,
    deleteOnTermination: given.DeleteOnTermination,
    timeouts: tracking === undefined ? undefined : timeoutsOf(tracking),
  });
}

/** Text that is there; empty text is none. */
export function textOf(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** What is asked of IPv6: at the top of a launch and in its interfaces alike. Undefined when nothing is. */
export function ipv6Claim(
  given: Pick<
    InstanceNetworkInterfaceSpecification,
    'Ipv6AddressCount' | 'Ipv6Addresses' | 'Ipv6Prefixes' | 'Ipv6PrefixCount'
  >,
): Result<Claim | undefined, Refusal> {
  return wantedOf('ipv6', {
    addresses: given.Ipv6Addresses?.map(({ Ipv6Address }) => Ipv6Address),
    count: given.Ipv6AddressCount,
    prefixes: given.Ipv6Prefixes?.map(({ Ipv6Prefix }) => Ipv6Prefix),
    prefixCount: given.Ipv6PrefixCount,
  });
}

/** A claim; undefined when nothing at all was said, for then the subnet decides. */
function wantedOf(family: 'ipv4' | 'ipv6', input: AddressInput): Result<Claim | undefined, Refusal> {
  const { addresses = [], count = 0, prefixes = [], prefixCount = 0 } = input;
  const isSilent = addresses.length === 0 && count === 0 && prefixes.length === 0 && prefixCount === 0;
  return isSilent ? ok(undefined) : claimOf(family, input);
}
