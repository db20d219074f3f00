import type { Family } from './address.ts';
import { ICMP, icmpOf, ICMPV6, TCP, UDP } from './protocol.ts';
import { fail, ok, type Result } from './result.ts';

/** Ports or numbers from `from` to `to`, both included. INVARIANT: from ≤ to. */
export type PortRange = { readonly from: number; readonly to: number };

export const ALL_PORTS: PortRange = { from: 0, to: 65_535 };

/**
 * What a rule or NACL entry matches apart from addresses. Ports are destination ports in both directions.
 * `protocol` never holds 1, 6, 17 or 58: those have their own kinds. `code` is `any` whenever `type` is.
 */
export type Traffic =
  | { readonly kind: 'all' }
  | { readonly kind: 'tcp' | 'udp'; readonly ports: PortRange }
  | { readonly kind: 'icmp' | 'icmpv6'; readonly type: number | 'any'; readonly code: number | 'any' }
  | { readonly kind: 'protocol'; readonly protocol: number };

export const ALL_TRAFFIC: Traffic = { kind: 'all' };

/** What one packet carries above IP: exact ports, exact ICMP type and code, or a bare protocol number. */
export type Transport =
  | { readonly kind: 'tcp' | 'udp'; readonly sourcePort: number; readonly destinationPort: number }
  | { readonly kind: 'icmp' | 'icmpv6'; readonly type: number; readonly code: number }
  | { readonly kind: 'protocol'; readonly protocol: number };

/** The protocol number of a traffic, or undefined for all traffic. */
export function trafficProtocol(traffic: Traffic): number | undefined {
  switch (traffic.kind) {
    case 'all':
      return undefined;
    case 'tcp':
      return TCP;
    case 'udp':
      return UDP;
    case 'icmp':
      return ICMP;
    case 'icmpv6':
      return ICMPV6;
    case 'protocol':
      return traffic.protocol;
  }
}

/** The protocol number of a packet. */
export function transportProtocol(transport: Transport): number {
  switch (transport.kind) {
    case 'tcp':
      return TCP;
    case 'udp':
      return UDP;
    case 'icmp':
      return ICMP;
    case 'icmpv6':
      return ICMPV6;
    case 'protocol':
      return transport.protocol;
  }
}

/** All of one protocol number, in the kind that the number has. Errors: not an integer from 0 to 255. */
export function protocolTraffic(protocol: number): Result<Traffic> {
  if (!isInteger(protocol, 255)) return fail(`protocol ${protocol} is not in 0-255`);
  if (protocol === TCP) return ok({ kind: 'tcp', ports: ALL_PORTS });
  if (protocol === UDP) return ok({ kind: 'udp', ports: ALL_PORTS });
  if (protocol === ICMP) return ok({ kind: 'icmp', type: 'any', code: 'any' });
  if (protocol === ICMPV6) return ok({ kind: 'icmpv6', type: 'any', code: 'any' });
  return ok({ kind: 'protocol', protocol });
}

/** Whether two traffics match the same packets by the same words. */
export function sameTraffic(a: Traffic, b: Traffic): boolean {
  return formatTraffic(a) === formatTraffic(b);
}

/**
 * Reads `all`, `tcp`, `tcp/22`, `udp/8000-8010`, `icmp`, `icmp/8`, `icmp/8/0`, `icmpv6/128`, `protocol/50`.
 * Errors: unknown word, number out of range, reversed range.
 */
export function parseTraffic(text: string): Result<Traffic> {
  const [word = '', first, second, ...rest] = text.toLowerCase().split('/');
  if (rest.length > 0) return fail(unknownTraffic(text));
  switch (word) {
    case 'all':
      return first === undefined ? ok(ALL_TRAFFIC) : fail(unknownTraffic(text));
    case 'tcp':
    case 'udp':
      return second === undefined ? portTraffic(word, first) : fail(unknownTraffic(text));
    case 'icmp':
    case 'icmpv6':
      return icmpTraffic(word, first, second);
    case 'protocol':
      return second === undefined && /^\d{1,3}$/.test(first ?? '')
        ? protocolTraffic(Number(first))
        : fail(unknownTraffic(text));
    default:
      return fail(unknownTraffic(text));
  }
}

