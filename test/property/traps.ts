// Worlds built around one mistake each that an engine is likely to make and that plain chance hardly ever meets.
import { Random } from '../../bench/random.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import type { Compact, CompactEni } from '../compact-format.ts';

/** A world and what to ask of it. */
export type Drawn = { readonly compact: Compact; readonly questions: readonly PacketQuestion[] };

type Draw = (random: Random) => Drawn;

/** Both ends and the middle of what clients use as source ports, and the cut between two ranges. */
const CLIENT_PORTS = [1023, 1024, 32_767, 32_768, 50_000, 65_535];
const OPEN = ['all 0.0.0.0/0', 'all ::/0'];
const OPEN_ENTRIES = ['100 allow all 0.0.0.0/0', '101 allow all ::/0'];

const TRAPS: Readonly<Record<string, Draw>> = {
  'two NACLs leave replies no port in common': disjointReturns,
  'NACLs say nothing within a subnet': sameSubnet,
  'references do not see through public addresses': publicReference,
  'references do not see through NAT': natReference,
  'references do not see through appliances': applianceReference,
  'references reach over peering within a Region': peeringReference,
  'all ports are not all traffic': wideTraffic,
  'the lowest number decides': shadowedEntries,
  'a group that names itself admits its members alone': selfReference,
  'each family has an ICMP of its own': foreignIcmp,
  'the longest prefix wins, then the kind of route': tiedRoutes,
};

/** What the traps are about; each is a name for `drawTrap`. */
export const TRAP_NAMES: readonly string[] = Object.keys(TRAPS);

/** The world of a trap for a seed, the same each time. */
export function drawTrap(name: string, seed: number): Drawn {
  const draw = TRAPS[name];
  if (draw === undefined) throw new Error(`no trap is called ${JSON.stringify(name)}`);
  return draw(new Random(seed));
}

/** V1 with subnets S1 and S2, `a` in S1 with group A, `b` in S2 with group B; everything is open but for what a trap says. */
function twoSubnets(change: Compact): Compact {
  return {
    vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] }, ...change.vpcs },
    subnets: {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'] },
      S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'] },
      ...change.subnets,
    },
    acls: change.acls ?? {},
    routeTables: change.routeTables ?? {},
    internetGateways: change.internetGateways ?? {},
    natGateways: change.natGateways ?? {},
    peerings: change.peerings ?? {},
    prefixLists: change.prefixLists ?? {},
    groups: {
      A: { vpc: 'V1', ingress: OPEN, egress: OPEN },
      B: { vpc: 'V1', ingress: OPEN, egress: OPEN },
      ...change.groups,
    },
    enis: { a: A, b: B, ...change.enis },
    missing: change.missing ?? [],
  };
}

const A: CompactEni = { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:1:1::10'], groups: ['A'] };
const B: CompactEni = { subnet: 'S2', addresses: ['10.0.2.10', '2001:db8:1:2::10'], groups: ['B'] };
const SUBNETS: Readonly<Record<'S1' | 'S2' | 'S3', { readonly vpc: string; readonly cidrs: readonly string[] }>> = {
  S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'] },
  S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'] },
  S3: { vpc: 'V1', cidrs: ['10.0.3.0/24', '2001:db8:1:3::/64'] },
};

/** A subset of rules, never empty. */
function some(random: Random, rules: readonly string[]): readonly string[] {
  const chosen = rules.filter(() => random.chance(0.4));
  return chosen.length === 0 ? [random.pick(rules)] : chosen;
}

function disjointReturns(random: Random): Drawn {
  const cut = random.pick([1025, 32_768, 49_152, 61_000]);
  const gap = random.weighted([
    [2, 0],
    [1, 1],
    [2, -random.between(1, 5000)],
  ]);
  const [low, high] = [
    `100 allow tcp/1024-${cut - 1} 0.0.0.0/0`,
    `100 allow tcp/${Math.max(1024, cut + gap)}-65535 0.0.0.0/0`,
  ];
  const isTurned = random.chance(0.5);
  const compact = twoSubnets({
    subnets: { S1: { ...SUBNETS.S1, acl: 'N1' }, S2: { ...SUBNETS.S2, acl: 'N2' } },
    acls: {
      N1: { vpc: 'V1', ingress: [isTurned ? high : low], egress: OPEN_ENTRIES },
      N2: { vpc: 'V1', ingress: OPEN_ENTRIES, egress: [isTurned ? low : high] },
    },
  });
  const ports = [...CLIENT_PORTS, cut - 1, cut, cut + gap, cut + gap - 1].filter((port) => port >= 0);
  return { compact, questions: ports.map((sourcePort) => ({ from: 'a', to: 'b', traffic: 'tcp/443', sourcePort })) };
}

function sameSubnet(random: Random): Drawn {
  const close = { vpc: 'V1', ingress: [], egress: [] };
  const isTogether = random.chance(0.5);
  const compact = twoSubnets({
    subnets: {
      S1: { ...SUBNETS.S1, acl: random.chance(0.2) ? null : 'N1' },
      S2: { ...SUBNETS.S2, acl: random.pick(['N1', 'N2']) },
    },
    acls: { N1: random.chance(0.7) ? close : { ...close, egress: OPEN_ENTRIES }, N2: { ...close } },
    enis: {
      b: isTogether ? { ...B, subnet: 'S1', addresses: ['10.0.1.11', '2001:db8:1:1::11'] } : B,
      c: { ...B, subnet: 'S1', addresses: ['10.0.1.12', '2001:db8:1:1::12'] },
    },
  });
  const pairs = [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'c'],
    ['b', 'c'],
  ] as const;
  return {
    compact,
    questions: pairs.flatMap(([from, to]): PacketQuestion[] => [
      { from, to, traffic: 'tcp/443' },
      { from, to, traffic: 'tcp/443', family: 'ipv6' },
    ]),
  };
}

