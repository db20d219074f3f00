import { type Address, formatAddress, sameAddress } from '../../../core/net/address.ts';
import { type Cidr, sameCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Eni, EniAddress } from '../../../core/model/eni.ts';
import { eniAt } from '../../../core/model/world.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { subnetNotFound } from '../vpcs/vpc-refusals.ts';
import { claimSize, mostAddresses, placesTaken, typeOf } from './address-limits.ts';
import { type Claim, claim, type Claimed } from './claim.ts';
import { secondary } from './create-eni.ts';
import { eniDetailOf, isManaged } from './eni-details.ts';
import {
  addressesLimit,
  eniManaged,
  moveNotAllowed,
  notAssigned,
  primaryMoved,
  primaryUnassigned,
} from './eni-refusals.ts';
import { ownEni } from './modify-eni.ts';
import { moveElastic, releaseElastic } from './release.ts';

export type AssignAddresses = {
  readonly eniId: string;
  readonly family: Address['family'];
  readonly claim: Claim;
  /** Whether secondary addresses may be taken from other interfaces of the subnet. */
  readonly mayMove: boolean;
};

/** An interface, and what a call gave it or took from it. */
export type AddressChange = Claimed & { readonly eni: Eni };

/**
 * Gives an interface further addresses and prefixes of a family (API AssignPrivateIpAddresses, AssignIpv6Addresses). What it has already it
 * keeps; what another interface has comes over, with its Elastic address, where that is allowed.
 */
export function assignAddresses(draft: Draft, asked: AssignAddresses): Result<AddressChange, Refusal> {
  const own = ownEni(draft, asked.eniId);
  if (!own.ok) return own;
  const eni = own.value;
  const subnet = draft.get('subnets', eni.subnetId);
  if (subnet === undefined) return subnetNotFound(eni.subnetId);
  const { family } = asked;
  const { named, count } = asked.claim.addresses;
  const fresh = named.filter((address) => !eni.addresses.some((held) => sameAddress(held.address, address)));
  const wanted: Claim = { ...asked.claim, addresses: { named: fresh, count } };
  const most = mostAddresses(typeOf(draft, eni.attachment?.instanceId), family);
  if (placesTaken(eni, family) + claimSize(wanted) > most) return addressesLimit(eni.id);
  const moved = takeOver(draft, eni, { addresses: fresh, mayMove: asked.mayMove });
  if (!moved.ok) return moved;
  const claimed = claim(draft, { subnet, family }, wanted);
  if (!claimed.ok) return claimed;
  const added = claimed.value.addresses.map(
    (address) => moved.value.find((one) => sameAddress(one.address, address)) ?? secondary(address),
  );
  const grown: Eni = {
    ...eni,
    addresses: byFamily([...eni.addresses, ...added]),
    prefixes: byFamily([...eni.prefixes, ...claimed.value.prefixes]),
  };
  draft.put('enis', grown);
  return ok({
    eni: grown,
    addresses: [...named, ...claimed.value.addresses.slice(fresh.length)],
    prefixes: claimed.value.prefixes,
  });
}

/** IPv4 before IPv6, else as it was. */
function byFamily<T extends { readonly family: Address['family'] } | EniAddress>(items: readonly T[]): readonly T[] {
  const isIpv4 = (item: T): boolean => ('address' in item ? item.address.family : item.family) === 'ipv4';
  return [...items.filter(isIpv4), ...items.filter((item) => !isIpv4(item))];
}

type TakeOver = { readonly addresses: readonly Address[]; readonly mayMove: boolean };

/** Takes secondary addresses from the interfaces that have them; those in delegated prefixes stay, and are refused as in use. */
function takeOver(draft: Draft, to: Eni, { addresses, mayMove }: TakeOver): Result<readonly EniAddress[], Refusal> {
  const moved: EniAddress[] = [];
  const kept: string[] = [];
  for (const address of addresses) {
    const from = eniAt(draft.world, to.vpcId, address);
    const held = from?.addresses.find((one) => sameAddress(one.address, address));
    if (from === undefined || held === undefined || from.subnetId !== to.subnetId) continue;
    const text = formatAddress(address);
    if (!mayMove) {
      kept.push(text);
      continue;
    }
    if (isManaged(draft, from)) return eniManaged();
    if (held.isPrimary || isPrimaryIpv6(draft, from, address)) return primaryMoved(text);
    draft.put('enis', { ...from, addresses: from.addresses.filter((one) => one !== held) });
    moveElastic(draft, held, to);
    moved.push(held);
  }
  return kept.length > 0 ? moveNotAllowed(kept) : ok(moved);
}

export type UnassignAddresses = {
  readonly eniId: string;
  readonly addresses: readonly Address[];
  readonly prefixes: readonly Cidr[];
};

/**
 * Takes addresses and prefixes from an interface, all or none; the primary ones stay. Elastic addresses behind them are free then (API
 * UnassignPrivateIpAddresses, UnassignIpv6Addresses; E2:MultipleIP).
 */
export function unassignAddresses(draft: Draft, asked: UnassignAddresses): Result<AddressChange, Refusal> {
  const own = ownEni(draft, asked.eniId);
  if (!own.ok) return own;
  const eni = own.value;
  const gone = new Set<EniAddress>();
  for (const address of asked.addresses) {
    const held = eni.addresses.find((one) => sameAddress(one.address, address));
    if (held === undefined) return notAssigned(eni.id);
    if (held.isPrimary || isPrimaryIpv6(draft, eni, address)) return primaryUnassigned(formatAddress(address));
    gone.add(held);
  }
  const gonePrefixes = new Set<Cidr>();
  for (const prefix of asked.prefixes) {
    const held = eni.prefixes.find((one) => sameCidr(one, prefix));
    if (held === undefined) return notAssigned(eni.id);
    gonePrefixes.add(held);
  }
  releaseElastic(draft, [...gone]);
  const shrunk: Eni = {
    ...eni,
    addresses: eni.addresses.filter((one) => !gone.has(one)),
    prefixes: eni.prefixes.filter((one) => !gonePrefixes.has(one)),
  };
  draft.put('enis', shrunk);
  return ok({ eni: shrunk, addresses: [...gone].map(({ address }) => address), prefixes: [...gonePrefixes] });
}

/** Whether the address is the one of IPv6 that the interface keeps for life. */
export function isPrimaryIpv6(draft: Draft, eni: Eni, address: Address): boolean {
  if (address.family === 'ipv4' || eniDetailOf(draft, eni).hasPrimaryIpv6 !== true) return false;
  const first = eni.addresses.find((one) => one.address.family === 'ipv6');
  return first !== undefined && sameAddress(first.address, address);
}
