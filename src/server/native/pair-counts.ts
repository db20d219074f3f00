import { FAMILIES, type Family } from '../../core/net/address.ts';
import type { Rule, SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { diffTotals, type Totals } from '../../analysis/diff-document.ts';
import { Bitsets } from '../../analysis/pairs/bitsets.ts';
import { type ClassId, type Classes, classesOf } from '../../analysis/pairs/classes.ts';
import { differenceOf } from '../../analysis/pairs/difference.ts';
import { pairsBetween } from '../../analysis/pairs/ends.ts';
import { Matrix } from '../../analysis/pairs/matrix.ts';
import type { Member } from '../../analysis/pairs/members.ts';
import { type Preview, previewRule, type RuleEdit } from '../../analysis/pairs/preview.ts';
import { type RowId, Rows } from '../../analysis/pairs/rows.ts';
import { idleCounts, NOTHING, type PairCounts } from './counts.ts';
import { followSteps, type WorldStep } from './world-steps.ts';

/** A world with all that is known of who reaches whom in it, so that one rule is previewed at once. */
export type WarmWorld = { readonly world: World; readonly matrices: Readonly<Record<Family, Matrix>> };

/** Sorts a world into classes and plans nothing yet: rows are made when they are asked for, or by `warmRows`. */
export function warmWorld(world: World): WarmWorld {
  const [ipv4, ipv6] = FAMILIES.map((family) => {
    const classes = classesOf([world], family);
    return new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  });
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('there are two families');
  return { world, matrices: { ipv4, ipv6 } };
}

/** Makes all rows, some between two steps. */
export function* warmRows({ matrices }: WarmWorld): Generator<void, void, undefined> {
  for (const family of FAMILIES)
    for (const id of matrices[family].classes.list.keys()) {
      matrices[family].row(id, 'to');
      matrices[family].row(id, 'from');
      yield;
    }
}

/**
 * What steps from a world open and close, exactly: of one rule by its preview, where there is one, of all else by the difference of the two
 * worlds. `onProgress` may throw to end it.
 */
export function pairCounts(
  world: World,
  steps: readonly WorldStep[],
  { warm, onProgress }: { readonly warm: WarmWorld | undefined; readonly onProgress: () => void },
): PairCounts {
  const idle = idleCounts(world, steps);
  if (idle !== undefined) return idle;
  const edit = ruleEdit(world, steps);
  const quick = warm === undefined || edit === undefined ? undefined : previewCounts(warm, edit);
  if (quick !== undefined) return quick;
  onProgress();
  const after = followSteps(world, steps);
  return diffTotals(differenceOf(world, after, onProgress));
}

/** The one rule more or less that steps come to; undefined where they are something else. */
export function ruleEdit(world: World, steps: readonly WorldStep[]): RuleEdit | undefined {
  const [step] = steps;
  if (step?.kind !== 'groups' || steps.length > 1) return undefined;
  const before = getRecord(world, 'groups', step.id);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the step is of that kind
  const after = step.to as SecurityGroup | undefined;
  if (before === undefined || after === undefined || !sameText(outside(before), outside(after))) return undefined;
  const [gone, come] = [missingFrom(after, before), missingFrom(before, after)];
  const [rule] = [...gone, ...come];
  if (rule === undefined || gone.length + come.length > 1) return undefined;
  return { kind: come.length === 1 ? 'add' : 'remove', groupId: before.id, rule };
}

function outside({ rules: _rules, ...group }: SecurityGroup): unknown {
  return group;
}

/** Rules of the second that the first does not have as they are. */
function missingFrom(first: SecurityGroup, second: SecurityGroup): readonly Rule[] {
  const known = new Map(first.rules.map((rule) => [rule.id, rule]));
  return second.rules.filter((rule) => !sameText(known.get(rule.id), rule));
}

function sameText(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The counts of one rule from rows that are there; undefined where only the difference can tell. */
export function previewCounts({ matrices }: WarmWorld, edit: RuleEdit): PairCounts | undefined {
  let [pairs, perhaps, exposed, exposedPerhaps] = [0, 0, 0, 0];
  for (const family of FAMILIES) {
    const matrix = matrices[family];
    const preview = previewRule(matrix, edit);
    if (preview === undefined) return undefined;
    const outer = new Set<ClassId>();
    const outerPerhaps = new Set<ClassId>();
    for (const { id, gained } of preview.parts) {
      pairs += countWith(matrix, preview, { id, row: gained.sure, outer });
      perhaps += countWith(matrix, preview, { id, row: gained.possible, outer: outerPerhaps });
    }
    exposed += addressesOf(matrix.classes, outer);
    exposedPerhaps += addressesOf(matrix.classes, outerPerhaps);
  }
  const changed: Totals = {
    pairs: { certain: pairs, perhaps },
    exposed: { certain: exposed, perhaps: exposedPerhaps },
  };
  return edit.kind === 'add' ? { opens: changed, closes: NOTHING } : { opens: NOTHING, closes: changed };
}

type Counted = { readonly id: ClassId; readonly row: RowId; readonly outer: Set<ClassId> };

/** Pairs of the members of a class with those that a row holds; notes the class where something outside sends to it. */
function countWith({ classes, rows }: Matrix, { facing, partly }: Preview, { id, row, outer }: Counted): number {
  let count = 0;
  for (const other of rows.sets.members(rows.anywhere(row))) {
    const meant = partly.get(other);
    count += meant === undefined ? pairsBetween(classes, id, other) : pairsWith(classes, id, meant);
    if (facing === 'to' && classes.list[other]?.members[0]?.eniId === undefined) outer.add(id);
  }
  return count;
}

/** Pairs of different interfaces where only some members of a class are meant. */
function pairsWith({ list }: Classes, id: ClassId, others: readonly Member[]): number {
  let count = 0;
  for (const member of list[id]?.members ?? [])
    for (const other of others)
      if (member.eniId !== undefined && other.eniId !== undefined && other.eniId !== member.eniId) count += 1;
  return count;
}

function addressesOf({ list }: Classes, ids: Iterable<ClassId>): number {
  return [...ids].reduce((sum, id) => {
    const members = list[id]?.members ?? [];
    return sum + (members[0]?.eniId === undefined ? 0 : members.length);
  }, 0);
}