function publicReference(random: Random): Drawn {
  const compact = twoSubnets({
    routeTables: { R: { vpc: 'V1', main: true, routes: ['0.0.0.0/0 igw:G'] } },
    internetGateways: { G: { vpc: 'V1' } },
    groups: {
      A: {
        vpc: 'V1',
        egress: random.chance(0.6) ? OPEN : some(random, ['tcp/443 group:B', 'tcp/443 198.51.100.11/32']),
      },
      B: {
        vpc: 'V1',
        ingress: some(random, ['tcp/443 group:A', 'tcp/443 198.51.100.10/32', 'tcp/443 10.0.1.10/32', 'udp 0.0.0.0/0']),
      },
    },
    enis: {
      a: { ...A, public: { '10.0.1.10': '198.51.100.10' } },
      b: { ...B, public: { '10.0.2.10': '198.51.100.11' } },
    },
  });
  const to = ['b', '198.51.100.11', '10.0.2.10'];
  return { compact, questions: to.map((end) => ({ from: 'a', to: end, traffic: 'tcp/443' })) };
}

function natReference(random: Random): Drawn {
  const replies = random.pick(['tcp/1024-65535', 'tcp/32768-61000', 'tcp/2000-65535', 'tcp/443', 'all', 'tcp']);
  const compact = twoSubnets({
    subnets: { S3: { ...SUBNETS.S3, acl: 'N3', routeTable: 'R3' }, S1: { ...SUBNETS.S1, routeTable: 'R1' } },
    acls: {
      N3: {
        vpc: 'V1',
        ingress: ['90 allow all 10.0.0.0/16', `100 allow ${replies} 0.0.0.0/0`],
        egress: OPEN_ENTRIES,
      },
    },
    routeTables: {
      M: { vpc: 'V1', main: true, routes: ['0.0.0.0/0 igw:G'] },
      R1: { vpc: 'V1', routes: ['0.0.0.0/0 nat:X'] },
      R3: { vpc: 'V1', routes: ['0.0.0.0/0 igw:G'] },
    },
    internetGateways: { G: { vpc: 'V1' } },
    natGateways: { X: { subnet: 'S3', private: '10.0.3.200', public: '198.51.100.200' } },
    groups: {
      B: {
        vpc: 'V1',
        ingress: some(random, ['all group:A', 'all 10.0.0.0/16', 'all 198.51.100.200/32', 'tcp/443 198.51.100.200/32']),
      },
    },
    enis: { b: { ...B, public: { '10.0.2.10': '198.51.100.11' } } },
  });
  const traffics = ['tcp/443', 'tcp/22', 'icmp/8/0', 'protocol/50'];
  return {
    compact,
    questions: traffics.flatMap((traffic) =>
      ['b', '198.51.100.11', '203.0.113.12'].map((to) => ({ from: 'a', to, traffic })),
    ),
  };
}

