import fc from 'fast-check';
import type { Compact } from '../compact.ts';

/** Prefixes that meet, nest and border on each other, inside and outside of the VPCs below. */
export const CIDRS: readonly string[] = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.1.0/24',
  '10.0.1.8/29',
  '10.0.2.20/32',
  '10.1.0.0/16',
  '192.168.0.0/16',
  '192.168.7.0/24',
  '203.0.113.0/24',
  '203.0.113.12/32',
  '203.0.113.0/27',
  '203.0.113.128/25',
  '198.51.100.0/24',
  '198.51.100.10/32',
  '::/0',
  '2001:db8:1::/56',
  '2001:db8:1:1::/64',
  '2001:db8:9::/48',
  '2001:db8:9::12/128',
];

const TRAFFICS: readonly string[] = [
  'all',
  'tcp/22',
  'tcp/20-25',
  'tcp/443',
  'tcp',
  'udp/53',
  'udp/1000-2000',
  'icmp/8',
  'icmp',
  'icmpv6/128',
  'protocol/50',
];

/** The wide ones more often than the others, so that something gets through. */
const cidr = fc.constantFrom(...CIDRS, '0.0.0.0/0', '0.0.0.0/0', '10.0.0.0/8', '::/0');
const traffic = fc.constantFrom(...TRAFFICS);
const groupPeer = fc.constantFrom('group:A', 'group:B', 'group:C', 'group:gone', 'list:L', 'list:M', 'list:blank');
const rule = fc
  .tuple(traffic, fc.oneof({ weight: 3, arbitrary: cidr }, { weight: 2, arbitrary: groupPeer }))
  .map(([what, peer]) => `${what} ${peer}`);
const rules = fc.uniqueArray(rule, { minLength: 1, maxLength: 6 });
/** Mostly what a fresh group has: everything. */
const egress = fc.oneof(
  { weight: 2, arbitrary: fc.constant(['all 0.0.0.0/0', 'all ::/0']) },
  { weight: 1, arbitrary: rules },
);

/** Entries such as people write: some ephemeral ranges, some denials, in any order of numbers. */
const entries = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom('allow', 'allow', 'deny'),
      fc.constantFrom(...TRAFFICS, 'tcp/1024-65535', 'tcp/32768-61000', 'udp/1024-65535'),
      cidr,
    ),
    { maxLength: 6, selector: ([number]) => number },
  )
  .chain((lines) =>
    fc
      .boolean()
      .map((isOpen) => [
        ...lines.map((line) => line.join(' ')),
        ...(isOpen ? ['400 allow all 0.0.0.0/0', '401 allow all ::/0'] : []),
      ]),
  );

const acl = fc.record({ vpc: fc.constant('V1'), ingress: entries, egress: entries });
const target = fc.constantFrom(
  'igw:G1',
  'nat:X1',
  'pcx:P1',
  'eni:m',
  'eigw:E1',
  'tgw:T1',
  'igw:gone',
  'igw:G1 blackhole',
);
const destination = fc.constantFrom(
  '0.0.0.0/0',
  '203.0.113.0/27',
  '::/0',
  '10.1.0.0/16',
  '203.0.113.0/24',
  '192.168.0.0/16',
  'list:L',
);
const routes = fc
  .uniqueArray(fc.tuple(destination, target), { maxLength: 4, selector: ([to]) => to })
  .map((lines) => lines.map(([to, by]) => `${to} ${by}`));

/** Mostly what makes a public and a private subnet. */
const routesLike = (...usual: readonly (readonly string[])[]): fc.Arbitrary<readonly string[]> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: routes });

const groups = fc.constantFrom(['A'], ['B'], ['C'], ['A', 'B'], ['B', 'C'], ['A', 'gone']);

