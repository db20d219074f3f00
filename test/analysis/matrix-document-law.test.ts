// A matrix by ends is what planning the path of every two members says, one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '../../src/core/net/address.ts';
import { WHOLE_AXIS } from '../../src/core/net/axis.ts';
import {
  EMPTY_SET,
  intersectSets,
  type IntervalSet,
  subtractSets,
  unionSets,
} from '../../src/core/net/interval-set.ts';
import { eniOwns } from '../../src/core/model/eni.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { pointsDocument } from '../../src/analysis/ends-document.ts';
import { matrixDocument } from '../../src/analysis/matrix-document.ts';
import { type EndMembers, MATRIX_KINDS, matrixEnds, type MatrixKind } from '../../src/analysis/matrix-ends.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import type { TrafficDocument } from '../../src/analysis/part-documents.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const seen = { cells: 0, every: 0, some: 0, perhaps: 0 };

test('cells of a matrix are their pairs one by one', () => {
  for (let seed = 1; seed <= checks(40); seed += 1) {
    const world = compactWorld(seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed));
    // Two interfaces with one address are no world of AWS's, though the generator makes such.
    if (hasShared(world)) continue;
    for (const by of MATRIX_KINDS) holds(world, by, `${seed} by ${by}`);
  }
  assert.ok(seen.every > 50 && seen.some > 50 && seen.perhaps > 50, JSON.stringify(seen));
});

test('pages and chosen rows are parts of the whole', () => {
  const world = compactWorld(randomWorld(5));
  const whole = matrixDocument(world, { by: 'instance' });
  assert.ok(whole.ok);
  const paged = Array.from({ length: 99 }, (_, at) =>
    matrixDocument(world, { by: 'instance', page: at + 1, size: 2 }),
  ).flatMap((one) => (one.ok ? one.value.rows : []));
  assert.deepEqual(paged, whole.value.rows);
  const chosen = matrixDocument(world, { by: 'instance', from: ['internet'], to: ['internet'] });
  assert.ok(chosen.ok);
  assert.deepEqual(
    chosen.value.rows.map(({ from }) => whole.value.ends[from]?.id),
    ['internet'],
  );
  const wrong = matrixDocument(world, { by: 'group', from: ['interne'] });
  assert.ok(!wrong.ok && wrong.error.suggestions.includes('internet'));
});

function holds(world: World, by: MatrixKind, name: string): void {
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

function hasShared(world: World): boolean {
  const enis = [...listRecords(world, 'enis')];
  return enis.some((eni) =>
    enis.some((other) => other.id !== eni.id && eni.addresses.some(({ address }) => eniOwns(other, address))),
  );
}
