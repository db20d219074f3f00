import type {
  AssociateRouteTableRequest,
  CreateRouteRequest,
  CreateRouteTableRequest,
  DeleteRouteRequest,
  DescribeRouteTablesRequest,
  ReplaceRouteRequest,
  ReplaceRouteTableAssociationRequest,
  Route as RouteShape,
  RouteTable as RouteTableShape,
  RouteTableAssociation,
} from '@aws-sdk/client-ec2';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Route, RouteTable } from '../../../core/model/route-table.ts';
import { targetText } from '../../../core/model/route-table.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import { missingParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { routeTableNotFound } from '../../control/routes/route-refusals.ts';
import {
  associateRouteTable,
  associationsOf,
  createRouteTable,
  deleteRouteTable,
  disassociateRouteTable,
  replaceAssociation,
  type TableAssociation,
} from '../../control/routes/route-tables.ts';
import { createRoute, deleteRoute, replaceRoute, type RouteAsked } from '../../control/routes/routes.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const routeTableActions: Actions = {
  CreateRouteTable: create,
  DeleteRouteTable: ({ RouteTableId: id }, { draft }) => {
    const gone = deleteRouteTable(draft, id ?? '');
    return gone.ok ? ok({}) : gone;
  },
  DescribeRouteTables: describe,
  AssociateRouteTable: associate,
  DisassociateRouteTable: ({ AssociationId: id }, { draft }) => {
    const done = disassociateRouteTable(draft, id ?? '');
    return done.ok ? ok({}) : done;
  },
  ReplaceRouteTableAssociation: replace,
  CreateRoute: (input, { draft, env }) => {
    const asked = routeAsked(input);
    if (!asked.ok) return asked;
    const route = createRoute(draft, asked.value, env);
    return route.ok ? ok({ Return: true }) : route;
  },
  ReplaceRoute: (input, { draft, env }) => {
    const asked = routeAsked(input);
    if (!asked.ok) return asked;
    const isLocal = input.LocalTarget === true || asked.value.target.isLocal === true;
    const route = replaceRoute(draft, { ...asked.value, target: { ...asked.value.target, isLocal } }, env);
    return route.ok ? ok({}) : route;
  },
  DeleteRoute: (input: DeleteRouteRequest, { draft, env }) => {
    const done = deleteRoute(draft, { tableId: input.RouteTableId ?? '', destination: destinationAsked(input) }, env);
    return done.ok ? ok({}) : done;
  },
};

function create(input: CreateRouteTableRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('route-table', input.TagSpecifications);
  if (!tags.ok) return tags;
  const table = createRouteTable(draft, { vpcId: input.VpcId ?? '', tags: tags.value }, env);
  return table.ok ? ok({ RouteTable: tableShape(draft, table.value, env.realm) }) : table;
}

function associate(input: AssociateRouteTableRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['GatewayId', 'PublicIpv4Pool']);
  if (foreign !== undefined) return foreign;
  if (input.SubnetId === undefined) return missingParameter('SubnetId');
  const done = associateRouteTable(draft, { tableId: input.RouteTableId ?? '', subnetId: input.SubnetId }, env);
  return done.ok ? ok({ AssociationId: done.value, AssociationState: { State: 'associated' } }) : done;
}

function replace(input: ReplaceRouteTableAssociationRequest, { draft, env }: Call): Result<object, Refusal> {
  const { AssociationId: associationId = '', RouteTableId: tableId = '' } = input;
  const done = replaceAssociation(draft, { associationId, tableId }, env);
  return done.ok ? ok({ NewAssociationId: done.value, AssociationState: { State: 'associated' } }) : done;
}

/** Targets that lead where this server cannot follow. */
const FOREIGN_TARGETS = [
  'CarrierGatewayId',
  'CoreNetworkArn',
  'LocalGatewayId',
  'OdbNetworkArn',
  'TransitGatewayId',
] as const;

type DestinationInput = Pick<
  CreateRouteRequest,
  'DestinationCidrBlock' | 'DestinationIpv6CidrBlock' | 'DestinationPrefixListId'
>;

function destinationAsked(input: DestinationInput): RouteAsked['destination'] {
  return {
    ipv4: input.DestinationCidrBlock,
    ipv6: input.DestinationIpv6CidrBlock,
    prefixListId: input.DestinationPrefixListId,
  };
}

function routeAsked(input: CreateRouteRequest & ReplaceRouteRequest): Result<RouteAsked, Refusal> {
  const foreign = refuseGiven(input, FOREIGN_TARGETS);
  if (foreign !== undefined) return foreign;
  if ('VpcEndpointId' in input) return unsupported('the parameter VpcEndpointId');
  const { GatewayId: gatewayId } = input;
  // GatewayId is an internet gateway, a virtual private one (which is not here), or the word `local`.
  if (gatewayId?.startsWith('vgw-') === true) return unsupported('virtual private gateways');
  const isLocal = gatewayId === 'local';
  return ok({
    tableId: input.RouteTableId ?? '',
    destination: destinationAsked(input),
    target: {
      ...(gatewayId === undefined || isLocal ? {} : { internetGatewayId: gatewayId }),
      egressOnlyGatewayId: input.EgressOnlyInternetGatewayId,
      natGatewayId: input.NatGatewayId,
      peeringId: input.VpcPeeringConnectionId,
      eniId: input.NetworkInterfaceId,
      instanceId: input.InstanceId,
      isLocal,
    },
  });
}

