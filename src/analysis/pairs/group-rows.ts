import type { GroupId } from '../../core/model/ids.ts';
import { type Direction, DIRECTIONS, type Peer, type Rule } from '../../core/model/security-group.ts';
import { getRecord } from '../../core/model/world.ts';
import { type PlacedRule, preparedRules } from '../../core/policy/match.ts';
import type { Cidr } from '../../core/net/cidr.ts';
import { NO_CLASSES, type SetId } from './bitsets.ts';
import type { ClassId, Classes } from './classes.ts';
import type { Both, Sight } from './links.ts';
import { NamedSets } from './named-sets.ts';
import type { NodeId } from './prefix-tree.ts';
import { EMPTY_ROW, type RowId, type Rows } from './rows.ts';
import { type ByPeer, changedGroups, type Piece, rulesByPeer, touchedNodes } from './rules-by-peer.ts';
import { NO_SPOT } from './spots.ts';

const NO_ROWS: Both<RowId> = { sure: EMPTY_ROW, possible: EMPTY_ROW };

/**
 * What the rules of one world's groups say about classes, as rows. Rows are put together from rows of parts that many classes share: a
 * group's, a prefix's with those around it, a referenced group's.
 */
export class GroupRows {
  readonly #named: NamedSets;
  readonly #rows: Rows;
  /** The rows of everybody, of those without filter, and of those with a group that is not known, at every point. */
  readonly #everyone: RowId;
  readonly #unfiltered: RowId;
  readonly #doubtful: RowId;
  readonly #ofGroup = bySight(() => new Map<GroupId, Both<RowId>>());
  /** By the list of groups, which classes with the same groups share; and the same where there may be others. */
  readonly #ofGroups = bySight(() => new Map<readonly GroupId[], Both<RowId>>());
  readonly #ofPartial = bySight(() => new Map<readonly GroupId[], Both<RowId>>());
  readonly #byPeer: { [D in Direction]?: ByPeer } = {};
  readonly #nodeRows: { readonly [D in Direction]: Map<NodeId, RowId> } = { ingress: new Map(), egress: new Map() };
  readonly #peerRows: { readonly [D in Direction]: Map<string, RowId> } = { ingress: new Map(), egress: new Map() };
  /** What `far` said, by class. */
  readonly #far = bySight((): Both<RowId>[] => []);

  /** Rows of a world with the same classes under every name, where there is one: what its records share need not be made again. */
  readonly #like: GroupRows | undefined;
  /** Groups of which the two worlds do not have the same rules, by direction, and the prefixes that those name. */
  readonly #changed: { [D in Direction]?: ReadonlySet<GroupId> } = {};
  readonly #touched: { [D in Direction]?: ReadonlySet<NodeId> } = {};

  /** `at`: which of the classes' worlds. `like`: rows of another of them, in the same arena. */
  constructor(classes: Classes, at: number, { rows, like }: { readonly rows: Rows; readonly like?: GroupRows }) {
    this.#named = new NamedSets(classes, at, rows);
    this.#rows = rows;
    this.#everyone = rows.everywhere(this.#named.present);
    this.#unfiltered = rows.everywhere(this.#named.unfiltered);
    this.#doubtful = rows.everywhere(this.#named.doubtful);
    this.#like = like !== undefined && this.#named.isLike(like.#named) ? like : undefined;
  }

  /** The classes of the world. */
  get present(): SetId {
    return this.#named.present;
  }

  /** The classes with a group. */
  withGroup(group: GroupId): SetId {
    return this.#named.withGroup(group);
  }

  /** The classes that the peer of a rule names, to a gate with this sight. */
  ofPeer(peer: Peer, sight: Sight): Both<SetId> {
    return this.#named.ofPeer(peer, sight);
  }

