// Routing and gateways of a compact world.
import type { Compact, CompactTable } from '../compact-format.ts';
import { owns } from './filters.ts';
import { block, ip, type Ip, plus, same, within } from './ip.ts';

/** Where a packet goes from a subnet; `groups`: whether references may match over this leg. */
export type Next =
  | { readonly kind: 'deny' }
  /** `mayHide`: an interface that the world does not show may stand at the other end. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'eni'; readonly name: string; readonly groups: boolean; readonly inSubnet: boolean }
  | { readonly kind: 'nat'; readonly name: string; readonly inSubnet: boolean }
  | { readonly kind: 'internet'; readonly source: Ip; readonly through: 'igw' | 'eigw' };

const DENY: Next = { kind: 'deny' };
const UNKNOWN: Next = { kind: 'unknown' };

const NEVER_ROUTED = ['169.254.168.0/22', 'fd00:ec2::/32'].map(block);
/** Prefixes of which the internet carries no packets. */
export const NOT_ON_THE_INTERNET: readonly string[] = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 240.0.0.0/4',
  '::/127 fc00::/7 fe80::/10 ff00::/8',
].flatMap((line) => line.split(' '));
const NOT_ROUTED = NOT_ON_THE_INTERNET.map(block);
const SERVICES = [
  '169.254.169.253 169.254.169.254 169.254.169.123 169.254.169.250 169.254.169.251 169.254.170.2 255.255.255.255',
  'fd00:ec2::253 fd00:ec2::254 fd00:ec2::123 fe80:ec2::1 ff02::1:2',
].flatMap((line) => line.split(' ').map(ip));

/** Whether the internet carries packets of the address. */
export function isPublic(address: Ip): boolean {
  return !NOT_ROUTED.some((own) => within(own, address));
}

/** Whether the destination is one of the VPC's own services: resolver, metadata, time, DHCP, the subnet's router. */
export function isService(world: Compact, subnetName: string, address: Ip): boolean {
  const subnet = world.subnets?.[subnetName];
  const vpc = subnet === undefined ? undefined : world.vpcs?.[subnet.vpc];
  const first = (vpc?.cidrs ?? []).map(block).find((own) => own.ip.bits === 32);
  const routers = (subnet?.cidrs ?? []).map((text) => plus(block(text).ip, 1));
  const own = [...SERVICES, ...routers, ...(first === undefined ? [] : [plus(first.ip, 2)])];
  return own.some((one) => same(one, address));
}

/** Whether the address may be the resolver of a VPC that the world does not hold: two behind the beginning of a local route. */
export function mayBeResolver(world: Compact, subnetName: string, address: Ip): boolean {
  const vpc = world.subnets?.[subnetName]?.vpc;
  if (vpc === undefined || world.vpcs?.[vpc] !== undefined) return false;
  const lines = Object.values(world.routeTables ?? {}).flatMap((one) => (one.vpc === vpc ? (one.routes ?? []) : []));
  const local = lines.map((line) => line.split(' ')).filter(([, target]) => target === 'local');
  return local.some(([what = '']) => block(what).ip.bits === 32 && same(plus(block(what).ip, 2), address));
}

/** Where the router of a subnet's VPC sends a packet. */
export function route(
  world: Compact,
  subnetName: string,
  packet: { readonly source: Ip; readonly destination: Ip },
): Next {
  const subnet = world.subnets?.[subnetName];
  if (subnet === undefined) return UNKNOWN;
  const { destination } = packet;
  if ((subnet.cidrs ?? []).some((own) => within(block(own), destination)))
    return holder(world, subnet.vpc, { address: destination, groups: true, inSubnet: true });
  const table = tableOf(world, subnetName);
  if (table === undefined) return UNKNOWN;
  if (NEVER_ROUTED.some((own) => within(own, destination))) return DENY;
  const chosen = choose(world, table, destination);
  if (chosen === 'unknown') return UNKNOWN;
  if (chosen === undefined || chosen.blackhole) return DENY;
  return follow(world, { vpc: subnet.vpc, subnet: subnetName, target: chosen.target, ...packet });
}

type Row = { readonly target: string; readonly blackhole: boolean; readonly rank: number; readonly length: number };

function tableOf(world: Compact, subnetName: string): readonly string[] | undefined {
  const subnet = world.subnets?.[subnetName];
  if (subnet === undefined || subnet.routeTable === null) return undefined;
  const table = subnet.routeTable === undefined ? mainOf(world, subnet.vpc) : world.routeTables?.[subnet.routeTable];
  if (table === undefined) return undefined;
  const own = table.routes ?? [];
  const replaced = new Set(own.map((line) => line.split(' ')[0]));
  const local = (world.vpcs?.[table.vpc]?.cidrs ?? []).filter((cidr) => !replaced.has(cidr));
  return [...local.map((cidr) => `${cidr} local`), ...own];
}

/** The record of the VPC names its main table: without the record nobody knows which one it is. */
function mainOf(world: Compact, vpc: string): CompactTable | undefined {
  if (world.vpcs?.[vpc] === undefined) return undefined;
  return Object.values(world.routeTables ?? {}).find((one) => one.vpc === vpc && one.main === true) ?? { vpc };
}

