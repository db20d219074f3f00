// Random worlds with damage: records gone, interfaces bare or of other kinds, routes through places that chance hardly ever draws.
import { Random } from '../../bench/random.ts';
import type { Compact, CompactEni, CompactTable } from '../compact-format.ts';
import { randomWorld } from '../property/generators.ts';

type Damage = (random: Random, world: Compact) => Compact;

/** Sections of which one record may get lost. An interface's VPC hangs on its subnet, so only NAT gateways stand in lost subnets. */
const LOSABLE = [
  'vpcs',
  'acls',
  'routeTables',
  'internetGateways',
  'egressOnlyGateways',
  'natGateways',
  'peerings',
  'prefixLists',
  'groups',
] as const;
const WITHOUT_GROUPS = [
  'network_load_balancer',
  'gateway_load_balancer',
  'gateway_load_balancer_endpoint',
  'transit_gateway',
];
const WIDE = ['0.0.0.0/0', '::/0', '203.0.113.0/24', '2001:db8:ffff::/48'];
const RETURNS = ['1024-65535', '1024-65535', '0-65535', '1025-65535', '1024-65534', '0-1023'];
const ODD_ENTRIES = [
  '50 allow protocol/58 0.0.0.0/0',
  '60 deny icmpv6/128 0.0.0.0/0',
  '70 allow protocol/6 10.0.0.0/8',
  '80 allow protocol/17 ::/0',
  '90 allow icmp/8 ::/0',
];

const DAMAGES: readonly Damage[] = [
  ...LOSABLE.map((section): Damage => (random, world) => {
    const name = nameOf(random, world[section]);
    return name === undefined ? world : { ...world, [section]: without(world[section] ?? {}, name) };
  }),
  (_, world) => ({
    ...world,
    natGateways: each(world.natGateways, (nat) => ({
      ...nat,
      subnet: 'Sgone',
    })),
  }),
  (_, world) => ({
    ...world,
    natGateways: each(world.natGateways, (nat) => ({ ...nat, more: [moreOf(nat)] })),
  }),
  (random, world) => ({
    ...world,
    natGateways: each(world.natGateways, ({ public: seen, ...nat }) =>
      random.chance(0.3) && seen !== undefined ? { ...nat, public: seen } : nat,
    ),
  }),
  (_, world) => ({ ...world, enis: { ...world.enis, ...natInterfaces(world) } }),
  (random, world) => changeEni(random, world, (eni) => ({ ...eni, groups: [] })),
  (random, world) =>
    changeEni(random, world, (eni) => ({
      ...eni,
      type: random.pick(WITHOUT_GROUPS),
      ...(random.chance(0.5) ? { groups: [] } : {}),
    })),
  (random, world) => changeEni(random, world, (eni) => ({ ...eni, public: publicOf(eni) })),
  (random, world) => ({
    ...world,
    enis: each(world.enis, (eni) => (random.chance(0.5) ? { ...eni, sourceDestCheck: false } : eni)),
  }),
  (random, world) => {
    const name = nameOf(random, world.acls);
    const acl = world.acls?.[name ?? ''];
    if (name === undefined || acl === undefined) return world;
    return { ...world, acls: { ...world.acls, [name]: { ...acl, ingress: ODD_ENTRIES } } };
  },
  narrowReturns,
  (random, world) => ({
    ...world,
    missing: [...(world.missing ?? []), random.pick(['networkInterfaces', 'internetGateways'])],
  }),
  // A local route that leads to an appliance, a subnet behind one, and a whole internet behind one.
  (random, world) => throughEni(random, world, (table) => world.vpcs?.[table.vpc]?.cidrs ?? []),
  (random, world) =>
    throughEni(random, world, () => Object.values(world.subnets ?? {}).flatMap((one) => one.cidrs ?? [])),
  (random, world) => throughEni(random, world, () => WIDE),
  (random, world) =>
    addRoute(random, world, (table) => {
      const kinds = [
        'igw:gone',
        'nat:gone',
        'pcx:gone',
        'eigw:gone',
        'eni:gone',
        `igw:G${table.vpc}`,
        `nat:X${table.vpc}`,
      ];
      const flag = random.pick(['', '', '', ' propagated', ' blackhole']);
      return `list:${random.pick(['L4', 'L6', 'Lgone'])} ${random.pick(kinds)}${flag}`;
    }),
  (random, world) =>
    addRoute(
      random,
      world,
      () => `${random.pick(['0.0.0.0/0', '10.2.0.0/16', '10.0.0.0/12'])} pcx:${random.pick(['P1', 'P2'])}`,
    ),
];

