import { trafficInterval } from '../../core/net/axis.ts';
import { cidrContains } from '../../core/net/cidr.ts';
import type { GroupId } from '../../core/model/ids.ts';
import type { Rule } from '../../core/model/security-group.ts';
import { hasDoubts } from '../../core/model/doubts.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import { type AddressSpace, intersectSpaces } from '../address-space.ts';
import type { SetId } from './bitsets.ts';
import { type ClassId, type Classes, selfClasses } from './classes.ts';
import type { Both, Sight } from './links.ts';
import type { Facing, Matrix } from './matrix.ts';
import type { Member } from './members.ts';
import { EMPTY_ROW, type RowId } from './rows.ts';

/** One rule more or less in a group. */
export type RuleEdit = { readonly kind: 'add' | 'remove'; readonly groupId: GroupId; readonly rule: Rule };

/**
 * What an edit opens (`add`) or closes (`remove`): for each class that carries the group, the row of the classes at the other end. `facing`
 * `to`: the others send, as with an ingress rule.
 */
export type Preview = {
  readonly kind: RuleEdit['kind'];
  readonly facing: Facing;
  readonly parts: readonly { readonly id: ClassId; readonly gained: Both<RowId> }[];
  /** Of these classes at the other end only some members are meant: those whose addresses the rule's prefix holds. */
  readonly partly: ReadonlyMap<ClassId, readonly Member[]>;
};

/**
 * The exact effect of one rule, from the rows of the classes that carry its group alone: nothing of the rest is computed. `gained.sure` changes
 * for certain, `gained.possible` perhaps (and not for certain). Undefined where a route leads to an interface: then a rule of one interface may
 * decide about the packets of others; where a NAT gateway hides senders from the group's interfaces; where pairs are asked one by one, since groups
 * are asked on the way back too; and where something is not known of records, as in a plan. Then the whole difference to the edited world must be asked for.
 */
export function previewRule(matrix: Matrix, edit: RuleEdit): Preview | undefined {
  if (hasAppliances(matrix.world) || hasDoubts(matrix.world)) return undefined;
  const facing: Facing = edit.rule.direction === 'ingress' ? 'to' : 'from';
  const { rows, groups } = matrix;
  const partly = partlyMeant(matrix.classes, edit.rule);
  const parts: { readonly id: ClassId; readonly gained: Both<RowId> }[] = [];
  const part = edit.kind === 'add' ? addedBy(matrix, edit, partly) : removedBy(matrix, edit);
  for (const id of rows.sets.members(groups.withGroup(edit.groupId))) {
    if (hidesOthers(matrix, id, facing) || matrix.hasSingles(id)) return undefined;
    const changed = throughBy(matrix, { id, facing }, part);
    if (changed === undefined) return undefined;
    if (changed.possible === EMPTY_ROW) continue;
    const others = rows.sets.without(rows.sets.all, rows.sets.of(selfClasses(matrix.classes, id)));
    const sure = rows.masked(changed.sure, others);
    const possible = rows.without(rows.masked(changed.possible, others), sure);
    if (sure !== EMPTY_ROW || possible !== EMPTY_ROW) parts.push({ id, gained: { sure, possible } });
  }
  return { kind: edit.kind, facing, parts, partly };
}

/** Whether some pairs of a class show its rules another address than the one that sends or receives. */
function hidesOthers(matrix: Matrix, id: ClassId, facing: Facing): boolean {
  return facing === 'to' && matrix.around(id, 'to').shapes.some(({ shape }) => typeof shape.receiver !== 'string');
}

function hasAppliances(world: World): boolean {
  let known = APPLIANCES.get(world.records.routeTables);
  if (known === undefined) {
    known = [...listRecords(world, 'routeTables')].some(({ routes }) =>
      routes.some(({ target }) => target.kind === 'eni'),
    );
    APPLIANCES.set(world.records.routeTables, known);
  }
  return known;
}

/** Memory of a pure function: a table never changes. */
const APPLIANCES = new WeakMap<World['records']['routeTables'], boolean>();

