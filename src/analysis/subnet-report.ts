import { trafficInterval } from '../core/net/axis.ts';
import { cidrCovers, formatCidr } from '../core/net/cidr.ts';
import { intersectSets, type IntervalSet, normalizeIntervals, subtractSets } from '../core/net/interval-set.ts';
import { formatTraffic } from '../core/net/traffic.ts';
import type { AclEntry, NetworkAcl } from '../core/model/network-acl.ts';
import { type Route, targetText } from '../core/model/route-table.ts';
import type { Direction } from '../core/model/security-group.ts';
import type { Subnet } from '../core/model/vpc.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { orderedEntries } from '../core/policy/match.ts';
import { routeTableOf } from '../core/policy/route.ts';
import { nameOf } from './names.ts';
import { enisOf } from './place.ts';
import { type MemberReport, memberReport } from './rule-report.ts';

/** One entry of a NACL. `shadowedBy`: entries before it that leave nothing for it to decide. */
export type EntryReport = {
  readonly number: number;
  readonly action: 'allow' | 'deny';
  readonly traffic: string;
  readonly cidr: string;
  readonly shadowedBy: readonly number[];
  /** What is not known of which it depends whether the entry is there, or is so; null: it is. */
  readonly doubt: string | null;
};

export type RouteReport = {
  readonly destination: string;
  readonly target: string;
  readonly state: Route['state'];
  readonly origin: Route['origin'];
  /** What is not known of which it depends whether the route is there, or is so; null: it is. */
  readonly doubt: string | null;
};

/** The NACL of a subnet, or what is known of it. */
export type AclReport = {
  readonly id: string | null;
  readonly name: string | null;
  readonly isKnown: boolean;
  readonly ingress: readonly EntryReport[];
  readonly egress: readonly EntryReport[];
};

/** The route table of a subnet, or what is known of it. */
export type RouteTableReport = {
  readonly id: string | null;
  readonly name: string | null;
  readonly isKnown: boolean;
  readonly isMain: boolean;
  readonly routes: readonly RouteReport[];
};

/** A subnet: where it lies, what filters and routes it, and what is in it. */
export type SubnetReport = {
  readonly version: 1;
  readonly kind: 'subnet';
  readonly revision: number;
  readonly id: string;
  readonly name: string | null;
  readonly cidrs: readonly string[];
  readonly zone: string | null;
  readonly vpc: { readonly id: string; readonly name: string | null };
  readonly acl: AclReport;
  readonly routeTable: RouteTableReport;
  readonly interfaces: readonly MemberReport[];
};

/** The report on a subnet. */
export function subnetReport(world: World, subnet: Subnet): SubnetReport {
  return {
    version: 1,
    kind: 'subnet',
    revision: world.revision,
    id: subnet.id,
    name: nameOf(world, subnet.id) ?? null,
    cidrs: subnet.cidrs.map(formatCidr),
    zone: subnet.availabilityZone ?? null,
    vpc: { id: subnet.vpcId, name: nameOf(world, subnet.vpcId) ?? null },
    acl: aclReport(world, subnet),
    routeTable: routeTableReport(world, subnet),
    interfaces: enisOf(world, 'enisBySubnet', subnet.id).map((eni) => memberReport(world, eni)),
  };
}

/** The report on the NACL of a subnet. */
export function aclReport(world: World, subnet: Subnet): AclReport {
  const id = subnet.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(world, 'acls', id);
  return {
    id: id ?? null,
    name: id === undefined ? null : (nameOf(world, id) ?? null),
    isKnown: acl !== undefined,
    ingress: acl === undefined ? [] : entryReports(acl, 'ingress'),
    egress: acl === undefined ? [] : entryReports(acl, 'egress'),
  };
}

/** The report on the route table of a subnet. */
export function routeTableReport(world: World, subnet: Subnet): RouteTableReport {
  const { id, table } = routeTableOf(world, subnet);
  return {
    id: id ?? null,
    name: id === undefined ? null : (nameOf(world, id) ?? null),
    isKnown: table !== undefined,
    isMain: subnet.routeTable === undefined,
    routes: (table?.routes ?? []).map((route) => ({
      destination:
        route.destination.kind === 'cidr' ? formatCidr(route.destination.cidr) : route.destination.prefixListId,
      target: targetText(route.target),
      state: route.state,
      origin: route.origin,
      doubt: route.doubt ?? null,
    })),
  };
}

/** The entries of a NACL in one direction, in the order in which they are tried. */
export function entryReports(acl: NetworkAcl, direction: Direction): readonly EntryReport[] {
  const entries = orderedEntries(acl, direction);
  return entries.map((entry, index) => ({
    number: entry.number,
    action: entry.action,
    traffic: formatTraffic(entry.traffic),
    cidr: formatCidr(entry.cidr),
    shadowedBy: shadowsOf(entry, entries.slice(0, index)),
    doubt: entry.doubt ?? null,
  }));
}

/** Entries whose prefixes each cover this one's and whose traffic together covers all of its traffic; none if something is left. */
function shadowsOf(entry: AclEntry, earlier: readonly AclEntry[]): readonly number[] {
  const { family } = entry.cidr;
  const whole: IntervalSet = normalizeIntervals([...trafficInterval(entry.traffic, family)]);
  const numbers: number[] = [];
  let left = whole;
  for (const one of earlier) {
    // One that is perhaps not there leaves what it would take.
    if (one.doubt !== undefined || !cidrCovers(one.cidr, entry.cidr)) continue;
    const [from, to] = trafficInterval(one.traffic, family);
    if (intersectSets(left, [from, to]).length === 0) continue;
    left = subtractSets(left, [from, to]);
    numbers.push(one.number);
  }
  return left.length === 0 ? numbers : [];
}
