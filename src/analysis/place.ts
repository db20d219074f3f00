import { type Address, FAMILIES, type Family, formatAddress, sameAddress } from '../core/net/address.ts';
import { anyCidr, type Cidr, cidrContains, cidrMayContain, formatCidr, hostCidr } from '../core/net/cidr.ts';
import type { Eni } from '../core/model/eni.ts';
import { hasDoubts } from '../core/model/doubts.ts';
import type { VpcId } from '../core/model/ids.ts';
import type { Subnet, Vpc } from '../core/model/vpc.ts';
import { getRecord, indexedIds, listRecords, type World } from '../core/model/world.ts';
import { NOT_ROUTABLE } from '../core/policy/exempt.ts';
import { type AddressSpace, intersectSpaces, spaceHas, spaceOf, subtractSpaces } from './address-space.ts';
import { eniLabel, eniName } from './names.ts';

/** An address or a delegated prefix of an interface; `asked` tells which side of its 1:1 translation the question names. */
export type EniPlace = {
  readonly kind: 'eni';
  readonly family: Family;
  readonly eni: Eni;
  readonly space: AddressSpace;
  /** The address under which the internet knows it: of IPv4 the public one, of IPv6 itself. */
  readonly public?: Address;
  readonly asked: 'private' | 'public';
  /** Set where it is not known whether the question means this interface: what of it is not known. */
  readonly perhaps?: MeantDoubt;
};

/** Why it is not known whether an interface is meant, and the address, groups or subnet of it that are not known. */
export type MeantDoubt = { readonly reason: 'unknown-address' | 'unknown-interface'; readonly unknown: string };

/** An address of a VPC that no interface has. */
export type VacantPlace = {
  readonly kind: 'vacant';
  readonly family: Family;
  readonly vpcId: VpcId;
  readonly space: AddressSpace;
};

/** Addresses outside of the world: on the internet, or on a network behind a way that the model does not follow. */
export type ExternalPlace = {
  readonly kind: 'internet' | 'elsewhere';
  readonly family: Family;
  readonly space: AddressSpace;
};

/** Where packets start or end: addresses of one family that are one thing's. */
export type Place = EniPlace | VacantPlace | ExternalPlace;

/** The places of an interface: each address, then each delegated prefix. */
export function placesOfEni(eni: Eni): readonly EniPlace[] {
  const own = eni.addresses.map((one) => eniPlaceAt(eni, one.address));
  const prefixes = eni.prefixes.map((prefix): EniPlace => prefixPlace(eni, [prefix]));
  return [...own, ...prefixes];
}

/** The place of one address of an interface. */
export function eniPlaceAt(eni: Eni, address: Address, asked: EniPlace['asked'] = 'private'): EniPlace {
  const seen =
    address.family === 'ipv6'
      ? address
      : eni.addresses.find((own) => sameAddress(own.address, address))?.public?.address;
  return {
    kind: 'eni',
    family: address.family,
    eni,
    space: [hostCidr(address)],
    asked,
    ...(seen === undefined ? {} : { public: seen }),
  };
}

/**
 * Every place that a set of addresses names: interfaces of the world by private and public address, and what lies outside. An interface of
 * which the address is not known and may be one of them is there perhaps.
 */
export function placesInSpace(world: World, space: AddressSpace, vpcId?: VpcId): readonly Place[] {
  const inside = sortEnis(world, ordinaryEnis(world, vpcId)).flatMap((eni) => [
    ...eni.addresses.filter((own) => spaceHas(space, own.address)).map((own) => eniPlaceAt(eni, own.address)),
    ...(vpcId === undefined
      ? eni.addresses
          .filter((own) => own.public !== undefined && spaceHas(space, own.public.address))
          .map((own) => eniPlaceAt(eni, own.address, 'public'))
      : []),
    ...eni.prefixes
      .map((prefix) => intersectSpaces(space, [prefix]))
      .filter((part) => part.length > 0)
      .map((part) => prefixPlace(eni, part)),
  ]);
  const perhaps = placesPerhapsIn(world, space, vpcId);
  return [...inside, ...perhaps, ...(vpcId === undefined ? externalPlaces(world, space) : [])];
}

/** The places of interfaces whose addresses are not known: they may be in a space of a VPC, but need not. */
export function placesPerhapsIn(world: World, space: AddressSpace, vpcId?: VpcId): readonly EniPlace[] {
  if (!hasDoubts(world)) return [];
  const asked = (own: Address, isHome: boolean): boolean =>
    own.within !== undefined &&
    !(isHome && spaceHas(space, own)) &&
    space.some((cidr) => cidr.family === own.family && cidrMayContain(cidr, own));
  return sortEnis(world, enisPerhapsIn(world, vpcId)).flatMap((eni) =>
    eni.addresses
      .filter(({ address }) => asked(address, vpcId === undefined || eni.vpcId === vpcId))
      .map(({ address }) => ({ ...eniPlaceAt(eni, address), perhaps: addressDoubt(address) })),
  );
}

