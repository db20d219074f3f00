import { hostCidr, parseCidr, cidrContains, cidrCovers, type Cidr, sameCidr } from '../core/net/cidr.ts';
import { parseAddress, sameAddress } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { World } from '../core/model/world.ts';
import { EXEMPT_ADDRESSES } from '../core/policy/exempt.ts';
import type { AskError } from './ask.ts';
import { ANYONE, type Ends } from './assertion-language.ts';
import { type EndpointKind, resolveEndpoint } from './endpoint.ts';
import type { ClassId, Classes } from './pairs/classes.ts';
import type { Member } from './pairs/members.ts';
import { outsideKind } from './pairs/spots.ts';
import type { EniPlace, MeantDoubt, Place } from './place.ts';

/** What one side of a fact stands for, before members are sorted into classes. */
export type Meant = {
  readonly isAnyone: boolean;
  readonly isInternet: boolean;
  readonly places: readonly EniPlace[];
  /** Prefixes of which everything outside of the world is meant. */
  readonly prefixes: readonly Cidr[];
  readonly kinds: ReadonlySet<EndpointKind>;
  readonly notes: readonly string[];
};

/** Some members of some classes. */
export type Selection = ReadonlyMap<ClassId, readonly Member[]>;

/** Reads the endpoints of one side. Errors: those of `resolveEndpoint`, and ends whose traffic is not judged by pairs of interfaces. */
export function meantBy(world: World, ends: Ends): Result<Meant, AskError> {
  let meant: Meant = { isAnyone: false, isInternet: false, places: [], prefixes: [], kinds: new Set(), notes: [] };
  for (const text of ends) {
    if (text === ANYONE) {
      meant = { ...meant, isAnyone: true };
      continue;
    }
    const end = resolveEndpoint(world, text);
    if (!end.ok) return end;
    const { kind, places, notes } = end.value;
    const prefix = kind === 'cidr' || kind === 'address' ? prefixOf(text) : undefined;
    const wrong = unjudged(text, places, prefix);
    if (wrong !== undefined) return fail({ message: wrong, suggestions: [] });
    const holdsOutside =
      prefix !== undefined && places.some((one) => one.kind === 'internet' || one.kind === 'elsewhere');
    meant = {
      ...meant,
      isInternet: meant.isInternet || kind === 'internet',
      places: [...meant.places, ...places.filter((one) => one.kind === 'eni')],
      prefixes: holdsOutside ? [...meant.prefixes, prefix] : meant.prefixes,
      kinds: new Set([...meant.kinds, kind]),
      notes: [...meant.notes, ...notes],
    };
  }
  return ok(meant);
}

/** The prefixes along which classes must be cut so that a side holds whole members only. */
export function cutsOf({ prefixes, places }: Meant): readonly Cidr[] {
  return [
    ...prefixes,
    ...places.flatMap(({ space }) => space.filter(({ family, length }) => length < (family === 'ipv4' ? 32 : 128))),
  ];
}

/** The members that a side stands for, for certain or perhaps. The classes must be cut along `cutsOf` it. */
export function selectionOf(classes: Classes, meant: Meant, certainty: 'sure' | 'possible'): Selection {
  const places = meant.places.filter(({ perhaps }) => certainty === 'possible' || perhaps === undefined);
  const byEni = Map.groupBy(places, ({ eni }) => eni.id as string);
  const holds = (member: Member): boolean => {
    if (meant.isAnyone) return true;
    if (member.eniId !== undefined) return (byEni.get(member.eniId) ?? []).some(({ space }) => covers(space, member));
    return (meant.isInternet && outsideKind(member.sample) === 'internet') || covers(meant.prefixes, member);
  };
  return selectMembers(classes, holds);
}

/** Why it is not known whether a side means a member; undefined where it is known. */
export function meantDoubt({ places }: Meant, { eniId, sample }: Member): MeantDoubt | undefined {
  const meant = places.filter(
    ({ eni, space }) =>
      eni.id === eniId && space.some((cidr) => sameAddress(cidr.base, sample) || cidrContains(cidr, sample)),
  );
  return meant.every(({ perhaps }) => perhaps !== undefined) ? meant[0]?.perhaps : undefined;
}

/** The members for which something holds. */
export function selectMembers(classes: Classes, holds: (member: Member) => boolean): Selection {
  const selection = new Map<ClassId, readonly Member[]>();
  for (const [id, { members }] of classes.list.entries()) {
    const some = members.filter(holds);
    if (some.length > 0) selection.set(id, some);
  }
  return selection;
}

function isIn(cidr: Cidr, prefix: Cidr): boolean {
  return prefix.family === cidr.family && (sameCidr(prefix, cidr) || cidrCovers(prefix, cidr));
}

function covers(prefixes: readonly Cidr[], { space }: Member): boolean {
  return space.every((cidr) => prefixes.some((prefix) => isIn(cidr, prefix)));
}

/** The prefix of an address or CIDR, `vpc-…/` before it or not. */
function prefixOf(text: string): Cidr | undefined {
  const bare = text.replace(/^vpc-[^/]*\//u, '');
  const address = parseAddress(bare);
  if (address.ok) return hostCidr(address.value);
  const cidr = parseCidr(bare);
  return cidr.ok ? cidr.value : undefined;
}

/** Why an end cannot be judged as interfaces and space outside, if so. */
function unjudged(text: string, places: readonly Place[], prefix: Cidr | undefined): string | undefined {
  const isOwn = (eniId: string): boolean =>
    places.some((one) => one.kind === 'eni' && one.eni.id === eniId && one.asked === 'private');
  for (const place of places) {
    if (place.kind === 'vacant' && places.length === 1) return `no interface has ${text}: nothing could be judged`;
    if (place.kind !== 'eni') continue;
    const { id, interfaceType } = place.eni;
    if (interfaceType === 'nat_gateway')
      return `${text} is the interface ${id} of a NAT gateway, which sends for others only`;
    if (place.asked === 'public' && !isOwn(id))
      return `${text} holds a public address of ${id}: name the interface, instance or private address instead`;
  }
  // Nothing filters what goes to these: a fact about them would be judged by rules that nobody asks.
  const exempt =
    prefix === undefined || prefix.length === 0
      ? undefined
      : EXEMPT_ADDRESSES.find((one) => one.family === prefix.family && cidrContains(prefix, one));
  return exempt === undefined
    ? undefined
    : `${text} holds addresses of AWS's own services, which no rule filters: no fact can be judged of them`;
}
