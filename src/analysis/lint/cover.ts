import type { Family } from '../../core/net/address.ts';
import { type Cidr, cidrContains, cidrCovers, isAnyCidr } from '../../core/net/cidr.ts';
import { trafficInterval } from '../../core/net/axis.ts';
import type { Rule } from '../../core/model/security-group.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { spaceOf, subtractSpaces } from '../address-space.ts';

/**
 * What one rule admits in one family: an interval of the axis, from addresses, or from what a name stands for (a group, or a prefix list of
 * which the entries are not known).
 */
export type Region = {
  readonly rule: Rule;
  readonly from: number;
  readonly to: number;
  readonly cidrs: readonly Cidr[];
  readonly name?: string;
  /** It is not known at all what it stands for. */
  readonly isAnyone?: boolean;
};

/** The region of a rule in a family; undefined where it admits nothing of it. */
export function regionOf(world: World, rule: Rule, family: Family): Region | undefined {
  const { peer } = rule;
  const [from, to] = trafficInterval(rule.traffic, family);
  const base = { rule, from, to };
  if (peer.kind === 'cidr') return peer.cidr.family === family ? { ...base, cidrs: [peer.cidr] } : undefined;
  if (peer.kind === 'group') return { ...base, cidrs: [], name: peer.groupId };
  const list = getRecord(world, 'prefixLists', peer.prefixListId);
  if (list !== undefined && list.family !== family) return undefined;
  // What a plan does not know stands there as a list that nobody has: twice the same one may be two things.
  if (list === undefined && !AWS_ID.test(peer.prefixListId)) return { ...base, cidrs: [], isAnyone: true };
  if (list?.entries === undefined) return { ...base, cidrs: [], name: peer.prefixListId };
  return list.entries.length === 0 ? undefined : { ...base, cidrs: list.entries.map(({ cidr }) => cidr) };
}

/**
 * Rules that together admit everything that a region does, whatever the peer is: one that alone does where there is one. Undefined where they
 * do not. A group's members may have any address, so only the group itself and whole families cover it.
 */
export function coverOf(region: Region, others: readonly Region[], family: Family): readonly Rule[] | undefined {
  const near = others.filter((one) => one.from <= region.to && one.to >= region.from && isNear(one, region));
  const single = near.find((one) => one.from <= region.from && one.to >= region.to && holds([one], region, family));
  if (single !== undefined) return [single.rule];
  if (near.length < 2) return undefined;
  const cuts = new Set([region.from]);
  for (const { from, to } of near) {
    if (from > region.from) cuts.add(from);
    if (to < region.to) cuts.add(to + 1);
  }
  const used = new Set<Region>();
  for (const cut of cuts) {
    const here = near.filter((one) => one.from <= cut && one.to >= cut);
    if (!holds(here, region, family)) return undefined;
    for (const one of here) used.add(one);
  }
  return [...used].map(({ rule }) => rule);
}

const AWS_ID = /^pl-[0-9a-f]+$/u;

/** Whether two regions can have a peer in common. */
function isNear(one: Region, region: Region): boolean {
  if (region.isAnyone === true) return one.cidrs.length > 0;
  if (one.name !== undefined) return one.name === region.name;
  if (region.name !== undefined) return true;
  return one.cidrs.some((cidr) => region.cidrs.some((own) => cidrCovers(cidr, own) || cidrCovers(own, cidr)));
}

/** Whether regions hold every peer of another one. */
function holds(here: readonly Region[], region: Region, family: Family): boolean {
  if (region.name !== undefined && here.some((one) => one.name === region.name)) return true;
  const cidrs = here.flatMap((one) => one.cidrs);
  if (cidrs.some((cidr) => isAnyCidr(cidr) && cidr.family === family)) return true;
  if (region.name !== undefined || region.isAnyone === true) return isWhole(cidrs);
  // Mostly one address tells already that they do not.
  if (region.cidrs.some(({ base }) => !cidrs.some((cidr) => cidrContains(cidr, base)))) return false;
  return subtractSpaces(spaceOf(region.cidrs), spaceOf(cidrs)).length === 0;
}

function isWhole(cidrs: readonly Cidr[]): boolean {
  const [only, ...rest] = spaceOf(cidrs);
  return only !== undefined && rest.length === 0 && isAnyCidr(only);
}
