import { filterViolations } from './filter-invariants.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { routeViolations } from './route-invariants.ts';
import { spaceViolations } from './space-invariants.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

/**
 * Where a world breaks what `INVARIANTS` states, sorted by name and records; empty for a sound world. Costs time by the size of the world.
 * What the world does not know breaks nothing. Whether the limits themselves are ones that AWS grants is `limitFaults`.
 */
export function violations(world: World, limits: Limits = DEFAULT_LIMITS): readonly Violation[] {
  const found = [...spaceViolations(world), ...filterViolations(world, limits), ...routeViolations(world)];
  return found
    .map((violation) => ({ violation, key: sortKey(violation) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ violation }) => violation);
}

function sortKey({ name, records, message }: Violation): string {
  return [name, ...records.map((record) => record.id), message].join(' ');
}
