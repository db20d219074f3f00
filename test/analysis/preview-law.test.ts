// What a preview of one rule says is what the world with that rule differs by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRecords } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkPreview } from './check-preview.ts';

test('a preview says what the edited world differs by', () => {
  const seen = { previews: 0, effects: 0, partly: 0, refused: 0 };
  for (let seed = 1; seed <= checks(80); seed += 1) {
    const world = compactWorld(seed % 4 === 0 ? wornWorld(seed) : randomWorld(seed));
    const donor = compactWorld(randomWorld(seed + 700));
    const strangers = [...listRecords(donor, 'groups')].flatMap((group) => group.rules);
    for (const [at, group] of [...listRecords(world, 'groups')].entries()) {
      const stranger = strangers[(seed + at) % strangers.length];
      const own = group.rules[seed % Math.max(1, group.rules.length)];
      if (stranger !== undefined && !group.rules.some(({ id }) => id === stranger.id))
        checkPreview(world, { kind: 'add', group, rule: stranger }, { seen, name: `${seed} ${group.id}` });
      if (own !== undefined)
        checkPreview(world, { kind: 'remove', group, rule: own }, { seen, name: `${seed} ${group.id}` });
    }
  }
  assert.ok(seen.effects > 100 && seen.partly > 5 && seen.refused > 5, JSON.stringify(seen));
});
