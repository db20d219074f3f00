import { FAMILIES, formatAddress } from '../../core/net/address.ts';
import { type Cidr, cidrCovers, formatCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { PeeringConnection } from '../../core/model/gateway.ts';
import type { VpcId } from '../../core/model/ids.ts';
import type { Route } from '../../core/model/route-table.ts';
import type { Subnet } from '../../core/model/vpc.ts';
import { getRecord, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import { EXEMPT_ADDRESSES, RESERVED_DESTINATIONS, serviceAddresses } from '../../core/policy/exempt.ts';
import { routeTableOf } from '../../core/policy/route.ts';
import { hostText, type TopologyDraft, viaLink } from './draft.ts';
import { deviceName, macOf, namespaceName, tableNumber } from './names.ts';

/** Priorities of a router's rules: the table of the subnet, then the addresses of the VPC, then nothing. */
const [SUBNET_PRIORITY, LOCAL_PRIORITY, LAST_PRIORITY] = [100, 200, 300];
/** The table with every address of the VPC. */
const LOCAL_TABLE = 9999;
/** The metric of the last resort: any real default route is better. */
const LAST_METRIC = 1_000_000;

/** What routers must be told before devices come: they take it over from the defaults. Forwarding comes last, after the rules. */
export const ROUTER_SYSCTLS: readonly string[] = [
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.default.accept_ra=0',
  'net.netfilter.nf_conntrack_tcp_be_liberal=1',
  'net.netfilter.nf_conntrack_udp_timeout_stream=180',
  'net.netfilter.nf_conntrack_generic_timeout=600',
];

/** What is said to people of routes that the lab cannot follow. */
export type Warn = (text: string) => void;

/** The router of a VPC: its services, and a routing table for each subnet that says what `planPath` says. */
export function planRouter(
  draft: TopologyDraft,
  world: World,
  of: { readonly vpcId: VpcId; readonly warn: Warn },
): void {
  const namespace = namespaceName('router', of.vpcId);
  draft.namespace(namespace, ROUTER_SYSCTLS);
  draft.rule(namespace, `priority ${LOCAL_PRIORITY} lookup ${LOCAL_TABLE}`);
  draft.rule(namespace, `priority ${LAST_PRIORITY} blackhole`);
  const vpc = getRecord(world, 'vpcs', of.vpcId);
  const services = [...EXEMPT_ADDRESSES, ...serviceAddresses(undefined, vpc)];
  for (const address of services)
    if (!isGroupAddress(formatAddress(address)))
      draft.address(namespace, `${hostText(address)} dev lo${nodad(address.family)}`);
  for (const id of indexedIds(world, 'subnetsByVpc', of.vpcId)) {
    const subnet = getRecord(world, 'subnets', id);
    if (subnet === undefined) continue;
    for (const address of serviceAddresses(subnet, undefined))
      draft.address(namespace, `${hostText(address)} dev lo${nodad(address.family)}`);
    planSubnet(draft, world, { subnet, warn: of.warn });
  }
}

/** An interface at its router: its addresses, and the table of its subnet for what it sends. */
export function planAtRouter(draft: TopologyDraft, eni: Eni, device: string): void {
  const namespace = namespaceName('router', eni.vpcId);
  const mac = macOf(eni.id);
  draft.rule(namespace, `priority ${SUBNET_PRIORITY} iif ${device} lookup ${tableNumber(eni.subnetId)}`);
  draft.address(namespace, `fe80::1/64 dev ${device} nodad`);
  draft.nextHop({ namespace, device }, mac);
  for (const { address } of eni.addresses) {
    draft.route(namespace, `${hostText(address)} dev ${device} table ${LOCAL_TABLE}`);
    draft.neighbour({ namespace, device }, formatAddress(address), mac);
  }
  for (const prefix of eni.prefixes)
    draft.route(namespace, `${formatCidr(prefix)} ${viaLink(prefix.family, device)} table ${LOCAL_TABLE}`);
}

/** A NAT gateway at its router, which is a device of its subnet. */
export function planNatAtRouter(
  draft: TopologyDraft,
  of: {
    readonly vpcId: VpcId;
    readonly subnetId: string;
    readonly device: string;
    readonly addresses: readonly string[];
  },
): void {
  const namespace = namespaceName('router', of.vpcId);
  draft.rule(namespace, `priority ${SUBNET_PRIORITY} iif ${of.device} lookup ${tableNumber(of.subnetId)}`);
  for (const text of of.addresses)
    draft.route(namespace, `${text}/32 ${viaLink('ipv4', of.device)} table ${LOCAL_TABLE}`);
}

function nodad(family: 'ipv4' | 'ipv6'): string {
  return family === 'ipv6' ? ' nodad' : '';
}

function isGroupAddress(text: string): boolean {
  return text.startsWith('ff') || text === '255.255.255.255';
}

type InSubnet = { readonly subnet: Subnet; readonly warn: Warn };

/** The table of a subnet. What is local is thrown to the next rule; of equal prefixes the one that the VPC's router would take. */
function planSubnet(draft: TopologyDraft, world: World, { subnet, warn }: InSubnet): void {
  const namespace = namespaceName('router', subnet.vpcId);
  const table = tableNumber(subnet.id);
  const { table: routes } = routeTableOf(world, subnet);
  const chosen = new Map<string, { readonly cidr: Cidr; readonly route: Route }>();
  for (const one of (routes?.routes ?? []).flatMap((route) => prefixesOf(world, route, warn))) {
    const key = formatCidr(one.cidr);
    const known = chosen.get(key);
    if (known === undefined || rank(one.route) < rank(known.route)) chosen.set(key, one);
  }
  for (const cidr of subnet.cidrs) draft.route(namespace, `throw ${formatCidr(cidr)} table ${table}`);
  for (const cidr of RESERVED_DESTINATIONS) draft.route(namespace, `blackhole ${formatCidr(cidr)} table ${table}`);
  for (const [key, { cidr, route }] of chosen) {
    if (subnet.cidrs.some((own) => cidrCovers(own, cidr))) continue;
    for (const line of targetLines(world, { subnet, route, cidr, warn }))
      draft.route(namespace, `${line} table ${table}`);
    if (route.target.kind === 'local') draft.route(namespace, `throw ${key} table ${table}`);
  }
  for (const family of FAMILIES) {
    const any = family === 'ipv4' ? '0.0.0.0/0' : '::/0';
    if (!chosen.has(any)) draft.route(namespace, `blackhole ${any} table ${table} metric ${LAST_METRIC}`);
  }
}

function prefixesOf(world: World, route: Route, warn: Warn): readonly { readonly cidr: Cidr; readonly route: Route }[] {
  if (route.state === 'filtered') return [];
  if (route.destination.kind === 'cidr') return [{ cidr: route.destination.cidr, route }];
  const list = getRecord(world, 'prefixLists', route.destination.prefixListId);
  if (list?.entries === undefined) {
    warn(
      `a route leads by prefix list ${route.destination.prefixListId}, of which the entries are not known: it is left out`,
    );
    return [];
  }
  return list.entries.map(({ cidr }) => ({ cidr, route }));
}

/** Static before prefix list before propagated (V:route-tables-priority). */
function rank({ origin, destination }: Route): number {
  if (origin === 'propagated') return 2;
  return destination.kind === 'prefix-list' ? 1 : 0;
}

type OnRoute = InSubnet & { readonly route: Route; readonly cidr: Cidr };

/** The lines for one destination; empty for local ones. What leads nowhere is a black hole: AWS's router is silent. */
function targetLines(world: World, on: OnRoute): readonly string[] {
  const { route, cidr, subnet, warn } = on;
  const { target } = route;
  const text = formatCidr(cidr);
  const over = (device: string): readonly string[] => [`${text} ${viaLink(cidr.family, device)}`];
  const nowhere = [`blackhole ${text}`];
  if (target.kind === 'local') return [];
  if (route.state === 'blackhole') return nowhere;
  switch (target.kind) {
    case 'internet-gateway':
      return getRecord(world, 'internetGateways', target.id)?.vpcId === subnet.vpcId
        ? over(deviceName('g', target.id))
        : nowhere;
    case 'egress-only-gateway': {
      const isOurs = getRecord(world, 'egressOnlyGateways', target.id)?.vpcId === subnet.vpcId;
      return isOurs && cidr.family === 'ipv6' ? over(deviceName('x', target.id)) : nowhere;
    }
    case 'nat-gateway': {
      const nat = getRecord(world, 'natGateways', target.id);
      const carries = nat?.vpcId === subnet.vpcId && nat.state === 'available' && cidr.family === 'ipv4';
      return carries ? over(deviceName('n', target.id)) : nowhere;
    }
    case 'eni': {
      const eni = getRecord(world, 'enis', target.id);
      return eni?.vpcId === subnet.vpcId && isRunning(world, eni) ? over(deviceName('e', target.id)) : nowhere;
    }
    case 'peering':
      return peeringLines(world, on, target.id);
    case 'unmodelled':
      warn(`a route of ${subnet.id} to ${text} leads to ${target.id}, which the lab cannot follow: a black hole`);
      return nowhere;
  }
}

/** Peering carries packets to the peer's own prefixes and no further. */
function peeringLines(world: World, { subnet, cidr }: OnRoute, id: string): readonly string[] {
  const peering = getRecord(world, 'peerings', id);
  const text = formatCidr(cidr);
  if (peering === undefined || !isCarrying(world, peering)) return [`blackhole ${text}`];
  const side = peering.requester.vpcId === subnet.vpcId ? peering.accepter : peering.requester;
  const theirs = getRecord(world, 'vpcs', side.vpcId)?.cidrs ?? side.cidrs;
  const device = deviceName('p', id);
  const inside = theirs.flatMap((other) => (cidrCovers(cidr, other) ? [other] : cidrCovers(other, cidr) ? [cidr] : []));
  const distinct = [...new Set(inside.map(formatCidr))];
  return [
    ...(distinct.includes(text) ? [] : [`blackhole ${text}`]),
    ...distinct.map((one) => `${one} ${viaLink(cidr.family, device)}`),
  ];
}

/** Whether a peering connection is active and both of its VPCs are in the lab. */
export function isCarrying(world: World, peering: PeeringConnection): boolean {
  const { requester, accepter } = peering;
  return (
    peering.status === 'active' &&
    getRecord(world, 'vpcs', requester.vpcId) !== undefined &&
    getRecord(world, 'vpcs', accepter.vpcId) !== undefined
  );
}

/** Whether an interface hangs on an instance that runs: only those have a namespace. */
export function isRunning(world: World, eni: Eni): boolean {
  const id = eni.attachment?.instanceId;
  const state = id === undefined ? undefined : getRecord(world, 'instances', id)?.state;
  return state === 'running' || state === 'pending';
}

/** All interfaces that have a device. */
export function runningEnis(world: World): readonly Eni[] {
  return [...listRecords(world, 'enis')]
    .filter((eni) => eni.interfaceType !== 'nat_gateway' && isRunning(world, eni))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
