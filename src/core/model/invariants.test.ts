import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Eni } from './eni.ts';
import { asId } from './ids.ts';
import { violations } from './invariants.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import {
  acl,
  address,
  association,
  changed,
  eni,
  group,
  list,
  many,
  nat,
  peering,
  SOUND,
  subnet,
  table,
  vpc,
  WIDE,
  withPublic,
} from './sound-world.test.ts';
import { type InvariantName, INVARIANTS } from './violation.ts';
import { type RecordLists, worldOf } from './world.ts';

type Row = {
  readonly name: InvariantName;
  readonly title: string;
  readonly more: RecordLists;
  readonly records: readonly string[];
  readonly message?: string;
  readonly limits?: Partial<Limits>;
};

const V2_ENI = { vpcId: asId<Eni['vpcId']>('V2'), subnetId: asId<Eni['subnetId']>('T1') };

/** Each row breaks exactly one invariant, once. */
const BROKEN: readonly Row[] = [
  ...['10.0.1.0', '10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.255', '2001:db8:1:1::', '2001:db8:1:1::3'].map(
    (text): Row => ({
      name: 'reserved-address',
      title: text,
      more: { enis: [eni('x', [text])] },
      records: ['x', 'S1'],
    }),
  ),
  {
    name: 'reserved-address',
    title: 'last of an IPv6 subnet',
    more: { enis: [eni('x', ['2001:db8:1:1:ffff:ffff:ffff:ffff'])] },
    records: ['x', 'S1'],
    message: 'x has 2001:db8:1:1:ffff:ffff:ffff:ffff, which meets the reserved addresses of 2001:db8:1:1::/64',
  },
  ...['10.0.1.0/28', '10.0.1.240/28', '2001:db8:1:1::/80'].map((text): Row => ({
    name: 'reserved-address',
    title: `delegated ${text}`,
    more: { enis: [eni('x', [text])] },
    records: ['x', 'S1'],
  })),
  {
    name: 'reserved-address',
    title: 'NAT gateway',
    more: { natGateways: [nat('X1', '10.0.1.1')] },
    records: ['X1', 'S1'],
  },
  {
    name: 'address-outside-subnet',
    title: 'neighbour subnet',
    more: { enis: [eni('x', ['10.0.2.10'])] },
    records: ['x', 'S1'],
    message: 'x has 10.0.2.10, which is not in S1',
  },
  {
    name: 'address-outside-subnet',
    title: 'no IPv6 in the subnet',
    more: { enis: [eni('x', ['2001:db8:1:2::10'])] },
    records: ['x', 'S1'],
  },
  {
    name: 'address-outside-subnet',
    title: 'delegated prefix',
    more: { enis: [eni('x', ['10.0.3.16/28'])] },
    records: ['x', 'S1'],
  },
  {
    name: 'address-outside-subnet',
    title: 'NAT gateway',
    more: { natGateways: [nat('X1', '10.0.2.9')] },
    records: ['X1', 'S1'],
  },
  {
    name: 'address-taken',
    title: 'two interfaces',
    more: { enis: [eni('x', ['10.0.1.40'])] },
    records: ['x', 'a'],
  },
  {
    name: 'address-taken',
    title: 'inside a delegated prefix',
    more: { enis: [eni('x', ['10.0.1.70'])] },
    records: ['x', 'b'],
    message: 'x has 10.0.1.70, which b has already within 10.0.1.64/28',
  },
  {
    name: 'address-taken',
    title: 'the same delegated prefix',
    more: { enis: [eni('x', ['10.0.1.64/28'])] },
    records: ['x', 'b'],
  },
  { name: 'address-taken', title: 'IPv6', more: { enis: [eni('x', ['2001:db8:1:1:5::11'])] }, records: ['x', 'b'] },
  {
    name: 'address-taken',
    title: 'interface and NAT gateway',
    more: { enis: [eni('x', ['10.0.1.200'])] },
    records: ['x', 'X1'],
  },
  {
    name: 'address-taken',
    title: 'two NAT gateways',
    more: { natGateways: [nat('X2', '10.0.1.200', { addresses: [{ private: address('10.0.1.200') }] })] },
    records: ['X2', 'X1'],
  },
  {
    name: 'address-taken',
    title: 'public address, even across VPCs',
    more: { enis: [withPublic(eni('x', ['10.9.1.20'], V2_ENI), '198.51.100.10')] },
    records: ['x', 'a'],
  },
  {
    name: 'address-taken',
    title: 'public address of a NAT gateway',
    more: { enis: [withPublic(eni('x', ['10.0.1.20']), '198.51.100.5')] },
    records: ['x', 'X1'],
    message: 'x has the public address 198.51.100.5, which X1 has already',
  },
  {
    name: 'subnet-outside-vpc',
    title: 'other space',
    more: { subnets: [subnet('S3', 'V1', ['10.1.0.0/24'])] },
    records: ['S3'],
    message: 'S3 has 10.1.0.0/24, which is not in V1',
  },
  {
    name: 'subnet-outside-vpc',
    title: 'IPv6',
    more: { subnets: [subnet('S3', 'V1', ['2001:db8:2::/64'])] },
    records: ['S3'],
  },
  {
    name: 'subnet-overlap',
    title: 'one inside the other',
    more: { subnets: [subnet('S3', 'V1', ['10.0.2.16/28'])] },
    records: ['S3', 'S2'],
    message: 'S3 has 10.0.2.16/28, which meets 10.0.2.0/24 of S2',
  },
  {
    name: 'subnet-overlap',
    title: 'IPv6',
    more: { subnets: [subnet('S3', 'V1', ['2001:db8:1:1::/64'])] },
    records: ['S3', 'S1'],
  },
  {
    name: 'vpc-cidr-overlap',
    title: 'within a VPC',
    more: { vpcs: [vpc('V3', ['10.3.0.0/16', '10.3.1.0/24'])] },
    records: ['V3'],
  },
  {
    name: 'vpc-cidr-overlap',
    title: 'across an active peering, by the records of the VPCs',
    more: { vpcs: [vpc('V3', ['10.0.0.0/20'])], peerings: [peering('P2', 'V1', 'V3')] },
    records: ['P2', 'V1', 'V3'],
    message: 'P2 joins 10.0.0.0/16 of V1 and 10.0.0.0/20 of V3',
  },
  {
    name: 'vpc-cidr-overlap',
    title: 'across an active peering with a VPC of another account',
    more: { vpcs: [vpc('V3', ['10.9.128.0/20'])], peerings: [peering('P2', 'V3', 'V9')] },
    records: ['P2', 'V3', 'V9'],
  },
  ...['10.16.0.0/15', '10.16.0.0/29', '2001:db8:99::/40', '2001:db8:99::/64', '2001:db8:99::/57'].map((text): Row => ({
    name: 'vpc-cidr-size',
    title: text,
    more: { vpcs: [vpc('V3', [text])] },
    records: ['V3'],
  })),
  { name: 'subnet-cidr-size', title: '/29', more: { subnets: [subnet('S3', 'V1', ['10.0.3.0/29'])] }, records: ['S3'] },
  {
    name: 'subnet-cidr-size',
    title: '/65',
    more: { subnets: [subnet('S3', 'V1', ['2001:db8:1:3::/65'])] },
    records: ['S3'],
  },
  ...['0.1.0.0/16', '127.0.0.0/16', '169.254.0.0/16', '224.0.0.0/16', '239.255.0.0/16'].map((text): Row => ({
    name: 'forbidden-cidr',
    title: text,
    more: { vpcs: [vpc('V3', [text])] },
    records: ['V3'],
  })),
  { name: 'prefix-length', title: '/27', more: { enis: [eni('x', ['10.0.1.96/27'])] }, records: ['x'] },
  ...(
    [
      { tcpEstablishedSeconds: 59 },
      { tcpEstablishedSeconds: 432_001 },
      { udpStreamSeconds: 181 },
      { udpSeconds: 29 },
    ] as const
  ).map((timeouts): Row => ({
    name: 'timeout-range',
    title: JSON.stringify(timeouts),
    more: { enis: [{ ...eni('x', ['10.0.1.96']), timeouts }] },
    records: ['x'],
  })),
  { name: 'prefix-length', title: '/32', more: { enis: [eni('x', ['10.0.1.96/32'])] }, records: ['x'] },
  { name: 'prefix-length', title: '/96', more: { enis: [eni('x', ['2001:db8:1:1:9::/96'])] }, records: ['x'] },
  ...['169.254.168.0/22', '169.254.169.0/24', 'fd00:ec2::/32', 'fd00:ec2::254/128'].map((text): Row => ({
    name: 'route-to-reserved',
    title: text,
    more: { routeTables: [table('R2', [[text, 'static']])] },
    records: ['R2'],
    message: `R2 has a route to ${text}, which AWS keeps for itself`,
  })),
  {
    name: 'route-duplicate',
    title: 'CIDR',
    more: {
      routeTables: [
        table('R2', [
          ['10.5.0.0/16', 'static'],
          ['10.5.0.0/16', 'static'],
        ]),
      ],
    },
    records: ['R2'],
  },
  {
    name: 'route-duplicate',
    title: 'beside the local route',
    more: {
      routeTables: [
        table('R2', [
          ['10.0.0.0/16', 'local'],
          ['10.0.0.0/16', 'static'],
        ]),
      ],
    },
    records: ['R2'],
  },
  {
    name: 'route-duplicate',
    title: 'prefix list',
    more: {
      routeTables: [
        table('R2', [
          ['pl-1', 'static'],
          ['pl-1', 'static'],
        ]),
      ],
    },
    records: ['R2'],
  },
  ...[0, 32_767, -1, 1.5].map((number): Row => ({
    name: 'entry-number',
    title: String(number),
    more: { acls: [acl('N2', { ingress: [[number, '0.0.0.0/0']] })] },
    records: ['N2'],
    message: `N2 has the ingress entry ${number}, not in 1-32766`,
  })),
  {
    name: 'entry-duplicate',
    title: 'across families',
    more: {
      acls: [
        acl('N2', {
          egress: [
            [100, '0.0.0.0/0'],
            [100, '::/0'],
          ],
        }),
      ],
    },
    records: ['N2'],
    message: 'N2 has the egress entry 100 2 times',
  },
  {
    name: 'entry-limit',
    title: '21 of a family',
    more: { acls: [acl('N2', { ingress: many(21).map((text, index) => [index + 1, text]) })] },
    records: ['N2'],
    message: 'N2 has 21 ipv4 ingress entries, more than 20',
  },
  {
    name: 'groups-per-eni',
    title: 'six',
    more: {
      groups: WIDE.map((id) => group(id, {})),
      enis: [eni('x', ['10.0.1.20'], { groups: ['A', ...WIDE].map((id) => asId(id)) })],
    },
    records: ['x'],
    message: 'x has 6 groups, more than 5',
  },
  {
    name: 'eni-without-group',
    title: 'ordinary interface',
    more: { enis: [eni('x', ['10.0.1.20'], { groups: [] })] },
    records: ['x'],
  },
  {
    name: 'group-wrong-vpc',
    title: 'not associated',
    more: { groups: [group('B', {}, { vpcId: asId('V2') })], enis: [eni('x', ['10.0.1.20'], { groups: [asId('B')] })] },
    records: ['x', 'B'],
    message: 'x of V1 has B of V2, which is not associated with V1',
  },
  {
    name: 'group-wrong-vpc',
    title: 'associated with yet another VPC, and on the way with this one',
    more: {
      vpcs: [vpc('V3', ['10.3.0.0/16'])],
      groups: [group('B', {}, { vpcId: asId('V2') })],
      groupAssociations: [association('B', 'V3'), association('B', 'V1', 'associating')],
      enis: [eni('x', ['10.0.1.20'], { groups: [asId('B')] })],
    },
    records: ['x', 'B'],
  },
  {
    name: 'rules-limit',
    title: '61 CIDRs',
    more: { groups: [group('B', { ingress: many(61).map((text) => `tcp/22 ${text}`) })] },
    records: ['B'],
    message: 'B has ipv4 ingress rules of weight 61, more than 60',
  },
  {
    name: 'rules-limit',
    title: '60 CIDRs of IPv6 and a group',
    more: { groups: [group('B', { egress: ['all group:A', ...many(60, 'ipv6').map((text) => `all ${text}`)] })] },
    records: ['B'],
    message: 'B has ipv6 egress rules of weight 61, more than 60',
  },
  {
    name: 'rules-limit',
    title: 'the maximum of a prefix list counts, not its entries',
    more: {
      groups: [group('B', { ingress: ['tcp/22 list:L2'] })],
      prefixLists: [list('L2', ['10.0.0.0/8'], { weight: 61 })],
    },
    records: ['B'],
  },
  {
    name: 'rule-product',
    title: 'the sum over the groups of an interface',
    more: {
      groups: WIDE.map((id) => group(id, { ingress: many(201).map((text) => `tcp/22 ${text}`) })),
      enis: [eni('x', ['10.0.1.20'], { groups: WIDE.map((id) => asId(id)) })],
    },
    limits: { rulesPerGroup: 1000 },
    records: ['x'],
    message: 'x has ipv4 ingress rules of weight 1005 over all its groups, more than 1000',
  },
  {
    name: 'duplicate-rule',
    title: 'same direction, traffic and peer',
    more: { groups: [group('B', { ingress: ['tcp/22 10.0.0.0/8', 'tcp/22 10.0.0.0/9', 'tcp/22 10.1.2.3/8'] })] },
    records: ['B'],
    message: 'B has "ingress tcp/22 10.0.0.0/8" as ingress-0 and as ingress-2',
  },
  {
    name: 'second-default-group',
    title: 'names differ in case only',
    more: { groups: [group('D3', {}, { name: 'Default' })] },
    records: ['D1', 'D3'],
    message: 'V1 has the default groups D1 and D3',
  },
  {
    name: 'association-of-default',
    title: 'default group',
    more: { groupAssociations: [association('D1', 'V2')] },
    records: ['D1/V2'],
  },
  {
    name: 'association-of-default',
    title: 'default VPC',
    more: { vpcs: [vpc('V3', ['172.31.0.0/16'], { isDefault: true })], groupAssociations: [association('A', 'V3')] },
    records: ['A/V3'],
  },
  {
    name: 'prefix-list-family',
    title: 'IPv6 in a list of IPv4',
    more: { prefixLists: [list('L2', ['10.0.0.0/8', '2001:db8::/32'])] },
    records: ['L2'],
    message: 'L2 is of ipv4 and has 2001:db8::/32',
  },
  {
    name: 'prefix-list-max',
    title: 'own maximum',
    more: { prefixLists: [list('L2', many(11))] },
    records: ['L2'],
    message: 'L2 has 11 entries, more than 10',
  },
  {
    name: 'prefix-list-max',
    title: 'the quota',
    more: { prefixLists: [list('L2', many(1001), { weight: 5000 })] },
    records: ['L2'],
  },
  {
    name: 'gateway-twice',
    title: 'internet gateways',
    more: { internetGateways: [{ id: asId('G2'), vpcId: asId('V1'), tags: [] }] },
    records: ['G1', 'G2'],
    message: 'V1 has the gateways G1 and G2, of which it can have one',
  },
  {
    name: 'gateway-twice',
    title: 'egress-only gateways',
    more: { egressOnlyGateways: [{ id: asId('E2'), vpcId: asId('V1'), tags: [] }] },
    records: ['E1', 'E2'],
  },
  {
    name: 'wrong-vpc',
    title: 'interface and subnet',
    more: { enis: [eni('x', ['10.9.1.20'], { subnetId: asId('T1') })] },
    records: ['x', 'T1'],
    message: 'x of V1 goes with T1 of V2',
  },
  {
    name: 'wrong-vpc',
    title: 'subnet and NACL',
    more: { subnets: [subnet('T1', 'V2', ['10.9.1.0/24'], { networkAcl: { associationId: 'x', aclId: asId('N1') } })] },
    records: ['T1', 'N1'],
  },
  {
    name: 'wrong-vpc',
    title: 'subnet and route table',
    more: {
      subnets: [subnet('T1', 'V2', ['10.9.1.0/24'], { routeTable: { associationId: 'x', routeTableId: asId('R1') } })],
    },
    records: ['T1', 'R1'],
  },
  {
    name: 'wrong-vpc',
    title: 'one main table of two VPCs',
    more: { vpcs: [vpc('V2', ['10.9.0.0/16'], { mainRouteTable: { associationId: 'x', routeTableId: asId('R1') } })] },
    records: ['V2', 'R1'],
  },
  {
    name: 'wrong-vpc',
    title: 'NAT gateway and subnet',
    more: { natGateways: [nat('X1', '10.9.1.9', { subnetId: asId('T1') })] },
    records: ['X1', 'T1'],
  },
];

