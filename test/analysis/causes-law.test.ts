// Where only rules differ, rules alone are the causes of what differs: also of what they open perhaps, and where all that changes is whether a
// rule is there for certain.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { World } from '../../src/core/model/world.ts';
import { causeKey } from '../../src/analysis/pairs/causes.ts';
import { differenceIn, differenceOf } from '../../src/analysis/pairs/difference.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkDifference } from './check-difference.ts';
import { doubting, hasAppliance, withRulesOf } from './rule-edits.ts';

type Rules = { readonly ingress?: readonly string[]; readonly egress?: readonly string[] };

/** An interface with `G`, one with `H`, and a network behind a gateway that is not modelled. */
function worldWith({ ingress = [], egress = [] }: Rules): World {
  return compactWorld({
    vpcs: { V: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S: { vpc: 'V', cidrs: ['10.0.1.0/24'], routeTable: 'R' } },
    routeTables: { R: { vpc: 'V', routes: ['172.16.0.0/12 tgw:T'] } },
    groups: { G: { vpc: 'V', ingress, egress }, H: { vpc: 'V', ingress: [] } },
    enis: {
      g: { subnet: 'S', addresses: ['10.0.1.10'], groups: ['G'] },
      h: { subnet: 'S', addresses: ['10.0.1.11'], groups: ['H'] },
    },
  });
}

function said(before: World, after: World): readonly string[] {
  const { statements } = differenceIn('ipv4', { before, after });
  return statements.map(({ effect, certainty, cause }) => `${effect} ${certainty}: ${causeKey(cause)}`).toSorted();
}

describe('causes', () => {
  test('a rule that names a group is the cause of what it lets in from where nobody knows who carries it', () => {
    assert.deepEqual(said(worldWith({}), worldWith({ ingress: ['tcp/22 group:H'] })), [
      'opens certain: rule G ingress tcp/22 H',
      'opens perhaps: rule G ingress tcp/22 H',
    ]);
  });

  test('a rule that names a group is the cause of what it lets out to where nobody knows who carries it', () => {
    assert.deepEqual(said(worldWith({}), worldWith({ egress: ['tcp/22 group:H'] })), [
      'opens perhaps: rule G egress tcp/22 H',
    ]);
  });

  test('a rule that only gains or loses its doubt is the cause of what that changes', () => {
    const known = worldWith({ ingress: ['tcp/22 10.0.1.11/32'] });
    const doubtful = doubting(known, ({ direction }) => direction === 'ingress');
    assert.deepEqual(said(known, doubtful), ['closes perhaps: rule G ingress tcp/22 10.0.1.11/32']);
    assert.deepEqual(said(doubtful, known), ['opens perhaps: rule G ingress tcp/22 10.0.1.11/32']);
  });

  test('statements are what single pairs differ by where only doubts about rules come or go', () => {
    let changed = 0;
    for (let seed = 1; seed <= checks(40); seed += 1) {
      const known = compactWorld(randomWorld(seed));
      const [one, other] = [0, 1].map((odd) => doubting(known, (_, at) => (at + seed) % 3 === odd));
      assert.ok(one !== undefined && other !== undefined);
      changed += checkDifference(known, one, `doubt comes ${seed}`);
      changed += checkDifference(one, other, `doubt moves ${seed}`);
    }
    assert.ok(changed > 200, `only ${changed} pairs gain or lose anything`);
  });

  test('where only rules differ, and no device stands between, rules alone are causes', () => {
    let seen = 0;
    for (let seed = 1; seed <= checks(60); seed += 1) {
      const random = compactWorld(randomWorld(seed));
      for (const before of [random, compactWorld(wornWorld(seed)), doubtfulWorld(random, seed)]) {
        if (hasAppliance(before)) continue;
        for (const { statements } of differenceOf(before, withRulesOf(before, seed + 500)))
          for (const { cause } of statements) {
            seen += 1;
            assert.equal(cause.kind, 'rule', `${seed}: ${causeKey(cause)}`);
          }
      }
    }
    assert.ok(seen > 500, `only ${seen} statements`);
  });
});
