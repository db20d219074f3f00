// Worlds that differ from others by rules of groups alone.
import type { Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import { randomWorld } from '../property/generators.ts';

/** The world with the rules of two thirds of its groups as another random world has them. */
export function withRulesOf(world: World, seed: number): World {
  const donor = compactWorld(randomWorld(seed));
  return edited(world, (group, at) => {
    const rules = getRecord(donor, 'groups', group.id)?.rules;
    return rules === undefined || (seed + at) % 3 === 0 ? group : { ...group, rules };
  });
}

/** The world where it is not known of some rules whether they are there. */
export function doubting(world: World, isDoubtful: (rule: Rule, place: number) => boolean): World {
  return edited(world, (group) => ({
    ...group,
    rules: group.rules.map((rule, place) =>
      isDoubtful(rule, place) ? { ...rule, doubt: 'whether it is there' } : rule,
    ),
  }));
}

/** Whether a route leads to an interface: then rules of one interface may decide about the packets of others. */
export function hasAppliance(world: World): boolean {
  return [...listRecords(world, 'routeTables')].some(({ routes }) =>
    routes.some(({ target }) => target.kind === 'eni'),
  );
}

function edited(world: World, edit: (group: SecurityGroup, at: number) => SecurityGroup): World {
  const updated = [...listRecords(world, 'groups')].flatMap((group, at) => {
    const other = edit(group, at);
    return other === group ? [] : [[group, other] as const];
  });
  return applyChange(world, { groups: { added: [], removed: [], updated } });
}
