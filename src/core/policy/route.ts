import { type Address, formatAddress } from '../net/address.ts';
import { type Cidr, cidrContains, cidrMayContain } from '../net/cidr.ts';
import type { NatGateway } from '../model/gateway.ts';
import type { Eni } from '../model/eni.ts';
import type { RouteTableId, VpcId } from '../model/ids.ts';
import { type Route, type RouteTable, targetText } from '../model/route-table.ts';
import type { Subnet } from '../model/vpc.ts';
import { eniAt, getRecord, indexedId, indexedIds, type World } from '../model/world.ts';
import type { UnknownReason } from './verdict.ts';

/** The answer of a route table: the winning route, none, or not to be told because of what is not known. */
export type RouteChoice =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason; readonly unknowns: readonly string[] };

/** Longest prefix wins; at equal length static before prefix list before propagated (V:route-tables-priority). */
export function chooseRoute(world: World, table: RouteTable, destination: Address): RouteChoice {
  let best: Candidate | undefined;
  const doubtful: (Candidate & { readonly doubt: Doubt })[] = [];
  for (const route of table.routes) {
    if (route.state === 'filtered') continue;
    const { length, perhaps } = matchLength(world, route, destination);
    if (perhaps !== undefined) doubtful.push({ route, ...perhaps });
    if (length >= 0 && (best === undefined || wins({ route, length }, best))) best = { route, length };
  }
  // What perhaps matches matters where it would win, unless it leads to the same target.
  const unsure = doubtful.filter((one) => best === undefined || (wins(one, best) && !isSameWay(one.route, best.route)));
  const [first] = unsure;
  if (first !== undefined)
    return { kind: 'unknown', reason: first.doubt.reason, unknowns: unsure.map((one) => one.doubt.unknown) };
  return best === undefined ? { kind: 'none' } : { kind: 'route', route: best.route };
}

type Candidate = { readonly route: Route; readonly length: number };
type Doubt = { readonly reason: UnknownReason; readonly unknown: string };

function wins(one: Candidate, best: Candidate): boolean {
  return one.length > best.length || (one.length === best.length && rank(one.route) < rank(best.route));
}

function isSameWay(one: Route, other: Route): boolean {
  return targetText(one.target) === targetText(other.target) && one.state === other.state;
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
  return { kind: world.missing.has('enis') || mayHaveOwner(world, vpcId, address) ? 'unknown' : 'nobody' };
}

/** Whether some interface or NAT gateway of the VPC, of which the address is not known, may have this one. */
function mayHaveOwner(world: World, vpcId: VpcId, address: Address): boolean {
  const may = (own: Address): boolean => own.within !== undefined && cidrMayContain(own.within, address);
  for (const id of indexedIds(world, 'enisByVagueAddress', vpcId))
    if (getRecord(world, 'enis', id)?.addresses.some((own) => may(own.address)) === true) return true;
  for (const id of indexedIds(world, 'natGatewaysByVagueAddress', vpcId))
    if (getRecord(world, 'natGateways', id)?.addresses.some((own) => may(own.private)) === true) return true;
  return false;
}

/** The length of the longest prefix of a route that holds the destination, −1 for none; `perhaps`: of the longest that may. */
function matchLength(
  world: World,
  route: Route,
  destination: Address,
): { readonly length: number; readonly perhaps?: { readonly length: number; readonly doubt: Doubt } } {
  const to = route.destination;
  const list = to.kind === 'cidr' ? undefined : getRecord(world, 'prefixLists', to.prefixListId);
  if (list !== undefined && list.family !== destination.family) return { length: -1 };
  const cidrs = to.kind === 'cidr' ? [to.cidr] : list?.entries?.map((entry) => entry.cidr);
  if (cidrs === undefined) {
    const doubt: Doubt = { reason: 'unknown-prefix-list', unknown: to.kind === 'cidr' ? '' : to.prefixListId };
    return { length: -1, perhaps: { length: Number.POSITIVE_INFINITY, doubt } };
  }
  const certain = longest(cidrs.filter((cidr) => cidrContains(cidr, destination)));
  const possible =
    destination.within === undefined ? certain : longest(cidrs.filter((cidr) => cidrMayContain(cidr, destination)));
  if (possible < 0) return { length: -1 };
  if (route.doubt !== undefined)
    return { length: -1, perhaps: { length: possible, doubt: { reason: 'unknown-route', unknown: route.doubt } } };
  if (possible === certain) return { length: certain };
  const doubt: Doubt = { reason: 'unknown-address', unknown: formatAddress(destination) };
  return { length: certain, perhaps: { length: possible, doubt } };
}

function longest(cidrs: readonly Cidr[]): number {
  return cidrs.reduce((length, cidr) => Math.max(length, cidr.length), -1);
}

function rank(route: Route): number {
  if (route.origin === 'propagated') return 2;
  return route.destination.kind === 'prefix-list' ? 1 : 0;
}
