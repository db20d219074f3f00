// Statements of a difference against the exact answers for single pairs.
import assert from 'node:assert/strict';
import { FAMILIES } from '../../src/core/net/address.ts';
import { type IntervalSet, subtractSets, unionSets } from '../../src/core/net/interval-set.ts';
import type { World } from '../../src/core/model/world.ts';
import type { Reach } from '../../src/core/policy/reach.ts';
import type { ClassId } from '../../src/analysis/pairs/classes.ts';
import { type Difference, differenceIn, type Statement } from '../../src/analysis/pairs/difference.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { NO_SPOT, stopOf } from '../../src/analysis/pairs/spots.ts';

/** Throws where statements say anything else than single pairs do, each way; gives how many pairs gain or lose something. */
export function checkDifference(before: World, after: World, name: string): number {
  let changed = 0;
  for (const family of FAMILIES) {
    const difference = differenceIn(family, { before, after });
    const said = collect(difference);
    for (const pair of pairsOf(difference)) {
      const { from, to, one, other } = pair;
      const [old, now] = [reachIn(difference, 0, pair), reachIn(difference, 1, pair)];
      for (const [effect, lacks, has] of [
        ['opens', old, now],
        ['closes', now, old],
      ] as const) {
        const sure = subtractSets(points(has, 'sure'), points(lacks, 'possible'));
        const raised = unionSets(
          subtractSets(points(has, 'possible'), points(lacks, 'possible')),
          subtractSets(points(has, 'sure'), points(lacks, 'sure')),
        );
        const label = `${name} ${effect}: ${one.eniId ?? 'outside'} to ${other.eniId ?? 'outside'}`;
        assert.deepEqual(said(effect, 'certain', from, to), sure, `${label}, certain`);
        assert.deepEqual(said(effect, 'perhaps', from, to), subtractSets(raised, sure), `${label}, perhaps`);
        if (raised.length > 0) changed += 1;
      }
    }
  }
  return changed;
}

type Said = (effect: Statement['effect'], certainty: Statement['certainty'], from: ClassId, to: ClassId) => IntervalSet;

function collect({ statements, rows }: Difference): Said {
  return (effect, certainty, from, to) =>
    statements
      .filter((one) => one.effect === effect && one.certainty === certainty && one.about === 'traffic')
      .flatMap((one) => one.parts.filter((part) => part.to === to))
      .map((part) => rows.pointsOf(part.row, from))
      .reduce(unionSets, []);
}

type Pair = { readonly from: ClassId; readonly to: ClassId; readonly one: Member; readonly other: Member };

function* pairsOf({ classes }: Difference): Generator<Pair, void, undefined> {
  const members = [...classes.list.entries()].flatMap(([id, { members: all }]) =>
    all.map((member) => ({ id, member })),
  );
  for (const from of members)
    for (const to of members)
      if (from.member.eniId !== to.member.eniId) yield { from: from.id, to: to.id, one: from.member, other: to.member };
}

/** The exact traffic between two members in a world; none where it lacks one of them. */
function reachIn({ classes }: Difference, at: number, pair: Pair): Reach | undefined {
  const world = classes.worlds[at];
  const isThere = [pair.from, pair.to].every((id) => classes.list[id]?.sides[at]?.spot !== NO_SPOT);
  return world !== undefined && isThere
    ? singleReach(world, stopOf(world, pair.one), stopOf(world, pair.other))
    : undefined;
}

function points(reach: Reach | undefined, certainty: 'sure' | 'possible'): IntervalSet {
  return reach === undefined ? [] : pointsOf(reach[certainty]);
}
