// A preview of one rule against the difference to the world that has it.
import assert from 'node:assert/strict';
import { FAMILIES, formatAddress } from '../../src/core/net/address.ts';
import { type IntervalSet, unionSets } from '../../src/core/net/interval-set.ts';
import type { Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { applyChange, type World } from '../../src/core/model/world.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { type ClassId, classesOf } from '../../src/analysis/pairs/classes.ts';
import { type Difference, differenceIn } from '../../src/analysis/pairs/difference.ts';
import { Matrix } from '../../src/analysis/pairs/matrix.ts';
import { type Preview, previewRule, type RuleEdit } from '../../src/analysis/pairs/preview.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';

export type Edit = { readonly kind: RuleEdit['kind']; readonly group: SecurityGroup; readonly rule: Rule };
export type Seen = { previews: number; effects: number; partly: number; refused: number };

/** Throws where a preview says anything else than the edited world differs by; counts what was seen. */
export function checkPreview(
  world: World,
  { kind, group, rule }: Edit,
  { seen, name }: { readonly seen: Seen; readonly name: string },
): void {
  const rules = kind === 'add' ? [...group.rules, rule] : group.rules.filter((one) => one !== rule);
  const after = applyChange(world, { groups: { added: [], removed: [], updated: [[group, { ...group, rules }]] } });
  for (const family of FAMILIES) {
    const classes = classesOf([world], family);
    const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
    const preview = previewRule(matrix, { kind, groupId: group.id, rule });
    if (preview === undefined) {
      seen.refused += 1;
      continue;
    }
    seen.previews += 1;
    if (preview.partly.size > 0) seen.partly += 1;
    const said = saidByPreview(matrix, preview);
    const real = saidByDifference(differenceIn(family, { before: world, after }), kind === 'add' ? 'opens' : 'closes');
    assert.deepEqual(said, real, `${name}: ${kind} ${JSON.stringify(rule)}`);
    seen.effects += said.size;
  }
}

type Said = ReadonlyMap<string, IntervalSet>;

function saidByPreview(matrix: Matrix, { facing, parts, partly }: Preview): Said {
  const said = new Map<string, IntervalSet>();
  const { list } = matrix.classes;
  for (const { id, gained } of parts)
    for (const certainty of ['sure', 'possible'] as const)
      for (const other of list.keys()) {
        const points = matrix.rows.pointsOf(gained[certainty], other);
        const pairs = (list[id]?.members ?? []).flatMap((near) =>
          (partly.get(other) ?? list[other]?.members ?? []).map((far) =>
            facing === 'to' ? { from: far, to: near } : { from: near, to: far },
          ),
        );
        for (const pair of points.length === 0 ? [] : pairs) note(said, { certainty, ...pair, points });
      }
  return said;
}

function saidByDifference({ classes, rows, statements }: Difference, effect: 'opens' | 'closes'): Said {
  const said = new Map<string, IntervalSet>();
  for (const statement of statements) {
    assert.equal(statement.effect, effect);
    for (const { to, row } of statement.parts)
      for (const from of classes.list.keys())
        noteClasses(said, { classes, statement, points: rows.pointsOf(row, from), from, to });
  }
  return said;
}

function noteClasses(
  said: Map<string, IntervalSet>,
  one: {
    readonly classes: Difference['classes'];
    readonly statement: Difference['statements'][number];
    readonly points: IntervalSet;
    readonly from: ClassId;
    readonly to: ClassId;
  },
): void {
  if (one.points.length === 0) return;
  const certainty = one.statement.certainty === 'certain' ? 'sure' : 'possible';
  for (const from of one.classes.list[one.from]?.members ?? [])
    for (const to of one.classes.list[one.to]?.members ?? []) note(said, { certainty, from, to, points: one.points });
}

/** Members by an address that both ways of cutting classes agree on: an interface, or the prefix that an outside address is in. */
function note(
  said: Map<string, IntervalSet>,
  pair: {
    readonly certainty: 'sure' | 'possible';
    readonly from: Member;
    readonly to: Member;
    readonly points: IntervalSet;
  },
): void {
  if (pair.from.eniId !== undefined && pair.from.eniId === pair.to.eniId) return;
  const key = `${pair.certainty} ${memberText(pair.from)} ${memberText(pair.to)}`;
  said.set(key, unionSets(said.get(key) ?? [], pair.points));
}

type Member = {
  readonly eniId?: string;
  readonly space: readonly { readonly base: Parameters<typeof formatAddress>[0]; readonly length: number }[];
};

function memberText({ eniId, space }: Member): string {
  return `${eniId ?? 'outside'} ${space.map(({ base, length }) => `${formatAddress(base)}/${length}`).join(',')}`;
}