describe('a world that breaks one invariant', () => {
  for (const { name, title, more, records, message, limits } of BROKEN) {
    test(`${name}: ${title}`, () => {
      const found = violations(worldOf(changed(more)), { ...DEFAULT_LIMITS, ...limits });
      assert.deepEqual(
        found.map((one) => `${one.name}: ${one.message}`),
        [`${name}: ${message ?? found[0]?.message}`],
      );
      assert.deepEqual(
        found[0]?.records.map(({ id }) => id),
        records,
      );
    });
  }
});

test('every invariant is broken by some row', () => {
  assert.deepEqual([...new Set(BROKEN.map(({ name }) => name))].toSorted(), Object.keys(INVARIANTS).toSorted());
});

test('limits are those that are given', () => {
  const world = worldOf(SOUND);
  const names = (limits: Partial<Limits>): readonly string[] => [
    ...new Set(violations(world, { ...DEFAULT_LIMITS, ...limits }).map(({ name }) => name)),
  ];
  assert.deepEqual(names({ rulesPerGroup: 11 }), ['rules-limit']);
  assert.deepEqual(names({ rulesPerGroup: 12 }), []);
  assert.deepEqual(names({ rulesTimesGroups: 11 }), ['rule-product']);
  assert.deepEqual(names({ rulesTimesGroups: 12 }), []);
  assert.deepEqual(names({ groupsPerEni: 0 }), ['groups-per-eni']);
  assert.deepEqual(names({ entriesPerAcl: 0 }), ['entry-limit']);
  assert.deepEqual(names({ entriesPerPrefixList: 1 }), ['prefix-list-max']);
});

test('where associations are not known no group is of the wrong VPC', () => {
  const lists = changed({ groupAssociations: [association('A', 'V2', 'disassociated')] });
  assert.deepEqual(
    violations(worldOf(lists)).map(({ name }) => name),
    ['group-wrong-vpc'],
  );
  assert.deepEqual(violations(worldOf(lists, ['groupAssociations'])), []);
});

test('several violations come sorted by name and record, whatever the order of the records', () => {
  const lists = changed({
    enis: ['10.0.1.1', '10.0.1.0', '10.0.2.20'].map((text, index) => eni(`x${index}`, [text], { groups: [] })),
  });
  const found = violations(worldOf(lists));
  assert.deepEqual(
    found.map(({ name, records }) => `${name} ${records[0]?.id}`),
    [
      'address-outside-subnet x2',
      'eni-without-group x0',
      'eni-without-group x1',
      'eni-without-group x2',
      'reserved-address x0',
      'reserved-address x1',
    ],
  );
  assert.deepEqual(violations(worldOf({ ...lists, enis: lists.enis?.toReversed() ?? [] })), found);
});
