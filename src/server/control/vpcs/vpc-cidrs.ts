import {
  ANY_IPV6,
  type Cidr,
  cidrCovers,
  cidrsOverlap,
  formatCidr,
  parseCidr,
  sameCidr,
} from '../../../core/net/cidr.ts';
import { expectOk, ok, type Result } from '../../../core/net/result.ts';
import type { NetworkAcl } from '../../../core/model/network-acl.ts';
import { sortEntries } from '../../../core/model/network-acl.ts';
import { DIRECTIONS, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import { outboundRule } from '../groups/create-group.ts';
import type { Refusal } from '../refusal.ts';
import { freeIpv6Block, localRoute, openEntry, vpcCidr } from './create-vpc.ts';
import { associationIdOf, vpcDetailOf } from './vpc-details.ts';
import {
  associationNotFound,
  cidrInUse,
  cidrsLimit,
  primaryCidr,
  vpcConflict,
  vpcNotFound,
  vpcRestricted,
} from './vpc-refusals.ts';

/** A CIDR of a VPC under its association's id. */
export type VpcCidr = { readonly vpc: Vpc; readonly cidr: Cidr; readonly associationId: string };

/** Ranges of which a VPC has CIDRs of one alone (V:vpc-cidr-blocks, restrictions). */
const EXCLUSIVE: readonly Cidr[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.19.0.0/16'].map((text) =>
  expectOk(parseCidr(text)),
);

/** Gives a VPC a further IPv4 CIDR, or with `undefined` an IPv6 block of the server's own (API AssociateVpcCidrBlock). */
export function associateVpcCidr(
  draft: Draft,
  asked: { readonly vpcId: string; readonly cidr: string | undefined },
  env: Env,
): Result<VpcCidr, Refusal> {
  const vpc = draft.get('vpcs', asked.vpcId);
  if (vpc === undefined) return vpcNotFound(asked.vpcId);
  const cidr = asked.cidr === undefined ? ok(freeIpv6Block(draft)) : vpcCidr(asked.cidr);
  if (!cidr.ok) return cidr;
  const { family } = cidr.value;
  const most = family === 'ipv4' ? env.limits.ipv4CidrsPerVpc : env.limits.ipv6CidrsPerVpc;
  if (vpc.cidrs.filter((one) => one.family === family).length >= most) return cidrsLimit(vpc.id, most);
  const fault = conflictOf(draft, vpc, cidr.value);
  if (fault !== undefined) return fault;
  const isFirstIpv6 = family === 'ipv6' && vpc.cidrs.every((one) => one.family === 'ipv4');
  const grown: Vpc = { ...vpc, cidrs: [...vpc.cidrs, cidr.value] };
  const associationId = newId(env, 'vpc-cidr-assoc');
  const detail = vpcDetailOf(draft, vpc);
  draft.put('vpcs', grown);
  draft.put('vpcDetails', {
    ...detail,
    cidrAssociations: { ...detail.cidrAssociations, [formatCidr(cidr.value)]: associationId },
  });
  for (const table of draft.listBy('routeTablesByVpc', vpc.id))
    draft.put('routeTables', { ...table, routes: [...table.routes, localRoute(cidr.value)] });
  if (isFirstIpv6) openToIpv6(draft, vpc, env);
  return ok({ vpc: grown, cidr: cidr.value, associationId });
}

function conflictOf(draft: Draft, vpc: Vpc, cidr: Cidr): ReturnType<typeof vpcConflict> | undefined {
  const text = formatCidr(cidr);
  const own = vpc.cidrs.find((one) => cidrsOverlap(one, cidr));
  if (own !== undefined) return vpcConflict(text, `${formatCidr(own)} of the VPC`);
  const range = EXCLUSIVE.find((one) => cidrCovers(one, cidr));
  const isRestricted = vpc.cidrs.some((one) => {
    const other = EXCLUSIVE.find((exclusive) => cidrCovers(exclusive, one));
    return range !== undefined && other !== undefined && other !== range;
  });
  if (isRestricted) return vpcRestricted(text);
  for (const peering of draft.listBy('peeringsByVpc', vpc.id)) {
    if (peering.status !== 'active') continue;
    const other = peering.requester.vpcId === vpc.id ? peering.accepter : peering.requester;
    const cidrs = draft.get('vpcs', other.vpcId)?.cidrs ?? other.cidrs;
    const met = cidrs.find((one) => cidrsOverlap(one, cidr));
    if (met !== undefined) return vpcConflict(text, `${formatCidr(met)} of the peered VPC ${other.vpcId}`);
  }
  // A CIDR must be smaller than the destination of a route that it would meet (V:vpc-cidr-blocks).
  const routed = draft
    .listBy('routeTablesByVpc', vpc.id)
    .flatMap(({ routes }) => routes)
    .find(({ destination }) => destination.kind === 'cidr' && cidrCovers(cidr, destination.cidr));
  return routed === undefined ? undefined : vpcConflict(text, 'the destination of a route of the VPC');
}

/**
 * What a first IPv6 block does besides: groups whose outbound rules are those they were born with let IPv6 out too (V23:vpc-migrate-ipv6), and
 * the default NACL lets it pass in each direction whose entries nobody changed (V23:vpc-network-acls).
 */
function openToIpv6(draft: Draft, vpc: Vpc, env: Env): void {
  for (const group of draft.listBy('groupsByVpc', vpc.id))
    if (hasBornOutbound(group)) draft.put('groups', { ...group, rules: [...group.rules, outboundRule(ANY_IPV6, env)] });
  for (const acl of draft.listBy('aclsByVpc', vpc.id)) {
    if (!acl.isDefault) continue;
    const opened = DIRECTIONS.filter((direction) => hasBornEntries(acl, direction)).map((direction) =>
      openEntry(direction, 'ipv6'),
    );
    draft.put('acls', { ...acl, entries: sortEntries([...acl.entries, ...opened]) });
  }
}

function hasBornOutbound({ rules }: SecurityGroup): boolean {
  const [first, ...more] = rules.filter(({ direction }) => direction === 'egress');
  return (
    first !== undefined &&
    more.length === 0 &&
    first.traffic.kind === 'all' &&
    first.peer.kind === 'cidr' &&
    first.peer.cidr.family === 'ipv4' &&
    first.peer.cidr.length === 0
  );
}

function hasBornEntries({ entries }: NetworkAcl, direction: (typeof DIRECTIONS)[number]): boolean {
  const [first, ...more] = entries.filter((entry) => entry.direction === direction);
  const born = openEntry(direction, 'ipv4');
  return (
    first !== undefined &&
    more.length === 0 &&
    first.number === born.number &&
    first.action === 'allow' &&
    first.traffic.kind === 'all' &&
    sameCidr(first.cidr, born.cidr)
  );
}

/** Takes a CIDR from a VPC: not the primary one, not one with subnets (API DisassociateVpcCidrBlock). */
export function disassociateVpcCidr(draft: Draft, associationId: string): Result<VpcCidr, Refusal> {
  for (const vpc of draft.list('vpcs')) {
    const detail = vpcDetailOf(draft, vpc);
    const cidr = vpc.cidrs.find((one) => associationIdOf(detail, one) === associationId);
    if (cidr === undefined) continue;
    const primary = vpc.cidrs.find(({ family }) => family === 'ipv4');
    if (cidr === primary) return primaryCidr(associationId);
    const holders = draft
      .listBy('subnetsByVpc', vpc.id)
      .filter(({ cidrs }) => cidrs.some((one) => cidrsOverlap(one, cidr)));
    if (holders.length > 0)
      return cidrInUse(
        formatCidr(cidr),
        holders.map(({ id }) => id),
      );
    const shrunk: Vpc = { ...vpc, cidrs: vpc.cidrs.filter((one) => one !== cidr) };
    draft.put('vpcs', shrunk);
    for (const table of draft.listBy('routeTablesByVpc', vpc.id))
      draft.put('routeTables', {
        ...table,
        routes: table.routes.filter(
          ({ origin, destination }) =>
            origin !== 'local' || destination.kind !== 'cidr' || !sameCidr(destination.cidr, cidr),
        ),
      });
    return ok({ vpc: shrunk, cidr, associationId });
  }
  return associationNotFound(associationId);
}
