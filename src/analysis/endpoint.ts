import { type Address, FAMILIES, formatAddress, parseAddress } from '../core/net/address.ts';
import { type Cidr, cidrContains, formatCidr, hostCidr, parseCidr } from '../core/net/cidr.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Eni } from '../core/model/eni.ts';
import type { VpcId } from '../core/model/ids.ts';
import type { SecurityGroup } from '../core/model/security-group.ts';
import { eniAt, getRecord, indexedId, listRecords, type World } from '../core/model/world.ts';
import { isInternetRoutable } from '../core/policy/exempt.ts';
import { nameTag, recordLabel } from './names.ts';
import {
  eniPlaceAt,
  type EniPlace,
  enisOf,
  externalPlaces,
  internetPlaces,
  isHostCidr,
  ordinaryEnis,
  type Place,
  placeLabel,
  placesInSpace,
  placesOfEni,
  placesPerhapsAt,
  placesPerhapsIn,
  placesPerhapsSeenAs,
  placesPerhapsOf,
  sortEnis,
  vpcsHolding,
} from './place.ts';
import { suggestNames } from './suggest.ts';

export type EndpointKind =
  | 'instance'
  | 'interface'
  | 'name'
  | 'group'
  | 'subnet'
  | 'vpc'
  | 'address'
  | 'cidr'
  | 'internet';

/** What a question names, with the places that it stands for. */
export type Endpoint = {
  /** As it was asked for. */
  readonly text: string;
  readonly kind: EndpointKind;
  readonly label: string;
  readonly places: readonly Place[];
  /** What a reader may want to know about how the text was read. */
  readonly notes: readonly string[];
};

/** Why a text names nothing that can be asked about. */
export type EndpointError = {
  readonly kind: 'malformed' | 'unknown' | 'ambiguous' | 'empty';
  readonly message: string;
  readonly suggestions: readonly string[];
};

type Found = Result<Endpoint, EndpointError>;

/**
 * Reads an endpoint: an instance, ENI, group, subnet or VPC id; a Name tag; a group's name; an address or CIDR, `vpc-…/` before it to say in
 * which VPC; `internet`. A name that is also a group's means the instances; `group:NAME` and `name:NAME` say which.
 */
export function resolveEndpoint(world: World, text: string): Found {
  const asked = text.trim();
  if (asked === '') return error('malformed', 'an endpoint is empty');
  if (asked.toLowerCase() === 'internet')
    return endpoint({ text: asked, kind: 'internet', places: internetPlaces(world) });
  const [, word, rest = ''] = /^(group|name):(.*)$/s.exec(asked) ?? [];
  if (word === 'group') return groupEndpoint(world, rest, { asked }) ?? unknownName(world, rest, 'group');
  if (word === 'name') return nameEndpoint(world, asked, rest) ?? unknownName(world, rest, 'name');
  const byId = idEndpoint(world, asked);
  if (byId !== undefined) return byId;
  const scoped = scopedEndpoint(world, asked);
  if (scoped !== undefined) return scoped;
  if (looksLikeAddress(asked)) return addressEndpoint(world, asked, { asked });
  return (
    nameEndpoint(world, asked, asked) ?? groupEndpoint(world, asked, { asked }) ?? unknownName(world, asked, 'endpoint')
  );
}

function idEndpoint(world: World, id: string): Found | undefined {
  const instance = getRecord(world, 'instances', id);
  const ofInstance = enisOf(world, 'enisByInstance', id);
  if (instance !== undefined || ofInstance.length > 0) {
    const name = instance === undefined ? undefined : nameTag(instance.tags);
    return enisEndpoint(
      world,
      { asked: id, kind: 'instance', label: name === undefined ? id : `${name} (${id})` },
      ofInstance,
    );
  }
  const eni = getRecord(world, 'enis', id);
  if (eni !== undefined)
    return enisEndpoint(world, { asked: id, kind: 'interface', label: recordLabel(world, id) }, [eni]);
  const group = getRecord(world, 'groups', id);
  const members = enisOf(world, 'enisByGroup', id);
  if (group !== undefined || members.length > 0)
    return enisEndpoint(
      world,
      {
        asked: id,
        kind: 'group',
        label: `group ${recordLabel(world, id)}`,
        perhaps: placesPerhapsOf(world, id),
      },
      members,
    );
  return homeEndpoint(world, id);
}

