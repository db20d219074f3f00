// What a world does not hold may only withdraw an answer, never turn it: that is what `unknown` promises.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { recordChange } from '../../src/core/model/change.ts';
import type { Kind } from '../../src/core/model/records.ts';
import { tableOf } from '../../src/core/model/table.ts';
import { applyChange, getRecord, listRecords, rebuildWorld, type World } from '../../src/core/model/world.ts';
import { about, asked, judge } from './asked.ts';

/** Without interfaces an address of the internet may be anybody's: the world then answers for its own end alone. So they stay. */
const KINDS = [
  'vpcs',
  'subnets',
  'acls',
  'routeTables',
  'prefixLists',
  'groups',
  'internetGateways',
  'egressOnlyGateways',
  'natGateways',
  'peerings',
] as const satisfies readonly Kind[];

describe('forgetting', () => {
  for (const kind of KINDS)
    test(`${kind}: a verdict stays or becomes unknown`, () => {
      let withdrawn = 0;
      for (const one of asked({ worlds: 60, questions: 12, first: 4000 })) {
        const random = new Random(one.seed);
        const ids = [...listRecords(one.world, kind)].map(({ id }) => id);
        if (ids.length === 0) continue;
        const less = random.chance(0.7) ? forgetOne(one.world, kind, random.pick(ids)) : forgetAll(one.world, kind);
        for (const question of one.questions) {
          const { outcome } = judge(one.world, question);
          const after = judge(less, question).outcome;
          if (after === outcome) continue;
          withdrawn += 1;
          assert.equal(after, 'unknown', `${outcome}: ${about(one, question)}`);
        }
      }
      assert.ok(withdrawn > 0);
    });
});

function forgetOne(world: World, kind: Kind, id: string): World {
  const less = applyChange(world, recordChange(kind, getRecord(world, kind, id), undefined));
  return { ...less, missing: new Set([...world.missing, kind]) };
}

function forgetAll(world: World, kind: Kind): World {
  const records = { ...world.records, [kind]: tableOf<never>([]) };
  return rebuildWorld({ revision: world.revision, missing: new Set([...world.missing, kind]), records });
}
