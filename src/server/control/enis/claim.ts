import { type Address, familyBits, formatAddress, offsetAddress } from '../../../core/net/address.ts';
import {
  type Cidr,
  cidrContains,
  cidrCovers,
  cidrOf,
  cidrsOverlap,
  formatCidr,
  hostCidr,
  lastAddress,
} from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import { eniAt, getRecord, indexedIds } from '../../../core/model/world.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import {
  addressInUse,
  addressOutsideSubnet,
  addressRepeated,
  addressReserved,
  prefixesExhausted,
  subnetFull,
  subnetWithoutFamily,
} from './eni-refusals.ts';

/** Things that are asked for by name, and how many more of the server's choice. */
export type Wanted<T> = { readonly named: readonly T[]; readonly count: number };

/** What an interface wants of its subnet, for one family: single addresses and delegated prefixes. */
export type Claim = { readonly addresses: Wanted<Address>; readonly prefixes: Wanted<Cidr> };

/** What it gets: those that were named first, then those that were chosen, lowest first. */
export type Claimed = { readonly addresses: readonly Address[]; readonly prefixes: readonly Cidr[] };

/** AWS keeps the first four addresses of a subnet CIDR, and the last (V:subnet-sizing). */
const FIRST_FREE = 4;

/** How long a delegated prefix is (E2:ec2-prefix-eni). */
export const PREFIX_LENGTHS: Readonly<Record<Address['family'], number>> = { ipv4: 28, ipv6: 80 };

/** Nothing. */
export const NO_CLAIM: Claim = { addresses: { named: [], count: 0 }, prefixes: { named: [], count: 0 } };

/**
 * Finds room in a subnet for what is wanted of one family: what is named must lie in the subnet, apart from what AWS keeps and from what
 * anything has; the rest is the lowest that is free. Costs time by the number of addresses in use below what is chosen, an index lookup each.
 */
export function claim(
  draft: Draft,
  { subnet, family }: { readonly subnet: Subnet; readonly family: Address['family'] },
  { addresses, prefixes }: Claim,
): Result<Claimed, Refusal> {
  const wanted = addresses.named.length + addresses.count + prefixes.named.length + prefixes.count;
  if (wanted === 0) return ok({ addresses: [], prefixes: [] });
  const blocks = subnet.cidrs.filter((block) => block.family === family);
  if (blocks.length === 0) return subnetWithoutFamily(subnet.id, family === 'ipv4' ? 'IPv4' : 'IPv6');
  const taken: Cidr[] = [];
  for (const cidr of [...addresses.named.map(hostCidr), ...prefixes.named]) {
    const fault = faultOf(draft, { subnet, blocks, taken }, cidr);
    if (fault !== undefined) return fault;
    taken.push(cidr);
  }
  const chosenPrefixes = take(prefixes.count, freePrefixes(draft, subnet, blocks), taken);
  if (chosenPrefixes === undefined) return prefixesExhausted();
  const chosen = take(addresses.count, freeHosts(draft, subnet, blocks), taken);
  if (chosen === undefined) return subnetFull();
  return ok({
    addresses: [...addresses.named, ...chosen.map(({ base }) => base)],
    prefixes: [...prefixes.named, ...chosenPrefixes],
  });
}

type Place = { readonly subnet: Subnet; readonly blocks: readonly Cidr[]; readonly taken: readonly Cidr[] };

function faultOf(
  draft: Draft,
  { subnet, blocks, taken }: Place,
  cidr: Cidr,
): ReturnType<typeof addressInUse> | undefined {
  const isHost = cidr.length === familyBits(cidr.family);
  const text = isHost ? formatAddress(cidr.base) : formatCidr(cidr);
  const block = blocks.find((outer) => cidrCovers(outer, cidr));
  if (block === undefined) return addressOutsideSubnet(text);
  if (meetsReserved(block, cidr)) return addressReserved(text);
  if (taken.some((other) => cidrsOverlap(other, cidr))) return addressRepeated(text);
  const isFree = isHost ? !isHeld(draft, subnet, cidr.base) : !heldPrefixes(draft, subnet, cidr.family)(cidr);
  return isFree ? undefined : addressInUse(text);
}

