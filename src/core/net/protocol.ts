import type { Family } from './address.ts';

/** IANA protocol numbers that carry ports or types; every other number is matched by number alone. */
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

/** The number of the family's own ICMP. */
export function icmpOf(family: Family): number {
  return family === 'ipv4' ? ICMP : ICMPV6;
}

/** Echo request and reply types of the family's own ICMP (RFC 792, RFC 4443). */
export function echoTypes(family: Family): { readonly request: number; readonly reply: number } {
  return family === 'ipv4' ? { request: 8, reply: 0 } : { request: 128, reply: 129 };
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [ICMP, 'icmp'],
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [ICMPV6, 'icmpv6'],
]);

/** `tcp`, `udp`, `icmp`, `icmpv6`, else the number as text: the names that EC2 uses. */
export function protocolName(protocol: number): string {
  return NAMES.get(protocol) ?? String(protocol);
}
