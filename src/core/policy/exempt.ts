import { type Address, parseAddress, sameAddress } from '../net/address.ts';
import { cidrContains, parseCidr, type Cidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import type { Subnet, Vpc } from '../model/vpc.ts';

/**
 * Services of the VPC itself that neither groups nor NACLs filter: DNS resolver, instance metadata, time, Windows activation, ECS task
 * metadata, DHCP (V:vpc-security-groups, V:vpc-network-acls, V:amazon-vpc-limits, E23:set-time). ECS, activation and IPv6 DNS addresses
 * are published elsewhere than on those pages.
 */
export const EXEMPT_ADDRESSES: readonly Address[] = [
  '169.254.169.253',
  '169.254.169.254',
  '169.254.169.123',
  '169.254.169.250',
  '169.254.169.251',
  '169.254.170.2',
  '255.255.255.255',
  'fd00:ec2::253',
  'fd00:ec2::254',
  'fd00:ec2::123',
  'fe80:ec2::1',
  'ff02::1:2',
].map((text) => expectOk(parseAddress(text)));

/** What no route may lead to and no gateway forwards (V23:VPC_Route_Tables). */
export const RESERVED_DESTINATIONS: readonly Cidr[] = ['169.254.168.0/22', 'fd00:ec2::/32'].map((text) =>
  expectOk(parseCidr(text)),
);

/** Address space that the internet does not route (RFC 6890); the documentation ranges count as routable, examples use them. */
export const NOT_ROUTABLE: readonly Cidr[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].map((text) => expectOk(parseCidr(text)));

/** The services that are a VPC's and a subnet's own: the resolver and the router; `EXEMPT_ADDRESSES` are the same everywhere. */
export function serviceAddresses(subnet: Subnet | undefined, vpc: Vpc | undefined): readonly Address[] {
  const primary = vpc?.cidrs.find((cidr) => cidr.family === 'ipv4');
  return [
    ...(primary === undefined ? [] : [atOffset(primary.base, RESOLVER_OFFSET)]),
    ...(subnet?.cidrs ?? []).map((cidr) => atOffset(cidr.base, 1)),
  ];
}

function atOffset(base: Address, offset: number): Address {
  return base.family === 'ipv4' ? { ...base, w0: base.w0 + offset } : { ...base, w3: base.w3 + offset };
}

/** Whether a packet from the subnet to the address is for the VPC's own services or its router: never filtered, never routed. */
export function isExempt(destination: Address, subnet: Subnet | undefined, vpc: Vpc | undefined): boolean {
  if (EXEMPT_STARTS.has(destination.w0 >>> 16) && EXEMPT_ADDRESSES.some((own) => sameAddress(own, destination))) {
    return true;
  }
  const primary = vpc?.cidrs.find((cidr) => cidr.family === 'ipv4');
  if (primary !== undefined && isOffset(primary.base, destination, RESOLVER_OFFSET)) return true;
  return subnet !== undefined && subnet.cidrs.some((cidr) => isOffset(cidr.base, destination, 1));
}

/**
 * Whether the address is the resolver of a VPC of which the record is missing, if the prefix of one of its local routes is the primary one:
 * every VPC prefix has a local route (V23:VPC_Route_Tables).
 */
export function isPerhapsResolver(destination: Address, localPrefixes: Iterable<Cidr>): boolean {
  for (const { family, base } of localPrefixes)
    if (family === 'ipv4' && isOffset(base, destination, RESOLVER_OFFSET)) return true;
  return false;
}

/** Where the resolver stands in a VPC's primary prefix (V:amazon-vpc-limits). */
export const RESOLVER_OFFSET = 2;

/** The first 16 bits of the exempt addresses: nearly every destination is ruled out by them. */
const EXEMPT_STARTS: ReadonlySet<number> = new Set(EXEMPT_ADDRESSES.map((address) => address.w0 >>> 16));

/** Whether the address is the one `offset` after a prefix's first; prefixes are wide enough that nothing carries. */
function isOffset(base: Address, address: Address, offset: number): boolean {
  if (base.family !== address.family) return false;
  if (base.family === 'ipv4') return address.w0 === base.w0 + offset;
  return address.w3 === base.w3 + offset && address.w0 === base.w0 && address.w1 === base.w1 && address.w2 === base.w2;
}

/** Whether no gateway ever forwards the destination. */
export function isReservedDestination(address: Address): boolean {
  return RESERVED_DESTINATIONS.some((cidr) => cidrContains(cidr, address));
}

/** Whether the internet can carry a packet to or from the address. */
export function isInternetRoutable(address: Address): boolean {
  return !NOT_ROUTABLE.some((cidr) => cidrContains(cidr, address));
}
