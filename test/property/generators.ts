// Random compact worlds, small enough that rules, addresses and packets meet often, with the traps that plain chance would never set.
import { Random } from '../../bench/random.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import type { Compact, CompactEni } from '../compact-format.ts';

type Draft = {
  -readonly [K in keyof Compact]-?: NonNullable<Compact[K]> extends readonly unknown[]
    ? unknown[]
    : Record<string, unknown>;
};

const OUTSIDE = ['203.0.113.12', '203.0.113.13', '198.18.0.9'];
const OUTSIDE_V6 = ['2001:db8:ffff::9', '2600::1'];
const PORTS = [22, 80, 443, 1024, 3306, 40_000, 50_000, 61_000];
const SOURCE_PORTS = [40_000, 50_000, 61_001, 1024, 443];
const TRAFFICS = [
  'all',
  'tcp',
  'udp',
  'tcp/0-65535',
  'tcp/22',
  'tcp/443',
  'tcp/22-443',
  'tcp/1024-65535',
  'udp/443',
  'udp/1024-65535',
  'icmp',
  'icmp/8',
  'icmp/8/0',
  'icmpv6',
  'icmpv6/128',
  'protocol/50',
  'protocol/47',
];
const ACL_TRAFFICS = [
  'all',
  'all',
  'tcp',
  'tcp/443',
  'tcp/22-443',
  'tcp/1024-65535',
  'tcp/32768-61000',
  'tcp/49152-65535',
  'udp',
  'udp/1024-65535',
  'icmp',
  'icmp/8',
  'icmp/0',
  'icmpv6/128',
  'icmpv6',
  'protocol/50',
];
const PACKETS = ['icmp/8/0', 'icmp/3/4', 'icmp/0/0', 'protocol/50', 'protocol/47'];
const PACKETS_V6 = ['icmpv6/128/0', 'icmpv6/2/0', 'protocol/50', 'protocol/1'];

/** A world for a seed, the same each time. */
export function randomWorld(seed: number): Compact {
  const random = new Random(seed);
  const world: Draft = {
    vpcs: {},
    subnets: {},
    acls: {},
    routeTables: {},
    internetGateways: {},
    egressOnlyGateways: {},
    natGateways: {},
    peerings: {},
    prefixLists: {},
    groups: {},
    groupVpcs: [],
    enis: {},
    instances: {},
    missing: [],
  };
  const vpcs = Array.from(
    {
      length: random.weighted([
        [5, 1],
        [4, 2],
        [2, 3],
      ]),
    },
    (_, index) => `V${index + 1}`,
  );
  // Two to five subnets in all.
  for (const [index, vpc] of vpcs.entries())
    addVpc(random, world, { vpc, index, subnets: vpcs.length === 1 ? random.between(2, 4) : random.between(1, 2) });
  addLists(random, world);
  addPeerings(random, world, vpcs);
  for (const vpc of vpcs) addGroups(random, world, vpc);
  for (const subnet of Object.keys(world.subnets)) addEnis(random, world, subnet);
  for (const vpc of vpcs) addTables(random, world, vpc);
  if (random.chance(0.05)) world.missing.push(random.pick(['networkInterfaces', 'internetGateways']));
  return world as Compact;
}

/** Packets that may be asked of a world: mostly between its own interfaces, some from and to the internet. */
export function randomQuestions(compact: Compact, seed: number, count: number): readonly PacketQuestion[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => randomQuestion(random, compact));
}

type NewVpc = { readonly vpc: string; readonly index: number; readonly subnets: number };

function addVpc(random: Random, world: Draft, { vpc, index, subnets }: NewVpc): void {
  const isDual = random.chance(0.65);
  world.vpcs[vpc] = { cidrs: [`10.${index}.0.0/16`, ...(isDual ? [`2001:db8:${index + 1}::/56`] : [])] };
  if (random.chance(0.75)) world.internetGateways[`G${vpc}`] = { vpc: random.chance(0.95) ? vpc : null };
  if (isDual && random.chance(0.4)) world.egressOnlyGateways[`E${vpc}`] = { vpc };
  for (let number = 1; number <= subnets; number += 1) {
    const name = `S${vpc}${number}`;
    const acl = random.weighted([
      [4, undefined],
      [5, `N${name}`],
      [0.3, null],
    ]);
    const table = random.weighted([
      [3, undefined],
      [6, `R${name}`],
      [0.2, null],
    ]);
    world.subnets[name] = {
      vpc,
      cidrs: [`10.${index}.${number}.0/24`, ...(isDual ? [`2001:db8:${index + 1}:${number}::/64`] : [])],
      ...(acl === undefined ? {} : { acl }),
      ...(table === undefined ? {} : { routeTable: table }),
    };
    if (typeof acl === 'string') addAcl(random, world, { name: acl, vpc });
  }
  if (random.chance(0.4)) addNat(random, world, { vpc, index });
}

