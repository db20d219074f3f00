import { asId, type PrefixListId } from '../../core/model/ids.ts';
import type { Route, RouteDestination, RouteTarget } from '../../core/model/route-table.ts';
import type { Attributes } from './attributes.ts';
import { tableLink } from './network.ts';
import type { Side } from './side.ts';

/** Route tables with their routes, inline and as resources of their own, and what is associated with them. */
export function readRoutes(side: Side): void {
  const { draft, resources } = side;
  for (const table of resources.of('aws_route_table', 'aws_default_route_table')) {
    const isDefault = table.instance.type === 'aws_default_route_table';
    const id = isDefault
      ? (table.id('default_route_table_id') ?? resources.idOf(table.instance))
      : resources.idOf(table.instance);
    const vpcId = draft.get('routeTables', id)?.vpcId ?? table.id('vpc_id') ?? table.label('vpc_id');
    const blocks = table.blocks('route');
    const routes = (blocks ?? []).flatMap((block) => readRoute(side, block, INLINE));
    draft.put<'routeTables'>('routeTables', {
      id: asId(id),
      vpcId: asId(vpcId),
      ownerId: table.text('owner_id') ?? '',
      routes,
      tags: table.tags(),
    });
    if (blocks === undefined && table.isDeclared('route') !== false) addUnknownRoute(side, id, table.label('route'));
    if (
      table.hasUnknown('propagating_vgws')
        ? table.isDeclared('propagating_vgws') === true
        : table.texts('propagating_vgws').texts.length > 0
    )
      addUnknownRoute(side, id, table.label('propagating_vgws'));
  }
  for (const one of resources.of('aws_vpn_gateway_route_propagation'))
    forTables(side, one, 'route_table_id', (id) => addUnknownRoute(side, id, one.instance.address));
  for (const route of resources.of('aws_route'))
    forTables(side, route, 'route_table_id', (id) => {
      const table = draft.get('routeTables', id);
      const { isExact } = route.ids('route_table_id');
      for (const read of table === undefined ? [] : readRoute(side, route, ALONE))
        addRoute(side, id, isExact ? read : { ...read, doubt: route.label('route_table_id') });
    });
  gatewayEndpoints(side);
  for (const [id, table] of draft.records.routeTables) {
    const cidrs = draft.get('vpcs', table.vpcId)?.cidrs;
    const locals = (cidrs ?? []).map((cidr): Route => ({
      destination: { kind: 'cidr', cidr },
      target: { kind: 'local' },
      state: 'active',
      origin: 'local',
    }));
    // A route that sends a VPC's own prefix elsewhere stands in place of the local one.
    const replaced = new Set(table.routes.map(({ destination }) => JSON.stringify(destination)));
    table.routes = [...locals.filter(({ destination }) => !replaced.has(JSON.stringify(destination))), ...table.routes];
    if (cidrs === undefined) addUnknownRoute(side, id, `${table.vpcId}/local`);
  }
  associateTables(side);
}

/** Runs for each table that an attribute may name; where it may name any, all have the doubt. */
function forTables(side: Side, one: Attributes, name: string, run: (id: string) => void): void {
  const { ids, isExact } = one.ids(name);
  for (const id of isExact ? ids : [...side.draft.records.routeTables.keys()]) run(id);
}

const TARGETS = [
  'network_interface_id',
  'nat_gateway_id',
  'egress_only_gateway_id',
  'vpc_peering_connection_id',
  'gateway_id',
] as const;
const INLINE = {
  destinations: ['cidr_block', 'ipv6_cidr_block', 'destination_prefix_list_id'],
  targets: TARGETS,
} as const;
const ALONE = {
  destinations: ['destination_cidr_block', 'destination_ipv6_cidr_block', 'destination_prefix_list_id'],
  targets: TARGETS,
} as const;
const UNMODELLED = [
  'transit_gateway_id',
  'vpc_endpoint_id',
  'local_gateway_id',
  'carrier_gateway_id',
  'core_network_arn',
  'odb_network_arn',
  'instance_id',
];

function readRoute(side: Side, route: Attributes, names: typeof INLINE | typeof ALONE): readonly Route[] {
  const target = targetOf(side, route, names.targets);
  const destination = destinationOf(route, names.destinations);
  return [{ destination, target, state: 'active', origin: target.kind === 'local' ? 'local' : 'static' }];
}

function destinationOf(route: Attributes, names: readonly string[]): RouteDestination {
  for (const name of names) {
    const cidr = route.cidr(name);
    if (cidr !== undefined) return { kind: 'cidr', cidr };
  }
  const [, , list = ''] = names;
  const open = names.find((name) => isSet(route, name)) ?? list;
  if (open === list)
    return { kind: 'prefix-list', prefixListId: asId<PrefixListId>(route.id(list) ?? route.label(list)) };
  return { kind: 'prefix-list', prefixListId: asId<PrefixListId>(route.label(open)) };
}

