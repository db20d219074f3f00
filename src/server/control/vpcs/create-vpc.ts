import { ANY_IPV4, ANY_IPV6, type Cidr, cidrOf, cidrsOverlap, formatCidr, parseCidr } from '../../../core/net/cidr.ts';
import { expectOk, ok, type Result } from '../../../core/net/result.ts';
import { ALL_TRAFFIC } from '../../../core/net/traffic.ts';
import { asId } from '../../../core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../../../core/model/network-acl.ts';
import type { Route, RouteTable } from '../../../core/model/route-table.ts';
import { type Direction, DIRECTIONS } from '../../../core/model/security-group.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import { createDefaultGroup } from '../groups/create-group.ts';
import type { Refusal } from '../refusal.ts';
import { cidrMalformed, vpcRange, vpcsLimit } from './vpc-refusals.ts';

export type CreateVpc = {
  readonly cidr: string;
  /** Whether it gets an IPv6 block of the server's own. */
  readonly withIpv6: boolean;
  readonly instanceTenancy: string;
  readonly isDefault: boolean;
  readonly tags: Tags;
};

/** What no VPC may hold (V:vpc-cidr-blocks). */
const FORBIDDEN: readonly Cidr[] = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4'].map((text) =>
  expectOk(parseCidr(text)),
);

/** Where IPv6 blocks come from: RFC 3849's documentation prefix, which is nobody's on the internet. A VPC gets a /56, as on AWS. */
const IPV6_POOL: Cidr = expectOk(parseCidr('2001:db8::/32'));
const IPV6_BLOCK_LENGTH = 56;

/**
 * A VPC with what AWS gives each (V:default-security-group, V:default-network-acl, V:VPC_Route_Tables): a default group, a default NACL that
 * lets everything pass, a main route table with the local routes.
 */
export function createVpc(draft: Draft, asked: CreateVpc, env: Env): Result<Vpc, Refusal> {
  const cidr = vpcCidr(asked.cidr);
  if (!cidr.ok) return cidr;
  if (draft.world.records.vpcs.size >= env.limits.vpcsPerRegion) return vpcsLimit();
  const cidrs = [cidr.value, ...(asked.withIpv6 ? [freeIpv6Block(draft)] : [])];
  const vpcId = asId<Vpc['id']>(newId(env, 'vpc'));
  const table: RouteTable = {
    id: asId(newId(env, 'rtb')),
    vpcId,
    ownerId: env.realm.accountId,
    routes: cidrs.map(localRoute),
    tags: [],
  };
  const vpc: Vpc = {
    id: vpcId,
    ownerId: env.realm.accountId,
    isDefault: asked.isDefault,
    cidrs,
    mainRouteTable: { associationId: newId(env, 'rtbassoc'), routeTableId: table.id },
    tags: asked.tags,
  };
  draft.put('routeTables', table);
  draft.put('vpcs', vpc);
  draft.put('acls', defaultAcl(vpc, env));
  createDefaultGroup(draft, vpc, env);
  draft.put('vpcDetails', {
    id: vpc.id,
    instanceTenancy: asked.instanceTenancy,
    enableDnsSupport: true,
    enableDnsHostnames: asked.isDefault,
    enableNetworkAddressUsageMetrics: false,
    cidrAssociations: Object.fromEntries(cidrs.map((one) => [formatCidr(one), newId(env, 'vpc-cidr-assoc')])),
  });
  return ok(vpc);
}

/** An IPv4 CIDR that a VPC may have: /16 to /28, not of the forbidden ranges. Host bits are cleared. */
export function vpcCidr(text: string): Result<Cidr, Refusal> {
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== 'ipv4') return cidrMalformed('cidrBlock', text);
  const { length } = cidr.value;
  if (length < 16 || length > 28 || FORBIDDEN.some((own) => cidrsOverlap(own, cidr.value))) return vpcRange(text);
  return ok(cidr.value);
}

/** The lowest /56 of the pool that no VPC of the realm has. */
export function freeIpv6Block(draft: Draft): Cidr {
  const taken = new Set([...draft.list('vpcs')].flatMap(({ cidrs }) => cidrs.map(formatCidr)));
  let block = cidrOf(IPV6_POOL.base, IPV6_BLOCK_LENGTH);
  // Blocks of the pool alone are given out, so a free one comes after as many steps as there are VPCs.
  for (let number = 1; taken.has(formatCidr(block)); number += 1) block = cidrOf(blockBase(number), IPV6_BLOCK_LENGTH);
  return block;
}

function blockBase(number: number): Cidr['base'] {
  // A /32 and 24 bits of block number: the second word of the address, above its last 8 bits.
  return { ...IPV6_POOL.base, w1: (number * 0x100) >>> 0 };
}

/** The route that keeps a CIDR of the VPC inside it: every table has one for each (V:VPC_Route_Tables). */
export function localRoute(cidr: Cidr): Route {
  return { destination: { kind: 'cidr', cidr }, target: { kind: 'local' }, state: 'active', origin: 'local' };
}

/** The entry of a default NACL that lets all of a family pass: 100 for IPv4, 101 for IPv6 (V:default-network-acl). */
export function openEntry(direction: Direction, family: Cidr['family']): AclEntry {
  return {
    number: family === 'ipv4' ? 100 : 101,
    direction,
    action: 'allow',
    cidr: family === 'ipv4' ? ANY_IPV4 : ANY_IPV6,
    traffic: ALL_TRAFFIC,
  };
}

function defaultAcl(vpc: Vpc, env: Env): NetworkAcl {
  const families = [...new Set(vpc.cidrs.map(({ family }) => family))];
  return {
    id: asId(newId(env, 'acl')),
    vpcId: vpc.id,
    ownerId: env.realm.accountId,
    isDefault: true,
    entries: sortEntries(DIRECTIONS.flatMap((direction) => families.map((family) => openEntry(direction, family)))),
    tags: [],
  };
}