function addNat(random: Random, world: Draft, { vpc, index }: { readonly vpc: string; readonly index: number }): void {
  world.natGateways[`X${vpc}`] = {
    subnet: `S${vpc}1`,
    private: `10.${index}.1.200`,
    ...(random.chance(0.85) ? { public: `198.51.100.${200 + index}` } : {}),
    state: random.chance(0.93) ? 'available' : 'deleted',
  };
}

function addAcl(random: Random, world: Draft, { name, vpc }: { readonly name: string; readonly vpc: string }): void {
  const side = (direction: 'ingress' | 'egress'): readonly string[] => {
    // Directed trap: two NACLs that each let answers to some ports out, to none in common.
    if (random.chance(0.12))
      return direction === 'egress'
        ? [
            random.pick(['100 allow tcp/1024-40000 0.0.0.0/0', '100 allow tcp/40001-65535 0.0.0.0/0']),
            '90 allow all 10.0.0.0/15',
          ].slice(0, random.between(1, 2))
        : ['100 allow all 0.0.0.0/0'];
    if (random.chance(0.3)) return ['100 allow all 0.0.0.0/0', '101 allow all ::/0'];
    const numbers = new Set(Array.from({ length: random.between(0, 4) }, () => random.between(1, 12) * 10));
    const lines = [...numbers].map(
      (number) =>
        `${number} ${random.chance(0.7) ? 'allow' : 'deny'} ${random.pick(ACL_TRAFFICS)} ${random.pick(ACL_BLOCKS)}`,
    );
    return random.chance(0.8) ? [...lines, '200 allow all 0.0.0.0/0', '201 allow all ::/0'] : lines;
  };
  world.acls[name] = { vpc, ingress: side('ingress'), egress: side('egress') };
}

const ACL_BLOCKS = [
  '0.0.0.0/0',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/8',
  '10.0.1.0/24',
  '10.0.2.0/24',
  '10.1.0.0/16',
  '203.0.113.0/24',
  '203.0.113.12/32',
  '2001:db8::/32',
  '2001:db8:ffff::/48',
];
const RULE_BLOCKS = [
  '0.0.0.0/0',
  '0.0.0.0/0',
  '::/0',
  '::/0',
  '10.0.0.0/8',
  '10.0.1.0/24',
  '10.0.1.10/32',
  '10.1.0.0/16',
  '203.0.113.12/32',
  '198.51.100.0/24',
  '198.51.100.200/32',
  '2001:db8::/32',
  '2001:db8:1:1::/64',
  '2001:db8:1:1::10/128',
  '2001:db8:ffff::9/128',
  '128.0.0.0/1',
];

function addLists(random: Random, world: Draft): void {
  world.prefixLists['L4'] = {
    family: 'ipv4',
    max: 10,
    entries: random.chance(0.1)
      ? null
      : ['10.0.1.0/25', '203.0.113.0/28', '10.1.1.0/24'].slice(0, random.between(0, 3)),
  };
  world.prefixLists['L6'] = { family: 'ipv6', max: 10, entries: ['2001:db8:1::/56', '2001:db8:ffff::/64'] };
}

function addPeerings(random: Random, world: Draft, vpcs: readonly string[]): void {
  for (const [index, requester] of vpcs.entries()) {
    const accepter = vpcs[index + 1];
    if (accepter === undefined || !random.chance(0.85)) continue;
    world.peerings[`P${index + 1}`] = {
      requester,
      accepter,
      status: random.chance(0.88) ? 'active' : 'pending-acceptance',
      ...(random.chance(0.2) ? { regions: ['eu-west-1', 'us-east-1'] } : {}),
    };
  }
}

