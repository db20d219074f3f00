import { type Address, type Family, formatAddress } from '../../core/net/address.ts';
import { type Cidr, cidrsOverlap, hostCidr } from '../../core/net/cidr.ts';
import type { VpcId } from '../../core/model/ids.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import { spaceHas } from '../address-space.ts';
import { isOrdinary } from '../place.ts';
import { PrefixTree } from './prefix-tree.ts';

/** The addresses that a world's interfaces and gateways have. */
export type OwnSpace = {
  /** The prefixes of a world's own addresses: whatever is in none of them lies outside. */
  readonly prefixes: readonly Cidr[];
  /** The prefixes of which interfaces will have addresses that are not known: each is a node that these stand at. */
  readonly vague: readonly Cidr[];
  /** Prefixes of the family that are delegated to interfaces. */
  readonly delegated: readonly Cidr[];
  /** The addresses of the family, by key, that more than one interface has, in whichever VPC. */
  readonly doubled: ReadonlySet<AddressKey>;
  /** Whether some interface is in a VPC that the world does not hold. */
  readonly hasStrays: boolean;
};

/** What tells addresses of one family apart, quicker to find than their texts. */
export type AddressKey = number | string;

/** The key of an address. */
export function addressKey(address: Address): AddressKey {
  return address.family === 'ipv4' && address.within === undefined ? address.w0 : formatAddress(address);
}

/** All of a world's own addresses: the prefixes in both families, the rest in one. One walk over the interfaces, which may be many. */
export function ownSpaceOf(world: World, family: Family): OwnSpace {
  const homes = new Map([...listRecords(world, 'vpcs')].map((vpc) => [vpc.id, vpc.cidrs]));
  const prefixes = [...homes.values()].flat();
  const [vague, delegated]: [Cidr[], Cidr[]] = [[], []];
  const keys = new AddressKeys();
  let hasStrays = false;
  for (const eni of listRecords(world, 'enis')) {
    const home = homes.get(eni.vpcId);
    if (home === undefined && isOrdinary(eni)) hasStrays = true;
    for (const { address, public: seen } of eni.addresses) {
      if (seen !== undefined && seen.address.within === undefined) prefixes.push(hostCidr(seen.address));
      if (address.within !== undefined) vague.push(address.within);
      else if (home === undefined || !spaceHas(home, address)) prefixes.push(hostCidr(address));
      if (address.family === family) keys.add(addressKey(address));
    }
    for (const prefix of eni.prefixes) {
      if (prefix.family === family) delegated.push(prefix);
      if (home?.some((cidr) => cidrsOverlap(cidr, prefix)) !== true) prefixes.push(prefix);
    }
  }
  for (const nat of listRecords(world, 'natGateways'))
    for (const own of nat.addresses)
      if (own.public !== undefined && own.public.within === undefined) prefixes.push(hostCidr(own.public));
  return { prefixes, vague, delegated, doubled: keys.doubled(), hasStrays };
}

/** Keys of addresses, many of them: those of IPv4 are sorted as words, not kept in a set. */
class AddressKeys {
  readonly #words: number[] = [];
  readonly #texts = new Set<string>();
  readonly #doubledTexts = new Set<string>();

  add(key: AddressKey): void {
    if (typeof key === 'number') this.#words.push(key);
    else if (this.#texts.has(key)) this.#doubledTexts.add(key);
    else this.#texts.add(key);
  }

  /** The keys that were added more than once. */
  doubled(): ReadonlySet<AddressKey> {
    const words = new Uint32Array(this.#words).toSorted();
    const doubled = new Set<AddressKey>(this.#doubledTexts);
    for (let at = 1; at < words.length; at += 1) if (words[at] === words[at - 1]) doubled.add(words[at] ?? 0);
    return doubled;
  }
}

/** The prefixes that cut delegated ones where an address or a prefix of another interface lies inside. */
export function delegatedCuts(world: World, family: Family, { delegated }: OwnSpace): readonly Cidr[] {
  if (delegated.length === 0) return [];
  const tree = new PrefixTree(family, delegated);
  const cuts = [...delegated];
  for (const { addresses } of listRecords(world, 'enis'))
    for (const { address } of addresses)
      if (address.family === family && address.within === undefined && tree.nodeOf(address) > 0)
        cuts.push(hostCidr(address));
  return cuts;
}

/** Which VPCs have an interface at an address, for addresses of more than one: VPCs that overlap send the same packet to different ends. */
export class Doubles {
  readonly #vpcs = new Map<string, VpcId[]>();

  constructor(world: World, family: Family, own: OwnSpace) {
    const vpcs = [...listRecords(world, 'vpcs')];
    const overlap = vpcs.some((one, at) =>
      vpcs.slice(at + 1).some((other) => one.cidrs.some((a) => other.cidrs.some((b) => cidrsOverlap(a, b)))),
    );
    if (overlap || own.hasStrays) this.#collect(world, family);
  }

  /** Text that is the same for addresses that the same VPCs have; empty for an address of one VPC. */
  keyOf(address: Address): string {
    if (this.#vpcs.size === 0) return '';
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
