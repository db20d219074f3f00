import type { Family } from '../../core/net/address.ts';
import type { Cidr } from '../../core/net/cidr.ts';
import { type Eni, isUnfiltered } from '../../core/model/eni.ts';
import type { GroupId } from '../../core/model/ids.ts';
import type { World } from '../../core/model/world.ts';
import { coveredNodes, eniMembers, hasMember, type Member, outsideMembers } from './members.ts';
import { delegatedCuts, type OwnSpace, ownSpaceOf } from './own-space.ts';
import { pathPrefixes, rulePrefixes } from './path-prefixes.ts';
import { PairNumbers } from './pair-memo.ts';
import { type NodeId, PrefixTree } from './prefix-tree.ts';
import { hasSamePaths, NO_SPOT, type Spot, type SpotId, Spots } from './spots.ts';
import { TextNumbers } from './text-numbers.ts';

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
  const paths = [...new Set(onceForAlike(worlds, pathPrefixes))].flat();
  const pathTree = new PrefixTree(family, paths);
  const homes = onceForAlike(worlds, (world): Ground => {
    const own = ownSpaceOf(world, family);
    return { own, cuts: delegatedCuts(world, family, own), spots: new Spots(world, pathTree, own) };
  });
  const cuts = [...new Set(homes)].flatMap(({ own, cuts: within }) => [...own.prefixes, ...own.vague, ...within]);
  const tree = new PrefixTree(family, [...paths, ...cuts, ...worlds.flatMap(rulePrefixes), ...asked]);
  const ownNodes = homes.map(({ own }) => coveredNodes(tree, own.prefixes));
  const sides = homes.map(({ spots }) => new Sides(spots));
  const sorted = new Sorted(sides);
  /** What the member is in each world. */
  const numbers = worlds.map(() => NO_SIDE);
  for (const { records, isSame, members } of eniMembers(worlds, tree))
    for (const member of members) {
      for (let at = 0; at < worlds.length; at += 1) {
        const eni = records[at];
        const isThere = eni !== undefined && (isSame || hasMember(eni, member));
        numbers[at] = (isThere ? sides[at]?.ofEni(eni, member) : undefined) ?? NO_SIDE;
      }
      sorted.file(member, numbers);
    }
  for (const member of outsideMembers(tree, ownNodes)) {
    for (const [at, side] of sides.entries())
      numbers[at] = ownNodes[at]?.[member.node] === 1 ? NO_SIDE : side.ofOutside(member);
    sorted.file(member, numbers);
  }
  const list = inOrder(sorted.list);
  let byEni: Classes['byEni'] | undefined;
  return {
    family,
    worlds,
    tree,
    list,
    spots: sides.map((one) => one.spots.list),
    // Most readers do without it.
    get byEni() {
      return (byEni ??= classesByEni(list));
    },
  };
}

type Ground = { readonly own: OwnSpace; readonly cuts: readonly Cidr[]; readonly spots: Spots };

/** What is read of each world, the same for worlds that share every record that it could depend on. */
function onceForAlike<T>(worlds: readonly World[], read: (world: World) => T): readonly T[] {
  const known: T[] = [];
  for (const [at, world] of worlds.entries()) {
    const like = worlds.findIndex((other, place) => place < at && hasSamePaths(world, other));
    known.push(like < 0 ? read(world) : (known[like] as T));
  }
  return known;
}

/**
 * Interfaces before what lies outside, each by the node of the tree: what a prefix names is two runs of classes then, so that most pieces of a set
 * (`Bitsets`) are empty, full, or like another's.
 */
function inOrder(list: readonly EndpointClass[]): readonly EndpointClass[] {
  const isOutside = ({ members }: EndpointClass): boolean => members[0]?.eniId === undefined;
  return list.toSorted((a, b) => Number(isOutside(a)) - Number(isOutside(b)) || a.node - b.node);
}

/** The number of `ABSENT` among sides. */
const NO_SIDE = 0;

/** What members are in one world: each side that differs from others once, by number. */
class Sides {
  readonly spots: Spots;
  readonly list: ClassSide[] = [ABSENT];
  readonly #numbers = new PairNumbers();
  /** Lists of groups, sorted, and the place of each by the number of the list in whatever order. */
  readonly #groups: (readonly GroupId[])[] = [[]];
  readonly #groupNumbers = new Map<number, number>([[NO_GROUPS, 0]]);
  readonly #names = new TextNumbers();
  /** By the number of the list without its last group, and that group's. */
  readonly #lists = new PairNumbers();

  constructor(spots: Spots) {
    this.spots = spots;
    this.#numbers.of(sideBits(ABSENT), 0);
  }

  ofEni(eni: Eni, member: Member): number {
    const spot = this.spots.ofEni(eni, member);
    const side = { spot, isUnfiltered: isUnfiltered(eni), isPartial: eni.groupDoubt !== undefined };
    return this.#file(side, this.#groupsNumber(eni.groups));
  }

  ofOutside(member: Member): number {
    return this.#file({ ...ABSENT, spot: this.spots.ofOutside(member) }, 0);
  }

  #file(side: Omit<ClassSide, 'groups'>, groups: number): number {
    const number = this.#numbers.of(sideBits(side), groups);
    if (number === this.list.length) this.list.push({ ...side, groups: this.#groups[groups] ?? [] });
    return number;
  }

  #groupsNumber(groups: readonly GroupId[]): number {
    const list = this.#listNumber(groups);
    let number = this.#groupNumbers.get(list);
    if (number === undefined) {
      const sorted = [...new Set(groups)].toSorted();
      const canonical = this.#listNumber(sorted);
      number = this.#groupNumbers.get(canonical) ?? this.#groups.push(sorted) - 1;
      this.#groupNumbers.set(list, number).set(canonical, number);
    }
    return number;
  }

  #listNumber(groups: readonly GroupId[]): number {
    let list = NO_GROUPS;
    for (const group of groups) list = this.#lists.of(list, this.#names.of(group)) + 1;
    return list;
  }
}

/** The number of the list without groups; `PairNumbers` begin at 0. */
const NO_GROUPS = 0;

/** All that a side is but for its groups, as one number. */
function sideBits({ spot, isUnfiltered: isOpen, isPartial }: Omit<ClassSide, 'groups'>): number {
  return (spot - NO_SPOT) * 4 + (isOpen ? 2 : 0) + (isPartial ? 1 : 0);
}

/** Classes as they come: by the node of members, what kind they are of, and their sides. */
class Sorted {
  readonly list: (EndpointClass & { readonly members: Member[] })[] = [];
  readonly #sides: readonly Sides[];
  /** For each world, numbers of what a member is in it and in those before; in the last world, of its class. */
  readonly #numbers: readonly PairNumbers[];

  constructor(sides: readonly Sides[]) {
    this.#sides = sides;
    this.#numbers = sides.map(() => new PairNumbers());
  }

  /** Puts a member into its class by its side in each world; into none where no world has it. */
  file(member: Member, numbers: readonly number[]): void {
    const isVague = member.sample.within !== undefined;
    const kind = member.eniId === undefined ? 0 : isVague ? 1 : 2;
    if (numbers.every((number) => number === NO_SIDE)) return;
    let id = member.node * 3 + kind;
    for (let at = 0; at < numbers.length; at += 1) id = this.#numbers[at]?.of(id, numbers[at] ?? NO_SIDE) ?? 0;
    const known = this.list[id];
    if (known !== undefined) {
      known.members.push(member);
      return;
    }
    const sides = numbers.map((number, at) => this.#sides[at]?.list[number] ?? ABSENT);
    this.list.push({ members: [member], node: member.node, sides, isVague });
  }
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