function addGroups(random: Random, world: Draft, vpc: string): void {
  const all = Object.keys(world.vpcs).flatMap((one) => [`A${one}`, `B${one}`, `C${one}`]);
  const peer = (): string =>
    random.weighted<() => string>([
      [6, () => random.pick(RULE_BLOCKS)],
      [4, () => `group:${random.pick(all)}`],
      [1, () => random.pick(['list:L4', 'list:L4', 'list:L6', 'list:Lgone'])],
      [0.2, () => 'group:gone'],
    ])();
  const rules = (): readonly string[] =>
    Array.from({ length: random.between(0, 4) }, () => `${random.pick(TRAFFICS)} ${peer()}`);
  for (const name of [`A${vpc}`, `B${vpc}`, `C${vpc}`])
    world.groups[name] = {
      vpc,
      ingress: random.chance(0.4) ? [...rules(), 'all 0.0.0.0/0', 'all ::/0'] : rules(),
      ...(random.chance(0.7)
        ? { egress: ['all 0.0.0.0/0', 'all ::/0'] }
        : random.chance(0.8)
          ? { egress: rules() }
          : {}),
    };
}

function addEnis(random: Random, world: Draft, subnet: string): void {
  const { vpc, cidrs } = world.subnets[subnet] as { readonly vpc: string; readonly cidrs: readonly string[] };
  const base = (cidrs[0] ?? '').replace('0/24', '');
  const base6 = cidrs[1]?.replace('/64', '');
  const count = random.between(1, 2);
  for (let number = 0; number < count; number += 1) {
    const name = `e${subnet}${number}`;
    const own = `${base}${10 + number}`;
    const secondary = random.chance(0.2) ? [`${base}${30 + number}`] : [];
    const index = Object.keys(world.enis).length;
    const groups = [`A${vpc}`, `B${vpc}`, `C${vpc}`].filter(() => random.chance(0.45));
    const eni: CompactEni = {
      subnet,
      addresses: [own, ...secondary, ...(base6 !== undefined && random.chance(0.8) ? [`${base6}${10 + number}`] : [])],
      groups: groups.length === 0 ? [`A${vpc}`] : random.chance(0.04) ? [...groups, 'gone'] : groups,
      ...(random.chance(0.6) ? { public: { [own]: `198.51.100.${10 + index}` } } : {}),
      ...(random.chance(0.1) ? { prefixes: [`${base}64/28`] } : {}),
      ...(random.chance(0.2) ? { sourceDestCheck: false } : {}),
      ...(random.chance(0.04) ? { type: 'network_load_balancer' } : {}),
    };
    world.enis[name] = eni;
  }
}

function addTables(random: Random, world: Draft, vpc: string): void {
  const subnets = Object.entries(world.subnets).flatMap(([name, subnet]) => {
    const { routeTable, vpc: own } = subnet as { readonly routeTable?: string | null; readonly vpc: string };
    return own === vpc ? [{ name, routeTable }] : [];
  });
  // A NAT gateway sits in the first subnet: what it sends out must mostly not come back to it.
  const home = subnets.find(({ name }) => name === `S${vpc}1`)?.routeTable;
  const isHome = (table: string | undefined): boolean => home === table && random.chance(0.9);
  if (random.chance(0.7))
    world.routeTables[`M${vpc}`] = {
      vpc,
      main: true,
      routes: routesOf(random, world, { vpc, avoidsNat: isHome(undefined) }),
    };
  for (const { routeTable } of subnets)
    if (typeof routeTable === 'string' && random.chance(0.97))
      world.routeTables[routeTable] = {
        vpc,
        routes: routesOf(random, world, { vpc, avoidsNat: isHome(routeTable) }),
      };
}

type NewTable = { readonly vpc: string; readonly avoidsNat: boolean };

