import { type Address, type Family, formatAddress, sameAddress } from '../../core/net/address.ts';
import { type Cidr, cidrContains, formatCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import { type Kind, KINDS } from '../../core/model/records.ts';
import { eniAt, getRecord, listRecords, type World } from '../../core/model/world.ts';
import { isInternetRoutable, serviceAddresses } from '../../core/policy/exempt.ts';
import { routeTableOf } from '../../core/policy/route.ts';
import { eniPlaceAt } from '../place.ts';
import type { Stop } from '../trip.ts';
import type { Member } from './members.ts';
import { Doubles } from './own-space.ts';
import { isPlainSubnet } from './path-prefixes.ts';
import type { PrefixTree } from './prefix-tree.ts';

/** Members between which no path tells apart, whatever the rules of their groups say; by its number among a world's spots. */
export type SpotId = number;

/** The spot of what a world does not have. */
export const NO_SPOT: SpotId = -1;

/** A spot: where it is, and members that stand for it, of different interfaces where it has more than one. */
export type Spot = { readonly isInside: boolean; readonly stops: readonly Stop[] };

/**
 * Sorts the members of a world by what paths read of them: VPC, subnet where it matters, route table, public side, and the longest prefix
 * that a path could ask about (`pathPrefixes`). Packets between two spots meet the same gates, but for whose groups are asked.
 */
export class Spots {
  readonly #world: World;
  readonly #family: Family;
  readonly #paths: PrefixTree;
  readonly #doubles: Doubles;
  readonly #services: ReadonlySet<string>;
  /** Interfaces that routes lead to: what is sent to them goes by no other. */
  readonly #targets: ReadonlySet<string>;
  readonly #plain = new Map<string, boolean>();
  readonly #byKey = new Map<string, SpotId>();
  readonly #spots: { readonly isInside: boolean; readonly stops: Stop[] }[] = [];

  /** `paths`: the tree of `pathPrefixes`. */
  constructor(world: World, paths: PrefixTree) {
    this.#world = world;
    this.#family = paths.family;
    this.#paths = paths;
    this.#doubles = new Doubles(world, paths.family);
    this.#targets = new Set(
      [...listRecords(world, 'routeTables')].flatMap(({ routes }) =>
        routes.flatMap(({ target }) => (target.kind === 'eni' ? [target.id] : [])),
      ),
    );
    const services = [...listRecords(world, 'vpcs')].flatMap((vpc) => serviceAddresses(undefined, vpc));
    const routers = [...listRecords(world, 'subnets')].flatMap((subnet) => serviceAddresses(subnet, undefined));
    this.#services = new Set([...services, ...routers].map(formatAddress));
  }

  get list(): readonly Spot[] {
    return this.#spots;
  }

  /** The spot of a member of an interface of the world. */
  ofEni(eni: Eni, member: Member): SpotId {
    return this.#file(this.#eniKey(eni, member.sample), stopOf(this.#world, member));
  }

  /** The spot of a member outside of the world. */
  ofOutside(member: Member): SpotId {
    const stop = stopOf(this.#world, member);
    return this.#file(`${stop.place.kind} ${this.#paths.nodeOf(member.sample)}`, stop);
  }

  #file(key: string, stop: Stop): SpotId {
    const known = this.#byKey.get(key);
    if (known === undefined) {
      this.#byKey.set(key, this.#spots.length);
      this.#spots.push({ isInside: stop.place.kind === 'eni', stops: [stop] });
      return this.#spots.length - 1;
    }
    const stops = this.#spots[known]?.stops ?? [];
    if (stops.length < 2 && isOther(stops[0], stop)) stops.push(stop);
    return known;
  }

  #eniKey(eni: Eni, address: Address): string {
    const subnet = getRecord(this.#world, 'subnets', eni.subnetId);
    const table = subnet === undefined ? undefined : routeTableOf(this.#world, subnet).id;
    const isPlain = subnet !== undefined && subnet.vpcId === eni.vpcId && this.#isPlain(eni.subnetId, address);
    const text = formatAddress(address);
    return [
      eni.vpcId,
      table ?? '?',
      isPlain ? '' : eni.subnetId,
      address.within === undefined ? this.#paths.nodeOf(address) : `in ${formatCidr(address.within)}`,
      this.#publicKey(eni, address),
      this.#services.has(text) ? text : '',
      this.#doubles.keyOf(address),
      this.#rivalKey(eni, address),
      this.#targets.has(eni.id) ? eni.id : '',
    ].join(' ');
  }

  /** The interface that the VPC takes for the owner of an address, where it is another. */
  #rivalKey(eni: Eni, address: Address): string {
    const owner = eniAt(this.#world, eni.vpcId, address);
    return owner === undefined || owner.id === eni.id ? '' : owner.id;
  }

  #publicKey(eni: Eni, address: Address): string {
    const seen = eni.addresses.find((own) => sameAddress(own.address, address))?.public;
    if (seen === undefined) return '';
    if (seen.doubt !== undefined) return 'perhaps';
    return isInternetRoutable(seen.address) ? 'public' : 'unroutable';
  }

  #isPlain(subnetId: string, address: Address): boolean {
    const subnet = getRecord(this.#world, 'subnets', subnetId);
    if (subnet === undefined || !subnet.cidrs.some((cidr: Cidr) => cidrContains(cidr, address))) return false;
    let isPlain = this.#plain.get(subnetId);
    if (isPlain === undefined) {
      isPlain = isPlainSubnet(this.#world, subnet, this.#family);
      this.#plain.set(subnetId, isPlain);
    }
    return isPlain;
  }
}

/** Whether two worlds share every record that a path or a spot could depend on: then what is known of the one's paths holds for the other. */
export function hasSamePaths(a: World, b: World): boolean {
  return (
    a.missing === b.missing && KINDS.every((kind) => NOT_OF_PATHS.has(kind) || a.records[kind] === b.records[kind])
  );
}

/** What paths do not read; rules of groups are asked apart from them. */
const NOT_OF_PATHS: ReadonlySet<Kind> = new Set<Kind>(['groups', 'groupAssociations', 'instances', 'elasticAddresses']);

/** Where packets of a member start or end in a world. */
export function stopOf(world: World, member: Member): Stop {
  const { eniId, space, sample: address } = member;
  const { family } = address;
  const eni = eniId === undefined ? undefined : getRecord(world, 'enis', eniId);
  if (eni === undefined) return { place: { kind: outsideKind(address), family, space }, address };
  const isOwn = eni.addresses.some((own) => sameAddress(own.address, address));
  return { place: isOwn ? eniPlaceAt(eni, address) : { kind: 'eni', family, eni, space, asked: 'private' }, address };
}

/** Whether an address outside of a world is on the internet, or on some network that the internet does not route. */
export function outsideKind(address: Address): 'internet' | 'elsewhere' {
  return isInternetRoutable(address) ? 'internet' : 'elsewhere';
}

function isOther(known: Stop | undefined, stop: Stop): boolean {
  return known?.place.kind !== 'eni' || stop.place.kind !== 'eni' || known.place.eni.id !== stop.place.eni.id;
}