  /** Whom rules of a direction admit. */
  ofRules(rules: readonly PlacedRule[], sight: Sight): Both<RowId> {
    const pieces = rules.map(({ rule, from, to }) => {
      const sets = this.#named.ofPeer(rule.peer, sight);
      return { points: [from, to], sets: rule.doubt === undefined ? sets : { ...sets, sure: NO_CLASSES } };
    });
    const sure = this.#rows.ofPieces(pieces.map(({ points, sets }) => ({ points, set: sets.sure })));
    if (pieces.every(({ sets }) => sets.sure === sets.possible)) return { sure, possible: sure };
    return { sure, possible: this.#rows.ofPieces(pieces.map(({ points, sets }) => ({ points, set: sets.possible }))) };
  }

  /** Which classes a class's own rules of a direction admit as the other end. */
  own(id: ClassId, direction: Direction, sight: Sight): Both<RowId> {
    const side = this.#named.sides[id];
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    if (side.isUnfiltered) return { sure: this.#everyone, possible: this.#everyone };
    const known = (side.isPartial ? this.#ofPartial : this.#ofGroups)[direction][sight];
    let made = known.get(side.groups);
    if (made === undefined) {
      made = this.#united(side.groups.map((group) => this.#groupRow(group, direction, sight)));
      if (this.#named.isDoubtful(side)) made = { sure: made.sure, possible: this.#everyone };
      known.set(side.groups, made);
    }
    return made;
  }

  /**
   * Whether a class's own rules of a direction, and everybody's of the other, are those of the world that this one is like. False also where that
   * is not quick to tell.
   */
  isAsInLike(id: ClassId, direction: Direction): boolean {
    const like = this.#like;
    if (like === undefined || this.#changedFrom(like, oppositeOf(direction)).size > 0) return false;
    const changed = this.#changedFrom(like, direction);
    return this.#named.sides[id]?.groups.every((group) => !changed.has(group)) === true;
  }

  /** Whether names in rules stand for the same classes as in the world that this one is like. */
  get namesAsInLike(): boolean {
    return this.#like !== undefined;
  }

  /** Whether a class is of an interface of the world that groups filter, all of which it holds. */
  hasKnownGroups(id: ClassId): boolean {
    const side = this.#named.sides[id];
    return side !== undefined && side.spot !== NO_SPOT && !side.isUnfiltered && !this.#named.isDoubtful(side);
  }

  /** `own` as if one rule of one group were not there. */
  ownWithout(
    id: ClassId,
    direction: Direction,
    but: { readonly sight: Sight; readonly groupId: GroupId; readonly rule: Rule },
  ): Both<RowId> {
    const side = this.#named.sides[id];
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    const others = side.groups.filter((group) => group !== but.groupId);
    const group = getRecord(this.#named.world, 'groups', but.groupId);
    const rules = group === undefined ? [] : preparedRules(group, direction, this.#named.classes.family).placed;
    const kept = this.ofRules(
      rules.filter((one) => one.rule !== but.rule),
      but.sight,
    );
    const made = this.#united([...others.map((one) => this.#groupRow(one, direction, but.sight)), kept]);
    return this.#named.isDoubtful(side) ? { sure: made.sure, possible: this.#everyone } : made;
  }

  /** Which classes admit a class as the other end by their own rules of a direction. */
  far(id: ClassId, direction: Direction, sight: Sight): Both<RowId> {
    const like = this.#like;
    if (like !== undefined && this.#changedFrom(like, direction).size === 0) return like.far(id, direction, sight);
    const known = this.#far[direction][sight];
    let made = known[id];
    if (made === undefined) {
      made = this.#makeFar(id, direction, sight);
      known[id] = made;
    }
    return made;
  }

  #makeFar(id: ClassId, direction: Direction, sight: Sight): Both<RowId> {
    const side = this.#named.sides[id];
    const node = this.#named.classes.list[id]?.node ?? 0;
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    const named = sight === 'groups' ? side.groups.map((group) => this.#peerRow(direction, group)) : [];
    const sure = this.#rows.union([this.#nodeRow(node, direction), this.#unfiltered, ...named]);
    const mayBeAny = sight === 'perhaps' || (sight === 'groups' && side.isPartial);
    const unknown = this.#peerRow(direction, 'unknown');
    const any = mayBeAny ? this.#peerRow(direction, 'any') : EMPTY_ROW;
    const perhaps = this.#perhapsFar(id, direction, { sight, mayBeAny });
    return { sure, possible: this.#rows.union([sure, this.#doubtful, unknown, any, perhaps]) };
  }

  /** What rules admit that are perhaps not there, or that name a part of the prefix that an address which is not known will be of. */
  #perhapsFar(
    id: ClassId,
    direction: Direction,
    { sight, mayBeAny }: { readonly sight: Sight; readonly mayBeAny: boolean },
  ): RowId {
    const { perhapsNodes, perhapsReferences, nodes } = this.#rulesByPeer(direction);
    const one = this.#named.classes.list[id];
    const isVague = one?.isVague === true;
    if (one === undefined || (perhapsNodes.size === 0 && perhapsReferences.size === 0 && !isVague)) return EMPTY_ROW;
    const { tree } = this.#named.classes;
    const pieces: Piece[] = [];
    for (let node = one.node; node >= 0; node = tree.parents[node] ?? -1)
      pieces.push(...(perhapsNodes.get(node) ?? []));
    if (isVague)
      for (const inner of tree.within(tree.cidrs[one.node] as Cidr))
        pieces.push(...(nodes.get(inner) ?? []), ...(perhapsNodes.get(inner) ?? []));
    const named = mayBeAny
      ? [...perhapsReferences.keys()]
      : sight === 'groups'
        ? (this.#named.sides[id]?.groups ?? [])
        : [];
    for (const group of named) pieces.push(...(perhapsReferences.get(group) ?? []));
    return this.#rows.ofPieces(pieces);
  }

  #groupRow(id: GroupId, direction: Direction, sight: Sight): Both<RowId> {
    let made = this.#ofGroup[direction][sight].get(id);
    if (made === undefined) {
      const like = this.#like;
      if (like !== undefined && !this.#changedFrom(like, direction).has(id))
        return like.#groupRow(id, direction, sight);
      const group = getRecord(this.#named.world, 'groups', id);
      made = this.ofRules(
        group === undefined ? [] : preparedRules(group, direction, this.#named.classes.family).placed,
        sight,
      );
      this.#ofGroup[direction][sight].set(id, made);
    }
    return made;
  }

  #united(parts: readonly Both<RowId>[]): Both<RowId> {
    const sure = this.#rows.union(parts.map((part) => part.sure));
    if (parts.every((part) => part.sure === part.possible)) return { sure, possible: sure };
    return { sure, possible: this.#rows.union(parts.map((part) => part.possible)) };
  }

  /** The classes whose rules name this prefix or one around it. */
  #nodeRow(node: NodeId, direction: Direction): RowId {
    const known = this.#nodeRows[direction].get(node);
    if (known !== undefined) return known;
    const like = this.#like;
    if (like !== undefined && !this.#isTouched(like, node, direction)) return like.#nodeRow(node, direction);
    const parent = this.#named.classes.tree.parents[node] ?? -1;
    const around = parent < 0 ? EMPTY_ROW : this.#nodeRow(parent, direction);
    const own = this.#rulesByPeer(direction).nodes.get(node);
    const made = own === undefined ? around : this.#rows.or(around, this.#rows.ofPieces(own));
    this.#nodeRows[direction].set(node, made);
    return made;
  }

  #peerRow(direction: Direction, which: GroupId | 'any' | 'unknown'): RowId {
    let made = this.#peerRows[direction].get(which);
    if (made === undefined) {
      const { references, unknown } = this.#rulesByPeer(direction);
      made = this.#rows.ofPieces(
        which === 'unknown'
          ? unknown
          : which === 'any'
            ? [...references.values()].flat()
            : (references.get(which) ?? []),
      );
      this.#peerRows[direction].set(which, made);
    }
    return made;
  }

  #rulesByPeer(direction: Direction): ByPeer {
    return (this.#byPeer[direction] ??= rulesByPeer(this.#named, direction));
  }

  #changedFrom(like: GroupRows, direction: Direction): ReadonlySet<GroupId> {
    return (this.#changed[direction] ??= changedGroups(this.#named, like.#named, direction));
  }

  /** Whether a rule of only one of the two worlds names a prefix or one around it. */
  #isTouched(like: GroupRows, node: NodeId, direction: Direction): boolean {
    const changed = this.#changedFrom(like, direction);
    const touched =
      this.#touched[direction] ?? touchedNodes(this.#named, { like: like.#named, groups: changed, direction });
    this.#touched[direction] = touched;
    for (let at = node; at >= 0; at = this.#named.classes.tree.parents[at] ?? -1) if (touched.has(at)) return true;
    return false;
  }
}

type BySight<T> = { readonly [D in Direction]: { readonly [S in Sight]: T } };

/** Something for each direction and sight. */
function bySight<T>(make: () => T): BySight<T> {
  const ofSights = (): BySight<T>[Direction] => ({ groups: make(), address: make(), perhaps: make() });
  return { ingress: ofSights(), egress: ofSights() };
}

/** The other direction. */
export function oppositeOf(direction: Direction): Direction {
  return DIRECTIONS.find((one) => one !== direction) ?? direction;
}
