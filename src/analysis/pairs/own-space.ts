import { type Address, type Family, formatAddress } from '../../core/net/address.ts';
import { type Cidr, cidrContains, cidrsOverlap, hostCidr } from '../../core/net/cidr.ts';
import type { VpcId } from '../../core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { ordinaryEnis } from '../place.ts';
import { PrefixTree } from './prefix-tree.ts';

/** The prefixes of a world's own addresses: whatever is in none of them lies outside. */
export function ownPrefixes(world: World): readonly Cidr[] {
  const cidrs: Cidr[] = [];
  for (const vpc of listRecords(world, 'vpcs')) cidrs.push(...vpc.cidrs);
  for (const eni of listRecords(world, 'enis')) {
    const home = getRecord(world, 'vpcs', eni.vpcId)?.cidrs ?? [];
    for (const own of eni.addresses) {
      if (own.public !== undefined && own.public.address.within === undefined) cidrs.push(hostCidr(own.public.address));
      if (own.address.within === undefined && !home.some((cidr) => cidrContains(cidr, own.address)))
        cidrs.push(hostCidr(own.address));
    }
    for (const prefix of eni.prefixes) if (!home.some((cidr) => cidrsOverlap(cidr, prefix))) cidrs.push(prefix);
  }
  for (const nat of listRecords(world, 'natGateways'))
    for (const own of nat.addresses)
      if (own.public !== undefined && own.public.within === undefined) cidrs.push(hostCidr(own.public));
  return cidrs;
}

/** The prefixes of which interfaces will have addresses that are not known: each is a node that these stand at. */
export function vaguePrefixes(world: World): readonly Cidr[] {
  return [...listRecords(world, 'enis')].flatMap((eni) => eni.addresses.flatMap(({ address }) => address.within ?? []));
}

/** The prefixes that cut delegated ones where an address or a prefix of another interface lies inside. */
export function delegatedCuts(world: World, family: Family): readonly Cidr[] {
  const prefixes = [...listRecords(world, 'enis')].flatMap((eni) =>
    eni.prefixes.filter((one) => one.family === family),
  );
  if (prefixes.length === 0) return [];
  const tree = new PrefixTree(family, prefixes);
  const hosts = [...listRecords(world, 'enis')]
    .flatMap((eni) => eni.addresses.filter(({ address }) => address.family === family && address.within === undefined))
    .filter(({ address }) => tree.nodeOf(address) > 0);
  return [...prefixes, ...hosts.map(({ address }) => hostCidr(address))];
}

/** Which VPCs have an interface at an address, for addresses of more than one: VPCs that overlap send the same packet to different ends. */
export class Doubles {
  readonly #vpcs = new Map<string, VpcId[]>();

  constructor(world: World, family: Family) {
    const vpcs = [...listRecords(world, 'vpcs')];
    const overlap = vpcs.some((one, at) =>
      vpcs.slice(at + 1).some((other) => one.cidrs.some((a) => other.cidrs.some((b) => cidrsOverlap(a, b)))),
    );
    const hasStrays = ordinaryEnis(world).some((eni) => getRecord(world, 'vpcs', eni.vpcId) === undefined);
    if (overlap || hasStrays) this.#collect(world, family);
  }

  /** Text that is the same for addresses that the same VPCs have; empty for an address of one VPC. */
  keyOf(address: Address): string {
    const vpcs = this.#vpcs.get(formatAddress(address)) ?? [];
    return vpcs.length < 2 ? '' : vpcs.join(' ');
  }

  #collect(world: World, family: Family): void {
    for (const eni of listRecords(world, 'enis'))
      for (const { address } of eni.addresses) {
        if (address.family !== family) continue;
        const text = formatAddress(address);
        const known = this.#vpcs.get(text) ?? [];
        if (!known.includes(eni.vpcId)) this.#vpcs.set(text, [...known, eni.vpcId].toSorted());
      }
  }
}
