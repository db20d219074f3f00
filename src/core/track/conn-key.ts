import type { Address } from '../net/address.ts';
import { type Transport, transportProtocol } from '../net/traffic.ts';
import type { ConnKey } from './conn-table.ts';

/** A packet as an interface sees it: `local` is the address on the interface's side of the wire, `remote` the one beyond. */
export type Sighting = {
  readonly local: Address;
  readonly remote: Address;
  readonly transport: Transport;
  /** Whether the packet leaves the interface or comes in. */
  readonly direction: 'egress' | 'ingress';
  /** The identifier of an ICMP query; 0 where a packet says none. */
  readonly echoId: number;
};

/**
 * Writes into `key` the flow that a packet belongs to, the same for both of its directions: TCP and UDP by addresses and ports, ICMP queries by
 * addresses, identifier and kind, other protocols by addresses alone (E2:conntrack). Undefined for what belongs to no flow: ICMP that
 * neither asks nor answers. The array is the caller's, so that a packet costs no allocation.
 */
export function writeConnKey(key: ConnKey, owner: number, seen: Sighting): ConnKey | undefined {
  const { local, remote, transport } = seen;
  const ports = portsWord(seen);
  if (ports === undefined) return undefined;
  key[0] = owner;
  key[1] = transportProtocol(transport);
  key[2] = ports;
  key[3] = local.w0;
  key[4] = remote.w0;
  if (local.family === 'ipv4') return key;
  key[5] = local.w1;
  key[6] = local.w2;
  key[7] = local.w3;
  key[8] = remote.w1;
  key[9] = remote.w2;
  key[10] = remote.w3;
  return key;
}

function portsWord({ transport, direction, echoId }: Sighting): number | undefined {
  switch (transport.kind) {
    case 'tcp':
    case 'udp': {
      const { sourcePort, destinationPort } = transport;
      return direction === 'egress' ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
    }
    case 'icmp':
    case 'icmpv6': {
      const request = icmpRequestOf(transport.kind, transport.type);
      return request === undefined ? undefined : (request << 16) | echoId;
    }
    case 'protocol':
      return 0;
  }
}

/** Request and reply types of ICMP queries: echo, timestamp, information, address mask (RFC 792, RFC 950); echo in IPv6 (RFC 4443). */
const QUERIES: Readonly<Record<'icmp' | 'icmpv6', ReadonlyMap<number, number>>> = {
  icmp: new Map([
    [8, 0],
    [13, 14],
    [15, 16],
    [17, 18],
  ]),
  icmpv6: new Map([[128, 129]]),
};

/** The request type of the query that an ICMP type belongs to, or undefined. */
export function icmpRequestOf(kind: 'icmp' | 'icmpv6', type: number): number | undefined {
  if (QUERIES[kind].has(type)) return type;
  return [...QUERIES[kind]].find(([, reply]) => reply === type)?.[0];
}

/** Whether the packet may be the first of a flow: anything but an ICMP answer. */
export function isOpening(transport: Transport): boolean {
  if (transport.kind !== 'icmp' && transport.kind !== 'icmpv6') return true;
  return QUERIES[transport.kind].has(transport.type);
}
