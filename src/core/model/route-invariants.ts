import { type Cidr, cidrCovers, formatCidr, parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import type { EgressOnlyGateway, InternetGateway } from './gateway.ts';
import type { VpcId } from './ids.ts';
import type { Kind } from './records.ts';
import type { Route, RouteTable } from './route-table.ts';
import type { RecordRef, Violation } from './violation.ts';
import { getRecord, listRecords, type World } from './world.ts';

/** Where a world breaks the invariants of routing: route tables, gateways, and what belongs to which VPC. */
export function* routeViolations(world: World): Generator<Violation, void, undefined> {
  for (const table of listRecords(world, 'routeTables')) yield* tableViolations(table);
  yield* gatewayViolations('internetGateways', listRecords(world, 'internetGateways'));
  yield* gatewayViolations('egressOnlyGateways', listRecords(world, 'egressOnlyGateways'));
  yield* vpcViolations(world);
}

/** What no route may lead into (V23:VPC_Route_Tables); a route that holds more than these is allowed, the default route does. */
const RESERVED: readonly Cidr[] = ['169.254.168.0/22', 'fd00:ec2::/32'].map((text) => expectOk(parseCidr(text)));

function* tableViolations(table: RouteTable): Generator<Violation, void, undefined> {
  const records: readonly RecordRef[] = [{ kind: 'routeTables', id: table.id }];
  const seen = new Set<string>();
  for (const route of table.routes) {
    const text = destinationText(route);
    if (route.origin !== 'local' && leadsIntoReserved(route))
      yield {
        name: 'route-to-reserved',
        records,
        message: `${table.id} has a route to ${text}, which AWS keeps for itself`,
      };
    // A gateway may propagate what stands there already; the other route then wins (V:route-tables-priority).
    if (route.origin === 'propagated') continue;
    if (seen.has(text))
      yield { name: 'route-duplicate', records, message: `${table.id} has more than one route to ${text}` };
    seen.add(text);
  }
}

function leadsIntoReserved({ destination }: Route): boolean {
  return destination.kind === 'cidr' && RESERVED.some((reserved) => cidrCovers(reserved, destination.cidr));
}

function destinationText({ destination }: Route): string {
  return destination.kind === 'cidr' ? formatCidr(destination.cidr) : destination.prefixListId;
}

function* gatewayViolations(
  kind: Kind,
  gateways: Iterable<InternetGateway | EgressOnlyGateway>,
): Generator<Violation, void, undefined> {
  for (const [vpcId, attached] of Map.groupBy(gateways, (gateway) => gateway.vpcId)) {
    if (vpcId === undefined || attached.length < 2) continue;
    const ids = attached.map((gateway) => gateway.id).toSorted();
    yield {
      name: 'gateway-twice',
      records: ids.map((id) => ({ kind, id })),
      message: `${vpcId} has the gateways ${ids.join(' and ')}, of which it can have one`,
    };
  }
}

/** One record that serves another: both must be of the same VPC. */
type Service = { readonly record: RecordRef; readonly vpcId: VpcId; readonly server: RecordRef };

function* vpcViolations(world: World): Generator<Violation, void, undefined> {
  for (const { record, vpcId, server } of services(world)) {
    const home = homeVpc(world, server);
    if (home === undefined || home === vpcId) continue;
    const message = `${record.id} of ${vpcId} goes with ${server.id} of ${home}`;
    yield { name: 'wrong-vpc', records: [record, server], message };
  }
}

function* services(world: World): Generator<Service, void, undefined> {
  for (const { id, mainRouteTable } of listRecords(world, 'vpcs'))
    if (mainRouteTable !== undefined)
      yield {
        record: { kind: 'vpcs', id },
        vpcId: id,
        server: { kind: 'routeTables', id: mainRouteTable.routeTableId },
      };
  for (const { id, vpcId, networkAcl, routeTable } of listRecords(world, 'subnets')) {
    const record: RecordRef = { kind: 'subnets', id };
    if (networkAcl !== undefined) yield { record, vpcId, server: { kind: 'acls', id: networkAcl.aclId } };
    if (routeTable !== undefined) yield { record, vpcId, server: { kind: 'routeTables', id: routeTable.routeTableId } };
  }
  for (const { id, vpcId, subnetId } of listRecords(world, 'natGateways'))
    yield { record: { kind: 'natGateways', id }, vpcId, server: { kind: 'subnets', id: subnetId } };
  for (const { id, vpcId, subnetId } of listRecords(world, 'enis'))
    yield { record: { kind: 'enis', id }, vpcId, server: { kind: 'subnets', id: subnetId } };
}

function homeVpc(world: World, { kind, id }: RecordRef): VpcId | undefined {
  if (kind === 'acls' || kind === 'routeTables' || kind === 'subnets') return getRecord(world, kind, id)?.vpcId;
  return undefined;
}
