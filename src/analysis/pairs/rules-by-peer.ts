import type { IntervalSet } from '../../core/net/interval-set.ts';
import type { GroupId } from '../../core/model/ids.ts';
import {
  type Direction,
  type Peer,
  type Rule,
  ruleIdentity,
  type SecurityGroup,
} from '../../core/model/security-group.ts';
import { getRecord, listRecords } from '../../core/model/world.ts';
import { preparedRules } from '../../core/policy/match.ts';
import { NO_CLASSES, type SetId } from './bitsets.ts';
import { fileUnder, type NamedSets } from './named-sets.ts';
import type { NodeId } from './prefix-tree.ts';

/** What a rule lets pass, and the classes with its group. */
export type Piece = { readonly points: IntervalSet; readonly set: SetId };

/** All rules of one direction, filed by the other end that they name; those that are perhaps not there stand apart. */
export type ByPeer = {
  readonly nodes: ReadonlyMap<NodeId, readonly Piece[]>;
  readonly references: ReadonlyMap<GroupId, readonly Piece[]>;
  readonly perhapsNodes: ReadonlyMap<NodeId, readonly Piece[]>;
  readonly perhapsReferences: ReadonlyMap<GroupId, readonly Piece[]>;
  /** Rules with prefix lists of which the entries are not known. */
  readonly unknown: readonly Piece[];
};

/** Files all rules of one direction. */
export function rulesByPeer(named: NamedSets, direction: Direction): ByPeer {
  const { world, classes } = named;
  const nodes = new Map<NodeId, Piece[]>();
  const references = new Map<GroupId, Piece[]>();
  const perhapsNodes = new Map<NodeId, Piece[]>();
  const perhapsReferences = new Map<GroupId, Piece[]>();
  const unknown: Piece[] = [];
  for (const group of listRecords(world, 'groups')) {
    const set = named.withGroup(group.id);
    if (set === NO_CLASSES) continue;
    for (const { rule, from, to } of preparedRules(group, direction, classes.family).placed) {
      const piece = { points: [from, to], set };
      const isCertain = rule.doubt === undefined;
      if (rule.peer.kind === 'group') fileUnder(isCertain ? references : perhapsReferences, rule.peer.groupId, piece);
      else if (isUnknownList(named, rule.peer)) unknown.push(piece);
      else for (const node of nodesOf(named, rule.peer)) fileUnder(isCertain ? nodes : perhapsNodes, node, piece);
    }
  }
  return { nodes, references, perhapsNodes, perhapsReferences, unknown };
}

/** Groups whose rules of a direction are not the same in two worlds; a rule that only got another id or description is the same. */
export function changedGroups(named: NamedSets, like: NamedSets, direction: Direction): ReadonlySet<GroupId> {
  const changed = new Set<GroupId>();
  const both = [named, like];
  for (const { world } of both)
    for (const { id } of listRecords(world, 'groups')) {
      const [own, other] = both.map((one) => getRecord(one.world, 'groups', id));
      if (own !== other && !hasSameRules(own, other, direction)) changed.add(id);
    }
  return changed;
}

function hasSameRules(a: SecurityGroup | undefined, b: SecurityGroup | undefined, direction: Direction): boolean {
  if (a === undefined || b === undefined) return false;
  const [own, others] = [a, b].map((group) => group.rules.filter((rule) => rule.direction === direction));
  return own?.length === others?.length && own?.every((rule, at) => isSameRule(rule, others?.[at])) === true;
}

function isSameRule(rule: Rule, other: Rule | undefined): boolean {
  if (rule === other) return true;
  if (other === undefined || (rule.doubt === undefined) !== (other.doubt === undefined)) return false;
  return ruleIdentity(rule) === ruleIdentity(other);
}

/** Prefixes that rules of a direction name in any of these groups, in either of two worlds. */
export function touchedNodes(
  named: NamedSets,
  asked: { readonly like: NamedSets; readonly groups: ReadonlySet<GroupId>; readonly direction: Direction },
): ReadonlySet<NodeId> {
  const rules = [...asked.groups].flatMap((id) =>
    [named, asked.like].flatMap(({ world }) => getRecord(world, 'groups', id)?.rules ?? []),
  );
  const own = rules.filter(({ direction }) => direction === asked.direction);
  return new Set(own.flatMap(({ peer }) => nodesOf(named, peer)));
}

/** The nodes of the tree that a peer names. */
function nodesOf({ world, classes }: NamedSets, peer: Peer): readonly NodeId[] {
  switch (peer.kind) {
    case 'group':
      return [];
    case 'cidr': {
      const node = classes.tree.nodeFor(peer.cidr);
      return node === undefined ? [] : [node];
    }
    case 'prefix-list':
      return (getRecord(world, 'prefixLists', peer.prefixListId)?.entries ?? []).flatMap(
        ({ cidr }) => classes.tree.nodeFor(cidr) ?? [],
      );
  }
}

/** Whether a peer is a prefix list that may have entries of the family, and they are not known. */
function isUnknownList({ world, classes }: NamedSets, peer: Peer): boolean {
  if (peer.kind !== 'prefix-list') return false;
  const list = getRecord(world, 'prefixLists', peer.prefixListId);
  return list === undefined || (list.entries === undefined && list.family === classes.family);
}
