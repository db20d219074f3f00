import { type Address, FAMILIES } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { type ConnectionTimeouts, type Eni, type EniAddress, isUnfiltered } from '../../../core/model/eni.ts';
import { asId } from '../../../core/model/ids.ts';
import { indexedIds } from '../../../core/model/world.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import { invalidCombination, type Refusal } from '../refusal.ts';
import { subnetNotFound } from '../vpcs/vpc-refusals.ts';
import { claimSize, mostAddresses } from './address-limits.ts';
import { type Claim, claim, type Claimed, NO_CLAIM } from './claim.ts';
import { isServiceType, macAddressOf } from './eni-details.ts';
import { descriptionFault } from './description.ts';
import { defaultGroups, groupsFor, ruleProductFault } from './eni-groups.ts';
import { addressesLimit } from './eni-refusals.ts';
import { timeoutFault } from './timeouts.ts';

/** What a new interface is to be. What is absent is AWS's default. */
export type CreateEni = {
  readonly subnetId: string;
  /** The VPC's default group when absent; none for kinds of interface that have none. */
  readonly groupIds?: readonly string[] | undefined;
  readonly description?: string | undefined;
  /** The lowest free one when absent. */
  readonly primary?: Address | undefined;
  /** Further addresses and prefixes of IPv4: those that are named, and a count of others. */
  readonly ipv4?: Claim | undefined;
  /** Absent: one address where the subnet assigns IPv6 on creation, else none. */
  readonly ipv6?: Claim | undefined;
  readonly hasPrimaryIpv6?: boolean | undefined;
  readonly interfaceType?: string | undefined;
  readonly requesterManaged?: boolean | undefined;
  readonly timeouts?: ConnectionTimeouts | undefined;
  readonly sourceDestCheck?: boolean | undefined;
  readonly tags?: Tags | undefined;
};

/**
 * An interface in a subnet, with addresses that nobody has (API CreateNetworkInterface). Those of services of AWS's are attached from birth
 * (`nat_gateway`); others are `available` until `attachEni`. It refuses as AWS does and then changes nothing.
 */
export function createEni(draft: Draft, asked: CreateEni, env: Env): Result<Eni, Refusal> {
  const subnet = draft.get('subnets', asked.subnetId);
  if (subnet === undefined) return subnetNotFound(asked.subnetId);
  const fault = timeoutFault(asked.timeouts ?? {}) ?? descriptionFault(asked.description ?? '');
  if (fault !== undefined) return fault;
  const bare = bareEni(subnet, asked, env);
  const isGroupless = asked.groupIds === undefined && isUnfiltered(bare);
  const { vpcId, id: subnetId } = subnet;
  const groups = isGroupless
    ? ok([])
    : asked.groupIds === undefined
      ? defaultGroups(draft, vpcId)
      : groupsFor(draft, { vpcId, subnetId, groupIds: asked.groupIds }, env);
  if (!groups.ok) return groups;
  const held = claimBoth(draft, { subnet, asked, eniId: bare.id });
  if (!held.ok) return held;
  if (asked.hasPrimaryIpv6 === true && held.value.addresses.every(({ address }) => address.family === 'ipv4'))
    return invalidCombination('A primary IPv6 address needs an IPv6 address.');
  const eni: Eni = { ...bare, ...held.value, groups: groups.value };
  const product = ruleProductFault(draft, eni, env);
  if (product !== undefined) return product;
  const requesterManaged = asked.requesterManaged ?? isServiceType(eni.interfaceType);
  draft.put('eniDetails', {
    id: eni.id,
    macAddress: newMacAddress(draft, subnet, env),
    requesterManaged,
    deleteOnTermination: false,
    ...(asked.hasPrimaryIpv6 === true ? { hasPrimaryIpv6: true } : {}),
  });
  draft.put('enis', eni);
  return ok(eni);
}

/** The interface without addresses and groups. */
function bareEni(subnet: Subnet, asked: CreateEni, env: Env): Eni {
  const interfaceType = asked.interfaceType ?? 'interface';
  return {
    id: asId(newId(env, 'eni')),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    ownerId: env.realm.accountId,
    groups: [],
    addresses: [],
    prefixes: [],
    sourceDestCheck: asked.sourceDestCheck ?? !isServiceType(interfaceType),
    interfaceType,
    ...(isServiceType(interfaceType)
      ? { status: 'in-use', attachment: { deviceIndex: 1, attachmentId: newId(env, 'ela-attach') } }
      : { status: 'available' }),
    description: asked.description ?? '',
    timeouts: asked.timeouts ?? {},
    tags: asked.tags ?? [],
  };
}

type Place = { readonly subnet: Subnet; readonly asked: CreateEni; readonly eniId: string };

function claimBoth(
  draft: Draft,
  { subnet, asked, eniId }: Place,
): Result<Pick<Eni, 'addresses' | 'prefixes'>, Refusal> {
  const hasIpv4 = subnet.cidrs.some(({ family }) => family === 'ipv4');
  const wanted = { ipv4: ipv4Claim(asked, hasIpv4), ipv6: asked.ipv6 ?? bornIpv6(subnet, hasIpv4) };
  if (FAMILIES.some((family) => claimSize(wanted[family]) > mostAddresses(undefined, family)))
    return addressesLimit(eniId);
  const ipv4 = claim(draft, { subnet, family: 'ipv4' }, wanted.ipv4);
  if (!ipv4.ok) return ipv4;
  const ipv6 = claim(draft, { subnet, family: 'ipv6' }, wanted.ipv6);
  if (!ipv6.ok) return ipv6;
  return ok({
    addresses: [...ipv4Addresses(ipv4.value, asked), ...ipv6.value.addresses.map(secondary)],
    prefixes: [...ipv4.value.prefixes, ...ipv6.value.prefixes],
  });
}

function ipv4Claim({ primary, ipv4 = NO_CLAIM }: CreateEni, hasIpv4: boolean): Claim {
  const { named, count } = ipv4.addresses;
  if (primary !== undefined) return { ...ipv4, addresses: { named: [primary, ...named], count } };
  return { ...ipv4, addresses: { named, count: count + (hasIpv4 ? 1 : 0) } };
}

function bornIpv6({ assignIpv6OnCreation }: Subnet, hasIpv4: boolean): Claim {
  return { ...NO_CLAIM, addresses: { named: [], count: assignIpv6OnCreation || !hasIpv4 ? 1 : 0 } };
}

/** The primary address first: the one that was named, else the lowest of those that were chosen. */
function ipv4Addresses({ addresses }: Claimed, { primary, ipv4 = NO_CLAIM }: CreateEni): readonly EniAddress[] {
  const first = primary ?? addresses[ipv4.addresses.named.length];
  if (first === undefined) return [];
  const others = addresses.filter((address) => address !== first);
  return [{ address: first, isPrimary: true }, ...others.map(secondary)];
}

/** An address that is not the primary one; those of IPv6 never are. */
export function secondary(address: Address): EniAddress {
  return { address, isPrimary: false };
}

/** One that no other interface of the subnet has: they are neighbours on a link. */
function newMacAddress(draft: Draft, subnet: Subnet, env: Env): string {
  const taken = new Set<string | undefined>();
  for (const id of indexedIds(draft.world, 'enisBySubnet', subnet.id))
    taken.add(draft.get('eniDetails', id)?.macAddress);
  let mac = macAddressOf(env.randomHex(5));
  // 40 bits of chance: a second look is rare, and a subnet has fewer than 2¹⁶ interfaces.
  while (taken.has(mac)) mac = macAddressOf(env.randomHex(5));
  return mac;
}
