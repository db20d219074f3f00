import { type Address, type Family, formatAddress, sameAddress } from '../../core/net/address.ts';
import { type Cidr, cidrOf, formatCidr, hostCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { SubnetId, VpcId } from '../../core/model/ids.ts';
import { type Kind, KINDS } from '../../core/model/records.ts';
import { eniAt, getRecord, listRecords, type World } from '../../core/model/world.ts';
import { isInternetRoutable, serviceAddresses } from '../../core/policy/exempt.ts';
import { routeTableOf } from '../../core/policy/route.ts';
import { spaceHas } from '../address-space.ts';
import { eniPlaceAt } from '../place.ts';
import type { Stop } from '../trip.ts';
import type { Member } from './members.ts';
import { addressKey, Doubles, type OwnSpace } from './own-space.ts';
import { PairNumbers } from './pair-memo.ts';
import { isPlainSubnet } from './path-prefixes.ts';
import { type NodeId, PrefixTree } from './prefix-tree.ts';
import { TextNumbers } from './text-numbers.ts';

/** Members between which no path tells apart, whatever the rules of their groups say; by its number among a world's spots. */
export type SpotId = number;

/** The spot of what a world does not have. */
export const NO_SPOT: SpotId = -1;

/** A spot: where it is, and members that stand for it, of different interfaces where it has more than one. */
export type Spot = { readonly isInside: boolean; readonly stops: readonly Stop[] };

/** A subnet in a VPC: the number of what its plain members have in common with those of subnets like it, and that of its own. */
type Home = {
  readonly vpcId: VpcId;
  readonly alike: number;
  readonly own: number;
  /** The prefixes of a plain subnet (`isPlainSubnet`); none of another. */
  readonly plain: readonly Cidr[];
};

/**
 * Sorts the members of a world by what paths read of them: VPC, subnet where it matters, route table, public side, and the longest prefix
 * that a path could ask about (`pathPrefixes`). Packets between two spots meet the same gates, but for whose groups are asked.
 */
export class Spots {
  readonly #world: World;
  readonly #family: Family;
  readonly #paths: PrefixTree;
  readonly #doubles: Doubles;
  readonly #services: ReadonlySet<number | string>;
  /** Interfaces that are no others' like: routes lead to them, or they have space that another has too, and what they send there stays with them. */
  readonly #singled: ReadonlySet<string>;
  /** Space that more than one interface of a VPC has. */
  readonly #shared: PrefixTree;
  /** By subnet, in the VPC of the interface that was asked for last: records may disagree about it. */
  readonly #homes = new Map<SubnetId, Home>();
  /** For each node of the tree of all prefixes, the longest prefix of paths around it. */
  readonly #pathNodes: NodeId[] = [];
  /** What members have in common, as texts, so that equal ones have equal numbers. */
  readonly #texts = new TextNumbers();
  readonly #places = new PairNumbers();
  readonly #keys = new PairNumbers();
  readonly #spots: { readonly isInside: boolean; readonly stops: Stop[] }[] = [];

  /** `paths`: the tree of `pathPrefixes`. `own`: what addresses the world's interfaces have. */
  constructor(world: World, paths: PrefixTree, own: OwnSpace) {
    this.#world = world;
    this.#family = paths.family;
    this.#paths = paths;
    this.#doubles = new Doubles(world, paths.family, own);
    const rivalries = rivalriesIn(world, paths.family, own);
    this.#singled = new Set([...routeTargets(world), ...rivalries.flatMap(({ enis }) => enis)]);
    this.#shared = new PrefixTree(
      paths.family,
      rivalries.map(({ space }) => space),
    );
    const services = [...listRecords(world, 'vpcs')].flatMap((vpc) => serviceAddresses(undefined, vpc));
    const routers = [...listRecords(world, 'subnets')].flatMap((subnet) => serviceAddresses(subnet, undefined));
    this.#services = new Set([...services, ...routers].map(addressKey));
  }

  get list(): readonly Spot[] {
    return this.#spots;
  }

  /** The spot of a member of an interface of the world. */
  ofEni(eni: Eni, member: Member): SpotId {
    const spot = this.#keys.of(this.#placeOf(eni, member), this.#oddity(eni, member.sample));
    this.#standIn(spot, member, true);
    return spot;
  }

  /** The spot of a member outside of the world. */
  ofOutside(member: Member): SpotId {
    const place = this.#places.of(this.#texts.of(outsideKind(member.sample)), this.#pathNodeOf(member));
    const spot = this.#keys.of(place, this.#texts.of(''));
    this.#standIn(spot, member, false);
    return spot;
  }

  /** Takes a member as one that stands for its spot, where that is short of them. */
  #standIn(spot: SpotId, member: Member, isInside: boolean): void {
    const stops = this.#spots[spot]?.stops;
    if (stops === undefined) this.#spots.push({ isInside, stops: [stopOf(this.#world, member)] });
    else if (isInside && stops.length < 2) {
      const stop = stopOf(this.#world, member);
      if (isOther(stops[0], stop)) stops.push(stop);
    }
  }

  /** Where a member is: VPC, route table, subnet where it matters, and the longest prefix of paths. */
  #placeOf(eni: Eni, member: Member): number {
    let home = this.#homes.get(eni.subnetId);
    if (home?.vpcId !== eni.vpcId) {
      home = this.#homeOf(eni);
      this.#homes.set(eni.subnetId, home);
    }
    const { sample } = member;
    return this.#places.of(
      spaceHas(home.plain, sample) ? home.alike : home.own,
      sample.within === undefined ? this.#pathNodeOf(member) : 0,
    );
  }

  #pathNodeOf({ node, sample }: Member): NodeId {
    return (this.#pathNodes[node] ??= this.#paths.nodeOf(sample));
  }

  #homeOf(eni: Eni): Home {
    const subnet = getRecord(this.#world, 'subnets', eni.subnetId);
    const table = subnet === undefined ? undefined : routeTableOf(this.#world, subnet).id;
    const isPlain = subnet?.vpcId === eni.vpcId && isPlainSubnet(this.#world, subnet, this.#family);
    const near = `${eni.vpcId} ${table ?? '?'}`;
    return {
      vpcId: eni.vpcId,
      alike: this.#texts.of(near),
      own: this.#texts.of(`${near} ${eni.subnetId}`),
      plain: isPlain ? subnet.cidrs : [],
    };
  }

  /** What else paths read of a member: a prefix, if its address is not known, its public side, a service at its address, who else has that, whether routes lead to it. */
  #oddity(eni: Eni, address: Address): number {
    let text = publicKey(eni, address);
    if (address.within !== undefined) text += ` in ${formatCidr(address.within)}`;
    if (this.#services.has(addressKey(address))) text += ` at ${formatAddress(address)}`;
    const doubles = this.#doubles.keyOf(address);
    if (doubles !== '') text += ` of ${doubles}`;
    const shared = address.within === undefined ? this.#shared.nodeOf(address) : 0;
    if (shared > 0) text += ` among ${shared} behind ${eniAt(this.#world, eni.vpcId, address)?.id ?? ''}`;
    if (this.#singled.has(eni.id)) text += ` to ${eni.id}`;
    return this.#texts.of(text);
  }
}

function routeTargets(world: World): readonly string[] {
  return [...listRecords(world, 'routeTables')].flatMap(({ routes }) =>
    routes.flatMap(({ target }) => (target.kind === 'eni' ? [target.id] : [])),
  );
}

/** Space of an interface that another of its VPC has too: exports that were not taken at one moment have such. */
type Rivalry = { readonly space: Cidr; readonly enis: readonly string[] };

function rivalriesIn(world: World, family: Family, { delegated, doubled }: OwnSpace): readonly Rivalry[] {
  if (delegated.length === 0 && doubled.size === 0) return [];
  const claims = [...listRecords(world, 'enis')].flatMap(({ id, vpcId, addresses, prefixes }) =>
    [...addresses.flatMap(({ address }) => (address.within === undefined ? [hostCidr(address)] : [])), ...prefixes]
      .filter((space) => space.family === family)
      .map((space) => ({ id, vpcId, space })),
  );
  const lengths = new Set(claims.map(({ space }) => space.length));
  // Two that have a space are enough for each of them to know of another.
  const holders = new Map<string, readonly string[]>();
  for (const { id, vpcId, space } of claims) {
    const key = `${vpcId} ${formatCidr(space)}`;
    const known = holders.get(key) ?? [];
    if (known.length < 2 && !known.includes(id)) holders.set(key, [...known, id]);
  }
  return claims.flatMap(({ id, vpcId, space }) => {
    for (const length of lengths) {
      const around = length > space.length ? [] : holders.get(`${vpcId} ${formatCidr(cidrOf(space.base, length))}`);
      const other = around?.find((one) => one !== id);
      if (other !== undefined) return [{ space, enis: [id, other] }];
    }
    return [];
  });
}

function publicKey({ addresses }: Eni, address: Address): string {
  for (const { address: own, public: seen } of addresses)
    if (seen !== undefined && sameAddress(own, address)) {
      if (seen.doubt !== undefined) return 'perhaps';
      return isInternetRoutable(seen.address) ? 'public' : 'unroutable';
    }
  return '';
}

/** Whether two worlds share every record that a path or a spot could depend on: then what is known of the one's paths holds for the other. */
export function hasSamePaths(a: World, b: World): boolean {
  return (
    a.missing === b.missing &&
    KINDS.every((kind) => NOT_OF_PATHS.has(kind) || a.records[kind] === b.records[kind] || kind === 'enis') &&
    (a.records.enis === b.records.enis || hasSameButGroups(a, b))
  );
}

/** Whether interfaces differ in the groups that they carry alone: paths say whose groups are asked, not which. */
function hasSameButGroups(a: World, b: World): boolean {
  const others = [...listRecords(b, 'enis')];
  let at = 0;
  for (const eni of listRecords(a, 'enis')) {
    const other = others[at];
    at += 1;
    if (eni !== other && (other === undefined || !isSameButGroups(eni, other))) return false;
  }
  return at === others.length;
}

function isSameButGroups(a: Eni, b: Eni): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Eni>;
  return [...keys].every((key) => OF_GROUPS.has(key) || a[key] === b[key]);
}

const OF_GROUPS: ReadonlySet<keyof Eni> = new Set<keyof Eni>(['groups', 'groupDoubt']);

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
