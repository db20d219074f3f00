// What an answer to a change counts is what the difference of the two worlds counts, whichever way it is found out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { applyChange, indexedCount, listRecords, type World } from '../../src/core/model/world.ts';
import { diffDocument } from '../../src/analysis/diff-document.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { idleCounts } from '../../src/server/native/counts.ts';
import { pairCounts, previewCounts, ruleEdit, warmWorld } from '../../src/server/native/pair-counts.ts';
import { followSteps, worldSteps } from '../../src/server/native/world-steps.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

function withRules(world: World, group: SecurityGroup, rules: readonly Rule[]): World {
  return applyChange(world, { groups: { added: [], removed: [], updated: [[group, { ...group, rules }]] } });
}

/**
 * Worlds that differ from one by a rule more, a rule less, a rule changed, two rules, a group gone that nobody carries, and by an interface that joins
 * a group.
 */
function* changes(world: World, seed: number): Generator<World, void, undefined> {
  const strangers = [...listRecords(compactWorld(randomWorld(seed + 700)), 'groups')].flatMap((group) => group.rules);
  for (const [at, group] of [...listRecords(world, 'groups')].entries()) {
    const [own] = group.rules;
    const fresh = [strangers[(seed + at) % strangers.length], strangers[(seed + at + 1) % strangers.length]]
      .flatMap((rule) => rule ?? [])
      .map((rule, number) => ({ ...rule, id: `${rule.id}-${number}` as Rule['id'] }));
    const [first] = fresh;
    if (first !== undefined) yield withRules(world, group, [...group.rules, first]);
    if (own !== undefined) yield withRules(world, group, group.rules.slice(1));
    if (own !== undefined && first !== undefined)
      yield withRules(world, group, [{ ...first, id: own.id }, ...group.rules.slice(1)]);
    yield withRules(world, group, [...group.rules, ...fresh]);
    if (indexedCount(world, 'enisByGroup', group.id) === 0)
      yield applyChange(world, { groups: { added: [], removed: [group], updated: [] } });
    const eni = [...listRecords(world, 'enis')][seed % Math.max(1, world.records.enis.size)];
    if (eni !== undefined && !eni.groups.includes(group.id))
      yield applyChange(world, {
        enis: { added: [], removed: [], updated: [[eni, { ...eni, groups: [...eni.groups, group.id] }]] },
      });
  }
}

test('counts are those of the difference', () => {
  const seen = { idle: 0, quick: 0, slow: 0, changed: 0 };
  for (let seed = 1; seed <= checks(12); seed += 1) {
    const world = compactWorld(seed % 4 === 0 ? wornWorld(seed) : randomWorld(seed));
    const warm = warmWorld(world);
    for (const after of changes(world, seed)) {
      const steps = worldSteps(world, after);
      assert.deepEqual(worldSteps(followSteps(world, steps), after), [], 'steps lead where they should');
      const { opens, closes } = diffDocument(world, after, differenceOf(world, after));
      const counted = pairCounts(world, steps, { warm, onProgress: () => undefined });
      const edit = ruleEdit(world, steps);
      const isQuick = edit !== undefined && previewCounts(warm, edit) !== undefined;
      assert.deepEqual(counted, { opens, closes }, `seed ${seed}, ${isQuick ? 'by preview' : 'by difference'}`);
      const isIdle = idleCounts(world, steps) !== undefined;
      seen[isIdle ? 'idle' : isQuick ? 'quick' : 'slow'] += 1;
      const { pairs, exposed } = edit?.kind === 'remove' ? closes : opens;
      if (isQuick && pairs.certain + pairs.perhaps + exposed.certain + exposed.perhaps > 0) seen.changed += 1;
    }
  }
  assert.ok(seen.idle > 20 && seen.quick > 20 && seen.slow > 20 && seen.changed > 8, JSON.stringify(seen));
});

test('no step, no effect', () => {
  const world = compactWorld(randomWorld(1));
  const none = { pairs: { certain: 0, perhaps: 0 }, exposed: { certain: 0, perhaps: 0 } };
  assert.deepEqual(pairCounts(world, worldSteps(world, world), { warm: undefined, onProgress: () => undefined }), {
    opens: none,
    closes: none,
  });
});
