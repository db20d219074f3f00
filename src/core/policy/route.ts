import type { Address } from '../net/address.ts';
import { type Cidr, cidrContains } from '../net/cidr.ts';
import type { NatGateway } from '../model/gateway.ts';
import type { Eni } from '../model/eni.ts';
import type { RouteTableId, VpcId } from '../model/ids.ts';
import { type Route, type RouteTable, targetText } from '../model/route-table.ts';
import type { Subnet } from '../model/vpc.ts';
import { eniAt, getRecord, indexedId, indexedIds, type World } from '../model/world.ts';
import { formatAddress } from '../net/address.ts';

/** The answer of a route table: the winning route, none, or not to be told because these records are unknown. */
export type RouteChoice =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly unknowns: readonly string[] };

/** Longest prefix wins; at equal length static before prefix list before propagated (V:route-tables-priority). */
export function chooseRoute(world: World, table: RouteTable, destination: Address): RouteChoice {
  let best: Route | undefined;
  let bestLength = -1;
  const doubtful: Route[] = [];
  for (const route of table.routes) {
    if (route.state === 'filtered') continue;
    const length = matchLength(world, route, destination);
    if (length === 'unknown') doubtful.push(route);
    else if (length > bestLength || (length === bestLength && best !== undefined && rank(route) < rank(best))) {
      best = route;
      bestLength = length;
    }
  }
  // A list whose entries are not known may hold a longer prefix; it does not matter only where it leads to the same target.
  const unsure = doubtful.filter(
    (route) => best === undefined || targetText(route.target) !== targetText(best.target) || route.state !== best.state,
  );
  if (unsure.length > 0)
    return {
      kind: 'unknown',
      unknowns: unsure.map((route) => (route.destination.kind === 'prefix-list' ? route.destination.prefixListId : '')),
    };
  return best === undefined ? { kind: 'none' } : { kind: 'route', route: best };
}

/** The route table of a subnet: its own, else the VPC's main one. Undefined ids mean that it is not known which. */
export function routeTableOf(
  world: World,
  subnet: Subnet,
): { readonly id: RouteTableId | undefined; readonly table: RouteTable | undefined } {
  const id = subnet.routeTable?.routeTableId ?? getRecord(world, 'vpcs', subnet.vpcId)?.mainRouteTable?.routeTableId;
  return { id, table: id === undefined ? undefined : getRecord(world, 'routeTables', id) };
}

/** The prefixes that the route tables of a VPC say are its own. */
export function* localPrefixes(world: World, vpcId: VpcId): Generator<Cidr, void, undefined> {
  for (const id of indexedIds(world, 'routeTablesByVpc', vpcId))
    for (const { target, destination } of getRecord(world, 'routeTables', id)?.routes ?? [])
      if (target.kind === 'local' && destination.kind === 'cidr') yield destination.cidr;
}

/** Who answers to a private address inside a VPC. `unknown` when interfaces are missing from the world. */
export type Owner =
  | { readonly kind: 'eni'; readonly eni: Eni }
  | { readonly kind: 'nat'; readonly nat: NatGateway }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown' };

/** The owner of a private address of a VPC; a NAT gateway's interface counts as the gateway. */
export function ownerOf(world: World, vpcId: VpcId, address: Address): Owner {
  const eni = eniAt(world, vpcId, address);
  if (eni !== undefined && eni.interfaceType !== 'nat_gateway') return { kind: 'eni', eni };
  const natId = indexedId(world, 'natGatewaysByAddress', `${vpcId} ${formatAddress(address)}`);
  const nat = natId === undefined ? undefined : getRecord(world, 'natGateways', natId);
  if (nat !== undefined) return { kind: 'nat', nat };
  if (eni !== undefined) return { kind: 'eni', eni };
  return { kind: world.missing.has('enis') ? 'unknown' : 'nobody' };
}

function matchLength(world: World, route: Route, destination: Address): number | 'unknown' {
  if (route.destination.kind === 'cidr')
    return cidrContains(route.destination.cidr, destination) ? route.destination.cidr.length : -1;
  const list = getRecord(world, 'prefixLists', route.destination.prefixListId);
  if (list !== undefined && list.family !== destination.family) return -1;
  if (list?.entries === undefined) return 'unknown';
  return Math.max(-1, ...list.entries.map((entry) => (cidrContains(entry.cidr, destination) ? entry.cidr.length : -1)));
}

function rank(route: Route): number {
  if (route.origin === 'propagated') return 2;
  return route.destination.kind === 'prefix-list' ? 1 : 0;
}
