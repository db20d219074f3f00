import type { Rule } from '../../core/model/security-group.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import type { Finding } from './finding.ts';

/** What would have to be known to say of a group who carries it: interfaces that are missing, or that may carry other groups than those known. */
export function carrierDoubts(world: World): readonly string[] {
  let doubts = KNOWN.get(world);
  if (doubts === undefined) {
    const own = new Set<string>();
    for (const { groupDoubt } of listRecords(world, 'enis')) if (groupDoubt !== undefined) own.add(groupDoubt);
    doubts = [...(world.missing.has('enis') ? ['network interfaces'] : []), ...own];
    KNOWN.set(world, doubts);
  }
  return doubts;
}

/** Memory of a pure function: a world never changes. */
const KNOWN = new WeakMap<World, readonly string[]>();

/** What would have to be known for rules to be there. */
export function ruleDoubts(rules: Iterable<Rule>): readonly string[] {
  return [...new Set([...rules].flatMap(({ doubt }) => doubt ?? []))];
}

/** How certain a finding is that rests on nothing else than what would have to be known. */
export function resting(unknowns: readonly string[]): Pick<Finding, 'certainty' | 'unknowns'> {
  return { certainty: unknowns.length === 0 ? 'certain' : 'perhaps', unknowns };
}
