// Fixes let the packet pass that is asked about, cuts keep it out, and what they open or close is what two worlds differ by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkEdits, editQuestions } from './check-edits.ts';

/** Worlds that are hardly ever drawn: what opens least at one gate is another edit once another gate has its own, and a route that leads elsewhere. */
const TELLING = [54, 99];

test('fixes let it pass and cuts keep it out, and both tell exactly what else they do', () => {
  const seen = { fixed: 0, open: 0, steps: 0, choices: 0, cuts: 0 };
  const seeds = Array.from({ length: checks(5) }, (_, at) => at + 1);
  for (const seed of new Set([...seeds, ...TELLING])) {
    const world = compactWorld(randomWorld(seed));
    for (const asked of editQuestions(world, seed)) checkEdits(world, asked, { seen, name: `${seed}` });
  }
  assert.ok(seen.fixed > 3 && seen.cuts > 3 && seen.choices > seen.steps, JSON.stringify(seen));
});
