import type { IntervalSet } from '../../core/net/interval-set.ts';
import type { GroupId, PrefixListId } from '../../core/model/ids.ts';
import { type Direction, DIRECTIONS, type Peer, type Rule } from '../../core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { type PlacedRule, preparedRules } from '../../core/policy/match.ts';
import type { Cidr } from '../../core/net/cidr.ts';
import { NO_CLASSES, type SetId } from './bitsets.ts';
import type { ClassId, Classes, ClassSide } from './classes.ts';
import type { Both, Sight } from './links.ts';
import type { NodeId } from './prefix-tree.ts';
import { EMPTY_ROW, type RowId, type Rows } from './rows.ts';
import { NO_SPOT } from './spots.ts';

type Piece = { readonly points: IntervalSet; readonly set: SetId };

/** All rules of one direction, filed by the other end that they name; those that are perhaps not there stand apart. */
type ByPeer = {
  readonly nodes: ReadonlyMap<NodeId, readonly Piece[]>;
  readonly references: ReadonlyMap<GroupId, readonly Piece[]>;
  readonly perhapsNodes: ReadonlyMap<NodeId, readonly Piece[]>;
  readonly perhapsReferences: ReadonlyMap<GroupId, readonly Piece[]>;
  /** Rules with prefix lists of which the entries are not known. */
  readonly unknown: readonly Piece[];
};

const NO_SIDE: ClassSide = { spot: NO_SPOT, groups: [], isUnfiltered: false, isPartial: false };
const NO_ROWS: Both<RowId> = { sure: EMPTY_ROW, possible: EMPTY_ROW };

/**
 * What the rules of one world's groups say about classes, as rows. Rows are put together from rows of parts that many classes share: a
 * group's, a prefix's with those around it, a referenced group's.
 */
export class GroupRows {
  readonly #world: World;
  readonly #classes: Classes;
  readonly #sides: readonly ClassSide[];
  readonly #rows: Rows;
  readonly #present: SetId;
  readonly #byNode: readonly SetId[];
  /** For each node of the tree, the classes whose addresses are not known and may be inside of it. */
  readonly #perhapsByNode: readonly SetId[];
  readonly #byGroup = new Map<GroupId, SetId>();
  /** Classes of interfaces that may carry other groups than those known. */
  readonly #partial: SetId;
  readonly #unfiltered: SetId;
  /** Classes of interfaces with a group, or all groups, that the world does not hold. */
  readonly #doubtful: SetId;
  readonly #ofGroup = new Map<string, Both<RowId>>();
  readonly #ofGroups = new Map<string, Both<RowId>>();
  readonly #byPeer: { [D in Direction]?: ByPeer } = {};
  readonly #nodeRows: { readonly [D in Direction]: Map<NodeId, RowId> } = { ingress: new Map(), egress: new Map() };
  readonly #peerRows = new Map<string, RowId>();

  /** Rows of a world with the same classes under every name, where there is one: what its records share need not be made again. */
  readonly #like: GroupRows | undefined;
  /** Prefixes that rules of only one of the two worlds name, by direction. */
  readonly #touched: { [D in Direction]?: ReadonlySet<NodeId> } = {};