/** The places of interfaces whose public address is not known: it may be this one, which nobody is known to have. */
export function placesPerhapsSeenAs(world: World, address: Address): readonly EniPlace[] {
  if (!hasDoubts(world)) return [];
  return sortEnis(world, ordinaryEnis(world)).flatMap((eni) =>
    eni.addresses.flatMap((own): EniPlace[] => {
      const seen = own.public?.address;
      if (seen?.within === undefined || !cidrMayContain(hostCidr(address), seen)) return [];
      return [{ ...eniPlaceAt(eni, own.address, 'public'), perhaps: addressDoubt(seen) }];
    }),
  );
}

/** The places of interfaces that may be in a subnet, or in any of a VPC: neither theirs is known. */
export function placesPerhapsAt(world: World, home: Vpc | Subnet): readonly EniPlace[] {
  if (!hasDoubts(world)) return [];
  const vpcId = 'vpcId' in home ? home.vpcId : home.id;
  return sortEnis(world, enisPerhapsIn(world, vpcId))
    .filter((eni) => ('vpcId' in home ? getRecord(world, 'subnets', eni.subnetId) === undefined : eni.vpcId !== vpcId))
    .flatMap((eni) =>
      eni.addresses
        .filter(({ address }) =>
          home.cidrs.some((cidr) => cidr.family === address.family && cidrMayContain(cidr, address)),
        )
        .map(({ address }) => ({ ...eniPlaceAt(eni, address), perhaps: addressDoubt(address) })),
    );
}

/** The places of interfaces that may carry a group beside those that they are known to carry. */
export function placesPerhapsOf(world: World, group: string): readonly EniPlace[] {
  if (!hasDoubts(world)) return [];
  const vpcs = vpcsOfGroup(world, group);
  const mayCarry = (eni: Eni): boolean =>
    eni.groupDoubt !== undefined &&
    !eni.groups.some((id) => id === group) &&
    (vpcs === undefined || vpcs.has(eni.vpcId) || getRecord(world, 'vpcs', eni.vpcId) === undefined);
  return sortEnis(world, ordinaryEnis(world).filter(mayCarry)).flatMap((eni) =>
    placesOfEni(eni).map((place): EniPlace => ({
      ...place,
      perhaps: { reason: 'unknown-interface', unknown: eni.groupDoubt ?? eni.id },
    })),
  );
}

/** The VPCs whose interfaces can carry a group; undefined where its own is not known. */
function vpcsOfGroup(world: World, id: string): ReadonlySet<string> | undefined {
  const home = getRecord(world, 'groups', id)?.vpcId;
  if (home === undefined || getRecord(world, 'vpcs', home) === undefined) return undefined;
  const more = [...indexedIds(world, 'associationsByGroup', id)].flatMap(
    (one) => getRecord(world, 'groupAssociations', one)?.vpcId ?? [],
  );
  return new Set<string>([home, ...more]);
}

/** Interfaces of a VPC, and those of which it is not known which VPC they are in. */
function enisPerhapsIn(world: World, vpcId: VpcId | undefined): readonly Eni[] {
  return ordinaryEnis(world).filter(
    (eni) => vpcId === undefined || eni.vpcId === vpcId || getRecord(world, 'vpcs', eni.vpcId) === undefined,
  );
}

function addressDoubt(address: Address): MeantDoubt {
  return { reason: 'unknown-address', unknown: formatAddress(address) };
}

/** What of a space lies outside of the world, the internet apart from other networks. */
export function externalPlaces(world: World, space: AddressSpace): readonly ExternalPlace[] {
  const rest = subtractSpaces(space, ownSpace(world));
  const unroutable = spaceOf(NOT_ROUTABLE);
  return FAMILIES.flatMap((family): readonly ExternalPlace[] => {
    const part = rest.filter((cidr) => cidr.family === family);
    const internet = subtractSpaces(part, unroutable);
    const elsewhere = intersectSpaces(part, unroutable);
    return [
      ...(internet.length === 0 ? [] : [{ kind: 'internet', family, space: internet } as const]),
      ...(elsewhere.length === 0 ? [] : [{ kind: 'elsewhere', family, space: elsewhere } as const]),
    ];
  });
}

