import { type Cidr, cidrCovers, cidrsOverlap, formatCidr, parseCidr, sameCidr } from '../../../core/net/cidr.ts';
import { expectOk, ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import type { Route, RouteDestination, RouteTable, RouteTarget } from '../../../core/model/route-table.ts';
import { targetText } from '../../../core/model/route-table.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { stateOfRouteTo } from '../enis/routes-to.ts';
import type { Env } from '../env.ts';
import { referredList } from '../prefix-lists/aws-lists.ts';
import { routeWeights } from '../prefix-lists/list-references.ts';
import { invalidCombination, type Refusal } from '../refusal.ts';
import { cidrMalformed } from '../vpcs/vpc-refusals.ts';
import {
  localRouteStays,
  routeExists,
  routeNotFound,
  routeOfVpc,
  routesLimit,
  routeTableNotFound,
  routeToReserved,
  targetElsewhere,
  targetNotFound,
  targetOfOtherFamily,
} from './route-refusals.ts';

/** Where a route is asked to lead: the parameters of CreateRoute, of which one is given. `isLocal` puts a route back to the VPC itself. */
export type TargetAsked = {
  readonly internetGatewayId?: string | undefined;
  readonly egressOnlyGatewayId?: string | undefined;
  readonly natGatewayId?: string | undefined;
  readonly peeringId?: string | undefined;
  readonly eniId?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly isLocal?: boolean | undefined;
};

/** What a route is asked to be for: one of the three. */
export type DestinationAsked = {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly prefixListId?: string | undefined;
};

export type RouteAsked = {
  readonly tableId: string;
  readonly destination: DestinationAsked;
  readonly target: TargetAsked;
};

/** Destinations that AWS keeps (V23:VPC_Route_Tables). */
const RESERVED: readonly Cidr[] = ['169.254.168.0/22', 'fd00:ec2::/32'].map((text) => expectOk(parseCidr(text)));

/** Adds a route. One for the same destination is in the way, wherever it leads (API CreateRoute). */
export function createRoute(draft: Draft, asked: RouteAsked, env: Env): Result<Route, Refusal> {
  const found = tableAnd(draft, asked, env);
  if (!found.ok) return found;
  const { table, destination } = found.value;
  const text = destinationText(destination);
  if (table.routes.some((route) => destinationText(route.destination) === text && route.origin !== 'propagated'))
    return routeExists(text);
  const target = targetOf(draft, table, { target: asked.target, destination });
  if (!target.ok) return target;
  const fault = placeFault(draft, table, { destination, target: target.value });
  if (fault !== undefined) return fault;
  const state = stateOfRouteTo(draft, target.value);
  const route: Route = { destination, target: target.value, state, origin: 'static' };
  const grown: RouteTable = { ...table, routes: [...table.routes, route] };
  const weights = routeWeights(draft, grown);
  if (Math.max(weights.ipv4, weights.ipv6) > env.limits.routesPerTable) return routesLimit();
  draft.put('routeTables', grown);
  return ok(route);
}

/** Leads an existing route elsewhere; a local route may be led to an interface or a NAT gateway, and back (API ReplaceRoute). */
export function replaceRoute(draft: Draft, asked: RouteAsked, env: Env): Result<Route, Refusal> {
  const found = tableAnd(draft, asked, env);
  if (!found.ok) return found;
  const { table, destination } = found.value;
  const text = destinationText(destination);
  const old = table.routes.find(
    (route) => destinationText(route.destination) === text && route.origin !== 'propagated',
  );
  if (old === undefined) return routeNotFound(text, table.id);
  const target = targetOf(draft, table, { target: asked.target, destination });
  if (!target.ok) return target;
  if (old.origin === 'local' && !['local', 'eni', 'nat-gateway'].includes(target.value.kind)) return routeOfVpc(text);
  if (old.origin !== 'local') {
    const fault = placeFault(draft, table, { destination, target: target.value });
    if (fault !== undefined) return fault;
  }
  const route: Route = { ...old, target: target.value, state: stateOfRouteTo(draft, target.value) };
  draft.put('routeTables', { ...table, routes: table.routes.map((one) => (one === old ? route : one)) });
  return ok(route);
}

/** Takes a route away; local ones stay (API DeleteRoute). */
export function deleteRoute(draft: Draft, asked: Omit<RouteAsked, 'target'>, env: Env): Result<RouteTable, Refusal> {
  const found = tableAnd(draft, asked, env);
  if (!found.ok) return found;
  const { table, destination } = found.value;
  const text = destinationText(destination);
  const old = table.routes.find(
    (route) => destinationText(route.destination) === text && route.origin !== 'propagated',
  );
  if (old === undefined) return routeNotFound(text, table.id);
  if (old.origin === 'local') return localRouteStays(text);
  const left: RouteTable = { ...table, routes: table.routes.filter((one) => one !== old) };
  draft.put('routeTables', left);
  return ok(left);
}

/** Makes the routes to a target that is gone into black holes: they win and drop (V:route-tables-priority). */
export function blackhole(draft: Draft, targetId: string): void {
  for (const table of draft.list('routeTables')) {
    if (!table.routes.some(({ target }) => targetText(target) === targetId)) continue;
    const routes = table.routes.map((route): Route =>
      targetText(route.target) === targetId ? { ...route, state: 'blackhole' } : route,
    );
    draft.put('routeTables', { ...table, routes });
  }
}

/** Canonical text of a destination. */
export function destinationText(destination: RouteDestination): string {
  return destination.kind === 'cidr' ? formatCidr(destination.cidr) : destination.prefixListId;
}

type TableAnd = { readonly table: RouteTable; readonly destination: RouteDestination };

function tableAnd(draft: Draft, asked: Omit<RouteAsked, 'target'>, env: Env): Result<TableAnd, Refusal> {
  const table = draft.get('routeTables', asked.tableId);
  if (table === undefined) return routeTableNotFound(asked.tableId);
  const destination = destinationOf(draft, asked.destination, env);
  return destination.ok ? ok({ table, destination: destination.value }) : destination;
}

function destinationOf(
  draft: Draft,
  { ipv4, ipv6, prefixListId }: DestinationAsked,
  env: Env,
): Result<RouteDestination, Refusal> {
  if ([ipv4, ipv6, prefixListId].filter((one) => one !== undefined).length !== 1)
    return invalidCombination(
      'Exactly one of DestinationCidrBlock, DestinationIpv6CidrBlock and DestinationPrefixListId must be specified',
    );
  if (prefixListId !== undefined) {
    const list = referredList(draft, prefixListId, env);
    return list.ok ? ok({ kind: 'prefix-list', prefixListId: list.value.id }) : list;
  }
  const text = ipv4 ?? ipv6 ?? '';
  const cidr = parseCidr(text);
  const isIpv4 = ipv4 !== undefined;
  if (!cidr.ok || (cidr.value.family === 'ipv4') !== isIpv4)
    return cidrMalformed(isIpv4 ? 'destinationCidrBlock' : 'destinationIpv6CidrBlock', text);
  return ok({ kind: 'cidr', cidr: cidr.value });
}

function familyOf(draft: Draft, destination: RouteDestination): Cidr['family'] | undefined {
  return destination.kind === 'cidr'
    ? destination.cidr.family
    : draft.get('prefixLists', destination.prefixListId)?.family;
}

type Leading = { readonly destination: RouteDestination; readonly target: RouteTarget };

/** Where in the address space a route may stand, beside the local ones (V:VPC_Route_Tables, V:route-tables-priority). */
function placeFault(
  draft: Draft,
  table: RouteTable,
  { destination, target }: Leading,
): ReturnType<typeof routeOfVpc> | undefined {
  if (destination.kind !== 'cidr') return undefined;
  const { cidr } = destination;
  if (RESERVED.some((reserved) => cidrsOverlap(reserved, cidr) && cidrCovers(reserved, cidr)))
    return routeToReserved(formatCidr(cidr));
  const vpc: Vpc | undefined = draft.get('vpcs', table.vpcId);
  if (vpc === undefined || !vpc.cidrs.some((own) => cidrCovers(own, cidr))) return undefined;
  const isSubnet = draft.listBy('subnetsByVpc', vpc.id).some(({ cidrs }) => cidrs.some((own) => sameCidr(own, cidr)));
  const isMiddlebox = target.kind === 'eni' || target.kind === 'nat-gateway';
  return isSubnet && isMiddlebox ? undefined : routeOfVpc(formatCidr(cidr));
}

type Asked = { readonly target: TargetAsked; readonly destination: RouteDestination };

/** The one target that is asked for; it must be there, of the table's VPC, and carry the family. */
function targetOf(
  draft: Draft,
  table: RouteTable,
  { target: asked, destination }: Asked,
): Result<RouteTarget, Refusal> {
  const given = Object.values(asked).filter((one) => one !== undefined && one !== false);
  if (given.length !== 1) return invalidCombination('Exactly one target of the route must be specified');
  if (asked.isLocal === true) return ok({ kind: 'local' });
  const target = foundTarget(draft, asked);
  if (!target.ok) return target;
  const { vpcIds, families, target: found } = target.value;
  if (!vpcIds.includes(table.vpcId)) return targetElsewhere(targetText(found), table.id);
  const family = familyOf(draft, destination);
  if (family !== undefined && !families.includes(family))
    return targetOfOtherFamily(targetText(found), destinationText(destination));
  return ok(found);
}

type Found = {
  readonly target: RouteTarget;
  readonly vpcIds: readonly string[];
  readonly families: readonly Cidr['family'][];
};

const BOTH: Found['families'] = ['ipv4', 'ipv6'];

function foundTarget(draft: Draft, asked: TargetAsked): Result<Found, Refusal> {
  const { internetGatewayId, egressOnlyGatewayId, natGatewayId, peeringId } = asked;
  if (internetGatewayId !== undefined) {
    const gateway = draft.get('internetGateways', internetGatewayId);
    return gateway === undefined
      ? targetNotFound('internetGateway', 'InvalidInternetGatewayID.NotFound', internetGatewayId)
      : ok({ target: { kind: 'internet-gateway', id: gateway.id }, vpcIds: idsOf(gateway.vpcId), families: BOTH });
  }
  if (egressOnlyGatewayId !== undefined) {
    const gateway = draft.get('egressOnlyGateways', egressOnlyGatewayId);
    return gateway === undefined
      ? targetNotFound('egressOnlyInternetGateway', 'InvalidGatewayID.NotFound', egressOnlyGatewayId)
      : ok({
          target: { kind: 'egress-only-gateway', id: gateway.id },
          vpcIds: idsOf(gateway.vpcId),
          families: ['ipv6'],
        });
  }
  if (natGatewayId !== undefined) {
    const nat = draft.get('natGateways', natGatewayId);
    return nat === undefined || nat.state === 'deleted'
      ? targetNotFound('natGateway', 'InvalidNatGatewayID.NotFound', natGatewayId)
      : ok({ target: { kind: 'nat-gateway', id: nat.id }, vpcIds: [nat.vpcId], families: ['ipv4'] });
  }
  if (peeringId !== undefined) {
    const peering = draft.get('peerings', peeringId);
    return peering?.status !== 'active'
      ? targetNotFound('vpcPeeringConnection', 'InvalidVpcPeeringConnectionID.NotFound', peeringId)
      : ok({
          target: { kind: 'peering', id: peering.id },
          vpcIds: [peering.requester.vpcId, peering.accepter.vpcId],
          families: BOTH,
        });
  }
  return foundInterface(draft, asked);
}

function idsOf(id: string | undefined): readonly string[] {
  return id === undefined ? [] : [id];
}

/** An interface, or the primary one of an instance. */
function foundInterface(draft: Draft, { eniId, instanceId }: TargetAsked): Result<Found, Refusal> {
  const primary =
    instanceId === undefined
      ? undefined
      : draft.listBy('enisByInstance', instanceId).find(({ attachment }) => attachment?.deviceIndex === 0);
  const eni = eniId === undefined ? primary : draft.get('enis', eniId);
  if (eni === undefined)
    return instanceId === undefined
      ? targetNotFound('networkInterface', 'InvalidNetworkInterfaceID.NotFound', eniId ?? '')
      : targetNotFound('instance', 'InvalidInstanceID.NotFound', instanceId);
  return ok({ target: { kind: 'eni', id: asId(eni.id) }, vpcIds: [eni.vpcId], families: BOTH });
}
