import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatCidr, parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { parseTraffic } from '../../src/core/net/traffic.ts';
import { answerQuestion } from '../../src/analysis/answer.ts';
import { resolveEndpoint } from '../../src/analysis/endpoint.ts';
import { Prefixes } from '../../src/analysis/external.ts';
import { type Compact, compactWorld } from '../compact.ts';

/** The external parts of the answers to a question, each with its verdict. */
function partsOf(compact: Compact, from: string, to: string, traffic: string): readonly string[] {
  const world = compactWorld(compact);
  const answer = expectOk(
    answerQuestion(world, {
      from: expectOk(resolveEndpoint(world, from)),
      to: expectOk(resolveEndpoint(world, to)),
      traffic: expectOk(parseTraffic(traffic)),
    }),
  );
  return answer.groups
    .flatMap((group) =>
      group.pairs.map((pair) => {
        const external = pair.from.kind === 'eni' ? pair.to : pair.from;
        return `${group.verdict} ${external.space.map(formatCidr).join(' ')}`;
      }),
    )
    .toSorted();
}

const BASE = {
  vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
  subnets: {
    S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'], routeTable: 'R1' },
    S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'], routeTable: 'R2' },
  },
  routeTables: {
    R1: { vpc: 'V1', main: true, routes: ['0.0.0.0/0 igw:G1'] },
    R2: { vpc: 'V1', routes: ['0.0.0.0/0 igw:G1'] },
  },
  internetGateways: { G1: { vpc: 'V1' } },
  groups: { A: { vpc: 'V1', ingress: ['tcp/443 list:L'] }, M: { vpc: 'V1', ingress: ['all 10.0.0.0/8'] } },
  enis: {
    a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'], public: { '10.0.1.10': '198.51.100.10' } },
    m: {
      subnet: 'S2',
      addresses: ['10.0.2.99'],
      groups: ['M'],
      public: { '10.0.2.99': '198.51.100.99' },
      sourceDestCheck: false,
    },
  },
  prefixLists: { L: { family: 'ipv4', entries: ['203.0.113.0/28', '203.0.113.64/28', '203.0.113.200/32'] } },
} as const satisfies Compact;

