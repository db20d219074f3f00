import type { Family } from '../../core/net/address.ts';
import type { Cidr } from '../../core/net/cidr.ts';
import { type Eni, isUnfiltered } from '../../core/model/eni.ts';
import type { GroupId } from '../../core/model/ids.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { coveredNodes, eniMembers, hasMember, type Member, outsideMembers } from './members.ts';
import { delegatedCuts, ownPrefixes, vaguePrefixes } from './own-space.ts';
import { pathPrefixes, rulePrefixes } from './path-prefixes.ts';
import { type NodeId, PrefixTree } from './prefix-tree.ts';
import { hasSamePaths, NO_SPOT, type Spot, type SpotId, Spots } from './spots.ts';

/** Members that no filter and no path of any of the worlds tells apart, by its number. */
export type ClassId = number;

/** What a class is in one world. */
export type ClassSide = {
  /** `NO_SPOT` where the world does not have it. */
  readonly spot: SpotId;
  /** The groups on the interface, sorted; none outside. */
  readonly groups: readonly GroupId[];
  /** An interface that AWS runs without filter. */
  readonly isUnfiltered: boolean;
  /** It may carry other groups, too. */
  readonly isPartial: boolean;
};

/** A class: its members, the node of all of them in the tree of all prefixes, and what it is in each world. */
export type EndpointClass = {
  readonly members: readonly Member[];
  readonly node: NodeId;
  readonly sides: readonly ClassSide[];
  /** Of its addresses it is known only that the node holds them: a prefix inside of the node may hold them or not. */
  readonly isVague: boolean;
};

/** The classes of one or more worlds in one family, so that what holds of a class in one world can be compared with another. */
export type Classes = {
  readonly family: Family;
  readonly worlds: readonly World[];
  readonly tree: PrefixTree;
  readonly list: readonly EndpointClass[];
  /** For each world, its spots. */
  readonly spots: readonly (readonly Spot[])[];
  /** Which classes have addresses of an interface. */
  readonly byEni: ReadonlyMap<string, readonly ClassId[]>;
};

const ABSENT: ClassSide = { spot: NO_SPOT, groups: [], isUnfiltered: false, isPartial: false };

/**
 * Sorts everything that sends or receives in these worlds into classes. `asked`: prefixes that a question names; every member lies wholly in each of them or
 * wholly outside, but for addresses that are not known: a prefix inside of theirs may hold them or not (`Place.perhaps`).
 */
export function classesOf(worlds: readonly World[], family: Family, asked: readonly Cidr[] = []): Classes {
  const paths = worlds.flatMap(pathPrefixes);
  const own = worlds.map(ownPrefixes);
  const cuts = worlds.flatMap((world) => [...delegatedCuts(world, family), ...vaguePrefixes(world)]);
  const tree = new PrefixTree(family, [...paths, ...own.flat(), ...cuts, ...worlds.flatMap(rulePrefixes), ...asked]);
  const pathTree = new PrefixTree(family, paths);
  const ownNodes = own.map((prefixes) => coveredNodes(tree, prefixes));
  const spots: Spots[] = [];
  for (const [at, world] of worlds.entries()) {
    const like = worlds.findIndex((other, place) => place < at && hasSamePaths(world, other));
    spots.push(spots[like] ?? new Spots(world, pathTree));
  }
  const sorted = new Map<string, EndpointClass & { readonly members: Member[] }>();
  const file = (member: Member, sides: readonly ClassSide[]): void => {
    if (sides.every((side) => side.spot === NO_SPOT)) return;
    const isVague = member.sample.within !== undefined;
    const kind = member.eniId === undefined ? 'outside' : isVague ? 'vague' : '';
    const key = `${member.node};${kind};${sides.map(sideKey).join(';')}`;
    const known = sorted.get(key);
    if (known === undefined) sorted.set(key, { members: [member], node: member.node, sides: [...sides], isVague });
    else known.members.push(member);
  };
  for (const member of eniMembers(worlds, tree))
    file(
      member,
      worlds.map((world, at) => eniSide(world, spots[at], member)),
    );
  for (const member of outsideMembers(tree, ownNodes))
    file(
      member,
      spots.map((ofWorld, at) => (ownNodes[at]?.[member.node] === 1 ? ABSENT : outsideSide(ofWorld, member))),
    );
  const list = [...sorted.values()];
  return { family, worlds, tree, list, spots: spots.map((one) => one.list), byEni: classesByEni(list) };
}

/**
 * The classes, itself included, that have no interface but the one interface of a class: no pair of these is two ends, so what a matrix says
 * of them means nothing. None for a class of several interfaces, or of none.
 */
export function selfClasses(classes: Classes, id: ClassId): readonly ClassId[] {
  const only = onlyEni(classes.list[id]);
  return only === undefined
    ? []
    : (classes.byEni.get(only) ?? []).filter((other) => onlyEni(classes.list[other]) === only);
}

function onlyEni(one: EndpointClass | undefined): string | undefined {
  const first = one?.members[0]?.eniId;
  return one?.members.every(({ eniId }) => eniId === first) === true ? first : undefined;
}

function eniSide(world: World, spots: Spots | undefined, member: Member): ClassSide {
  const eni = member.eniId === undefined ? undefined : getRecord(world, 'enis', member.eniId);
  if (eni === undefined || spots === undefined || !hasMember(eni, member)) return ABSENT;
  return {
    spot: spots.ofEni(eni, member),
    groups: sortedGroups(eni),
    isUnfiltered: isUnfiltered(eni),
    isPartial: eni.groupDoubt !== undefined,
  };
}

function outsideSide(spots: Spots, member: Member): ClassSide {
  return { ...ABSENT, spot: spots.ofOutside(member) };
}

function sideKey(side: ClassSide): string {
  const kind = `${side.isUnfiltered ? 'unfiltered' : ''}${side.isPartial ? 'partial' : ''}`;
  return `${side.spot} ${kind} ${side.groups.join(' ')}`;
}

function sortedGroups(eni: Eni): readonly GroupId[] {
  return eni.groups.length < 2 ? eni.groups : [...new Set(eni.groups)].toSorted();
}

function classesByEni(list: readonly EndpointClass[]): ReadonlyMap<string, readonly ClassId[]> {
  const byEni = new Map<string, ClassId[]>();
  for (const [id, { members }] of list.entries())
    for (const { eniId } of members) {
      if (eniId === undefined) continue;
      const known = byEni.get(eniId);
      if (known === undefined) byEni.set(eniId, [id]);
      else if (known.at(-1) !== id) known.push(id);
    }
  return byEni;
}
