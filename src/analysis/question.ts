import { FAMILIES, type Family } from '../core/net/address.ts';
import { trafficInterval } from '../core/net/axis.ts';
import type { IntervalSet } from '../core/net/interval-set.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { formatTraffic, type Traffic } from '../core/net/traffic.ts';
import type { VpcId } from '../core/model/ids.ts';
import type { World } from '../core/model/world.ts';
import { type Endpoint, familiesOf } from './endpoint.ts';
import { type AddressClass, Prefixes } from './external.ts';
import { isHostCidr, type Place } from './place.ts';
import type { Stop } from './trip.ts';

/** Whether traffic of this kind gets from one endpoint to another; no family means every one that both ends have. */
export type Question = {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly traffic: Traffic;
  readonly family?: Family;
};

/** Two places of one family, at least one of them inside the world. */
export type Pair = { readonly from: Place; readonly to: Place };

/** All pairs of a question. `outside` counts those of which neither end is in the world: nothing can be said of them. */
export type Pairs = { readonly pairs: readonly Pair[]; readonly total: number; readonly outside: number };

/** The families that a question is about. Errors: no family that both ends and the traffic have. */
export function questionFamilies(question: Question): Result<readonly Family[]> {
  const { from, to, traffic, family } = question;
  const only = traffic.kind === 'icmp' ? 'ipv4' : traffic.kind === 'icmpv6' ? 'ipv6' : undefined;
  if (only !== undefined && family !== undefined && only !== family)
    return fail(
      `${formatTraffic(traffic)} does not exist in ${familyName(family)}: ask for ${only === 'ipv4' ? 'icmpv6' : 'icmp'}`,
    );
  const wanted = family ?? only;
  for (const end of [from, to]) {
    if (wanted !== undefined && !familiesOf(end).includes(wanted))
      return fail(`${end.text} has no ${familyName(wanted)} address`);
  }
  const shared = FAMILIES.filter(
    (one) => (wanted === undefined || one === wanted) && familiesOf(from).includes(one) && familiesOf(to).includes(one),
  );
  if (shared.length > 0) return ok(shared);
  const [left, right] = [from, to].map((end) => familiesOf(end).map(familyName).join(' and '));
  return fail(`${from.text} has ${left ?? ''} only and ${to.text} ${right ?? ''} only: no packet goes between them`);
}

/** The points of the axis that a traffic means in a family. */
export function askedPoints(traffic: Traffic, family: Family): IntervalSet {
  const [from, to] = trafficInterval(traffic, family);
  return [from, to];
}

/** The pairs of a question in order, at most `limit` of them. Errors: nothing inside the world, or a source that nobody has. */
export function listPairs(question: Question, families: readonly Family[], limit: number): Result<Pairs> {
  const skipsOwn = !(placesAreOneInterface(question.from) && placesAreOneInterface(question.to));
  const all = families.map((family) => pairsOfFamily(question, family, { limit, skipsOwn }));
  const pairs = all.flatMap((one) => one.pairs).slice(0, limit);
  const total = all.reduce((sum, one) => sum + one.total, 0);
  const outside = all.reduce((sum, one) => sum + one.outside, 0);
  if (total > 0) return ok({ pairs, total, outside });
  if (question.from.places.every((place) => place.kind === 'vacant'))
    return fail(`nothing sends from ${question.from.text}: no interface has this address`);
  return outside > 0
    ? fail(`neither ${question.from.text} nor ${question.to.text} is inside this world`)
    : fail(`${question.from.text} and ${question.to.text} are the same interface`);
}

/** Counts without listing: the product of two large groups is far larger than what is ever computed. */
function pairsOfFamily(
  question: Question,
  family: Family,
  options: { readonly limit: number; readonly skipsOwn: boolean },
): Pairs {
  const pairs: Pair[] = [];
  const targets = question.to.places.filter((place) => place.family === family);
  const inside = targets.filter(isInside).length;
  const perEni = Map.groupBy(targets, (place) => (place.kind === 'eni' ? place.eni.id : undefined));
  let total = 0;
  let outside = 0;
  for (const from of question.from.places) {
    if (from.family !== family || from.kind === 'vacant') continue;
    const own = options.skipsOwn && from.kind === 'eni' ? (perEni.get(from.eni.id)?.length ?? 0) : 0;
    total += isInside(from) ? targets.length - own : inside;
    outside += isInside(from) ? 0 : targets.length - inside;
    for (const to of targets) {
      if (pairs.length >= options.limit) break;
      const isOwn = own > 0 && to.kind === 'eni' && from.kind === 'eni' && to.eni.id === from.eni.id;
      if (!isOwn && (isInside(from) || isInside(to))) pairs.push({ from, to });
    }
  }
  return { pairs, total, outside };
}

/** Every combination of addresses of a pair that could make a difference, each with all the addresses it stands for. */
export function* stopsOf(world: World, pair: Pair): Generator<{ readonly from: Stop; readonly to: Stop }> {
  for (const from of classesOfPlace(world, pair.from, pair.to)) {
    for (const to of classesOfPlace(world, pair.to, pair.from)) {
      yield {
        from: { place: { ...pair.from, space: from.space }, address: from.sample },
        to: { place: { ...pair.to, space: to.space }, address: to.sample },
      };
    }
  }
}

/** `IPv4` or `IPv6`. */
export function familyName(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function classesOfPlace(world: World, place: Place, other: Place): readonly AddressClass[] {
  const [only] = place.space;
  if (only !== undefined && place.space.length === 1 && isHostCidr(only))
    return [{ space: place.space, sample: only.base }];
  const prefixes = new Prefixes(world);
  for (const vpcId of new Set([vpcOf(place), vpcOf(other)])) if (vpcId !== undefined) prefixes.addTopologyOf(vpcId);
  if (other.kind === 'eni') prefixes.addRulesOf(other.eni);
  return prefixes.classesOf(place.space);
}

function vpcOf(place: Place): VpcId | undefined {
  if (place.kind === 'eni') return place.eni.vpcId;
  return place.kind === 'vacant' ? place.vpcId : undefined;
}

function isInside(place: Place): boolean {
  return place.kind === 'eni' || place.kind === 'vacant';
}

function placesAreOneInterface(endpoint: Endpoint): boolean {
  // An address that perhaps an interface has is that interface's, or nobody's.
  const places = endpoint.places.filter((place) => place.kind !== 'vacant' || endpoint.places.length === 1);
  return new Set(places.map((place) => (place.kind === 'eni' ? place.eni.id : place.kind))).size === 1;
}
