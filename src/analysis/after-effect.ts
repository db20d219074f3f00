import { axisPart } from '../core/net/axis.ts';
import type { Family } from '../core/net/address.ts';
import { intersectSets, type IntervalSet, normalizeIntervals, subtractSets } from '../core/net/interval-set.ts';
import { preparedRules } from '../core/policy/match.ts';
import type { GroupId } from '../core/model/ids.ts';
import type { Direction } from '../core/model/security-group.ts';
import { getRecord, type World } from '../core/model/world.ts';
import type { Cause } from './pairs/causes.ts';
import type { ClassId } from './pairs/classes.ts';
import type { Difference, Statement } from './pairs/difference.ts';

/**
 * What becomes of connections that are open when the way for them is closed (E2:conntrack). `live-on`: they are tracked and last until they
 * end or are idle for the time of their protocol. `cut`: nothing lets the next packet pass. `mixed`: some of each.
 */
export type AfterEffect = 'live-on' | 'cut' | 'mixed';

/** The effect on open connections of what a statement closes. */
export function afterEffect(
  parts: readonly { readonly difference: Difference; readonly statement: Statement }[],
): AfterEffect {
  const effects = new Set<AfterEffect>();
  for (const { difference, statement } of parts)
    for (const part of statement.parts) for (const one of effectsOf(difference, statement, part)) effects.add(one);
  const [only = 'cut'] = effects;
  return effects.size === 1 ? only : 'mixed';
}

/** Gates that keep no state, and interfaces that are gone, cut; rules leave alone what is tracked. */
function effectsOf(
  difference: Difference,
  { cause }: Statement,
  { to, row }: Statement['parts'][number],
): readonly AfterEffect[] {
  if (cause.kind === 'interface') return ['cut'];
  if (cause.kind === 'gate' && !cause.stage.startsWith('group-')) return ['cut'];
  const { before, family, rows } = difference;
  const effects = new Set<AfterEffect>();
  for (const { from, to: last, set } of rows.segments(row))
    for (const sender of rows.sets.members(set)) {
      const points = [from, last];
      // Tracked at the end whose rule goes: at the sender for egress, else at the receiver.
      const [id, direction]: readonly [ClassId, Direction] = isAtSender(cause) ? [sender, 'egress'] : [to, 'ingress'];
      const untracked = untrackedOnce(before.world, before.sideOf(id)?.groups ?? [], { direction, family });
      if (intersectSets(points, untracked).length > 0) effects.add('cut');
      if (subtractSets(points, untracked).length > 0) effects.add('live-on');
      if (effects.size === 2) return [...effects];
      if (direction === 'ingress') break;
    }
  return [...effects];
}

function isAtSender(cause: Cause): boolean {
  return cause.kind === 'rule'
    ? cause.rule.direction === 'egress'
    : cause.kind === 'membership' && cause.side === 'from';
}

type Start = { readonly direction: Direction; readonly family: Family };

function untrackedOnce(world: World, groups: readonly GroupId[], start: Start): IntervalSet {
  const known = UNTRACKED.get(world) ?? new Map<string, IntervalSet>();
  UNTRACKED.set(world, known);
  const key = `${start.direction} ${start.family} ${groups.join(' ')}`;
  let points = known.get(key);
  if (points === undefined) {
    points = untrackedPoints(world, groups, start);
    known.set(key, points);
  }
  return points;
}

/** Memory of a pure function: a world never changes. */
const UNTRACKED = new WeakMap<World, Map<string, IntervalSet>>();

/**
 * The points at which flows that begin in a direction need no entry at an interface with these groups: TCP and UDP that a rule for any address
 * admits, while one in the other direction admits any address on all ports (E2:conntrack).
 */
function untrackedPoints(world: World, groups: readonly GroupId[], { direction, family }: Start): IntervalSet {
  const open = (way: Direction): readonly (readonly [number, number])[] =>
    groups
      .flatMap((id) => {
        const group = getRecord(world, 'groups', id);
        return group === undefined ? [] : preparedRules(group, way, family).placed;
      })
      .filter(
        ({ rule }) => rule.peer.kind === 'cidr' && rule.peer.cidr.family === family && rule.peer.cidr.length === 0,
      )
      .map(({ from, to }) => [from, to] as const);
  const back = open(direction === 'ingress' ? 'egress' : 'ingress');
  const untracked: number[] = [];
  for (const [part, start] of [
    ['tcp', 0],
    ['udp', 65_536],
  ] as const) {
    if (!back.some((points) => isAllPorts(axisPart(points, part)))) continue;
    for (const points of open(direction)) for (const value of axisPart(points, part)) untracked.push(value + start);
  }
  return normalizeIntervals(untracked);
}

function isAllPorts(set: IntervalSet): boolean {
  return set.length === 2 && set[0] === 0 && set[1] === 65_535;
}