function homeEndpoint(world: World, id: string): Found | undefined {
  const subnet = getRecord(world, 'subnets', id);
  const vpc = getRecord(world, 'vpcs', id);
  const perhaps = [subnet, vpc].flatMap((home) => (home === undefined ? [] : placesPerhapsAt(world, home)));
  if (subnet !== undefined) {
    const inside = enisOf(world, 'enisBySubnet', id).filter((one) => one.interfaceType !== 'nat_gateway');
    return enisEndpoint(
      world,
      { asked: id, kind: 'subnet', label: `subnet ${recordLabel(world, id)}`, perhaps },
      inside,
    );
  }
  if (vpc === undefined) return undefined;
  const enis = sortEnis(world, ordinaryEnis(world, vpc.id));
  return enisEndpoint(world, { asked: id, kind: 'vpc', label: `VPC ${recordLabel(world, id)}`, perhaps }, enis);
}

/** `vpc-…/10.0.0.5`, `vpc-…/10.0.0.0/24`, `vpc-…/web`: the rest is looked for in that VPC only. */
function scopedEndpoint(world: World, asked: string): Found | undefined {
  const slash = asked.indexOf('/');
  const vpc = slash < 0 ? undefined : getRecord(world, 'vpcs', asked.slice(0, slash));
  if (vpc === undefined) return undefined;
  const rest = asked.slice(slash + 1);
  if (looksLikeAddress(rest)) return addressEndpoint(world, rest, { asked, vpcId: vpc.id });
  return groupEndpoint(world, rest, { asked, vpcId: vpc.id }) ?? unknownName(world, rest, 'group');
}

/** The whole text that was asked for, and the only VPC to look in where it names one. */
type Scope = { readonly asked: string; readonly vpcId?: VpcId };

function looksLikeAddress(text: string): boolean {
  return /^[0-9.]+(?:\/[0-9]*)?$/.test(text) || /^[0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:\/[0-9]*)?$/.test(text);
}

function addressEndpoint(world: World, text: string, scope: Scope): Found {
  const { asked, vpcId } = scope;
  if (!text.includes('/')) {
    const address = parseAddress(text);
    return address.ok ? hostEndpoint(world, address.value, scope) : error('malformed', address.error);
  }
  const cidr = parseCidr(text);
  if (!cidr.ok) return error('malformed', cidr.error);
  if (isHostCidr(cidr.value)) return hostEndpoint(world, cidr.value.base, scope);
  const places = placesInSpace(world, [cidr.value], vpcId);
  const notes = [...vacancyNotes(world, cidr.value, places), ...perhapsNotes(asked, places)];
  if (places.length === 0)
    return error('empty', `no interface has an address in ${asked}, and all of it is inside of VPCs`);
  return endpoint({ text: asked, kind: 'cidr', places, notes });
}

/** An address: of an interface, public or private; of a VPC without an interface; of the internet or another network. */
function hostEndpoint(world: World, address: Address, { asked, vpcId }: Scope): Found {
  const text = formatAddress(address);
  const owners = vpcIds(world, vpcId).flatMap((id) => eniAt(world, id, address) ?? []);
  if (owners.length > 1)
    return ambiguous(
      asked,
      text,
      owners.map((eni) => eni.vpcId),
    );
  const [owner] = owners;
  if (owner !== undefined) return placed(world, asked, eniPlaceAt(owner, address));
  const publicOwner = vpcId === undefined ? publicEni(world, address) : undefined;
  const behind = publicOwner?.addresses.find(
    (own) => own.public !== undefined && formatAddress(own.public.address) === text,
  );
  if (publicOwner !== undefined && behind !== undefined)
    return placed(world, asked, eniPlaceAt(publicOwner, behind.address, 'public'));
  const holders = vpcsHolding(world, address).filter((id) => vpcId === undefined || id === vpcId);
  if (holders.length > 1) return ambiguous(asked, text, holders);
  const nat = indexedId(world, 'natGatewaysByAddress', text);
  const home = holders[0] ?? (nat === undefined ? undefined : getRecord(world, 'natGateways', nat)?.vpcId);
  const perhaps =
    home !== undefined || !isInternetRoutable(address)
      ? placesPerhapsIn(world, [hostCidr(address)], vpcId ?? home)
      : vpcId === undefined
        ? placesPerhapsSeenAs(world, address)
        : [];
  if (home !== undefined) {
    const vacant: Place = { kind: 'vacant', family: address.family, vpcId: home, space: [hostCidr(address)] };
    return placed(world, asked, vacant, perhaps);
  }
  if (vpcId !== undefined) return error('unknown', `${text} is not an address of ${vpcId}`);
  const [outside] = externalPlaces(world, [hostCidr(address)]);
  return outside === undefined
    ? error('unknown', `${text} is no address that can be asked about`)
    : placed(world, asked, outside, perhaps);
}