function routesOf(random: Random, world: Draft, { vpc, avoidsNat }: NewTable): readonly string[] {
  const routes = new Map<string, string>();
  const add = (share: number, destination: string, target: string): void => {
    if (random.chance(share)) routes.set(destination, target);
  };
  const gateway = `G${vpc}` in world.internetGateways || random.chance(0.1) ? [`igw:G${vpc}`] : [];
  const nat = `X${vpc}` in world.natGateways && !avoidsNat ? [`nat:X${vpc}`] : [];
  const egressOnly = `E${vpc}` in world.egressOnlyGateways ? [`eigw:E${vpc}`] : [];
  const ways = [...gateway, ...nat];
  const odd = random.pick(['tgw:T', 'igw:gone', 'vgw:W']);
  if (ways.length > 0) add(0.9, '0.0.0.0/0', random.chance(0.04) ? odd : random.pick(ways));
  const waysV6 = [...gateway, ...egressOnly];
  if (waysV6.length > 0) add(0.85, '::/0', random.pick(waysV6));
  for (const [name, peering] of Object.entries(world.peerings)) {
    const { requester, accepter } = peering as { readonly requester: string; readonly accepter: string };
    const far = requester === vpc ? accepter : requester;
    const { cidrs = [] } = (world.vpcs[far] ?? {}) as { readonly cidrs?: readonly string[] };
    if (requester === vpc || accepter === vpc) for (const cidr of cidrs) add(0.9, cidr, `pcx:${name}`);
    // Through the peer to its own peer: peering carries nothing there.
    if (requester === vpc) add(0.1, `10.${Number(far.slice(1))}.0.0/16`, `pcx:${name}`);
  }
  const enis = Object.entries(world.enis as Record<string, CompactEni>).filter(([name]) => name.startsWith(`eS${vpc}`));
  const appliances = enis.filter(([, eni]) => eni.sourceDestCheck === false);
  const [middle] = random.pick(appliances.length > 0 ? appliances : enis);
  add(appliances.length > 0 ? 0.25 : 0.05, `10.${Number(vpc.slice(1)) - 1}.2.0/24`, `eni:${middle}`);
  add(0.06, '203.0.113.0/24', random.pick([...ways, 'tgw:T']));
  add(0.06, 'list:L4', random.pick([...ways, 'tgw:T']));
  add(0.04, '203.0.113.12/32', `igw:G${vpc} blackhole`);
  add(0.04, '203.0.113.0/28', `${random.pick(['vgw:W', ...nat])} propagated`);
  return [...routes].map(([destination, target]) => `${destination} ${target}`);
}

function randomQuestion(random: Random, compact: Compact): PacketQuestion {
  const enis = Object.entries(compact.enis ?? {});
  const [from, eni] = random.pick(enis);
  const others = enis.filter(([name]) => name !== from);
  const [to, other] = random.pick(others.length === 0 || random.chance(0.03) ? enis : others);
  const both = [eni, other].every((one) => (one.addresses ?? []).some((text) => text.includes(':')));
  const isV6 = both && random.chance(0.45);
  const shape = random.weighted([
    [6, 'inside'],
    [3, 'in'],
    [3, 'out'],
    [0.7, 'odd'],
  ] as const);
  const base = {
    traffic: trafficOf(random, isV6),
    sourcePort: random.pick(SOURCE_PORTS),
    family: isV6 ? ('ipv6' as const) : ('ipv4' as const),
  };
  const outside = random.pick(isV6 ? OUTSIDE_V6 : OUTSIDE);
  switch (shape) {
    case 'inside':
      return { from, to: random.chance(0.85) ? to : addressOf(random, other, isV6), ...base };
    case 'in':
      return { from: `internet:${outside}`, to: publicOf(random, compact, isV6), ...base };
    case 'out':
      return { from, to: outside, ...base };
    case 'odd':
      return {
        from,
        to: isV6
          ? 'fd00:ec2::253'
          : random.pick(['10.0.0.2', '169.254.169.254', '10.0.9.9', '172.31.0.1', '169.254.170.1']),
        ...(random.chance(0.4) ? { source: isV6 ? '2001:db8:ffff::9' : '203.0.113.12' } : {}),
        ...base,
      };
  }
}

function trafficOf(random: Random, isV6: boolean): string {
  return random.weighted<() => string>([
    [6, () => `tcp/${random.pick(PORTS)}`],
    [2, () => `udp/${random.pick(PORTS)}`],
    [2, () => random.pick(isV6 ? PACKETS_V6 : PACKETS)],
  ])();
}

function addressOf(random: Random, eni: CompactEni, isV6: boolean): string {
  const own = (eni.addresses ?? []).filter((text) => text.includes(':') === isV6);
  return random.pick([...own, ...(isV6 ? [] : Object.values(eni.public ?? {}))]);
}

/** An address that a packet of the internet may be for: mostly of an interface, sometimes of a NAT gateway or of nobody. */
function publicOf(random: Random, compact: Compact, isV6: boolean): string {
  const enis = Object.values(compact.enis ?? {});
  const own = isV6
    ? enis.flatMap((eni) => (eni.addresses ?? []).filter((text) => text.includes(':')))
    : enis.flatMap((eni) => Object.values(eni.public ?? {}));
  const nats = isV6 ? [] : Object.values(compact.natGateways ?? {}).flatMap((nat) => nat.public ?? []);
  const owners = random.weighted([
    [own.length > 0 ? 20 : 0, own],
    [nats.length > 0 ? 2 : 0, nats],
    [1, [isV6 ? '2001:db8:1:1::99' : '198.51.100.99']],
  ]);
  return random.pick(owners);
}