/**
 * What the rules of a class admit with a rule and not without it: `sure` for certain and not even perhaps without, `possible` perhaps and not even
 * perhaps without, `raised` for certain and not for certain without.
 */
type Part = (id: ClassId, sight: Sight) => Both<RowId> & { readonly raised: RowId };

/** What an added rule admits and the others of its class do not. */
function addedBy(matrix: Matrix, { rule }: RuleEdit, partly: Preview['partly']): Part {
  const { rows, groups } = matrix;
  const points = trafficInterval(rule.traffic, matrix.classes.family);
  const alone = (sight: Sight): Both<RowId> => {
    const peers = withPartly(matrix, groups.ofPeer(rule.peer, sight), partly);
    return { sure: rows.over(points, peers.sure), possible: rows.over(points, peers.possible) };
  };
  const bySight = { groups: alone('groups'), address: alone('address'), perhaps: alone('perhaps') };
  return (id, sight) => differing(matrix, bySight[sight], groups.own(id, rule.direction, sight));
}

/** What a rule that goes admits and the others of its class do not. */
function removedBy(matrix: Matrix, { groupId, rule }: RuleEdit): Part {
  const { groups } = matrix;
  return (id, sight) =>
    differing(
      matrix,
      groups.own(id, rule.direction, sight),
      groups.ownWithout(id, rule.direction, { sight, groupId, rule }),
    );
}

function differing({ rows }: Matrix, has: Both<RowId>, lacks: Both<RowId>): ReturnType<Part> {
  return {
    sure: rows.without(has.sure, lacks.possible),
    possible: rows.without(has.possible, lacks.possible),
    raised: rows.without(has.sure, lacks.sure),
  };
}

/** What of a part gets through. Every pair of classes is of one path, so what a path lets pass of a difference is the difference of what it lets pass. */
function throughBy(
  matrix: Matrix,
  { id, facing }: { readonly id: ClassId; readonly facing: Facing },
  part: Part,
): Both<RowId> | undefined {
  const { rows } = matrix;
  const parts = new Map<Sight, ReturnType<Part>>();
  const changed = matrix.rowBy(id, facing, (sight) => {
    const made = part(id, sight);
    parts.set(sight, made);
    return made;
  });
  // Mostly what is raised is what is gained for certain: then that is through already.
  if (changed === undefined || [...parts.values()].every(({ sure, raised }) => raised === sure)) return changed;
  const raised = matrix.rowBy(id, facing, (sight) => ({
    sure: parts.get(sight)?.raised ?? EMPTY_ROW,
    possible: EMPTY_ROW,
  }));
  return raised === undefined ? undefined : { sure: changed.sure, possible: rows.or(changed.possible, raised.sure) };
}

function withPartly(matrix: Matrix, peers: Both<SetId>, partly: Preview['partly']): Both<SetId> {
  if (partly.size === 0) return peers;
  const more = matrix.rows.sets.of(partly.keys());
  return { sure: matrix.rows.sets.or(peers.sure, more), possible: matrix.rows.sets.or(peers.possible, more) };
}

/**
 * The classes that a prefix which no rule named so far cuts, with their members inside it. No filter told these members apart, so each has
 * what its class has.
 */
function partlyMeant(classes: Classes, { peer }: Rule): ReadonlyMap<ClassId, readonly Member[]> {
  const partly = new Map<ClassId, readonly Member[]>();
  if (peer.kind !== 'cidr' || peer.cidr.family !== classes.family || classes.tree.nodeFor(peer.cidr) !== undefined)
    return partly;
  const around = classes.tree.around(peer.cidr);
  const inside = new Set(classes.tree.within(peer.cidr));
  for (const [id, { node, members }] of classes.list.entries()) {
    if (node !== around && !inside.has(node)) continue;
    const meant = members.flatMap((member): readonly Member[] => {
      const space: AddressSpace = intersectSpaces(member.space, [peer.cidr]);
      const [first] = space;
      if (first === undefined) return [];
      return [{ ...member, space, sample: cidrContains(peer.cidr, member.sample) ? member.sample : first.base }];
    });
    if (meant.length > 0) partly.set(id, meant);
  }
  return partly;
}