function publicEni(world: World, address: Address): Eni | undefined {
  const id = indexedId(world, 'enisByPublicAddress', formatAddress(address));
  return id === undefined ? undefined : getRecord(world, 'enis', id);
}

/** VPCs in which an interface may be: those of the interfaces count, even where the VPC's own record is missing. */
function vpcIds(world: World, only: VpcId | undefined): readonly VpcId[] {
  if (only !== undefined) return [only];
  const ids = new Set<VpcId>([...listRecords(world, 'vpcs')].map((vpc) => vpc.id));
  for (const subnet of listRecords(world, 'subnets')) ids.add(subnet.vpcId);
  return [...ids].toSorted();
}

/** Instances and ENIs with this Name tag; several of one name are all meant. */
function nameEndpoint(world: World, asked: string, name: string): Found | undefined {
  const instances = new Set(
    [...listRecords(world, 'instances')].filter((one) => nameTag(one.tags) === name).map((one) => one.id),
  );
  const enis = [...listRecords(world, 'enis')].filter(
    (eni) =>
      nameTag(eni.tags) === name ||
      (eni.attachment?.instanceId !== undefined && instances.has(eni.attachment.instanceId)),
  );
  if (enis.length === 0 && instances.size === 0) return undefined;
  const group = groupsNamed(world, name)[0];
  const notes = [
    ...(instances.size > 1 ? [`${instances.size} instances have the name ${name}: all are meant`] : []),
    ...(group === undefined || asked.startsWith('name:')
      ? []
      : [`${name} is also the name of a group: group:${name} asks for its members`]),
  ];
  return enisEndpoint(world, { asked, kind: 'name', label: name, notes }, sortEnis(world, enis));
}

function groupEndpoint(world: World, name: string, { asked, vpcId }: Scope): Found | undefined {
  const groups = groupsNamed(world, name).filter((group) => vpcId === undefined || group.vpcId === vpcId);
  const [group] = groups;
  if (group === undefined) return undefined;
  if (groups.length > 1) {
    const which = groups.map((one) => `${one.id} in ${recordLabel(world, one.vpcId)}`).join(', ');
    return error(
      'ambiguous',
      `${groups.length} groups have the name ${JSON.stringify(name)}: ${which}`,
      groups.map((one) => one.id),
    );
  }
  return enisEndpoint(
    world,
    {
      asked,
      kind: 'group',
      label: `group ${recordLabel(world, group.id)}`,
      perhaps: placesPerhapsOf(world, group.id),
    },
    enisOf(world, 'enisByGroup', group.id),
  );
}