/** Small worlds of two peered VPCs with everything in them that decides about a packet; most ordinary, some with holes. */
export const compactWorlds: fc.Arbitrary<Compact> = fc
  .record({
    acls: fc.record({ N1: acl, N2: acl }),
    subnetAcls: fc.array(fc.constantFrom(undefined, undefined, undefined, 'N1', 'N2', null), {
      minLength: 3,
      maxLength: 3,
    }),
    routes: fc.record({
      R1: routesLike(['0.0.0.0/0 igw:G1', '::/0 igw:G1', '10.1.0.0/16 pcx:P1'], ['0.0.0.0/0 eni:m']),
      R2: routesLike(['0.0.0.0/0 nat:X1', '::/0 eigw:E1', '10.1.0.0/16 pcx:P1']),
      R3: routesLike([]),
    }),
    groups: fc.record({
      A: fc.record({ ingress: rules, egress }),
      B: fc.record({ ingress: rules }),
      C: fc.record({ ingress: rules, egress }),
    }),
    carried: fc.tuple(groups, groups, groups, groups, groups),
    isForwarding: fc.boolean(),
    status: fc.constantFrom('active', 'active', 'pending-acceptance'),
  })
  .map((picked): Compact => {
    const withAcl = (index: number): object =>
      picked.subnetAcls[index] === undefined ? {} : { acl: picked.subnetAcls[index] };
    return {
      vpcs: {
        V1: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] },
        V2: { cidrs: ['10.1.0.0/16'] },
      },
      subnets: {
        S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'], routeTable: 'R1', ...withAcl(0) },
        S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'], routeTable: 'R2', ...withAcl(1) },
        S4: { vpc: 'V1', cidrs: ['10.0.4.0/24'], routeTable: 'R4' },
        S3: {
          vpc: 'V2',
          cidrs: ['10.1.3.0/24'],
          routeTable: 'R3',
          ...(picked.subnetAcls[2] === null ? { acl: null } : {}),
        },
      },
      acls: picked.acls,
      routeTables: {
        R1: { vpc: 'V1', main: true, routes: picked.routes.R1 },
        R2: { vpc: 'V1', routes: picked.routes.R2 },
        R4: { vpc: 'V1', routes: ['0.0.0.0/0 igw:G1'] },
        R3: { vpc: 'V2', routes: [...picked.routes.R3, '10.0.0.0/16 pcx:P1'] },
      },
      internetGateways: { G1: { vpc: 'V1' } },
      egressOnlyGateways: { E1: { vpc: 'V1' } },
      natGateways: { X1: { subnet: 'S4', private: '10.0.4.200', public: '198.51.100.5' } },
      peerings: { P1: { requester: 'V1', accepter: 'V2', status: picked.status } },
      prefixLists: {
        L: { family: 'ipv4', entries: ['203.0.113.12/32', '203.0.113.0/26', '198.18.7.0/24', '10.0.1.0/25'] },
        M: { family: 'ipv6', entries: ['2001:db8:9::/49', '2001:db8:1:1::/64'] },
        blank: { family: 'ipv4', entries: null },
      },
      groups: {
        A: { vpc: 'V1', ...picked.groups.A },
        B: { vpc: 'V1', ...picked.groups.B },
        C: { vpc: 'V2', ...picked.groups.C },
      },
      enis: {
        a: {
          subnet: 'S1',
          addresses: ['10.0.1.10', '2001:db8:1:1::10'],
          groups: picked.carried[0],
          public: { '10.0.1.10': '198.51.100.10' },
          prefixes: ['10.0.1.16/28'],
        },
        b: { subnet: 'S2', addresses: ['10.0.2.20', '2001:db8:1:2::20'], groups: picked.carried[1] },
        c: { subnet: 'S3', addresses: ['10.1.3.30'], groups: picked.carried[2] },
        d: { subnet: 'S1', addresses: ['10.0.1.11'], groups: picked.carried[3] },
        m: { subnet: 'S2', addresses: ['10.0.2.99'], groups: picked.carried[4], sourceDestCheck: !picked.isForwarding },
      },
    };
  });

/** Endpoints to ask about in such worlds. */
export const ENDPOINTS: readonly string[] = [
  'a',
  'b',
  'c',
  'd',
  'A',
  'B',
  'S1',
  '10.0.0.0/8',
  '10.0.1.0/27',
  '198.51.100.10',
  'internet',
  '203.0.113.0/24',
  '192.168.0.0/16',
  '0.0.0.0/0',
  '2001:db8:9::/48',
  '192.168.7.7',
  '10.0.2.77',
];

/** Traffic to ask about. */
export const ASKED: readonly string[] = [...TRAFFICS, 'tcp/1-1000', 'udp', 'tcp/443'];
