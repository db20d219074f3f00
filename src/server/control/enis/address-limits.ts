import type { Address } from '../../../core/net/address.ts';
import type { Eni } from '../../../core/model/eni.ts';
import type { Draft } from '../draft.ts';
import { INSTANCE_TYPES, type InstanceType } from '../instances/instance-types.ts';
import type { Claim } from './claim.ts';

/**
 * Most addresses and prefixes of a family on an interface that is attached to no instance of a known type. AWS's bound goes by the type, 50
 * for most of the largest; this one keeps records from growing without end.
 */
const MOST = 64;

/** How many places for addresses of a family an interface has given away: a prefix takes one (E2:ec2-prefix-eni). */
export function placesTaken({ addresses, prefixes }: Eni, family: Address['family']): number {
  return (
    addresses.filter(({ address }) => address.family === family).length +
    prefixes.filter((prefix) => prefix.family === family).length
  );
}

/** How many places a claim takes. */
export function claimSize({ addresses, prefixes }: Claim): number {
  return addresses.named.length + addresses.count + prefixes.named.length + prefixes.count;
}

/** How many places of a family an interface of an instance of the type has; of a free one, when there is no type (E2:using-eni). */
export function mostAddresses(type: InstanceType | undefined, family: Address['family']): number {
  if (type === undefined) return MOST;
  return family === 'ipv4' ? type.ipv4PerInterface : type.ipv6PerInterface;
}

/** The type of an instance, if it is known. */
export function typeOf(draft: Draft, instanceId: string | undefined): InstanceType | undefined {
  const detail = instanceId === undefined ? undefined : draft.get('instanceDetails', instanceId);
  return detail?.instanceType === undefined ? undefined : INSTANCE_TYPES.get(detail.instanceType);
}