function applianceReference(random: Random): Drawn {
  const compact = twoSubnets({
    subnets: {
      S1: { ...SUBNETS.S1, routeTable: 'R1' },
      S2: { ...SUBNETS.S2, routeTable: 'R2' },
      S3: SUBNETS.S3,
    },
    routeTables: {
      R1: { vpc: 'V1', routes: random.chance(0.8) ? ['10.0.2.0/24 eni:m'] : [] },
      R2: { vpc: 'V1', routes: random.chance(0.8) ? ['10.0.1.0/24 eni:m'] : [] },
    },
    groups: {
      B: { vpc: 'V1', ingress: some(random, ['tcp group:A', 'tcp group:M', 'tcp 10.0.1.0/24', 'tcp 10.0.3.10/32']) },
      M: {
        vpc: 'V1',
        ingress: random.chance(0.6) ? OPEN : ['tcp group:A'],
        egress: random.chance(0.6) ? OPEN : some(random, ['tcp group:B', 'tcp 10.0.2.0/24']),
      },
    },
    enis: { m: { subnet: 'S3', addresses: ['10.0.3.10'], groups: ['M'], sourceDestCheck: random.chance(0.15) } },
  });
  return {
    compact,
    questions: [
      { from: 'a', to: 'b', traffic: 'tcp/443' },
      { from: 'b', to: 'a', traffic: 'tcp/443' },
      { from: 'a', to: 'm', traffic: 'tcp/443' },
      { from: 'm', to: 'b', traffic: 'tcp/443' },
      { from: 'a', to: 'b', traffic: 'tcp/443', family: 'ipv6' },
    ],
  };
}

function peeringReference(random: Random): Drawn {
  const compact = twoSubnets({
    vpcs: { V2: { cidrs: ['10.1.0.0/16'] }, V3: { cidrs: ['10.2.0.0/16'] } },
    subnets: {
      T: { vpc: 'V2', cidrs: ['10.1.1.0/24'] },
      U: { vpc: 'V3', cidrs: ['10.2.1.0/24'] },
    },
    routeTables: {
      M1: { vpc: 'V1', main: true, routes: ['10.1.0.0/16 pcx:P', '10.2.0.0/16 pcx:P'] },
      M2: { vpc: 'V2', main: true, routes: random.chance(0.8) ? ['10.0.0.0/16 pcx:P', '10.2.0.0/16 pcx:Q'] : [] },
      M3: { vpc: 'V3', main: true, routes: ['10.1.0.0/16 pcx:Q', '10.0.0.0/16 pcx:Q'] },
    },
    peerings: {
      P: {
        requester: 'V1',
        accepter: 'V2',
        status: random.chance(0.85) ? 'active' : 'pending-acceptance',
        ...(random.chance(0.3) ? { regions: ['eu-west-1', 'us-east-1'] } : {}),
      },
      Q: { requester: 'V3', accepter: 'V2' },
    },
    groups: {
      C: { vpc: 'V2', ingress: some(random, ['tcp group:A', 'tcp 10.0.1.0/24', 'tcp group:D']), egress: OPEN },
      D: { vpc: 'V3', ingress: OPEN, egress: random.chance(0.5) ? OPEN : ['tcp group:C'] },
    },
    enis: {
      c: { subnet: 'T', addresses: ['10.1.1.10'], groups: ['C'] },
      d: { subnet: 'U', addresses: ['10.2.1.10'], groups: ['D'] },
    },
  });
  const pairs = [
    ['a', 'c'],
    ['d', 'c'],
    ['c', 'a'],
    ['a', 'd'],
  ] as const;
  return { compact, questions: pairs.map(([from, to]) => ({ from, to, traffic: 'tcp/443' })) };
}

function wideTraffic(random: Random): Drawn {
  const traffic = random.pick(['all', 'tcp', 'tcp/0-65535', 'udp', 'icmp', 'protocol/6', 'protocol/0', 'protocol/50']);
  const filters = random.chance(0.5)
    ? { groups: { B: { vpc: 'V1', ingress: [`${traffic} 0.0.0.0/0`] } } }
    : {
        subnets: { S2: { ...SUBNETS.S2, acl: 'N2' } },
        acls: { N2: { vpc: 'V1', ingress: [`100 allow ${traffic} 0.0.0.0/0`], egress: OPEN_ENTRIES } },
      };
  const packets = ['tcp/0', 'tcp/65535', 'udp/0', 'udp/65535', 'icmp/8/0', 'icmp/255/255', 'protocol/50', 'protocol/0'];
  return { compact: twoSubnets(filters), questions: packets.map((one) => ({ from: 'a', to: 'b', traffic: one })) };
}

