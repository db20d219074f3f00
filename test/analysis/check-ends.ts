// A matrix by ends against its pairs one by one.
import assert from 'node:assert/strict';
import type { Family } from '../../src/core/net/address.ts';
import { WHOLE_AXIS } from '../../src/core/net/axis.ts';
import { cidrsOverlap } from '../../src/core/net/cidr.ts';
import {
  EMPTY_SET,
  intersectSets,
  type IntervalSet,
  subtractSets,
  unionSets,
} from '../../src/core/net/interval-set.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { pointsDocument } from '../../src/analysis/ends-document.ts';
import { matrixDocument } from '../../src/analysis/matrix-document.ts';
import { type EndMembers, matrixEnds, type MatrixKind } from '../../src/analysis/matrix-ends.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import type { TrafficDocument } from '../../src/analysis/part-documents.ts';

/** How many cells were compared, and how many of their parts have anything. */
export type Seen = { cells: number; every: number; some: number; perhaps: number };

/** Throws where a cell says anything else than its pairs do. */
export function checkEnds(
  world: World,
  by: MatrixKind,
  { name, seen }: { readonly name: string; readonly seen: Seen },
): void {
  const document = matrixDocument(world, { by });
  assert.ok(document.ok);
  const ends = matrixEnds(world, by);
  for (const family of document.value.families) {
    const members = classesOf([world], family).list.flatMap((one) => one.members);
    for (const row of document.value.rows)
      for (const [to, receiver] of ends.entries()) {
        const sender = ends[row.from];
        const cell = row.cells.find((one) => one.to === to && one.family === family);
        const real = pairByPair(world, membersOf(members, sender), membersOf(members, receiver));
        const label = `${name} ${family}: ${sender?.end.id ?? ''} to ${receiver.end.id}`;
        for (const part of ['every', 'some', 'perhaps'] as const) {
          assert.deepEqual(cell?.[part] ?? null, documentOf(real[part], family), `${label} ${part}`);
          seen[part] += real[part].length > 0 ? 1 : 0;
        }
        seen.cells += 1;
      }
  }
}

function pairByPair(
  world: World,
  senders: readonly Member[],
  receivers: readonly Member[],
): { readonly every: IntervalSet; readonly some: IntervalSet; readonly perhaps: IntervalSet } {
  let [every, some, possible]: IntervalSet[] = [WHOLE_AXIS, EMPTY_SET, EMPTY_SET];
  let pairs = 0;
  for (const one of senders)
    for (const other of receivers) {
      if (one.eniId === other.eniId) continue;
      const reach = singleReach(world, stopOf(world, one), stopOf(world, other));
      every = intersectSets(every ?? EMPTY_SET, pointsOf(reach.sure));
      some = unionSets(some ?? EMPTY_SET, pointsOf(reach.sure));
      possible = unionSets(possible ?? EMPTY_SET, pointsOf(reach.possible));
      pairs += 1;
    }
  if (pairs === 0) return { every: EMPTY_SET, some: EMPTY_SET, perhaps: EMPTY_SET };
  const [all, any, maybe] = [every ?? EMPTY_SET, some ?? EMPTY_SET, possible ?? EMPTY_SET];
  return { every: all, some: subtractSets(any, all), perhaps: subtractSets(maybe, any) };
}

function membersOf(members: readonly Member[], one: EndMembers | undefined): readonly Member[] {
  if (one === undefined) return [];
  if (one.end.kind === 'outside')
    return members.filter(({ eniId, sample }) => eniId === undefined && outsideKind(sample) === one.end.id);
  return members.filter(({ eniId }) => eniId !== undefined && one.enis.includes(eniId));
}

function documentOf(points: IntervalSet, family: Family): TrafficDocument | null {
  return points.length === 0 ? null : pointsDocument(points, family);
}

/** Two interfaces with one address, or with prefixes that overlap. */
export function hasShared(world: World): boolean {
  const enis = [...listRecords(world, 'enis')];
  return enis.some((eni) => enis.some((other) => other.id !== eni.id && isSharing(eni, other)));
}

function isSharing(one: Eni, other: Eni): boolean {
  return (
    one.addresses.some(({ address }) => eniOwns(other, address)) ||
    one.prefixes.some((prefix) => other.prefixes.some((its) => cidrsOverlap(prefix, its)))
  );
}
