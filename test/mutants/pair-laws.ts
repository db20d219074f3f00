// The laws of the analysis of all pairs, each on the world of one seed: what seeded mistakes in it must break.
import assert from 'node:assert/strict';
import { FAMILIES } from '../../src/core/net/address.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { MATRIX_KINDS } from '../../src/analysis/matrix-ends.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { Matrix } from '../../src/analysis/pairs/matrix.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { checkDifference } from '../analysis/check-difference.ts';
import { checkEdits, editQuestions } from '../analysis/check-edits.ts';
import { checkEnds, hasShared } from '../analysis/check-ends.ts';
import { checkPreview } from '../analysis/check-preview.ts';
import { doubting, hasAppliance, withRulesOf } from '../analysis/rule-edits.ts';
import { compactWorld } from '../compact.ts';
import type { Compact } from '../compact-format.ts';
import { compareMatrix } from '../oracle/matrix-packets.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';

/** Throws where the law does not hold for the world of a seed. */
export type Law = (seed: number) => void;

/** The laws by the names that mutants call them. */
export const LAWS: Readonly<Record<string, Law>> = {
  packets,
  facings,
  difference,
  redrawn,
  causes,
  doubted,
  preview,
  ends,
  edits,
};

/** Packets between members of all classes are judged as the packet oracle judges them. */
function packets(seed: number): void {
  const said = { deny: 0, unknown: 0, allow: 0 };
  for (const family of FAMILIES) compareMatrix(drawn(seed), family, { said, name: `${seed}` });
}

/** What a class reaches is who is reached by it. */
function facings(seed: number): void {
  const world = compactWorld(drawn(seed));
  for (const family of FAMILIES) {
    const classes = classesOf([world], family);
    const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
    for (const from of classes.list.keys())
      for (const to of classes.list.keys())
        assert.deepEqual(matrix.rows.pointsOf(matrix.row(from, 'from').sure, to), matrix.cell(from, to).points.sure);
  }
}

/** Statements are what single pairs differ by. */
function difference(seed: number): void {
  const before = compactWorld(drawn(seed));
  checkDifference(before, withRulesOf(before, seed + 500), `${seed}`);
  checkDifference(before, compactWorld(randomWorld(seed + 500)), `${seed}`);
  checkDifference(doubtfulWorld(before, seed), before, `${seed}`);
}

/** The same where nothing but rules of groups is redrawn, so that what is known of paths serves both worlds. */
function redrawn(seed: number): void {
  const before = compactWorld(randomWorld(seed));
  checkDifference(before, withRulesOf(before, seed + 500), `${seed}`);
}

/** Where nothing but rules of groups differs, and no device stands between, rules alone are causes. */
function causes(seed: number): void {
  const before = compactWorld(randomWorld(seed));
  if (hasAppliance(before)) return;
  for (const { statements } of differenceOf(before, withRulesOf(before, seed + 500)))
    for (const { cause } of statements) assert.equal(cause.kind, 'rule');
}

/** Statements are what single pairs differ by where only doubts about rules come. */
function doubted(seed: number): void {
  const known = compactWorld(randomWorld(seed));
  const doubtful = doubting(known, (_, place) => (place + seed) % 3 === 0);
  checkDifference(known, doubtful, `${seed}`);
}

/** A preview is what the edited world differs by. */
function preview(seed: number): void {
  const world = compactWorld(drawn(seed));
  const seen = { previews: 0, effects: 0, partly: 0, refused: 0 };
  const strangers = [...listRecords(compactWorld(randomWorld(seed + 700)), 'groups')].flatMap((group) => group.rules);
  for (const [at, group] of [...listRecords(world, 'groups')].entries()) {
    const stranger = strangers[(seed + at) % strangers.length];
    const own = group.rules[seed % Math.max(1, group.rules.length)];
    if (stranger !== undefined && !group.rules.some(({ id }) => id === stranger.id))
      checkPreview(world, { kind: 'add', group, rule: stranger }, { seen, name: `${seed}` });
    if (own !== undefined) checkPreview(world, { kind: 'remove', group, rule: own }, { seen, name: `${seed}` });
  }
}

/** A matrix by ends is its pairs one by one. */
function ends(seed: number): void {
  const world = compactWorld(seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed));
  const seen = { cells: 0, every: 0, some: 0, perhaps: 0 };
  if (!hasShared(world)) for (const by of MATRIX_KINDS) checkEnds(world, by, { name: `${seed}`, seen });
}

/** Edits do to a packet, and to everything else, what they are said to do. */
function edits(seed: number): void {
  const world = compactWorld(randomWorld(seed));
  const seen = { fixed: 0, open: 0, steps: 0, choices: 0, cuts: 0 };
  for (const asked of editQuestions(world, seed)) checkEdits(world, asked, { seen, name: `${seed}` });
}

function drawn(seed: number): Compact {
  if (seed % 3 === 0) return wornWorld(seed);
  return seed % 3 === 1 ? randomWorld(seed) : drawTrap(TRAP_NAMES[seed % TRAP_NAMES.length] ?? '', seed).compact;
}