/** The internet: every address that it carries packets to, without those of this world. */
export function internetPlaces(world: World): readonly ExternalPlace[] {
  return externalPlaces(world, FAMILIES.map(anyCidr)).filter((place) => place.kind === 'internet');
}

/** The ENIs of an index bucket, by name and address. */
export function enisOf(world: World, index: 'enisByGroup' | 'enisBySubnet' | 'enisByInstance', key: string): Eni[] {
  return sortEnis(
    world,
    [...indexedIds(world, index, key)].flatMap((id) => getRecord(world, 'enis', id) ?? []),
  );
}

/** ENIs in an order that people expect: by name, then id. */
export function sortEnis(world: World, enis: Iterable<Eni>): Eni[] {
  const keyed = [...enis].map((eni) => ({ eni, key: `${eniName(world, eni) ?? '~'} ${eni.id}` }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ eni }) => eni);
}

/** ENIs that send on their own account: a NAT gateway's interface only sends for others. */
export function ordinaryEnis(world: World, vpcId?: VpcId): readonly Eni[] {
  return [...listRecords(world, 'enis')].filter(
    (eni) => isOrdinary(eni) && (vpcId === undefined || eni.vpcId === vpcId),
  );
}

/** Whether an interface sends and receives for itself: that of a NAT gateway does not. */
export function isOrdinary(eni: Eni): boolean {
  return eni.interfaceType !== 'nat_gateway';
}

/** A place in words: `web-1 (i-0abc eni-0abc 10.0.1.10)`, `internet`, `10.0.9.9 (no interface has it)`. */
export function placeLabel(world: World, place: Place): string {
  switch (place.kind) {
    case 'eni': {
      const [only] = place.space;
      const isHost = only !== undefined && place.space.length === 1 && isHostCidr(only);
      const shown = place.asked === 'public' ? place.public : isHost ? only.base : undefined;
      return shown === undefined
        ? `${eniLabel(world, place.eni)} prefix ${place.space.map(formatCidr).join(', ')}`
        : eniLabel(world, place.eni, shown);
    }
    case 'vacant':
      return `${place.space.map((cidr) => formatAddress(cidr.base)).join(', ')} (in ${place.vpcId}, no interface has it)`;
    case 'internet':
    case 'elsewhere': {
      const texts = place.space.map((cidr) => (isHostCidr(cidr) ? formatAddress(cidr.base) : formatCidr(cidr)));
      return texts.length > 3 ? place.kind : texts.join(', ');
    }
  }
}

/** The id that stands for a place where one is needed. */
export function placeKey(place: Place): string {
  const where = place.kind === 'eni' ? place.eni.id : place.kind === 'vacant' ? place.vpcId : place.kind;
  return `${where} ${place.kind === 'eni' ? place.asked : ''} ${place.space.map(formatCidr).join(' ')}`;
}

/** Whether a prefix is one address. */
export function isHostCidr(cidr: Cidr): boolean {
  return cidr.length === (cidr.family === 'ipv4' ? 32 : 128);
}

/** VPCs of the world that hold an address. */
export function vpcsHolding(world: World, address: Address): readonly VpcId[] {
  return [...listRecords(world, 'vpcs')]
    .filter((vpc) => vpc.cidrs.some((cidr) => cidrContains(cidr, address)))
    .map((vpc) => vpc.id)
    .toSorted();
}

function prefixPlace(eni: Eni, part: AddressSpace): EniPlace {
  return { kind: 'eni', family: part[0]?.family ?? 'ipv4', eni, space: part, asked: 'private' };
}

/** Every address that the world itself has: VPC prefixes and public addresses. */
function ownSpace(world: World): AddressSpace {
  const cidrs: Cidr[] = [];
  for (const vpc of listRecords(world, 'vpcs')) cidrs.push(...vpc.cidrs);
  for (const eni of listRecords(world, 'enis')) {
    for (const own of eni.addresses) if (own.public !== undefined) cidrs.push(...knownHost(own.public.address));
    // Where the record of the VPC is missing, its interfaces still tell which addresses are its own.
    if (getRecord(world, 'vpcs', eni.vpcId) === undefined)
      cidrs.push(...eni.addresses.flatMap((own) => knownHost(own.address)), ...eni.prefixes);
  }
  for (const nat of listRecords(world, 'natGateways')) {
    for (const own of nat.addresses) if (own.public !== undefined) cidrs.push(...knownHost(own.public));
  }
  return spaceOf(cidrs);
}

/** An address as a prefix; none where it is not known. */
function knownHost(address: Address): readonly Cidr[] {
  return address.within === undefined ? [hostCidr(address)] : [];
}