/** Adds so many free ones to what is taken; undefined when there are not enough. */
function take(count: number, free: Iterable<Cidr>, taken: Cidr[]): readonly Cidr[] | undefined {
  const chosen: Cidr[] = [];
  if (count === 0) return chosen;
  for (const cidr of free) {
    if (taken.some((other) => cidrsOverlap(other, cidr))) continue;
    chosen.push(cidr);
    taken.push(cidr);
    if (chosen.length === count) return chosen;
  }
  return undefined;
}

/** The free addresses of a subnet, lowest first. */
function* freeHosts(draft: Draft, subnet: Subnet, blocks: readonly Cidr[]): Generator<Cidr, void, undefined> {
  for (const block of blocks) {
    const last = lastAddress(block);
    for (let offset = FIRST_FREE; offset < MOST_STEPS; offset += 1) {
      const address = offsetAddress(block.base, offset);
      const host = hostCidr(address);
      if (!cidrContains(block, address) || cidrContains(host, last)) break;
      if (!isHeld(draft, subnet, address)) yield host;
    }
  }
}

/** The free prefixes of a subnet that may be delegated, lowest first. */
function* freePrefixes(draft: Draft, subnet: Subnet, blocks: readonly Cidr[]): Generator<Cidr, void, undefined> {
  for (const block of blocks) {
    const length = PREFIX_LENGTHS[block.family];
    const isTaken = heldPrefixes(draft, subnet, block.family);
    for (let number = 0; number < Math.min(2 ** (length - block.length), MOST_STEPS); number += 1) {
      const prefix = cidrOf(prefixBase(block, number), length);
      if (!meetsReserved(block, prefix) && !isTaken(prefix)) yield prefix;
    }
  }
}

/** More than any subnet of IPv4 has addresses; one of IPv6 never has so many in use. */
const MOST_STEPS = 0x1_0000;

/** Prefixes of IPv4 are 2⁴ addresses apart; of IPv6 2⁴⁸, which is 2¹⁶ in the third word, for subnets of at least /64 end before it. */
function prefixBase(block: Cidr, number: number): Address {
  if (block.family === 'ipv4') return offsetAddress(block.base, number * 16);
  return { ...block.base, w2: (number * 0x1_0000) >>> 0 };
}

/** Whether a prefix has an address that AWS keeps in a subnet CIDR. */
function meetsReserved(block: Cidr, held: Cidr): boolean {
  const firstFour = cidrOf(block.base, block.family === 'ipv4' ? 30 : 126);
  return cidrsOverlap(firstFour, held) || cidrContains(held, lastAddress(block));
}

/** Whether something of the subnet has the address: an interface, or a NAT gateway that came without one. */
function isHeld({ world }: Draft, { vpcId }: Subnet, address: Address): boolean {
  if (eniAt(world, vpcId, address) !== undefined) return true;
  for (const id of indexedIds(world, 'natGatewaysByAddress', `${vpcId} ${formatAddress(address)}`)) {
    const state = getRecord(world, 'natGateways', id)?.state;
    if (state !== 'deleted' && state !== 'failed') return true;
  }
  return false;
}

/** Says of prefixes of a family whether anything of the subnet has an address in them. */
function heldPrefixes(draft: Draft, subnet: Subnet, family: Address['family']): (prefix: Cidr) => boolean {
  const length = PREFIX_LENGTHS[family];
  const held = new Set<string>();
  for (const { addresses, prefixes } of draft.listBy('enisBySubnet', subnet.id)) {
    for (const { address } of addresses) if (address.family === family) held.add(formatCidr(cidrOf(address, length)));
    for (const prefix of prefixes) held.add(formatCidr(prefix));
  }
  for (const nat of draft.list('natGateways'))
    if (nat.subnetId === subnet.id && nat.state !== 'deleted' && nat.state !== 'failed')
      for (const own of nat.addresses) held.add(formatCidr(cidrOf(own.private, length)));
  return (prefix) => held.has(formatCidr(prefix));
}