function describe(input: DescribeRouteTablesRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.RouteTableIds,
    find: (id) => draft.get('routeTables', id),
    all: () => draft.list('routeTables'),
    notFound: routeTableNotFound,
    idOf: ({ id }) => id,
    view: tableFilters(draft, env.realm),
    tagsOf: ({ tags }) => tags,
    sizes: { least: 5, most: 100 },
  });
  if (!page.ok) return page;
  return ok({
    RouteTables: page.value.items.map((table) => tableShape(draft, table, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function tableFilters(draft: Draft, realm: Realm): FilterView<RouteTable> {
  const associations = (read: (one: TableAssociation) => string | undefined) => (table: RouteTable) =>
    associationsOf(draft, table).flatMap((one) => read(one) ?? []);
  const routes = (read: (shape: RouteShape) => string | undefined) => (table: RouteTable) =>
    table.routes.flatMap((route) => read(routeShape(draft, route, realm)) ?? []);
  return {
    'association.gateway-id': () => [],
    'association.main': associations(({ subnetId }) => String(subnetId === undefined)),
    'association.route-table-association-id': associations(({ id }) => id),
    'association.route-table-id': (table) => associationsOf(draft, table).map(() => table.id),
    'association.subnet-id': associations(({ subnetId }) => subnetId),
    'owner-id': () => [realm.accountId],
    'route-table-id': ({ id }) => [id],
    'route.destination-cidr-block': routes((shape) => shape.DestinationCidrBlock),
    'route.destination-ipv6-cidr-block': routes((shape) => shape.DestinationIpv6CidrBlock),
    'route.destination-prefix-list-id': routes((shape) => shape.DestinationPrefixListId),
    'route.egress-only-internet-gateway-id': routes((shape) => shape.EgressOnlyInternetGatewayId),
    'route.gateway-id': routes((shape) => shape.GatewayId),
    'route.instance-id': routes((shape) => shape.InstanceId),
    'route.nat-gateway-id': routes((shape) => shape.NatGatewayId),
    'route.network-interface-id': routes((shape) => shape.NetworkInterfaceId),
    'route.origin': routes((shape) => shape.Origin),
    'route.state': routes((shape) => shape.State),
    'route.transit-gateway-id': routes((shape) => shape.TransitGatewayId),
    'route.vpc-peering-connection-id': routes((shape) => shape.VpcPeeringConnectionId),
    'vpc-id': ({ vpcId }) => [vpcId],
  };
}

function tableShape(draft: Draft, table: RouteTable, realm: Realm): RouteTableShape {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: table.ownerId ?? realm.accountId,
    Associations: associationsOf(draft, table).map(({ id, subnetId }): RouteTableAssociation => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: subnetId === undefined,
      ...(subnetId === undefined ? {} : { SubnetId: subnetId }),
      AssociationState: { State: 'associated' },
    })),
    Routes: table.routes.map((route) => routeShape(draft, route, realm)),
    PropagatingVgws: [],
    Tags: tagShapes(table.tags),
  };
}

const ORIGINS = { local: 'CreateRouteTable', static: 'CreateRoute', propagated: 'EnableVgwRoutePropagation' } as const;

function routeShape(draft: Draft, route: Route, realm: Realm): RouteShape {
  const { destination } = route;
  const text = destination.kind === 'cidr' ? formatCidr(destination.cidr) : destination.prefixListId;
  const isIpv4 = destination.kind === 'cidr' && destination.cidr.family === 'ipv4';
  return {
    ...(destination.kind === 'prefix-list'
      ? { DestinationPrefixListId: text }
      : isIpv4
        ? { DestinationCidrBlock: text }
        : { DestinationIpv6CidrBlock: text }),
    ...targetShape(draft, route, realm),
    Origin: ORIGINS[route.origin],
    State: route.state,
  };
}

function targetShape(draft: Draft, { target }: Route, realm: Realm): RouteShape {
  const id = targetText(target);
  switch (target.kind) {
    case 'local':
    case 'internet-gateway':
      return { GatewayId: id };
    case 'egress-only-gateway':
      return { EgressOnlyInternetGatewayId: id };
    case 'nat-gateway':
      return { NatGatewayId: id };
    case 'peering':
      return { VpcPeeringConnectionId: id };
    case 'eni': {
      const instanceId = draft.get('enis', id)?.attachment?.instanceId;
      return {
        NetworkInterfaceId: id,
        ...(instanceId === undefined ? {} : { InstanceId: instanceId, InstanceOwnerId: realm.accountId }),
      };
    }
    case 'unmodelled':
      return id.startsWith('tgw-') ? { TransitGatewayId: id } : { GatewayId: id };
  }
}
