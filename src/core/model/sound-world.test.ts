// Records for the tests of invariants, and worlds that break none of them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Address, parseAddress } from '../net/address.ts';
import { type Cidr, parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import { parseTraffic } from '../net/traffic.ts';
import type { Eni } from './eni.ts';
import type { NatGateway, PeeringConnection } from './gateway.ts';
import { asId } from './ids.ts';
import { violations } from './invariants.ts';
import { type NetworkAcl, sortEntries } from './network-acl.ts';
import type { PrefixList } from './prefix-list.ts';
import type { Kind } from './records.ts';
import type { Route, RouteTable } from './route-table.ts';
import type { Direction, GroupAssociation, Peer, Rule, SecurityGroup } from './security-group.ts';
import type { Subnet, Vpc } from './vpc.ts';
import { type RecordLists, worldOf } from './world.ts';

export const address = (text: string): Address => expectOk(parseAddress(text));
const cidr = (text: string): Cidr => expectOk(parseCidr(text));
const cidrs = (texts: readonly string[]): readonly Cidr[] => texts.map(cidr);

export function vpc(id: string, blocks: readonly string[], more: Partial<Vpc> = {}): Vpc {
  return { id: asId(id), ownerId: '1', isDefault: false, cidrs: cidrs(blocks), tags: [], ...more };
}

export function subnet(id: string, vpcId: string, blocks: readonly string[], more: Partial<Subnet> = {}): Subnet {
  const flags = { mapPublicIpOnLaunch: false, assignIpv6OnCreation: false };
  return { id: asId(id), vpcId: asId(vpcId), cidrs: cidrs(blocks), ...flags, tags: [], ...more };
}

/** An ENI of S1 in V1 with group A, holding the addresses and, after them, the prefixes. */
export function eni(id: string, held: readonly string[], more: Partial<Eni> = {}): Eni {
  const hosts = held.filter((text) => !text.includes('/'));
  return {
    id: asId(id),
    vpcId: asId('V1'),
    subnetId: asId('S1'),
    ownerId: '1',
    groups: [asId('A')],
    addresses: hosts.map((text, index) => ({ address: address(text), isPrimary: index === 0 })),
    prefixes: cidrs(held.filter((text) => text.includes('/'))),
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    timeouts: {},
    tags: [],
    ...more,
  };
}

export function withPublic(base: Eni, text: string): Eni {
  return { ...base, addresses: base.addresses.map((own) => ({ ...own, public: { address: address(text) } })) };
}

export function nat(id: string, own: string, more: Partial<NatGateway> = {}): NatGateway {
  return {
    id: asId(id),
    vpcId: asId('V1'),
    subnetId: asId('S1'),
    connectivity: 'public',
    state: 'available',
    addresses: [{ private: address(own), public: address('198.51.100.5') }],
    tags: [],
    ...more,
  };
}

function peer(text: string): Peer {
  if (text.startsWith('group:')) return { kind: 'group', groupId: asId(text.slice(6)) };
  if (text.startsWith('list:')) return { kind: 'prefix-list', prefixListId: asId(text.slice(5)) };
  return { kind: 'cidr', cidr: cidr(text) };
}

function rules(direction: Direction, lines: readonly string[]): readonly Rule[] {
  return lines.map((line, index) => {
    const [traffic = '', other = ''] = line.split(' ');
    const id = asId<Rule['id']>(`${direction}-${index}`);
    return { id, direction, traffic: expectOk(parseTraffic(traffic)), peer: peer(other), tags: [] };
  });
}

export function group(
  id: string,
  lines: Partial<Record<Direction, readonly string[]>>,
  more: Partial<SecurityGroup> = {},
): SecurityGroup {
  return {
    id: asId(id),
    vpcId: asId('V1'),
    ownerId: '1',
    name: id,
    description: '',
    rules: [...rules('ingress', lines.ingress ?? []), ...rules('egress', lines.egress ?? [])],
    tags: [],
    ...more,
  };
}

export function association(groupId: string, vpcId: string, state: string = 'associated'): GroupAssociation {
  return { id: `${groupId}/${vpcId}`, groupId: asId(groupId), vpcId: asId(vpcId), state };
}

export function acl(id: string, lines: Partial<Record<Direction, readonly (readonly [number, string])[]>>): NetworkAcl {
  const entries = (direction: Direction): NetworkAcl['entries'] =>
    (lines[direction] ?? []).map(([number, text]) => ({
      number,
      direction,
      action: 'allow',
      cidr: cidr(text),
      traffic: { kind: 'all' },
    }));
  const all = sortEntries([...entries('ingress'), ...entries('egress')]);
  return { id: asId(id), vpcId: asId('V1'), isDefault: false, entries: all, tags: [] };
}

export function list(id: string, entries: readonly string[], more: Partial<PrefixList> = {}): PrefixList {
  return {
    id: asId(id),
    name: id,
    ownerId: '1',
    family: 'ipv4',
    entries: cidrs(entries).map((one) => ({ cidr: one })),
    versions: [],
    weight: 10,
    state: 'create-complete',
    tags: [],
    ...more,
  };
}

export function table(
  id: string,
  routes: readonly (readonly [string, Route['origin']])[],
  vpcId: string = 'V1',
): RouteTable {
  return {
    id: asId(id),
    vpcId: asId(vpcId),
    routes: routes.map(([to, origin]) => ({
      destination: to.startsWith('pl-')
        ? { kind: 'prefix-list', prefixListId: asId(to) }
        : { kind: 'cidr', cidr: cidr(to) },
      target: { kind: 'local' },
      state: 'active',
      origin,
    })),
    tags: [],
  };
}

export function peering(id: string, from: string, to: string, status: string = 'active'): PeeringConnection {
  return {
    id: asId(id),
    status,
    requester: { vpcId: asId(from), ownerId: '1', cidrs: cidrs(['10.0.0.0/16']) },
    accepter: { vpcId: asId(to), ownerId: '1', cidrs: cidrs(['10.9.0.0/16']) },
    tags: [],
  };
}

/** `count` distinct CIDRs of a family. */
export function many(count: number, family: 'ipv4' | 'ipv6' = 'ipv4'): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    family === 'ipv4' ? `10.${index >>> 8}.${index & 255}.0/24` : `2001:db8:${index.toString(16)}::/48`,
  );
}

