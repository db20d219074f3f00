// The matrix of generated estates against decision diagrams, target by target: who reaches each interface, and whom outside each one reaches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateWorld } from '../../bench/world.ts';
import { FAMILIES } from '../../src/core/net/address.ts';
import { checks } from '../property/checks.ts';
import { compareEstate } from './compare-estate.ts';

test('every interface of an estate is reached by whom diagrams say, and reaches outside whom they say', () => {
  let ends = 0;
  for (let seed = 1; seed <= checks(2); seed += 1) {
    const world = generateWorld({ enis: 120, groups: 24, subnets: 20, isDualStack: seed % 2 === 0, seed });
    for (const family of FAMILIES) ends += compareEstate(world, family).ends;
  }
  assert.ok(ends > checks(2) * 60, `only ${ends} ends were compared`);
});
