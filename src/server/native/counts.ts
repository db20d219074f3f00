import type { Totals } from '../../analysis/diff-document.ts';
import { indexedCount, type World } from '../../core/model/world.ts';
import type { WorldStep } from './world-steps.ts';

/** How much a change opens and closes: the sums of its difference. */
export type PairCounts = { readonly opens: Totals; readonly closes: Totals };

export const NOTHING: Totals = { pairs: { certain: 0, perhaps: 0 }, exposed: { certain: 0, perhaps: 0 } };

/**
 * The counts of steps that let every packet fare as before: no step, or steps of groups alone that no interface carries. Rules of such a group are
 * asked nowhere, and a rule that names it names nobody. Undefined where counts have to be found out.
 */
export function idleCounts(world: World, steps: readonly WorldStep[]): PairCounts | undefined {
  const isIdle = ({ kind, id }: WorldStep): boolean =>
    kind === 'groups' && indexedCount(world, 'enisByGroup', id) === 0;
  return steps.every(isIdle) ? { opens: NOTHING, closes: NOTHING } : undefined;
}
