// The matrix of all pairs against the exact answer for one pair: every two members of every two classes, in both facings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES, formatAddress } from '../../src/core/net/address.ts';
import type { World } from '../../src/core/model/world.ts';
import type { Reach } from '../../src/core/policy/reach.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { type ClassId, type Classes, classesOf } from '../../src/analysis/pairs/classes.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import { type Cell, Matrix } from '../../src/analysis/pairs/matrix.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { NO_SPOT, stopOf } from '../../src/analysis/pairs/spots.ts';
import { Random } from '../../bench/random.ts';
import type { Compact } from '../compact-format.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';

const seen = { pairs: 0, open: 0, doubtful: 0, single: 0 };

test('every two members get what planning their own path gives: random worlds', () => {
  for (let seed = 1; seed <= checks(150); seed += 1) holds(compactWorld(randomWorld(seed)), `random ${seed}`);
  assert.ok(seen.open > seen.pairs / 20 && seen.doubtful > 0 && seen.single > 0, JSON.stringify(seen));
});

test('every two members get what planning their own path gives: traps', () => {
  for (const name of TRAP_NAMES)
    for (let seed = 1; seed <= checks(12); seed += 1)
      holds(compactWorld(drawTrap(name, seed).compact), `${name} ${seed}`);
});

test('every two members get what planning their own path gives: damaged worlds', () => {
  for (let seed = 1; seed <= checks(150); seed += 1) holds(compactWorld(wornWorld(seed)), `worn ${seed}`);
});

test('every two members get what planning their own path gives: interfaces that have what others have too', () => {
  for (let seed = 1; seed <= checks(150); seed += 1) holds(compactWorld(sharingWorld(seed)), `sharing ${seed}`);
});

test('every two members get what planning their own path gives: worlds with doubts', () => {
  for (let seed = 1; seed <= checks(120); seed += 1) {
    holds(doubtfulWorld(compactWorld(randomWorld(seed)), seed), `doubtful ${seed}`);
    holds(doubtfulWorld(compactWorld(wornWorld(seed)), seed), `worn and doubtful ${seed}`);
  }
});

function holds(world: World, name: string): void {
  for (const family of FAMILIES) {
    const classes = classesOf([world], family);
    const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
    const ids = [...classes.list.keys()].filter((id) => classes.list[id]?.sides[0]?.spot !== NO_SPOT);
    for (const from of ids)
      for (const to of ids)
        for (const [one, other] of memberPairs(classes, from, to)) {
          const cell = matrix.cell(from, to);
          const reach = singleReach(world, stopOf(world, one), stopOf(world, other));
          const label = `${name}: ${memberText(one)} to ${memberText(other)}`;
          sameCertainty(matrix, { from, to }, { reach, certainty: 'sure', label });
          sameCertainty(matrix, { from, to }, { reach, certainty: 'possible', label });
          count(matrix, { from, to, cell });
        }
  }
}

/** A random world in which some interfaces have addresses of others, or prefixes around those, as exports have that were not taken at one moment. */
function sharingWorld(seed: number): Compact {
  const world = randomWorld(seed);
  const random = new Random(seed);
  const names = Object.keys(world.enis ?? {});
  const enis = { ...world.enis };
  for (const name of names.filter(() => random.chance(0.4))) {
    const eni = enis[name];
    const [other] = enis[random.pick(names.filter((one) => enis[one]?.subnet === eni?.subnet))]?.addresses ?? [];
    if (eni === undefined || other === undefined || !/^[\d.]+$/u.test(other)) continue;
    const around = other.replace(/\d+$/u, (last) => `${Math.floor(Number(last) / 16) * 16}/28`);
    enis[name] = random.chance(0.5)
      ? { ...eni, prefixes: [...new Set([...(eni.prefixes ?? []), around])] }
      : { ...eni, addresses: [...new Set([...(eni.addresses ?? []), other])] };
  }
  return { ...world, enis };
}

function memberPairs(classes: Classes, from: ClassId, to: ClassId): readonly (readonly [Member, Member])[] {
  const [sources, targets] = [from, to].map((id) => classes.list[id]?.members ?? []);
  return (sources ?? []).flatMap((one) =>
    (targets ?? []).filter((other) => one.eniId !== other.eniId).map((other) => [one, other] as const),
  );
}

function sameCertainty(
  matrix: Matrix,
  { from, to }: { readonly from: ClassId; readonly to: ClassId },
  asked: { readonly reach: Reach; readonly certainty: 'sure' | 'possible'; readonly label: string },
): void {
  const { certainty, label } = asked;
  const cell = matrix.cell(from, to);
  const reach = asked.reach[certainty];
  assert.deepEqual(cell.points[certainty], pointsOf(reach), `${label} ${certainty}`);
  const away = matrix.rows.pointsOf(matrix.row(from, 'from')[certainty], to);
  assert.deepEqual(away, pointsOf(reach), `${label} ${certainty}, facing away`);
  for (const part of ['tcp', 'udp'] as const)
    if (reach[part].destinationPorts.length > 0)
      assert.deepEqual(cell.sourcePorts[certainty][part], reach[part].sourcePorts, `${label} ${certainty} ${part}`);
}

function count(
  matrix: Matrix,
  { from, to, cell }: { readonly from: ClassId; readonly to: ClassId; readonly cell: Cell },
): void {
  seen.pairs += 1;
  if (cell.points.sure.length > 0) seen.open += 1;
  if (cell.points.sure !== cell.points.possible) seen.doubtful += 1;
  const [source, target] = [from, to].map((id) => matrix.classes.list[id]?.sides[0]?.spot ?? NO_SPOT);
  if (matrix.links.between(source ?? NO_SPOT, target ?? NO_SPOT).kind === 'single') seen.single += 1;
}

function memberText(member: Member): string {
  return `${member.eniId ?? 'outside'} ${formatAddress(member.sample)}`;
}