  /** `at`: which of the classes' worlds. `like`: rows of another of them, in the same arena. */
  constructor(classes: Classes, at: number, { rows, like }: { readonly rows: Rows; readonly like?: GroupRows }) {
    const world = classes.worlds[at];
    if (world === undefined) throw new Error('the classes are of no such world');
    this.#world = world;
    this.#classes = classes;
    this.#rows = rows;
    this.#sides = classes.list.map((one) => one.sides[at] ?? NO_SIDE);
    const those = (test: (side: ClassSide, id: ClassId) => boolean): SetId =>
      rows.sets.of([...this.#sides.keys()].filter((id) => test(this.#sides[id] as ClassSide, id)));
    this.#present = those((side) => side.spot !== NO_SPOT);
    this.#unfiltered = those((side) => side.spot !== NO_SPOT && side.isUnfiltered);
    this.#doubtful = those((side, id) => this.#isInside(id) && side.spot !== NO_SPOT && this.#isDoubtful(side));
    this.#partial = those((side) => side.spot !== NO_SPOT && side.isPartial);
    for (const [group, ids] of this.#idsByGroup()) this.#byGroup.set(group, rows.sets.of(ids));
    this.#byNode = this.#setsByNode();
    this.#perhapsByNode = this.#vagueSets();
    this.#like = like !== undefined && this.#isLike(like) ? like : undefined;
  }

  /** The classes of the world. */
  get present(): SetId {
    return this.#present;
  }

  /** The classes with a group. */
  withGroup(group: GroupId): SetId {
    return this.#byGroup.get(group) ?? NO_CLASSES;
  }

  /** The classes that the peer of a rule names, to a gate with this sight. */
  ofPeer(peer: Peer, sight: Sight): Both<SetId> {
    switch (peer.kind) {
      case 'cidr': {
        const node = this.#classes.tree.nodeFor(peer.cidr);
        return this.#ofNodes(node === undefined ? [] : [node]);
      }
      case 'prefix-list':
        return this.#ofList(peer.prefixListId);
      case 'group': {
        const sure = sight === 'groups' ? this.withGroup(peer.groupId) : NO_CLASSES;
        const possible = sight === 'groups' ? this.#rows.sets.or(sure, this.#partial) : sure;
        return { sure, possible: sight === 'perhaps' ? this.#present : possible };
      }
    }
  }

  /** Which classes a class's own rules of a direction admit as the other end. */
  own(id: ClassId, direction: Direction, sight: Sight): Both<RowId> {
    const side = this.#sides[id];
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    const everyone = this.#rows.everywhere(this.#present);
    if (side.isUnfiltered) return { sure: everyone, possible: everyone };
    const key = `${direction} ${sight} ${side.isPartial ? '+ ' : ''}${side.groups.join(' ')}`;
    let made = this.#ofGroups.get(key);
    if (made === undefined) {
      made = this.#united(side.groups.map((group) => this.#groupRow(group, direction, sight)));
      if (this.#isDoubtful(side)) made = { sure: made.sure, possible: everyone };
      this.#ofGroups.set(key, made);
    }
    return made;
  }

  /** `own` as if one rule of one group were not there. */
  ownWithout(
    id: ClassId,
    direction: Direction,
    but: { readonly sight: Sight; readonly groupId: GroupId; readonly rule: Rule },
  ): Both<RowId> {
    const side = this.#sides[id];
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    const others = side.groups.filter((group) => group !== but.groupId);
    const group = getRecord(this.#world, 'groups', but.groupId);
    const rules = group === undefined ? [] : preparedRules(group, direction, this.#classes.family).placed;
    const kept = this.#ruleRow(
      rules.filter((one) => one.rule !== but.rule),
      but.sight,
    );
    const made = this.#united([...others.map((one) => this.#groupRow(one, direction, but.sight)), kept]);
    return this.#isDoubtful(side) ? { sure: made.sure, possible: this.#rows.everywhere(this.#present) } : made;
  }

  /** Which classes admit a class as the other end by their own rules of a direction. */
  far(id: ClassId, direction: Direction, sight: Sight): Both<RowId> {
    const side = this.#sides[id];
    const node = this.#classes.list[id]?.node ?? 0;
    if (side === undefined || side.spot === NO_SPOT) return NO_ROWS;
    const rows = this.#rows;
    let sure = rows.or(this.#nodeRow(node, direction), rows.everywhere(this.#unfiltered));
    if (sight === 'groups')
      for (const group of side.groups) sure = rows.or(sure, this.#peerRow(`${direction} ${group}`, direction, group));
    let possible = rows.or(sure, rows.everywhere(this.#doubtful));
    possible = rows.or(possible, this.#peerRow(`${direction} ?`, direction, 'unknown'));
    const mayBeAny = sight === 'perhaps' || (sight === 'groups' && side.isPartial);
    if (mayBeAny) possible = rows.or(possible, this.#peerRow(`${direction} *`, direction, 'any'));
    return { sure, possible: rows.or(possible, this.#perhapsFar(id, direction, { sight, mayBeAny })) };
  }

  /** What rules admit that are perhaps not there, or that name a part of the prefix that an address which is not known will be of. */
  #perhapsFar(
    id: ClassId,
    direction: Direction,
    { sight, mayBeAny }: { readonly sight: Sight; readonly mayBeAny: boolean },
  ): RowId {
    const { perhapsNodes, perhapsReferences, nodes } = this.#rulesByPeer(direction);
    const one = this.#classes.list[id];
    const isVague = one?.isVague === true;
    if (one === undefined || (perhapsNodes.size === 0 && perhapsReferences.size === 0 && !isVague)) return EMPTY_ROW;
    const { tree } = this.#classes;
    const pieces: Piece[] = [];
    for (let node = one.node; node >= 0; node = tree.parents[node] ?? -1)
      pieces.push(...(perhapsNodes.get(node) ?? []));
    if (isVague)
      for (const inner of tree.within(tree.cidrs[one.node] as Cidr))
        pieces.push(...(nodes.get(inner) ?? []), ...(perhapsNodes.get(inner) ?? []));
    const named = mayBeAny ? [...perhapsReferences.keys()] : sight === 'groups' ? (this.#sides[id]?.groups ?? []) : [];
    for (const group of named) pieces.push(...(perhapsReferences.get(group) ?? []));
    return this.#rows.ofPieces(pieces);
  }

  #ofList(id: PrefixListId): Both<SetId> {
    const list = getRecord(this.#world, 'prefixLists', id);
    if (list !== undefined && list.family !== this.#classes.family) return { sure: NO_CLASSES, possible: NO_CLASSES };
    if (list?.entries === undefined) return { sure: NO_CLASSES, possible: this.#present };
    return this.#ofNodes(list.entries.flatMap(({ cidr }) => this.#classes.tree.nodeFor(cidr) ?? []));
  }

  #ofNodes(nodes: readonly NodeId[]): Both<SetId> {
    const { sets } = this.#rows;
    const sure = sets.union(nodes.map((node) => this.#byNode[node] ?? NO_CLASSES));
    const perhaps = sets.union(nodes.map((node) => this.#perhapsByNode[node] ?? NO_CLASSES));
    return { sure, possible: perhaps === NO_CLASSES ? sure : sets.or(sure, perhaps) };
  }

  #groupRow(id: GroupId, direction: Direction, sight: Sight): Both<RowId> {
    const key = `${direction} ${sight} ${id}`;
    let made = this.#ofGroup.get(key);
    if (made === undefined) {
      const group = getRecord(this.#world, 'groups', id);
      const like = this.#like;
      if (like !== undefined && group === getRecord(like.#world, 'groups', id))
        return like.#groupRow(id, direction, sight);
      made = this.#ruleRow(
        group === undefined ? [] : preparedRules(group, direction, this.#classes.family).placed,
        sight,
      );
      this.#ofGroup.set(key, made);
    }
    return made;
  }

  #ruleRow(rules: readonly PlacedRule[], sight: Sight): Both<RowId> {
    const pieces = rules.map(({ rule, from, to }) => {
      const sets = this.ofPeer(rule.peer, sight);
      return { points: [from, to], sets: rule.doubt === undefined ? sets : { ...sets, sure: NO_CLASSES } };
    });
    const sure = this.#rows.ofPieces(pieces.map(({ points, sets }) => ({ points, set: sets.sure })));
    if (pieces.every(({ sets }) => sets.sure === sets.possible)) return { sure, possible: sure };
    return { sure, possible: this.#rows.ofPieces(pieces.map(({ points, sets }) => ({ points, set: sets.possible }))) };
  }

  #united(parts: readonly Both<RowId>[]): Both<RowId> {
    return parts.reduce(
      (all, part) => ({
        sure: this.#rows.or(all.sure, part.sure),
        possible: this.#rows.or(all.possible, part.possible),
      }),
      NO_ROWS,
    );
  }

  /** The classes whose rules name this prefix or one around it. */
  #nodeRow(node: NodeId, direction: Direction): RowId {
    const known = this.#nodeRows[direction].get(node);
    if (known !== undefined) return known;
    if (this.#like !== undefined && !this.#isTouched(node, direction)) return this.#like.#nodeRow(node, direction);
    const parent = this.#classes.tree.parents[node] ?? -1;
    const around = parent < 0 ? EMPTY_ROW : this.#nodeRow(parent, direction);
    const own = this.#rulesByPeer(direction).nodes.get(node);
    const made = own === undefined ? around : this.#rows.or(around, this.#rows.ofPieces(own));
    this.#nodeRows[direction].set(node, made);
    return made;
  }

  #peerRow(key: string, direction: Direction, which: GroupId | 'any' | 'unknown'): RowId {
    let made = this.#peerRows.get(key);
    if (made === undefined) {
      const { references, unknown } = this.#rulesByPeer(direction);
      made = this.#rows.ofPieces(
        which === 'unknown'
          ? unknown
          : which === 'any'
            ? [...references.values()].flat()
            : (references.get(which) ?? []),
      );
      this.#peerRows.set(key, made);
    }
    return made;
  }

  #rulesByPeer(direction: Direction): ByPeer {
    return (this.#byPeer[direction] ??= this.#fileRules(direction));
  }

  #fileRules(direction: Direction): ByPeer {
    const nodes = new Map<NodeId, Piece[]>();
    const references = new Map<GroupId, Piece[]>();
    const perhapsNodes = new Map<NodeId, Piece[]>();
    const perhapsReferences = new Map<GroupId, Piece[]>();
    const unknown: Piece[] = [];
    for (const group of listRecords(this.#world, 'groups')) {
      const set = this.withGroup(group.id);
      if (set === NO_CLASSES) continue;
      for (const { rule, from, to } of preparedRules(group, direction, this.#classes.family).placed) {
        const piece = { points: [from, to], set };
        const isCertain = rule.doubt === undefined;
        const addNode = (node: NodeId | undefined): void => {
          if (node !== undefined) fileUnder(isCertain ? nodes : perhapsNodes, node, piece);
        };
        if (rule.peer.kind === 'cidr') addNode(this.#classes.tree.nodeFor(rule.peer.cidr));
        else if (rule.peer.kind === 'group')
          fileUnder(isCertain ? references : perhapsReferences, rule.peer.groupId, piece);
        else {
          const list = getRecord(this.#world, 'prefixLists', rule.peer.prefixListId);
          if (list !== undefined && list.family !== this.#classes.family) continue;
          if (list?.entries === undefined) unknown.push(piece);
          for (const { cidr } of list?.entries ?? []) addNode(this.#classes.tree.nodeFor(cidr));
        }
      }
    }
    return { nodes, references, perhapsNodes, perhapsReferences, unknown };
  }

  /** Whether every name stands for the same classes in both worlds. */
  #isLike(like: GroupRows): boolean {
    return (
      this.#world.records.prefixLists === like.#world.records.prefixLists &&
      this.#present === like.#present &&
      this.#unfiltered === like.#unfiltered &&
      this.#doubtful === like.#doubtful &&
      this.#partial === like.#partial &&
      this.#byNode.every((set, node) => set === like.#byNode[node]) &&
      this.#perhapsByNode.every((set, node) => set === like.#perhapsByNode[node]) &&
      this.#byGroup.size === like.#byGroup.size &&
      [...this.#byGroup].every(([group, set]) => like.#byGroup.get(group) === set)
    );
  }

  /** Whether a rule of only one of the two worlds names a prefix or one around it. */
  #isTouched(node: NodeId, direction: Direction): boolean {
    const touched = this.#touched[direction] ?? this.#touchedNodes(direction);
    this.#touched[direction] = touched;
    for (let at = node; at >= 0; at = this.#classes.tree.parents[at] ?? -1) if (touched.has(at)) return true;
    return false;
  }

  #touchedNodes(direction: Direction): ReadonlySet<NodeId> {
    const nodes = new Set<NodeId>();
    const like = this.#like;
    const worlds = like === undefined ? [this.#world] : [this.#world, like.#world];
    for (const id of new Set(worlds.flatMap((world) => [...listRecords(world, 'groups')].map((group) => group.id)))) {
      const groups = worlds.map((world) => getRecord(world, 'groups', id));
      if (groups[0] === groups[1]) continue;
      for (const { rule } of groups.flatMap((group) =>
        group === undefined ? [] : preparedRules(group, direction, this.#classes.family).placed,
      ))
        for (const node of this.#nodesOf(rule.peer)) nodes.add(node);
    }
    return nodes;
  }

  #nodesOf(peer: Peer): readonly NodeId[] {
    if (peer.kind === 'group') return [];
    const cidrs =
      peer.kind === 'cidr'
        ? [peer.cidr]
        : (getRecord(this.#world, 'prefixLists', peer.prefixListId)?.entries ?? []).map(({ cidr }) => cidr);
    return cidrs.flatMap((cidr) => this.#classes.tree.nodeFor(cidr) ?? []);
  }

  #idsByGroup(): ReadonlyMap<GroupId, readonly ClassId[]> {
    const ids = new Map<GroupId, ClassId[]>();
    for (const [id, side] of this.#sides.entries())
      for (const group of side.groups) {
        const known = ids.get(group);
        if (known === undefined) ids.set(group, [id]);
        else known.push(id);
      }
    return ids;
  }

  /** For each node of the tree, the classes with addresses inside it. */
  #setsByNode(): readonly SetId[] {
    const { parents } = this.#classes.tree;
    const inside: ClassId[][] = Array.from(parents, () => []);
    for (const [id, { node }] of this.#classes.list.entries())
      if (this.#sides[id]?.spot !== NO_SPOT) inside[node]?.push(id);
    const parts: SetId[][] = inside.map((ids) => (ids.length === 0 ? [] : [this.#rows.sets.of(ids)]));
    const sets: SetId[] = Array.from(parents, () => NO_CLASSES);
    for (let node = parents.length - 1; node >= 0; node -= 1) {
      const own = parts[node] ?? [];
      sets[node] = own.length === 1 ? (own[0] ?? NO_CLASSES) : this.#rows.sets.union(own);
      parts[parents[node] ?? -1]?.push(sets[node] ?? NO_CLASSES);
    }
    return sets;
  }

  /** For each node of the tree, the classes that stand at a node around it and are of addresses not known. */
  #vagueSets(): readonly SetId[] {
    const { list, tree } = this.#classes;
    const vague = new Map<NodeId, ClassId[]>();
    for (const [id, one] of list.entries())
      if (one.isVague && this.#sides[id]?.spot !== NO_SPOT) fileUnder(vague, one.node, id);
    if (vague.size === 0) return [];
    const around: SetId[] = [];
    for (const [node, parent] of tree.parents.entries()) {
      const above = this.#rows.sets.of(vague.get(parent) ?? []);
      around[node] = parent < 0 ? NO_CLASSES : this.#rows.sets.or(around[parent] ?? NO_CLASSES, above);
    }
    return around;
  }

  #isInside(id: ClassId): boolean {
    return this.#classes.list[id]?.members[0]?.eniId !== undefined;
  }

  #isDoubtful(side: ClassSide): boolean {
    if (side.isUnfiltered) return false;
    return (
      side.isPartial ||
      side.groups.length === 0 ||
      side.groups.some((id) => getRecord(this.#world, 'groups', id) === undefined)
    );
  }
}

function fileUnder<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** The other direction. */
export function oppositeOf(direction: Direction): Direction {
  return DIRECTIONS.find((one) => one !== direction) ?? direction;
}
