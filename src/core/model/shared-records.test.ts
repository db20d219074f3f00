import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stepsOf } from './change.ts';
import { asId } from './ids.ts';
import type { SecurityGroup } from './security-group.ts';
import { sharingRecords } from './shared-records.ts';
import { changeBetween, getRecord, listRecords, rebuildWorld, worldOf } from './world.ts';

function group(id: string, name: string): SecurityGroup {
  return { id: asId(id), vpcId: asId('vpc-1'), ownerId: '1', name, description: '', rules: [], tags: [] };
}

describe('sharing records', () => {
  const before = worldOf({ groups: [group('sg-1', 'web'), group('sg-2', 'app'), group('sg-3', 'db')] });
  const read = worldOf({ groups: [group('sg-1', 'web'), group('sg-2', 'other'), group('sg-4', 'new')] }, ['instances']);
  const shared = sharingRecords(before, { ...read, revision: 7 });

  test('says what the second world said', () => {
    assert.deepEqual([...listRecords(shared, 'groups')].map(({ id, name }) => `${id} ${name}`).toSorted(), [
      'sg-1 web',
      'sg-2 other',
      'sg-4 new',
    ]);
    assert.equal(shared.revision, 7);
    assert.deepEqual(shared.missing, new Set(['instances']));
    assert.deepEqual(shared.indexes, rebuildWorld(shared).indexes);
  });

  test('has the records of the first where they say the same', () => {
    assert.equal(getRecord(shared, 'groups', 'sg-1'), getRecord(before, 'groups', 'sg-1'));
    assert.equal(shared.records.enis, before.records.enis);
    const changed = [...stepsOf(changeBetween(before, shared), 'groups')].map(([id]) => id);
    assert.deepEqual(changed.toSorted(), ['sg-2', 'sg-3', 'sg-4']);
  });
});