/** Whether an attribute has a value, known or not: what is not known and not in the configuration is AWS's to fill in. */
function isSet(route: Attributes, name: string): boolean {
  if (route.text(name) !== undefined) return true;
  return route.isUnknown(name) && route.isDeclared(name) !== false;
}

function targetOf(side: Side, route: Attributes, names: readonly string[]): RouteTarget {
  for (const name of names) {
    if (!isSet(route, name)) continue;
    const id = route.id(name) ?? route.label(name);
    if (name === 'network_interface_id') {
      const eni = side.draft.get('enis', id);
      // Of one whose VPC is not known, nobody can tell whether the table's VPC has it.
      return eni !== undefined && !side.isVpc(eni.vpcId) ? { kind: 'unmodelled', id } : { kind: 'eni', id: asId(id) };
    }
    if (name === 'nat_gateway_id') return { kind: 'nat-gateway', id: asId(id) };
    if (name === 'egress_only_gateway_id') return { kind: 'egress-only-gateway', id: asId(id) };
    if (name === 'vpc_peering_connection_id') return { kind: 'peering', id: asId(id) };
    if (id === 'local') return { kind: 'local' };
    const isInternet = id.startsWith('igw-') || side.resources.byId('aws_internet_gateway', id) !== undefined;
    return isInternet ? { kind: 'internet-gateway', id: asId(id) } : { kind: 'unmodelled', id };
  }
  const other = UNMODELLED.find((name) => isSet(route, name));
  return {
    kind: 'unmodelled',
    id: other === undefined ? route.label('target') : (route.id(other) ?? route.label(other)),
  };
}

/** A route of a table and resource of its own may be one that the table lists, too. */
function addRoute(side: Side, tableId: string, route: Route): void {
  const table = side.draft.get('routeTables', tableId);
  if (table === undefined) return;
  const key = JSON.stringify(route.destination);
  table.routes = [...table.routes.filter((one) => JSON.stringify(one.destination) !== key), route];
}

/** Routes of which not even the destination is known, as propagated ones: they lead where nobody can tell. */
function addUnknownRoute(side: Side, tableId: string, what: string): void {
  const destination: RouteDestination = { kind: 'prefix-list', prefixListId: asId<PrefixListId>(what) };
  addRoute(side, tableId, {
    destination,
    target: { kind: 'unmodelled', id: what },
    state: 'active',
    origin: 'propagated',
  });
}

function isGateway(one: Attributes): boolean {
  return (one.text('vpc_endpoint_type') ?? 'Gateway') === 'Gateway';
}

/** A gateway endpoint puts a route to a service's prefix list into its tables. */
function gatewayEndpoints(side: Side): void {
  const put =
    (endpoint: string, list: string) =>
    (tableId: string): void => {
      const destination: RouteDestination = { kind: 'prefix-list', prefixListId: asId<PrefixListId>(list) };
      addRoute(side, tableId, {
        destination,
        target: { kind: 'unmodelled', id: endpoint },
        state: 'active',
        origin: 'static',
      });
    };
  for (const one of side.resources.of('aws_vpc_endpoint').filter(isGateway)) {
    const id = side.resources.idOf(one.instance);
    if (isSet(one, 'route_table_ids') || one.texts('route_table_ids').texts.length > 0)
      forTables(side, one, 'route_table_ids', put(id, one.text('prefix_list_id') ?? `${id}/prefix-list`));
  }
  for (const one of side.resources.of('aws_vpc_endpoint_route_table_association')) {
    const id = one.id('vpc_endpoint_id') ?? one.label('vpc_endpoint_id');
    forTables(
      side,
      one,
      'route_table_id',
      put(id, side.resources.at(id)?.text('prefix_list_id') ?? `${id}/prefix-list`),
    );
  }
}

function associateTables(side: Side): void {
  const { draft, resources } = side;
  for (const one of resources.of('aws_route_table_association')) {
    const tableId = one.id('route_table_id') ?? one.label('route_table_id');
    if (isSet(one, 'gateway_id')) {
      const { ids, isExact } = one.ids('gateway_id');
      for (const id of isExact ? ids : [...draft.records.internetGateways.keys()]) {
        const gateway = draft.get('internetGateways', id);
        if (gateway !== undefined) gateway.edgeRouteTableId = asId(tableId);
      }
      continue;
    }
    const { ids, isExact } = one.ids('subnet_id');
    for (const id of isExact ? ids : [...draft.records.subnets.keys()]) {
      const subnet = draft.get('subnets', id);
      if (subnet !== undefined) subnet.routeTable = tableLink(isExact ? tableId : one.label('subnet_id'));
    }
  }
}
