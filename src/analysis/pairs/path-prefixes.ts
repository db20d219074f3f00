import { FAMILIES, type Family, offsetAddress } from '../../core/net/address.ts';
import { type Cidr, cidrCovers, cidrsOverlap, hostCidr, isAnyCidr } from '../../core/net/cidr.ts';
import type { NetworkAcl } from '../../core/model/network-acl.ts';
import type { RouteDestination } from '../../core/model/route-table.ts';
import { DIRECTIONS } from '../../core/model/security-group.ts';
import type { Subnet } from '../../core/model/vpc.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import {
  EXEMPT_ADDRESSES,
  NOT_ROUTABLE,
  RESERVED_DESTINATIONS,
  RESOLVER_OFFSET,
  serviceAddresses,
} from '../../core/policy/exempt.ts';
import { orderedEntries } from '../../core/policy/match.ts';
import { localPrefixes, routeTableOf } from '../../core/policy/route.ts';

/**
 * The prefixes that decide about paths in a world: routes, NACLs, VPCs, peerings, what is never routed or never filtered; and of subnets
 * those that matter (`isPlainSubnet`). Rules of security groups are not among them: they are asked apart from paths.
 */
export function pathPrefixes(world: World): readonly Cidr[] {
  const cidrs: Cidr[] = [...NOT_ROUTABLE, ...RESERVED_DESTINATIONS, ...EXEMPT_ADDRESSES.map(hostCidr)];
  for (const vpc of listRecords(world, 'vpcs'))
    cidrs.push(...vpc.cidrs, ...serviceAddresses(undefined, vpc).map(hostCidr));
  for (const subnet of listRecords(world, 'subnets')) {
    cidrs.push(...serviceAddresses(subnet, undefined).map(hostCidr));
    for (const family of FAMILIES)
      if (!isPlainSubnet(world, subnet, family)) cidrs.push(...subnet.cidrs.filter((one) => one.family === family));
  }
  for (const acl of listRecords(world, 'acls')) cidrs.push(...acl.entries.map((entry) => entry.cidr));
  for (const table of listRecords(world, 'routeTables')) {
    for (const { destination } of table.routes) cidrs.push(...destinationCidrs(world, destination));
    // Whose record is missing may have its resolver here.
    for (const { base } of localPrefixes(world, table.vpcId))
      cidrs.push(hostCidr(offsetAddress(base, RESOLVER_OFFSET)));
  }
  for (const { requester, accepter } of listRecords(world, 'peerings'))
    cidrs.push(...requester.cidrs, ...accepter.cidrs);
  return cidrs;
}

/** The prefixes that the rules of a world's groups name, and the entries of its prefix lists, named by a rule or not yet. */
export function rulePrefixes(world: World): readonly Cidr[] {
  const cidrs: Cidr[] = [];
  for (const { rules } of listRecords(world, 'groups'))
    for (const { peer } of rules) if (peer.kind === 'cidr') cidrs.push(peer.cidr);
  for (const { entries } of listRecords(world, 'prefixLists')) for (const { cidr } of entries ?? []) cidrs.push(cidr);
  return cidrs;
}

/**
 * Whether it makes no difference to a packet if its two ends are in this subnet or one of them in another: its NACL lets everything of the
 * family pass, and its route table takes all of the subnet's own addresses to where they are.
 */
export function isPlainSubnet(world: World, subnet: Subnet, family: Family): boolean {
  const acl = subnet.networkAcl === undefined ? undefined : getRecord(world, 'acls', subnet.networkAcl.aclId);
  if (acl === undefined || !passesAll(acl, family)) return false;
  const { table } = routeTableOf(world, subnet);
  const vpc = getRecord(world, 'vpcs', subnet.vpcId);
  if (table === undefined || vpc === undefined) return false;
  const own = subnet.cidrs.filter((one) => one.family === family);
  const near = table.routes.flatMap((route) =>
    destinationCidrs(world, route.destination)
      .filter((cidr) => own.some((one) => cidrsOverlap(one, cidr)))
      .map((cidr) => ({ route, cidr })),
  );
  const locals = near.filter(({ route }) => route.target.kind === 'local' && route.state === 'active');
  return (
    table.routes.every(({ destination, doubt }) => doubt === undefined && isKnown(world, destination)) &&
    own.every((one) => locals.some(({ cidr }) => cidrCovers(cidr, one))) &&
    near.every(
      (one) =>
        one.route.target.kind === 'local' ||
        locals.some(({ cidr }) => cidrCovers(one.cidr, cidr) && cidr.length > one.cidr.length),
    ) &&
    near.every(({ route }) => route.target.kind !== 'local' || route.state === 'active')
  );
}

/** Whether a NACL's first entry of the family lets everything pass, each way. */
function passesAll(acl: NetworkAcl, family: Family): boolean {
  return DIRECTIONS.every((direction) => {
    const first = orderedEntries(acl, direction).find((entry) => entry.cidr.family === family);
    return (
      first?.doubt === undefined && first?.action === 'allow' && isAnyCidr(first.cidr) && first.traffic.kind === 'all'
    );
  });
}

function destinationCidrs(world: World, destination: RouteDestination): readonly Cidr[] {
  if (destination.kind === 'cidr') return [destination.cidr];
  return (getRecord(world, 'prefixLists', destination.prefixListId)?.entries ?? []).map((entry) => entry.cidr);
}

function isKnown(world: World, destination: RouteDestination): boolean {
  return (
    destination.kind === 'cidr' || getRecord(world, 'prefixLists', destination.prefixListId)?.entries !== undefined
  );
}
