import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import type { RouteTable } from '../../../core/model/route-table.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Subnet, Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { localRoute } from '../vpcs/create-vpc.ts';
import { subnetNotFound, vpcNotFound } from '../vpcs/vpc-refusals.ts';
import {
  associationNotFound,
  differentVpcs,
  mainAssociation,
  routeTableInUse,
  routeTableNotFound,
  routeTablesLimit,
  subnetAssociated,
} from './route-refusals.ts';

/** A table with the local routes of its VPC (API CreateRouteTable). */
export function createRouteTable(
  draft: Draft,
  { vpcId, tags }: { readonly vpcId: string; readonly tags: Tags },
  env: Env,
): Result<RouteTable, Refusal> {
  const vpc = draft.get('vpcs', vpcId);
  if (vpc === undefined) return vpcNotFound(vpcId);
  if (draft.listBy('routeTablesByVpc', vpcId).length >= env.limits.routeTablesPerVpc) return routeTablesLimit();
  const table: RouteTable = {
    id: asId(newId(env, 'rtb')),
    vpcId: vpc.id,
    ownerId: env.realm.accountId,
    routes: vpc.cidrs.map(localRoute),
    tags,
  };
  draft.put('routeTables', table);
  return ok(table);
}

/** Deletes a table that no subnet has and that is not its VPC's main one (API DeleteRouteTable). */
export function deleteRouteTable(draft: Draft, tableId: string): Result<RouteTable, Refusal> {
  const table = draft.get('routeTables', tableId);
  if (table === undefined) return routeTableNotFound(tableId);
  const holders = associationsOf(draft, table).map(({ subnetId, vpcId }) => subnetId ?? vpcId);
  if (holders.length > 0) return routeTableInUse(tableId, holders);
  draft.remove('routeTables', tableId);
  return ok(table);
}

/** One association of a table: with a subnet, or as the main table of a VPC. */
export type TableAssociation = {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string | undefined;
};

/** Everything that uses a table: the VPC whose main one it is, then subnets by id. */
export function associationsOf(draft: Draft, table: RouteTable): readonly TableAssociation[] {
  const main = draft.get('vpcs', table.vpcId)?.mainRouteTable;
  const asMain =
    main?.routeTableId === table.id ? [{ id: main.associationId, vpcId: table.vpcId, subnetId: undefined }] : [];
  const bySubnet = draft
    .listBy('subnetsByVpc', table.vpcId)
    .flatMap(({ id, vpcId, routeTable }) =>
      routeTable?.routeTableId === table.id ? [{ id: routeTable.associationId, vpcId, subnetId: id }] : [],
    );
  return [...asMain, ...bySubnet];
}

/** Gives a subnet a table of its own; one that has such is refused, but for the same table again (API AssociateRouteTable). */
export function associateRouteTable(
  draft: Draft,
  { tableId, subnetId }: { readonly tableId: string; readonly subnetId: string },
  env: Env,
): Result<string, Refusal> {
  const table = draft.get('routeTables', tableId);
  if (table === undefined) return routeTableNotFound(tableId);
  const subnet = draft.get('subnets', subnetId);
  if (subnet === undefined) return subnetNotFound(subnetId);
  if (subnet.vpcId !== table.vpcId) return differentVpcs(tableId, subnetId);
  if (subnet.routeTable !== undefined)
    return subnet.routeTable.routeTableId === tableId
      ? ok(subnet.routeTable.associationId)
      : subnetAssociated(subnetId);
  const associationId = newId(env, 'rtbassoc');
  draft.put('subnets', { ...subnet, routeTable: { associationId, routeTableId: table.id } });
  return ok(associationId);
}

/** Gives a subnet back to the main table (API DisassociateRouteTable). */
export function disassociateRouteTable(draft: Draft, associationId: string): Result<void, Refusal> {
  const holder = holderOf(draft, associationId);
  if (holder === undefined) return associationNotFound(associationId);
  if (holder.kind === 'vpc') return mainAssociation(associationId);
  const { routeTable: _, ...subnet } = holder.subnet;
  draft.put('subnets', subnet);
  return ok(undefined);
}

/** Puts another table in the place of one: for a subnet, or as the main one. The association gets a new id (API ReplaceRouteTableAssociation). */
export function replaceAssociation(
  draft: Draft,
  { associationId, tableId }: { readonly associationId: string; readonly tableId: string },
  env: Env,
): Result<string, Refusal> {
  const holder = holderOf(draft, associationId);
  if (holder === undefined) return associationNotFound(associationId);
  const table = draft.get('routeTables', tableId);
  if (table === undefined) return routeTableNotFound(tableId);
  const routeTable = { associationId: newId(env, 'rtbassoc'), routeTableId: table.id };
  if (holder.kind === 'vpc') {
    if (table.vpcId !== holder.vpc.id) return differentVpcs(tableId, holder.vpc.id);
    draft.put('vpcs', { ...holder.vpc, mainRouteTable: routeTable });
  } else {
    if (table.vpcId !== holder.subnet.vpcId) return differentVpcs(tableId, holder.subnet.id);
    draft.put('subnets', { ...holder.subnet, routeTable });
  }
  return ok(routeTable.associationId);
}

type Holder = { readonly kind: 'vpc'; readonly vpc: Vpc } | { readonly kind: 'subnet'; readonly subnet: Subnet };

function holderOf(draft: Draft, associationId: string): Holder | undefined {
  for (const vpc of draft.list('vpcs'))
    if (vpc.mainRouteTable?.associationId === associationId) return { kind: 'vpc', vpc };
  for (const subnet of draft.list('subnets'))
    if (subnet.routeTable?.associationId === associationId) return { kind: 'subnet', subnet };
  return undefined;
}
