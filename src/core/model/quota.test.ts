import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import { ALL_TRAFFIC } from '../net/traffic.ts';
import type { Eni } from './eni.ts';
import { asId } from './ids.ts';
import type { PrefixList } from './prefix-list.ts';
import { interfaceWeights, ruleWeights } from './quota.ts';
import type { Direction, Peer, Rule, SecurityGroup } from './security-group.ts';
import { worldOf } from './world.ts';

function peer(text: string): Peer {
  if (text.startsWith('sg-')) return { kind: 'group', groupId: asId(text) };
  if (text.startsWith('pl-')) return { kind: 'prefix-list', prefixListId: asId(text) };
  return { kind: 'cidr', cidr: expectOk(parseCidr(text)) };
}

function rules(direction: Direction, peers: readonly string[]): readonly Rule[] {
  return peers.map((text, index) => ({
    id: asId(`${direction}-${index}`),
    direction,
    traffic: ALL_TRAFFIC,
    peer: peer(text),
    tags: [],
  }));
}

function group(id: string, ingress: readonly string[], egress: readonly string[] = []): SecurityGroup {
  return {
    id: asId(id),
    vpcId: asId('vpc-1'),
    ownerId: '1',
    name: id,
    description: '',
    rules: [...rules('ingress', ingress), ...rules('egress', egress)],
    tags: [],
  };
}

function list(id: string, family: 'ipv4' | 'ipv6', more: Partial<PrefixList>): PrefixList {
  return { id: asId(id), name: id, ownerId: '1', family, versions: [], state: 'create-complete', tags: [], ...more };
}

const LISTS: readonly PrefixList[] = [
  list('pl-four', 'ipv4', { weight: 10, entries: [] }),
  list('pl-six', 'ipv6', { weight: 7 }),
  list('pl-aws', 'ipv4', { ownerId: 'AWS', name: 'com.amazonaws.global.cloudfront.origin-facing' }),
  list('pl-unsized', 'ipv4', { entries: [] }),
];
const WORLD = worldOf({ prefixLists: LISTS });

test('a rule counts by its peer: a CIDR in its family, a group in both, a list its weight in its family', () => {
  const table: readonly (readonly [readonly string[], number, number])[] = [
    [[], 0, 0],
    [['10.0.0.0/8'], 1, 0],
    [['::/0'], 0, 1],
    [['sg-1'], 1, 1],
    [['pl-four'], 10, 0],
    [['pl-six'], 0, 7],
    [['pl-aws'], 55, 0],
    [['pl-four', 'pl-four'], 20, 0],
    [['10.0.0.0/8', '::/0', 'sg-1', 'sg-2', 'pl-aws', 'pl-six'], 58, 10],
  ];
  for (const [peers, ipv4, ipv6] of table)
    assert.deepEqual(ruleWeights(WORLD, group('sg-1', peers), 'ingress'), { ipv4, ipv6, unknown: [] });
});

test('each direction is counted by itself', () => {
  const both = group('sg-1', ['10.0.0.0/8', '10.1.0.0/16'], ['::/0']);
  assert.deepEqual(ruleWeights(WORLD, both, 'ingress'), { ipv4: 2, ipv6: 0, unknown: [] });
  assert.deepEqual(ruleWeights(WORLD, both, 'egress'), { ipv4: 0, ipv6: 1, unknown: [] });
});

test('a list without a size or without a record is named, once, and the rest is counted', () => {
  const some = group('sg-1', ['pl-unsized', '10.0.0.0/8', 'pl-absent', 'pl-unsized']);
  assert.deepEqual(ruleWeights(WORLD, some, 'ingress'), { ipv4: 1, ipv6: 0, unknown: ['pl-unsized', 'pl-absent'] });
});

test('an interface has the rules of all its groups, each group once; groups without a record are named', () => {
  const world = worldOf({
    prefixLists: LISTS,
    groups: [group('sg-1', ['10.0.0.0/8', 'pl-unsized'], ['sg-2']), group('sg-2', ['pl-six', 'pl-unsized', 'sg-1'])],
  });
  const eni: Eni = {
    id: asId('eni-1'),
    vpcId: asId('vpc-1'),
    subnetId: asId('subnet-1'),
    ownerId: '1',
    groups: ['sg-1', 'sg-2', 'sg-absent', 'sg-1'].map((id) => asId(id)),
    addresses: [],
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    timeouts: {},
    tags: [],
  };
  const rest = { unknown: ['pl-unsized'], unknownGroups: ['sg-absent'] };
  assert.deepEqual(interfaceWeights(world, eni, 'ingress'), { ipv4: 2, ipv6: 8, ...rest });
  assert.deepEqual(interfaceWeights(world, eni, 'egress'), { ipv4: 1, ipv6: 1, ...rest, unknown: [] });
});