/** Groups of a name or id. Names are case-insensitive in AWS (API CreateSecurityGroup). */
export function groupsNamed(world: World, name: string): readonly SecurityGroup[] {
  const own = getRecord(world, 'groups', name);
  if (own !== undefined) return [own];
  const wanted = name.toLowerCase();
  return [...listRecords(world, 'groups')]
    .filter((group) => group.name.toLowerCase() === wanted)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Every name that `resolveEndpoint` and `show` know, for suggestions and completion. */
export function* endpointNames(world: World): Generator<string, void, undefined> {
  yield 'internet';
  for (const instance of listRecords(world, 'instances')) {
    yield nameTag(instance.tags) ?? instance.id;
    yield instance.id;
  }
  for (const group of listRecords(world, 'groups')) {
    yield group.name;
    yield group.id;
  }
  for (const eni of listRecords(world, 'enis')) {
    yield nameTag(eni.tags) ?? eni.id;
    yield eni.id;
  }
  for (const subnet of listRecords(world, 'subnets')) yield subnet.id;
  for (const vpc of listRecords(world, 'vpcs')) yield vpc.id;
}

function unknownName(world: World, name: string, what: 'endpoint' | 'group' | 'name'): Found {
  const words = { endpoint: 'instance, interface, group, subnet, address or name', group: 'group', name: 'Name tag' };
  return error(
    'unknown',
    `no ${words[what]} is called ${JSON.stringify(name)}`,
    suggestNames(name, endpointNames(world)),
  );
}

type Described = {
  readonly asked: string;
  readonly kind: EndpointKind;
  readonly label: string;
  readonly notes?: readonly string[];
  /** Interfaces of which it is not known whether they are meant, beside those that are. */
  readonly perhaps?: readonly EniPlace[];
};

function enisEndpoint(world: World, what: Described, enis: readonly Eni[]): Found {
  const { perhaps = [] } = what;
  const places = [...enis.flatMap(placesOfEni), ...perhaps];
  if (places.length === 0) {
    const missing = world.missing.has('enis') ? '; network interfaces are missing from this world' : '';
    return error('empty', `${what.label} has no interface with an address${missing}`);
  }
  const [first] = places;
  const label =
    enis.length === 1 && first !== undefined && what.kind !== 'group' && perhaps.length === 0
      ? placeLabel(world, first)
      : undefined;
  const count = `${what.label}, ${enis.length} interface${enis.length === 1 ? '' : 's'}`;
  const { asked, kind, notes = [] } = what;
  return endpoint({
    text: asked,
    kind,
    places,
    label: label ?? count,
    notes: [...notes, ...perhapsNotes(what.label, perhaps)],
  });
}

function placed(world: World, asked: string, place: Place, perhaps: readonly EniPlace[] = []): Found {
  return endpoint({
    text: asked,
    kind: 'address',
    places: [place, ...perhaps],
    label: placeLabel(world, place),
    notes: perhapsNotes(asked, perhaps),
  });
}

function perhapsNotes(meant: string, places: readonly Place[]): readonly string[] {
  const perhaps = new Set(
    places.flatMap((one) => (one.kind === 'eni' && one.perhaps !== undefined ? [one.eni.id] : [])),
  );
  if (perhaps.size === 0) return [];
  const shown = [...perhaps].slice(0, 3).join(', ');
  const more = perhaps.size > 3 ? ` and ${perhaps.size - 3} more` : '';
  return [`${meant} may mean ${shown}${more}, too: that is not known`];
}

function endpoint(one: Pick<Endpoint, 'text' | 'kind' | 'places'> & Partial<Endpoint>): Found {
  return ok({ label: one.text, notes: [], ...one });
}

function vacancyNotes(world: World, cidr: Cidr, places: readonly Place[]): readonly string[] {
  const holders = [...listRecords(world, 'vpcs')].filter((vpc) =>
    vpc.cidrs.some((own) => cidrContains(own, cidr.base) || cidrContains(cidr, own.base)),
  );
  if (holders.length === 0) return [];
  const enis = new Set(
    places.flatMap((place) => (place.kind === 'eni' && place.perhaps === undefined ? [place.eni.id] : [])),
  ).size;
  return [
    `${formatCidr(cidr)} stands for ${enis} interface${enis === 1 ? '' : 's'} of the world; addresses that no interface has are left out`,
  ];
}

function ambiguous(asked: string, address: string, holders: readonly VpcId[]): Found {
  const choices = holders.map((id) => `${id}/${address}`);
  return error('ambiguous', `${asked} is an address in ${holders.length} VPCs: say ${choices.join(' or ')}`, choices);
}

function error(kind: EndpointError['kind'], message: string, suggestions: readonly string[] = []): Found {
  return fail({ kind, message, suggestions });
}

/** Families in which an endpoint has a place. */
export function familiesOf(one: Endpoint): readonly (typeof FAMILIES)[number][] {
  return FAMILIES.filter((family) => one.places.some((place) => place.family === family));
}