describe('address classes', () => {
  test('a prefix list is one condition, however many entries it has', () => {
    const world = compactWorld(BASE);
    const prefixes = new Prefixes(world);
    prefixes.addRulesOf(expectEni(world, 'a'));
    const classes = prefixes.classesOf([expectOk(parseCidr('203.0.113.0/24'))]);
    assert.deepEqual(
      classes.map((one) => one.space.map(formatCidr).join(' ')).toSorted(),
      [
        '203.0.113.0/28 203.0.113.64/28 203.0.113.200/32',
        '203.0.113.16/28 203.0.113.32/27 203.0.113.80/28 203.0.113.96/27 203.0.113.128/26 203.0.113.192/29 203.0.113.201/32 203.0.113.202/31 203.0.113.204/30 203.0.113.208/28 203.0.113.224/27',
      ].toSorted(),
    );
    assert.deepEqual(partsOf(BASE, '203.0.113.0/27', 'a', 'tcp/443'), [
      'allowed 203.0.113.0/28',
      'blocked 203.0.113.16/28',
    ]);
  });

  test('entries of a list within different prefixes are different', () => {
    const compact: Compact = {
      ...BASE,
      prefixLists: { L: { family: 'ipv4', entries: ['203.0.113.12/32', '192.0.2.12/32'] } },
      subnets: { ...BASE.subnets, S1: { ...BASE.subnets.S1, acl: 'N' } },
      acls: { N: { vpc: 'V1', ingress: ['100 allow all 203.0.113.0/24'], egress: ['100 allow all 0.0.0.0/0'] } },
    };
    const parts = partsOf(compact, 'internet', 'a', 'tcp/443');
    assert.deepEqual(
      parts.filter((part) => part.startsWith('allowed')),
      ['allowed 203.0.113.12/32'],
    );
  });

  test('a list in a route table splits by the length of its entries', () => {
    const compact: Compact = {
      ...BASE,
      prefixLists: { L: { family: 'ipv4', entries: ['203.0.113.0/26', '203.0.113.12/32'] } },
      groups: { ...BASE.groups, A: { vpc: 'V1' } },
      routeTables: {
        ...BASE.routeTables,
        R1: { vpc: 'V1', main: true, routes: ['list:L igw:G1', '203.0.113.0/27 igw:G1 blackhole'] },
      },
    };
    // The /27 is longer than the list's /26 and shorter than its /32.
    assert.deepEqual(partsOf(compact, 'a', '203.0.113.0/24', 'tcp/443'), [
      'allowed 203.0.113.12/32 203.0.113.32/27',
      'blocked 203.0.113.0/29 203.0.113.8/30 203.0.113.13/32 203.0.113.14/31 203.0.113.16/28 203.0.113.64/26 203.0.113.128/25',
    ]);
  });

  test('the groups of an appliance on the way tell addresses apart', () => {
    const compact: Compact = {
      ...BASE,
      groups: { A: { vpc: 'V1' }, M: { vpc: 'V1', ingress: ['all 10.0.0.0/8'], egress: ['tcp/443 203.0.113.0/25'] } },
      routeTables: {
        R1: { vpc: 'V1', main: true, routes: ['0.0.0.0/0 eni:m'] },
        R2: { vpc: 'V1', routes: ['0.0.0.0/0 nat:X'] },
        R3: { vpc: 'V1', routes: ['0.0.0.0/0 igw:G1'] },
      },
      natGateways: { X: { subnet: 'S3', private: '10.0.3.9', public: '198.51.100.5' } },
      subnets: {
        ...BASE.subnets,
        S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'], routeTable: 'R2' },
        S3: { vpc: 'V1', cidrs: ['10.0.3.0/24'], routeTable: 'R3' },
      },
    };
    assert.deepEqual(partsOf(compact, 'a', '203.0.113.0/24', 'tcp/443'), [
      'allowed 203.0.113.0/25',
      'blocked 203.0.113.128/25',
    ]);
  });

  test('the NACL of a peer VPC tells the addresses of a delegated prefix apart', () => {
    const compact: Compact = {
      ...BASE,
      vpcs: { ...BASE.vpcs, V2: { cidrs: ['10.1.0.0/16'] } },
      subnets: { ...BASE.subnets, T: { vpc: 'V2', cidrs: ['10.1.1.0/24'], routeTable: 'RT', acl: 'N' } },
      routeTables: {
        R1: { vpc: 'V1', main: true, routes: ['10.1.0.0/16 pcx:P'] },
        RT: { vpc: 'V2', routes: ['10.0.0.0/16 pcx:P'] },
      },
      peerings: { P: { requester: 'V1', accepter: 'V2' } },
      acls: {
        N: {
          vpc: 'V2',
          ingress: ['10 deny all 10.0.1.24/29', '20 allow all 0.0.0.0/0'],
          egress: ['10 allow all 0.0.0.0/0'],
        },
      },
      groups: { A: { vpc: 'V1' }, C: { vpc: 'V2', ingress: ['all 10.0.0.0/8'] } },
      enis: {
        a: { subnet: 'S1', addresses: [], prefixes: ['10.0.1.16/28'], groups: ['A'] },
        c: { subnet: 'T', addresses: ['10.1.1.30'], groups: ['C'] },
      },
    };
    const world = compactWorld(compact);
    const answer = expectOk(
      answerQuestion(world, {
        from: expectOk(resolveEndpoint(world, 'a')),
        to: expectOk(resolveEndpoint(world, 'c')),
        traffic: expectOk(parseTraffic('tcp/443')),
      }),
    );
    assert.deepEqual(
      answer.groups.map((group) => `${group.verdict} ${group.pair.from.space.map(formatCidr).join(' ')}`),
      ['allowed 10.0.1.16/29', 'blocked 10.0.1.24/29'],
    );
  });
});

function expectEni(world: ReturnType<typeof compactWorld>, id: string): Parameters<Prefixes['addRulesOf']>[0] {
  const found = expectOk(resolveEndpoint(world, id)).places[0];
  assert.ok(found?.kind === 'eni');
  return found.eni;
}