/** The world of a seed with one to three damages, the same each time. */
export function wornWorld(seed: number): Compact {
  const random = new Random(seed ^ 0x5bd1_e995);
  let world = randomWorld(seed);
  for (let left = random.between(1, 3); left > 0; left -= 1) world = random.pick(DAMAGES)(random, world);
  return world;
}

/** NACLs around NAT gateways that let back exactly, nearly or more than the ports which a gateway picks from. */
function narrowReturns(random: Random, world: Compact): Compact {
  let { subnets = {}, acls = {} } = world;
  for (const { subnet: name } of Object.values(world.natGateways ?? {})) {
    const subnet = subnets[name];
    if (subnet === undefined) continue;
    const ingress = ['50 allow all 10.0.0.0/8', `100 allow tcp/${random.pick(RETURNS)} 0.0.0.0/0`];
    const egress = ['100 allow all 0.0.0.0/0'];
    subnets = { ...subnets, [name]: { ...subnet, acl: `Nback${name}` } };
    acls = { ...acls, [`Nback${name}`]: { vpc: subnet.vpc, ingress, egress } };
  }
  return { ...world, subnets, acls };
}

function nameOf(random: Random, section: object | undefined): string | undefined {
  const names = Object.keys(section ?? {});
  return names.length === 0 ? undefined : random.pick(names);
}

function without(section: object, name: string): object {
  return Object.fromEntries(Object.entries(section).filter(([one]) => one !== name));
}

function each<T>(section: { readonly [name: string]: T } | undefined, change: (one: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(section ?? {}).map(([name, one]) => [name, change(one)]));
}

function changeEni(random: Random, world: Compact, change: (eni: CompactEni) => CompactEni): Compact {
  const name = nameOf(random, world.enis);
  const eni = world.enis?.[name ?? ''];
  return name === undefined || eni === undefined ? world : { ...world, enis: { ...world.enis, [name]: change(eni) } };
}

function addRoute(random: Random, world: Compact, line: (table: CompactTable) => string): Compact {
  const name = nameOf(random, world.routeTables);
  const table = world.routeTables?.[name ?? ''];
  if (name === undefined || table === undefined) return world;
  const added = line(table);
  // One route per destination, as on AWS.
  const [destination] = added.split(' ');
  const routes = [...(table.routes ?? []).filter((one) => one.split(' ')[0] !== destination), added];
  return { ...world, routeTables: { ...world.routeTables, [name]: { ...table, routes } } };
}

function throughEni(random: Random, world: Compact, destinations: (table: CompactTable) => readonly string[]): Compact {
  const name = nameOf(random, world.enis);
  const eni = world.enis?.[name ?? ''];
  if (name === undefined || eni === undefined) return world;
  const opened = { ...world, enis: { ...world.enis, [name]: { ...eni, sourceDestCheck: random.chance(0.1) } } };
  return addRoute(random, opened, (table) => {
    const choices = destinations(table);
    return `${choices.length === 0 ? '0.0.0.0/0' : random.pick(choices)} eni:${name}`;
  });
}

type Nat = NonNullable<Compact['natGateways']>[string];

function moreOf(nat: Nat): string {
  const inside = nat.private.replace(/\.200$/, '.201');
  return nat.public === undefined ? inside : `${inside} 198.51.100.240`;
}

/** NAT gateways as an export shows them a second time: an interface of their own. */
function natInterfaces(world: Compact): Record<string, CompactEni> {
  return Object.fromEntries(
    Object.entries(world.natGateways ?? {}).map(([name, nat]) => [
      `n${name}`,
      {
        subnet: nat.subnet,
        addresses: [nat.private],
        groups: [],
        type: 'nat_gateway',
        ...(nat.public === undefined ? {} : { public: { [nat.private]: nat.public } }),
      },
    ]),
  );
}

/** A public address for each private one. */
function publicOf(eni: CompactEni): Record<string, string> {
  const own = (eni.addresses ?? []).filter((text) => !text.includes(':'));
  return Object.fromEntries(own.map((text, index) => [text, `198.51.100.${100 + index}`]));
}
