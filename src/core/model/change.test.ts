import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, changeOf, isEmptyChange, recordChange, reverseChange, squashChanges, stepsOf } from './change.ts';
import type { Instance } from './eni.ts';
import { asId } from './ids.ts';
import type { Vpc } from './vpc.ts';

function instance(id: string, state: string): Instance {
  return { id: asId(id), state, tags: [] };
}

const PENDING = instance('i-1', 'pending');
const RUNNING = instance('i-1', 'running');
const STOPPED = instance('i-1', 'stopped');
const OTHER = instance('i-2', 'running');

test('a record that comes, changes or goes stands in one of three places', () => {
  assert.deepEqual(recordChange('instances', undefined, PENDING), {
    instances: { added: [PENDING], updated: [], removed: [] },
  });
  assert.deepEqual(recordChange('instances', PENDING, RUNNING), {
    instances: { added: [], updated: [[PENDING, RUNNING]], removed: [] },
  });
  assert.deepEqual(recordChange('instances', RUNNING, undefined), {
    instances: { added: [], updated: [], removed: [RUNNING] },
  });
});

test('the same record at both ends is no change', () => {
  assert.deepEqual(recordChange('instances', RUNNING, RUNNING), {});
  assert.deepEqual(recordChange('instances', undefined, undefined), {});
  assert.ok(isEmptyChange({}));
  assert.equal(isEmptyChange(recordChange('instances', undefined, RUNNING)), false);
});

test('the reverse swaps coming and going, from and to', () => {
  const change: Change = { instances: { added: [OTHER], updated: [[PENDING, RUNNING]], removed: [] } };
  assert.deepEqual(reverseChange(change), {
    instances: { added: [], updated: [[RUNNING, PENDING]], removed: [OTHER] },
  });
});

test('two changes of one record squash to one from the first start to the last end', () => {
  const add = recordChange('instances', undefined, PENDING);
  const start = recordChange('instances', PENDING, RUNNING);
  const stop = recordChange('instances', RUNNING, STOPPED);
  const remove = recordChange('instances', RUNNING, undefined);
  const table: readonly (readonly [Change, Change, Change])[] = [
    [add, start, recordChange('instances', undefined, RUNNING)],
    [start, stop, recordChange('instances', PENDING, STOPPED)],
    [start, remove, recordChange('instances', PENDING, undefined)],
    [squashChanges(add, start), remove, {}],
    [remove, recordChange('instances', undefined, STOPPED), recordChange('instances', RUNNING, STOPPED)],
    [start, recordChange('instances', RUNNING, PENDING), {}],
    [{}, start, start],
    [start, {}, start],
  ];
  for (const [first, second, both] of table) assert.deepEqual(squashChanges(first, second), both);
});

test('changes of different records and kinds squash side by side', () => {
  const vpc: Vpc = { id: asId('i-1'), ownerId: '1', isDefault: false, cidrs: [], tags: [] };
  const both = squashChanges(
    recordChange('vpcs', undefined, vpc),
    squashChanges(recordChange('instances', undefined, RUNNING), recordChange('instances', OTHER, undefined)),
  );
  assert.deepEqual(both, {
    vpcs: { added: [vpc], updated: [], removed: [] },
    instances: { added: [RUNNING], updated: [], removed: [OTHER] },
  });
});

test('steps name each record once with what it was and what it is', () => {
  const change: Change = { instances: { added: [OTHER], updated: [[PENDING, RUNNING]], removed: [] } };
  const steps = new Map(stepsOf(change, 'instances'));
  assert.deepEqual(
    steps,
    new Map([
      ['i-2', { to: OTHER }],
      ['i-1', { from: PENDING, to: RUNNING }],
    ]),
  );
  assert.deepEqual([...stepsOf(change, 'vpcs')], []);
  assert.deepEqual(changeOf(new Map([['instances', steps]])), change);
});
