import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk } from '../core/net/result.ts';
import { parseCidr } from '../core/net/cidr.ts';
import { ALL_TRAFFIC } from '../core/net/traffic.ts';
import { type AclId, asId, type VpcId } from '../core/model/ids.ts';
import type { AclEntry } from '../core/model/network-acl.ts';
import { entryReports } from './subnet-report.ts';

function entry(number: number, doubt?: string): AclEntry {
  return {
    number,
    direction: 'ingress',
    action: number === 1 ? 'deny' : 'allow',
    cidr: expectOk(parseCidr('0.0.0.0/0')),
    traffic: ALL_TRAFFIC,
    ...(doubt === undefined ? {} : { doubt }),
  };
}

function reports(entries: readonly AclEntry[]): readonly (readonly [readonly number[], string | null])[] {
  const acl = { id: asId<AclId>('acl-1'), vpcId: asId<VpcId>('vpc-1'), isDefault: false, entries, tags: [] };
  return entryReports(acl, 'ingress').map(({ shadowedBy, doubt }) => [shadowedBy, doubt]);
}

test('an entry that is perhaps not there shadows none', () => {
  assert.deepEqual(reports([entry(1), entry(2)]), [
    [[], null],
    [[1], null],
  ]);
  assert.deepEqual(reports([entry(1, 'E.Rule'), entry(2)]), [
    [[], 'E.Rule'],
    [[], null],
  ]);
});
