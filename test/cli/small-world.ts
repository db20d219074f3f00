import type { World } from '../../src/core/model/world.ts';
import { withNames } from '../analysis/names.ts';
import { type Compact, compactWorld } from '../compact.ts';

/** A web server in a public subnet, a database in a private one, an operator at a desk: enough for every kind of answer. */
const SMALL: Compact = {
  vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
  subnets: {
    'subnet-a': { vpc: 'vpc-1', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'], routeTable: 'rtb-a', acl: 'acl-a' },
    'subnet-b': { vpc: 'vpc-1', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'], routeTable: 'rtb-b', acl: 'acl-b' },
    'subnet-n': { vpc: 'vpc-1', cidrs: ['10.0.9.0/24'], routeTable: 'rtb-a' },
  },
  acls: {
    'acl-a': {
      vpc: 'vpc-1',
      ingress: [
        '90 deny tcp/443 203.0.113.64/26',
        '100 allow all 0.0.0.0/0',
        '101 allow all ::/0',
        '200 deny udp 10.0.0.0/8',
      ],
      egress: ['100 allow all 0.0.0.0/0', '101 allow all ::/0'],
    },
    'acl-b': {
      vpc: 'vpc-1',
      ingress: ['100 allow tcp/5432 10.0.1.0/24', '110 allow tcp/1024-65535 0.0.0.0/0'],
      egress: ['100 allow tcp/32768-61000 10.0.1.0/24', '110 allow tcp/443 0.0.0.0/0'],
    },
  },
  routeTables: {
    'rtb-a': { vpc: 'vpc-1', main: true, routes: ['0.0.0.0/0 igw:igw-1', '::/0 igw:igw-1'] },
    'rtb-b': { vpc: 'vpc-1', routes: ['0.0.0.0/0 nat:nat-1', '172.31.0.0/16 tgw:1'] },
  },
  internetGateways: { 'igw-1': { vpc: 'vpc-1' } },
  natGateways: { 'nat-1': { subnet: 'subnet-n', private: '10.0.9.5', public: '198.51.100.5' } },
  prefixLists: { 'pl-1': { family: 'ipv4', max: 10, entries: ['203.0.113.0/28', '203.0.113.32/28'] } },
  groups: {
    'sg-web': {
      vpc: 'vpc-1',
      name: 'web',
      ingress: ['tcp/443 0.0.0.0/0', 'tcp/443 ::/0', 'tcp/22 list:pl-1', 'tcp/22 group:sg-gone'],
    },
    'sg-db': {
      vpc: 'vpc-1',
      name: 'db',
      ingress: ['tcp/5432 group:sg-web', 'tcp/22 10.0.2.0/24'],
      egress: ['tcp/443 0.0.0.0/0'],
    },
    'sg-extra': { vpc: 'vpc-1', name: 'extra', ingress: ['tcp/443 0.0.0.0/0'], egress: [] },
  },
  enis: {
    'eni-web': {
      subnet: 'subnet-a',
      addresses: ['10.0.1.10', '2001:db8:1:1::10'],
      groups: ['sg-web', 'sg-extra'],
      public: { '10.0.1.10': '198.51.100.10' },
      instance: 'i-web',
    },
    'eni-db1': {
      subnet: 'subnet-b',
      addresses: ['10.0.2.20', '2001:db8:1:2::20'],
      groups: ['sg-db'],
      instance: 'i-db1',
    },
    'eni-db2': { subnet: 'subnet-b', addresses: ['10.0.2.21'], groups: ['sg-db'], instance: 'i-db2' },
    'eni-old': { subnet: 'subnet-b', addresses: ['10.0.2.99'], groups: ['sg-gone'] },
  },
  instances: { 'i-web': {}, 'i-db1': {}, 'i-db2': {} },
};

/** The small world, with names. */
export const smallWorld: World = withNames(compactWorld(SMALL), { 'i-web': 'web-1', 'i-db1': 'db-1', 'i-db2': 'db-2' });

const NAMES = { 'i-web': 'web-1', 'i-db1': 'db-1', 'i-db2': 'db-2', 'i-db3': 'db-3' };

/** The small world after a change of everything that a difference tells apart: rules, entries, members, interfaces, lists. */
export const changedWorld: World = withNames(
  compactWorld({
    ...SMALL,
    acls: {
      ...SMALL.acls,
      'acl-b': {
        vpc: 'vpc-1',
        ingress: ['100 allow tcp/5432 10.0.1.0/24', '110 allow tcp/1024-65535 0.0.0.0/0'],
        egress: ['100 allow tcp/40000-61000 10.0.1.0/24', '110 allow tcp/443 0.0.0.0/0'],
      },
    },
    prefixLists: {
      'pl-1': { family: 'ipv4', max: 10, entries: ['203.0.113.0/28', '203.0.113.32/28', '203.0.113.96/28'] },
    },
    groups: {
      ...SMALL.groups,
      'sg-web': {
        vpc: 'vpc-1',
        name: 'web',
        ingress: ['tcp/443 0.0.0.0/0', 'tcp/80 0.0.0.0/0', 'tcp/22 list:pl-1', 'tcp/22 group:sg-gone'],
      },
    },
    enis: {
      ...SMALL.enis,
      'eni-db2': { subnet: 'subnet-b', addresses: ['10.0.2.21'], groups: ['sg-extra'], instance: 'i-db2' },
      'eni-db3': { subnet: 'subnet-b', addresses: ['10.0.2.22'], groups: ['sg-db'], instance: 'i-db3' },
    },
    instances: { ...SMALL.instances, 'i-db3': {} },
  }),
  NAMES,
);
