// Records that were read line by line share what is equal in them, and stay what they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRecords } from '../../src/core/model/world.ts';
import { Sharing } from '../../src/server/sync/sharing.ts';
import { generateWorld } from '../../bench/world.ts';

test('equal parts of records are there once, and every record is as it was', () => {
  const world = generateWorld({ enis: 40, groups: 10, subnets: 4 });
  const sharing = new Sharing();
  const parts = new Set<unknown>();
  let told = 0;
  for (const kind of ['groups', 'enis'] as const)
    for (const record of listRecords(world, kind)) {
      const shared = sharing.of(structuredClone(record));
      assert.deepEqual(shared, record);
      for (const rule of 'rules' in shared ? shared.rules : []) {
        told += 1;
        parts.add(rule.traffic);
        assert.equal(JSON.stringify(rule.tags), '[]');
      }
    }
  const distinct = new Set(
    [...listRecords(world, 'groups')].flatMap(({ rules }) => rules.map(({ traffic }) => JSON.stringify(traffic))),
  );
  assert.equal(parts.size, distinct.size);
  assert.ok(told > 2 * parts.size);
});