const V1 = vpc('V1', ['10.0.0.0/16', '2001:db8:1::/56'], {
  mainRouteTable: { associationId: 'a', routeTableId: asId('R1') },
});
const S1 = subnet('S1', 'V1', ['10.0.1.0/24', '2001:db8:1:1::/64'], {
  networkAcl: { associationId: 'b', aclId: asId('N1') },
});

/** A world without fault, touching every kind that the invariants speak of. */
export const SOUND: RecordLists = {
  vpcs: [V1, vpc('V2', ['10.9.0.0/16'])],
  subnets: [S1, subnet('S2', 'V1', ['10.0.2.0/24']), subnet('T1', 'V2', ['10.9.1.0/24'])],
  acls: [
    acl('N1', {
      ingress: [
        [100, '0.0.0.0/0'],
        [101, '::/0'],
      ],
      egress: [[100, '0.0.0.0/0']],
    }),
  ],
  routeTables: [
    table('R1', [
      ['10.0.0.0/16', 'local'],
      ['2001:db8:1::/56', 'local'],
      ['0.0.0.0/0', 'static'],
    ]),
  ],
  internetGateways: [{ id: asId('G1'), vpcId: asId('V1'), tags: [] }],
  egressOnlyGateways: [{ id: asId('E1'), vpcId: asId('V1'), tags: [] }],
  natGateways: [nat('X1', '10.0.1.200')],
  peerings: [peering('P1', 'V1', 'V2')],
  prefixLists: [list('L1', ['10.0.0.0/8', '192.168.0.0/16'])],
  groups: [
    group('A', {
      ingress: ['tcp/22 10.0.0.0/8', 'tcp/22 ::/0', 'all group:A', 'tcp/443 list:L1'],
      egress: ['all 0.0.0.0/0'],
    }),
    group('D1', {}, { name: 'default' }),
    group('D2', {}, { name: 'default', vpcId: asId('V2') }),
  ],
  groupAssociations: [association('A', 'V2')],
  enis: [
    withPublic(eni('a', ['10.0.1.40']), '198.51.100.10'),
    eni('b', ['10.0.1.41', '2001:db8:1:1:5::11', '10.0.1.64/28', '2001:db8:1:1:8::/80']),
    eni('c', ['10.9.1.10'], { vpcId: asId('V2'), subnetId: asId('T1') }),
  ],
};

