// What statements say together is what the exact answers for single pairs differ by: no pair too many, none too few, each way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES } from '../../src/core/net/address.ts';
import { applyChange, getRecord, listRecords } from '../../src/core/model/world.ts';
import { differenceIn } from '../../src/analysis/pairs/difference.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkDifference } from './check-difference.ts';

/** Worlds that are hardly ever drawn: the rules that decide are those of an appliance on the way back. */
const TELLING = [314];

test('statements are what single pairs differ by', () => {
  let gained = 0;
  for (let seed = 1; seed <= checks(60); seed += 1) {
    const [before, after] = [compactWorld(randomWorld(seed)), compactWorld(randomWorld(seed + 500))];
    gained += checkDifference(before, after, `random ${seed}`);
    gained += checkDifference(compactWorld(wornWorld(seed)), after, `worn ${seed}`);
  }
  assert.ok(gained > 1000, `only ${gained} pairs gain or lose anything`);
});

test('statements are what single pairs differ by where worlds share all but the rules of some groups', () => {
  let gained = 0;
  const seeds = Array.from({ length: checks(60) }, (_, at) => at + 1);
  for (const seed of new Set([...seeds, ...TELLING])) {
    const before = compactWorld(randomWorld(seed));
    const donor = compactWorld(randomWorld(seed + 500));
    const updated = [...listRecords(before, 'groups')].flatMap((group, at) => {
      const rules = getRecord(donor, 'groups', group.id)?.rules;
      return rules === undefined || (seed + at) % 3 === 0 ? [] : [[group, { ...group, rules }] as const];
    });
    if (updated.length === 0) continue;
    gained += checkDifference(
      before,
      applyChange(before, { groups: { added: [], removed: [], updated } }),
      `rules ${seed}`,
    );
  }
  assert.ok(gained > 300, `only ${gained} pairs gain or lose anything`);
});

test('statements are what single pairs differ by where something is not known', () => {
  let gained = 0;
  for (let seed = 1; seed <= checks(30); seed += 1) {
    const before = compactWorld(randomWorld(seed));
    gained += checkDifference(before, doubtfulWorld(before, seed), `forgotten ${seed}`);
    gained += checkDifference(doubtfulWorld(before, seed + 9), doubtfulWorld(before, seed), `twice forgotten ${seed}`);
  }
  assert.ok(gained > 300, `only ${gained} pairs gain or lose anything`);
});

test('a world does not differ from itself', () => {
  for (let seed = 1; seed <= checks(40); seed += 1) {
    const world = compactWorld(randomWorld(seed));
    for (const family of FAMILIES) {
      const { statements } = differenceIn(family, { before: world, after: compactWorld(randomWorld(seed)) });
      assert.deepEqual(statements, [], `random ${seed}`);
      assert.deepEqual(differenceIn(family, { before: world, after: world }).statements, []);
    }
  }
});
