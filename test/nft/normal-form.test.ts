// The form that tells tables apart by what they do to packets: the same for the same rules under other numbers and halfway through a change,
// another one for other rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { delta } from '../../src/nft/delta.ts';
import { layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { NO_NUMBERS } from '../../src/nft/plan.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { MORE_EDITS } from './edits.ts';
import { plantOf } from './legs.ts';
import { normalForm } from './normal-form.ts';
import { afterCommands } from './table.ts';

test('equal rules have equal forms, whatever numbers they have; other rules have others', () => {
  const seen = { same: 0, other: 0, between: 0 };
  for (const [index, edit] of Object.values(MORE_EDITS).entries())
    for (let seed = index * 100; seed < index * 100 + checks(6); seed += 1) {
      const compact = randomWorld(seed);
      const [world, changed] = [compactWorld(compact), compactWorld(edit(compact, seed))];
      const [wiring] = [...plantOf(world).wirings.values()];
      assert.ok(wiring !== undefined);
      const viewOf = (of: typeof world): Parameters<typeof layout>[0] => hostViewOf(of, wiring.enis.keys());
      const first = layout(viewOf(world), wiring);
      const others = new Set(first.numbering.numbers.values());
      const again = layout(viewOf(world), wiring, { ...NO_NUMBERS, reserved: others });
      assert.equal(normalForm(listingOf(again.ruleset)), normalForm(listingOf(first.ruleset)), `seed ${seed}`);
      const second = layout(viewOf(changed), wiring, first.numbering);
      const [before, after] = [first, second].map(({ ruleset }) => normalForm(listingOf(ruleset)));
      if (before === after) seen.same += 1;
      else seen.other += 1;
      let held = first.ruleset;
      for (const transaction of delta(listingOf(held), second.ruleset).transactions) {
        held = afterCommands(held, transaction);
        const form = normalForm(listingOf(held));
        if (form !== before && form !== after) seen.between += 1;
      }
      assert.equal(normalForm(listingOf(held)), after);
    }
  assert.ok(seen.same > 5 && seen.other > 20, JSON.stringify(seen));
  // A member that moves is in both groups for a moment.
  assert.ok(seen.between < seen.other / 10, JSON.stringify(seen));
});
