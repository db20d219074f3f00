import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asId } from './ids.ts';
import { DEFAULT_LIMITS, limitFaults, LIMIT_CEILINGS, type Limits, listWeight } from './limits.ts';
import type { PrefixList } from './prefix-list.ts';

function list(more: Partial<PrefixList>): PrefixList {
  return {
    id: asId('pl-1'),
    name: 'own',
    ownerId: '111111111111',
    family: 'ipv4',
    versions: [],
    state: 'create-complete',
    tags: [],
    ...more,
  };
}

function faultsOf(rulesPerGroup: number, groupsPerEni: number): readonly string[] {
  return limitFaults({ ...DEFAULT_LIMITS, rulesPerGroup, groupsPerEni });
}

test('AWS grants its own defaults', () => {
  assert.deepEqual(limitFaults(DEFAULT_LIMITS), []);
});

test('the product of rules and groups is bounded, each may grow at the cost of the other', () => {
  assert.deepEqual(faultsOf(200, 5), []);
  assert.deepEqual(faultsOf(1000, 1), []);
  assert.deepEqual(faultsOf(62, 16), []);
  assert.deepEqual(faultsOf(63, 16), ['rulesPerGroup times groupsPerEni is 1008, more than 1000']);
  assert.deepEqual(faultsOf(201, 5), ['rulesPerGroup times groupsPerEni is 1005, more than 1000']);
});

test('each quota with a published end may reach it and not pass it', () => {
  for (const [name, most] of Object.entries(LIMIT_CEILINGS) as [keyof Limits, number][]) {
    const small: Limits = { ...DEFAULT_LIMITS, rulesPerGroup: 1 };
    assert.deepEqual(limitFaults({ ...small, [name]: most }), [], name);
    const [fault] = limitFaults({ ...small, [name]: most + 1 });
    assert.equal(fault, `${name} is ${most + 1}, more than the ${most} that AWS grants`);
  }
});

test('a list counts what its record says, else what AWS publishes for the list of that name', () => {
  const weights: readonly (readonly [Partial<PrefixList>, number | undefined])[] = [
    [{ weight: 20 }, 20],
    [{}, undefined],
    [{ ownerId: 'AWS', name: 'com.amazonaws.global.cloudfront.origin-facing' }, 55],
    [{ ownerId: 'AWS', name: 'com.amazonaws.global.ipv6.cloudfront.origin-facing' }, 55],
    [{ ownerId: 'AWS', name: 'com.amazonaws.eu-west-1.s3' }, 1],
    [{ ownerId: 'AWS', name: 'com.amazonaws.eu-west-1.s3express' }, 6],
    [{ ownerId: 'AWS', name: 'com.amazonaws.eu-west-1.s3', weight: 3 }, 3],
    [{ ownerId: 'AWS', name: 'com.amazonaws.us-gov-west-1.ipv6.route53-healthchecks' }, 25],
    [{ ownerId: 'AWS', name: 'com.amazonaws.eu-west-1.something-new' }, undefined],
    [{ ownerId: 'AWS', name: 's3' }, undefined],
    // Anyone may name a list like one of AWS's.
    [{ name: 'com.amazonaws.eu-west-1.s3' }, undefined],
  ];
  for (const [more, weight] of weights) assert.equal(listWeight(list(more)), weight, JSON.stringify(more));
});