/** The inverse of `parseTraffic`. */
export function formatTraffic(traffic: Traffic): string {
  switch (traffic.kind) {
    case 'all':
      return 'all';
    case 'tcp':
    case 'udp':
      return traffic.ports.from === 0 && traffic.ports.to === 65_535
        ? traffic.kind
        : `${traffic.kind}/${formatRange(traffic.ports)}`;
    case 'icmp':
    case 'icmpv6': {
      if (traffic.type === 'any') return traffic.kind;
      return traffic.code === 'any'
        ? `${traffic.kind}/${traffic.type}`
        : `${traffic.kind}/${traffic.type}/${traffic.code}`;
    }
    case 'protocol':
      return `protocol/${traffic.protocol}`;
  }
}

/** `22` or `80-90`. */
export function formatRange(range: PortRange): string {
  return range.from === range.to ? String(range.from) : `${range.from}-${range.to}`;
}

/** A short text for one packet's transport, e.g. `tcp 50000 → 22`. */
export function formatTransport(transport: Transport): string {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return `${transport.kind}/${transport.destinationPort}`;
    case 'icmp':
    case 'icmpv6':
      return `${transport.kind}/${transport.type}/${transport.code}`;
    case 'protocol':
      return `protocol/${transport.protocol}`;
  }
}

/** The packet that answers, ports swapped or echoed back; undefined where the protocol needs no answer. */
export function replyTransport(transport: Transport): Transport | undefined {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return { kind: transport.kind, sourcePort: transport.destinationPort, destinationPort: transport.sourcePort };
    case 'icmp':
      return transport.type === 8 ? { kind: 'icmp', type: 0, code: 0 } : undefined;
    case 'icmpv6':
      return transport.type === 128 ? { kind: 'icmpv6', type: 129, code: 0 } : undefined;
    case 'protocol':
      return transport;
  }
}

/** Whether a packet of this transport can exist in the family: each has its own ICMP with types, and what has ports or types says them. */
export function transportFitsFamily(transport: Transport, family: Family): boolean {
  if (transport.kind === 'icmp') return family === 'ipv4';
  if (transport.kind === 'icmpv6') return family === 'ipv6';
  return transport.kind !== 'protocol' || ![TCP, UDP, icmpOf(family)].includes(transport.protocol);
}

function portTraffic(kind: 'tcp' | 'udp', text: string | undefined): Result<Traffic> {
  if (text === undefined) return ok({ kind, ports: ALL_PORTS });
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || !isInteger(from, 65_535) || !isInteger(to, 65_535))
    return fail(`${JSON.stringify(text)} is not a port or port range in 0-65535`);
  return from > to ? fail(`port range ${JSON.stringify(text)} is reversed`) : ok({ kind, ports: { from, to } });
}

function icmpTraffic(
  kind: 'icmp' | 'icmpv6',
  typeText: string | undefined,
  codeText: string | undefined,
): Result<Traffic> {
  if (typeText === undefined) return ok({ kind, type: 'any', code: 'any' });
  const type = /^\d{1,3}$/.test(typeText) ? Number(typeText) : -1;
  const code = codeText === undefined ? 'any' : /^\d{1,3}$/.test(codeText) ? Number(codeText) : -1;
  if (!isInteger(type, 255) || (code !== 'any' && !isInteger(code, 255)))
    return fail(`ICMP type and code are in 0-255, not ${JSON.stringify(`${typeText}/${codeText ?? ''}`)}`);
  return ok({ kind, type, code });
}

function isInteger(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function unknownTraffic(text: string): string {
  return `${JSON.stringify(text)} is not a traffic (examples: tcp/443, udp/53, tcp/8000-8010, icmp/8, icmpv6/128, protocol/50, all)`;
}