function shadowedEntries(random: Random): Drawn {
  const blocks = ['0.0.0.0/0', '10.0.0.0/16', '10.0.1.0/24', '10.0.1.10/32', '10.0.1.11/32', '::/0'];
  const traffics = ['all', 'tcp', 'tcp/443', 'tcp/22-443', 'tcp/444-65535', 'icmp', 'icmp/8/0', 'icmp/0'];
  const entries = (): readonly string[] =>
    random
      .sample([1, 2, 9, 10, 11, 99, 100, 1000, 32_766], random.between(2, 6))
      .map(
        (number) =>
          `${number} ${random.chance(0.5) ? 'allow' : 'deny'} ${random.pick(traffics)} ${random.pick(blocks)}`,
      );
  const compact = twoSubnets({
    subnets: { S1: { ...SUBNETS.S1, acl: 'N1' }, S2: { ...SUBNETS.S2, acl: 'N2' } },
    acls: {
      N1: { vpc: 'V1', ingress: OPEN_ENTRIES, egress: OPEN_ENTRIES },
      N2: { vpc: 'V1', ingress: entries(), egress: random.chance(0.7) ? OPEN_ENTRIES : entries() },
    },
  });
  const packets = ['tcp/22', 'tcp/443', 'tcp/444', 'icmp/8/0', 'icmp/3/4', 'udp/443'];
  return { compact, questions: packets.map((traffic) => ({ from: 'a', to: 'b', traffic })) };
}

function selfReference(random: Random): Drawn {
  const compact = twoSubnets({
    groups: {
      A: { vpc: 'V1', ingress: ['tcp group:A'], egress: random.chance(0.7) ? OPEN : ['tcp group:A'] },
      B: { vpc: 'V1', ingress: some(random, ['tcp group:B', 'tcp group:E', 'tcp group:gone']), egress: OPEN },
      E: { vpc: 'V1', ingress: OPEN, egress: OPEN },
    },
    enis: {
      b: { ...B, groups: random.pick([['A'], ['B'], ['A', 'B'], ['B', 'gone'], ['A', 'gone'], ['E'], ['B', 'E']]) },
      c: {
        ...B,
        addresses: ['10.0.2.11', '2001:db8:1:2::11'],
        groups: random.pick([['B'], ['A', 'E'], ['gone'], ['A']]),
      },
    },
  });
  const ends = ['a', 'b', 'c'];
  return {
    compact,
    questions: ends.flatMap((from) =>
      ends.filter((to) => to !== from).map((to): PacketQuestion => ({ from, to, traffic: 'tcp/443' })),
    ),
  };
}

function foreignIcmp(random: Random): Drawn {
  const traffic = random.pick(['icmp', 'icmpv6', 'icmp/8', 'icmpv6/128', 'icmp/8/0', 'icmpv6/128/0', 'all']);
  const block = random.pick(['0.0.0.0/0', '::/0']);
  const compact = twoSubnets(
    random.chance(0.6)
      ? {
          subnets: { S2: { ...SUBNETS.S2, acl: 'N2' } },
          acls: { N2: { vpc: 'V1', ingress: [`100 allow ${traffic} ${block}`], egress: OPEN_ENTRIES } },
        }
      : { groups: { B: { vpc: 'V1', ingress: [`${traffic} ${block}`] } } },
  );
  const [ipv4, ipv6] = [
    ['icmp/8/0', 'icmp/3/4', 'icmp/128/0', 'protocol/58'],
    ['icmpv6/128/0', 'icmpv6/2/0', 'icmpv6/8/0', 'protocol/1'],
  ];
  return {
    compact,
    questions: [
      ...ipv4.map((one): PacketQuestion => ({ from: 'a', to: 'b', traffic: one })),
      ...ipv6.map((one): PacketQuestion => ({ from: 'a', to: 'b', traffic: one, family: 'ipv6' })),
    ],
  };
}

function tiedRoutes(random: Random): Drawn {
  const line = (destination: string): string =>
    `${destination} ${random.pick(['igw:G', 'nat:X', 'vgw:W', 'igw:G blackhole', 'eni:b'])}`;
  const compact = twoSubnets({
    subnets: { S1: { ...SUBNETS.S1, routeTable: 'R1' } },
    routeTables: {
      M: { vpc: 'V1', main: true, routes: ['0.0.0.0/0 igw:G'] },
      R1: {
        vpc: 'V1',
        routes: random.sample(
          [
            line('203.0.113.0/24'),
            `${line('203.0.113.0/24')} propagated`,
            line('0.0.0.0/0'),
            line('203.0.113.12/32'),
            line('list:L'),
            line('list:gone'),
          ],
          random.between(1, 4),
        ),
      },
    },
    internetGateways: { G: { vpc: 'V1' } },
    natGateways: { X: { subnet: 'S2', private: '10.0.2.200', public: '198.51.100.200' } },
    prefixLists: { L: { family: 'ipv4', max: 5, entries: random.chance(0.85) ? ['203.0.113.0/24'] : null } },
    enis: { a: { ...A, public: { '10.0.1.10': '198.51.100.10' } } },
  });
  return {
    compact,
    questions: ['203.0.113.12', '203.0.113.13', '198.18.0.9'].map((to) => ({ from: 'a', to, traffic: 'tcp/443' })),
  };
}
