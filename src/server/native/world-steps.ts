import { type Change, changeOf } from '../../core/model/change.ts';
import { type Kind, KINDS, type Records } from '../../core/model/records.ts';
import { changedKeys, type Table, tableGet } from '../../core/model/table.ts';
import { applyChange, getRecord, type World } from '../../core/model/world.ts';

/** One record that differs between two worlds, as plain data: `to` is undefined where it is gone. */
export type WorldStep = { readonly kind: Kind; readonly id: string; readonly to: Records[Kind] | undefined };

/** What leads from one world to another; costs time by what differs. */
export function worldSteps(before: World, after: World): readonly WorldStep[] {
  if (before === after) return [];
  return KINDS.flatMap((kind) => {
    const old: Table<Records[Kind]> = before.records[kind];
    const fresh: Table<Records[Kind]> = after.records[kind];
    return old === fresh ? [] : changedKeys(old, fresh).map((id) => ({ kind, id, to: tableGet(fresh, id) }));
  });
}

/** The world that steps lead to; the same one where there are none. */
export function followSteps(world: World, steps: readonly WorldStep[]): World {
  return steps.length === 0 ? world : applyChange(world, changeOfSteps(world, steps));
}

function changeOfSteps(world: World, steps: readonly WorldStep[]): Change {
  const byKind = new Map<Kind, Map<string, { from?: Records[Kind]; to?: Records[Kind] }>>();
  for (const { kind, id, to } of steps) {
    const known = byKind.get(kind) ?? new Map<string, { from?: Records[Kind]; to?: Records[Kind] }>();
    byKind.set(kind, known);
    const from = getRecord(world, kind, id);
    known.set(id, { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
  }
  return changeOf(byKind);
}