function choose(world: Compact, lines: readonly string[], destination: Ip): Row | 'unknown' | undefined {
  const rows: Row[] = [];
  const unsure: Row[] = [];
  for (const line of lines) {
    const [what = '', target = '', ...flags] = line.split(' ');
    const base = { target, blackhole: flags.includes('blackhole'), length: 0 };
    if (!what.startsWith('list:')) {
      const rank = flags.includes('propagated') ? 2 : 0;
      if (within(block(what), destination)) rows.push({ ...base, rank, length: block(what).length });
      continue;
    }
    const rank = flags.includes('propagated') ? 2 : 1;
    const list = world.prefixLists?.[what.slice(5)];
    if (list !== undefined && (list.family === 'ipv4' ? 32 : 128) !== destination.bits) continue;
    if (list?.entries === undefined || list.entries === null) unsure.push({ ...base, rank });
    else
      for (const entry of list.entries.map(block))
        if (within(entry, destination)) rows.push({ ...base, rank, length: entry.length });
  }
  rows.sort((a, b) => b.length - a.length || a.rank - b.rank);
  const [best] = rows;
  const matters = unsure.some((row) => row.target !== best?.target || row.blackhole !== best.blackhole);
  return matters ? 'unknown' : best;
}

type Going = {
  readonly vpc: string;
  readonly subnet: string;
  readonly target: string;
  readonly source: Ip;
  readonly destination: Ip;
};

function follow(world: Compact, going: Going): Next {
  const [word = '', name = ''] = going.target.split(':');
  switch (word) {
    case 'local':
      return holder(world, going.vpc, { address: going.destination, groups: true, inSubnet: false });
    case 'eni': {
      const eni = world.enis?.[name];
      if (eni === undefined) return UNKNOWN;
      return vpcOf(world, eni.subnet) === going.vpc
        ? { kind: 'eni', name, groups: true, inSubnet: eni.subnet === going.subnet }
        : DENY;
    }
    case 'nat': {
      const nat = world.natGateways?.[name];
      if (nat === undefined) return UNKNOWN;
      return vpcOf(world, nat.subnet) === going.vpc
        ? { kind: 'nat', name, inSubnet: nat.subnet === going.subnet }
        : DENY;
    }
    case 'igw':
    case 'eigw':
      return outside(world, going, word);
    case 'pcx':
      return across(world, going, name);
    default:
      return UNKNOWN;
  }
}

function outside(world: Compact, going: Going, through: 'igw' | 'eigw'): Next {
  const name = going.target.slice(through.length + 1);
  const gateway = through === 'igw' ? world.internetGateways?.[name] : world.egressOnlyGateways?.[name];
  if (gateway === undefined) return UNKNOWN;
  if (gateway.vpc !== going.vpc) return DENY;
  const source = publicSide(world, going.vpc, going.source);
  if (source === 'unknown') return UNKNOWN;
  return source === undefined || !isPublic(going.destination) ? DENY : { kind: 'internet', source, through };
}

function publicSide(world: Compact, vpc: string, source: Ip): Ip | 'unknown' | undefined {
  if (source.bits === 128) return isPublic(source) ? source : undefined;
  for (const nat of Object.values(world.natGateways ?? {}))
    if (vpcOf(world, nat.subnet) === vpc && same(ip(nat.private), source))
      return nat.public === undefined ? undefined : ip(nat.public);
  for (const eni of Object.values(world.enis ?? {})) {
    if (vpcOf(world, eni.subnet) !== vpc || !owns(eni, source)) continue;
    const found = Object.entries(eni.public ?? {}).find(([own]) => same(ip(own), source));
    return found === undefined ? undefined : ip(found[1]);
  }
  return isMissing(world, 'networkInterfaces') ? 'unknown' : undefined;
}

function across(world: Compact, going: Going, name: string): Next {
  const peering = world.peerings?.[name];
  if (peering === undefined) return UNKNOWN;
  const { requester, accepter, status = 'active', regions = [] } = peering;
  if (requester !== going.vpc && accepter !== going.vpc) return DENY;
  if (status !== 'active') return DENY;
  const far = requester === going.vpc ? accepter : requester;
  const vpc = world.vpcs?.[far];
  if (vpc === undefined) return UNKNOWN;
  if (!(vpc.cidrs ?? []).some((own) => within(block(own), going.destination))) return DENY;
  return holder(world, far, { address: going.destination, groups: regions[0] === regions[1], inSubnet: false });
}

/** Who has an address in a VPC. */
function holder(
  world: Compact,
  vpc: string,
  leg: { readonly address: Ip; readonly groups: boolean; readonly inSubnet: boolean },
): Next {
  const inVpc = Object.entries(world.enis ?? {}).filter(([, eni]) => vpcOf(world, eni.subnet) === vpc);
  const found = inVpc.find(([, eni]) => owns(eni, leg.address) && eni.type !== 'nat_gateway');
  if (found !== undefined) return { kind: 'eni', name: found[0], groups: leg.groups, inSubnet: leg.inSubnet };
  const nat = Object.entries(world.natGateways ?? {}).find(
    ([, one]) => vpcOf(world, one.subnet) === vpc && same(ip(one.private), leg.address),
  );
  if (nat !== undefined) return { kind: 'nat', name: nat[0], inSubnet: leg.inSubnet };
  if (inVpc.some(([, eni]) => owns(eni, leg.address))) return DENY;
  return isMissing(world, 'networkInterfaces') ? UNKNOWN : DENY;
}

/** The VPC of a subnet by name. */
export function vpcOf(world: Compact, subnet: string): string | undefined {
  return world.subnets?.[subnet]?.vpc;
}

/** Whether the export lacks a kind of records. */
export function isMissing(world: Compact, kind: string): boolean {
  return (world.missing ?? []).some((one) => one === kind || (kind === 'networkInterfaces' && one === 'enis'));
}