/** The sound world with records added, or put in the place of those with their ids. */
export function changed(more: RecordLists): RecordLists {
  const merged = new Map<string, unknown>(Object.entries(SOUND));
  for (const [kind, records] of Object.entries(more)) {
    const ids = new Set(records.map((record) => record.id));
    const kept = (SOUND[kind as Kind] ?? []).filter((record) => !ids.has(record.id));
    merged.set(kind, [...kept, ...records]);
  }
  return Object.fromEntries(merged);
}

/** Groups that an interface can have five of. */
export const WIDE: readonly string[] = Array.from({ length: 5 }, (_, index) => `W${index}`);

/** What stands just inside a bound, or outside what the world knows. */
const ALLOWED: readonly (readonly [string, RecordLists])[] = [
  ['nothing at all', {}],
  [
    'the fifth and the last but one address',
    { enis: [eni('x', ['10.0.1.4', '10.0.1.254', '2001:db8:1:1::4', '2001:db8:1:1:ffff:ffff:ffff:fffe'])] },
  ],
  [
    'delegated prefixes beside the reserved ends',
    { enis: [eni('x', ['10.0.1.16/28', '10.0.1.224/28', '2001:db8:1:1:1::/80'])] },
  ],
  [
    'one address in two VPCs',
    {
      vpcs: [vpc('V3', ['10.0.0.0/16'])],
      subnets: [subnet('U1', 'V3', ['10.0.1.0/24'])],
      groups: [group('C', {}, { vpcId: asId('V3') })],
      enis: [eni('x', ['10.0.1.40'], { vpcId: asId('V3'), subnetId: asId('U1'), groups: [asId('C')] })],
    },
  ],
  [
    'a NAT gateway and its own interface, named',
    {
      natGateways: [
        nat('X1', '10.0.1.200', {
          addresses: [{ private: address('10.0.1.200'), public: address('198.51.100.5'), eniId: asId('x') }],
        }),
      ],
      enis: [withPublic(eni('x', ['10.0.1.200']), '198.51.100.5')],
    },
  ],
  [
    'a NAT gateway and its own interface, by the address',
    { enis: [eni('x', ['10.0.1.200'], { interfaceType: 'nat_gateway', groups: [] })] },
  ],
  [
    'the address of a NAT gateway that is gone',
    { natGateways: [nat('X1', '10.0.1.40', { state: 'deleted' }), nat('X2', '10.0.1.1', { state: 'failed' })] },
  ],
  [
    'sizes at the ends',
    {
      vpcs: [vpc('V3', ['10.16.0.0/16', '10.17.0.0/28', '2001:db8:10::/44', '2001:db8:20::/60'])],
      subnets: [
        subnet('U1', 'V3', ['10.16.0.0/16', '2001:db8:10::/44']),
        subnet('U2', 'V3', ['10.17.0.0/28', '2001:db8:20::/64']),
      ],
    },
  ],
  [
    'neighbours of forbidden space',
    { vpcs: [vpc('V3', ['1.0.0.0/16', '126.255.0.0/16', '128.0.0.0/16', '169.253.0.0/16', '223.255.0.0/16'])] },
  ],
  [
    'common space without an active peering',
    { vpcs: [vpc('V3', ['10.0.0.0/20'])], peerings: [peering('P2', 'V1', 'V3', 'pending-acceptance')] },
  ],
  [
    'routes around the reserved ones, and one that AWS made',
    {
      routeTables: [
        table('R2', [
          ['169.254.169.0/24', 'local'],
          ['169.254.0.0/16', 'static'],
          ['169.254.172.0/24', 'static'],
          ['fd00::/16', 'static'],
          ['fd00:ec3::/32', 'static'],
        ]),
      ],
    },
  ],
  [
    'a propagated route beside a static one, prefixes of one base',
    {
      routeTables: [
        table('R2', [
          ['10.5.0.0/16', 'static'],
          ['10.5.0.0/16', 'propagated'],
          ['10.5.0.0/17', 'static'],
        ]),
      ],
    },
  ],
  [
    'numbers at the ends, one number in both directions',
    {
      acls: [
        acl('N2', {
          ingress: [
            [1, '0.0.0.0/0'],
            [32_766, '0.0.0.0/0'],
          ],
          egress: [[1, '::/0']],
        }),
      ],
    },
  ],
  [
    '20 entries of each family in each direction',
    {
      acls: [
        acl('N2', {
          ingress: [...many(20), ...many(20, 'ipv6')].map((text, index) => [index + 1, text]),
          egress: many(20).map((text, index) => [index + 1, text]),
        }),
      ],
    },
  ],
  [
    'five groups, one of them twice',
    {
      groups: WIDE.map((id) => group(id, {})),
      enis: [eni('x', ['10.0.1.20'], { groups: [...WIDE, 'W0'].map((id) => asId(id)) })],
    },
  ],
  [
    'no group where AWS runs the interface without',
    { enis: [eni('x', ['10.0.1.20'], { groups: [], interfaceType: 'network_load_balancer' })] },
  ],
  [
    'a group, a subnet, a VPC and a list that are not known',
    {
      enis: [eni('x', ['10.0.9.9'], { groups: [asId('gone')], subnetId: asId('gone') })],
      subnets: [subnet('S3', 'gone', ['10.77.0.0/24'])],
      groups: [group('B', { ingress: ['tcp/22 list:gone', 'tcp/22 group:lost'] })],
      groupAssociations: [association('gone', 'gone')],
    },
  ],
  [
    '60 rules of each family in each direction',
    {
      groups: [
        group('B', {
          ingress: [...many(60), ...many(60, 'ipv6')].map((text) => `tcp/22 ${text}`),
          egress: many(60).map((text) => `all ${text}`),
        }),
      ],
    },
  ],
  [
    'a rule of each direction, port, and kind of peer',
    {
      groups: [
        group('B', {
          ingress: ['tcp/22 10.0.0.0/8', 'tcp/23 10.0.0.0/8', 'udp/22 10.0.0.0/8', 'tcp/22 ::/0', 'tcp/22 group:A'],
          egress: ['tcp/22 10.0.0.0/8'],
        }),
      ],
    },
  ],
  [
    'an association that failed or is gone',
    { groupAssociations: [association('D1', 'V2', 'association-failed'), association('D2', 'V1', 'disassociated')] },
  ],
  [
    'a list at its maximum, one of AWS beyond its weight, one not known',
    {
      prefixLists: [
        list('L2', many(10)),
        list('L3', many(40), { ownerId: 'AWS', weight: 1 }),
        { id: asId('L4'), name: 'L4', ownerId: '1', family: 'ipv6', versions: [], state: 'create-complete', tags: [] },
      ],
    },
  ],
  [
    'gateways that are not attached',
    {
      internetGateways: [
        { id: asId('G2'), tags: [] },
        { id: asId('G3'), tags: [] },
      ],
    },
  ],
];

describe('a sound world with', () => {
  for (const [title, more] of ALLOWED) test(title, () => assert.deepEqual(violations(worldOf(changed(more))), []));
});
