import type { GroupId, PrefixListId } from '../../core/model/ids.ts';
import type { Peer } from '../../core/model/security-group.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { NO_CLASSES, type SetId } from './bitsets.ts';
import type { ClassId, Classes, ClassSide } from './classes.ts';
import type { Both, Sight } from './links.ts';
import type { NodeId } from './prefix-tree.ts';
import type { Rows } from './rows.ts';
import { NO_SPOT } from './spots.ts';

const NO_SIDE: ClassSide = { spot: NO_SPOT, groups: [], isUnfiltered: false, isPartial: false };

/** Which classes the names in one world's rules stand for: of groups, prefixes and prefix lists. */
export class NamedSets {
  readonly world: World;
  readonly classes: Classes;
  /** What each class is in the world. */
  readonly sides: readonly ClassSide[];
  /** The classes of the world. */
  readonly present: SetId;
  readonly unfiltered: SetId;
  /** Classes of interfaces with a group, or all groups, that the world does not hold. */
  readonly doubtful: SetId;
  /** Classes of interfaces that may carry other groups than those known. */
  readonly #partial: SetId;
  readonly #rows: Rows;
  readonly #byNode: readonly SetId[];
  /** For each node of the tree, the classes whose addresses are not known and may be inside of it. */
  readonly #perhapsByNode: readonly SetId[];
  readonly #byGroup = new Map<GroupId, SetId>();

  /** `at`: which of the classes' worlds. */
  constructor(classes: Classes, at: number, rows: Rows) {
    const world = classes.worlds[at];
    if (world === undefined) throw new Error('the classes are of no such world');
    this.world = world;
    this.classes = classes;
    this.#rows = rows;
    this.sides = classes.list.map((one) => one.sides[at] ?? NO_SIDE);
    const those = (test: (side: ClassSide, id: ClassId) => boolean): SetId =>
      rows.sets.of([...this.sides.keys()].filter((id) => test(this.sides[id] as ClassSide, id)));
    this.present = those((side) => side.spot !== NO_SPOT);
    this.unfiltered = those((side) => side.spot !== NO_SPOT && side.isUnfiltered);
    this.doubtful = those((side, id) => this.#isInside(id) && side.spot !== NO_SPOT && this.isDoubtful(side));
    this.#partial = those((side) => side.spot !== NO_SPOT && side.isPartial);
    for (const [group, ids] of this.#idsByGroup()) this.#byGroup.set(group, rows.sets.of(ids));
    this.#byNode = this.#setsByNode();
    this.#perhapsByNode = this.#vagueSets();
  }

  /** The classes with a group. */
  withGroup(group: GroupId): SetId {
    return this.#byGroup.get(group) ?? NO_CLASSES;
  }

  /** The classes that the peer of a rule names, to a gate with this sight. */
  ofPeer(peer: Peer, sight: Sight): Both<SetId> {
    switch (peer.kind) {
      case 'cidr': {
        const node = this.classes.tree.nodeFor(peer.cidr);
        return this.#ofNodes(node === undefined ? [] : [node]);
      }
      case 'prefix-list':
        return this.#ofList(peer.prefixListId);
      case 'group': {
        const sure = sight === 'groups' ? this.withGroup(peer.groupId) : NO_CLASSES;
        const possible = sight === 'groups' ? this.#rows.sets.or(sure, this.#partial) : sure;
        return { sure, possible: sight === 'perhaps' ? this.present : possible };
      }
    }
  }

  /** Whether an interface has a group, or all groups, that the world does not hold. */
  isDoubtful(side: ClassSide): boolean {
    if (side.isUnfiltered) return false;
    return (
      side.isPartial ||
      side.groups.length === 0 ||
      side.groups.some((id) => getRecord(this.world, 'groups', id) === undefined)
    );
  }

  /** Whether every name stands for the same classes in both worlds. */
  isLike(like: NamedSets): boolean {
    return (
      this.world.records.prefixLists === like.world.records.prefixLists &&
      this.present === like.present &&
      this.unfiltered === like.unfiltered &&
      this.doubtful === like.doubtful &&
      this.#partial === like.#partial &&
      this.#byNode.every((set, node) => set === like.#byNode[node]) &&
      this.#perhapsByNode.every((set, node) => set === like.#perhapsByNode[node]) &&
      this.#byGroup.size === like.#byGroup.size &&
      [...this.#byGroup].every(([group, set]) => like.#byGroup.get(group) === set)
    );
  }

  #ofList(id: PrefixListId): Both<SetId> {
    const list = getRecord(this.world, 'prefixLists', id);
    if (list !== undefined && list.family !== this.classes.family) return { sure: NO_CLASSES, possible: NO_CLASSES };
    if (list?.entries === undefined) return { sure: NO_CLASSES, possible: this.present };
    return this.#ofNodes(list.entries.flatMap(({ cidr }) => this.classes.tree.nodeFor(cidr) ?? []));
  }

  #ofNodes(nodes: readonly NodeId[]): Both<SetId> {
    const { sets } = this.#rows;
    const sure = sets.union(nodes.map((node) => this.#byNode[node] ?? NO_CLASSES));
    const perhaps = sets.union(nodes.map((node) => this.#perhapsByNode[node] ?? NO_CLASSES));
    return { sure, possible: perhaps === NO_CLASSES ? sure : sets.or(sure, perhaps) };
  }

  #idsByGroup(): ReadonlyMap<GroupId, readonly ClassId[]> {
    const ids = new Map<GroupId, ClassId[]>();
    for (const [id, side] of this.sides.entries())
      for (const group of side.groups) {
        const known = ids.get(group);
        if (known === undefined) ids.set(group, [id]);
        else known.push(id);
      }
    return ids;
  }

  /** For each node of the tree, the classes with addresses inside it. */
  #setsByNode(): readonly SetId[] {
    const { parents } = this.classes.tree;
    const inside: ClassId[][] = Array.from(parents, () => []);
    for (const [id, { node }] of this.classes.list.entries())
      if (this.sides[id]?.spot !== NO_SPOT) inside[node]?.push(id);
    const parts: SetId[][] = inside.map((ids) => (ids.length === 0 ? [] : [this.#rows.sets.of(ids)]));
    const sets: SetId[] = Array.from(parents, () => NO_CLASSES);
    for (let node = parents.length - 1; node >= 0; node -= 1) {
      const own = parts[node] ?? [];
      sets[node] = this.#rows.sets.union(own);
      parts[parents[node] ?? -1]?.push(sets[node] ?? NO_CLASSES);
    }
    return sets;
  }

  /** For each node of the tree, the classes that stand at a node around it and are of addresses not known. */
  #vagueSets(): readonly SetId[] {
    const { list, tree } = this.classes;
    const vague = new Map<NodeId, ClassId[]>();
    for (const [id, one] of list.entries())
      if (one.isVague && this.sides[id]?.spot !== NO_SPOT) fileUnder(vague, one.node, id);
    if (vague.size === 0) return [];
    const around: SetId[] = [];
    for (const [node, parent] of tree.parents.entries()) {
      const above = this.#rows.sets.of(vague.get(parent) ?? []);
      around[node] = parent < 0 ? NO_CLASSES : this.#rows.sets.or(around[parent] ?? NO_CLASSES, above);
    }
    return around;
  }

  #isInside(id: ClassId): boolean {
    return this.classes.list[id]?.members[0]?.eniId !== undefined;
  }
}

/** Puts a value to those under a key. */
export function fileUnder<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
