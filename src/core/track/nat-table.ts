import { type Address, formatAddress } from '../net/address.ts';
import { transportProtocol, type Transport } from '../net/traffic.ts';
import type { NatGatewayId } from '../model/ids.ts';
import { icmpRequestOf } from './conn-key.ts';
import type { TcpFlags } from './tcp.ts';
import { NAT_IDLE_SECONDS } from './timeouts.ts';

/** A flow through a NAT gateway: what it hides, and the port (for ICMP the identifier) that stands for it outside. */
export type Mapping = {
  readonly natId: NatGatewayId;
  readonly inside: Address;
  readonly insidePort: number;
  readonly port: number;
};

/** A packet at a NAT gateway, from the side where it comes in. */
export type NatPacket = {
  readonly natId: NatGatewayId;
  readonly source: Address;
  readonly destination: Address;
  readonly transport: Transport;
  readonly flags: TcpFlags | undefined;
  readonly echoId: number;
};

type Held = {
  readonly mapping: Mapping;
  readonly outKey: string;
  readonly backKey: string;
  readonly remoteKey: string;
  expiresSeconds: number;
};

/** Ports that NAT gateways use, and connections of one to a single destination at once (V:nat-gateway-basics). */
const FIRST_PORT = 1024;
const LAST_PORT = 65_535;
const MAX_TO_ONE_REMOTE = 55_000;

/** The mappings of all NAT gateways of a world. Bounded: a new one past the bound is refused. */
export class NatTable {
  readonly #maxMappings: number;
  readonly #out: Map<string, Held> = new Map();
  readonly #back: Map<string, Held> = new Map();
  readonly #toRemote: Map<string, number> = new Map();

  constructor(maxMappings: number) {
    this.#maxMappings = maxMappings;
  }

  /**
   * An outbound packet: the mapping of its flow, made if need be. `nat-expired` for a TCP segment of a connection that the gateway does
   * not know (any more): it answers with RST (V23:nat-gateway-troubleshooting). Undefined for ICMP that belongs to no query.
   */
  outbound(packet: NatPacket, nowSeconds: number): Mapping | 'nat-expired' | 'nat-full' | undefined {
    const ports = portsOf(packet, 'outbound');
    if (ports === undefined) return undefined;
    const [insidePort, remotePort] = ports;
    const outKey = keyText(packet, [
      formatAddress(packet.source),
      insidePort,
      formatAddress(packet.destination),
      remotePort,
    ]);
    const held = this.#live(this.#out.get(outKey), nowSeconds);
    if (held !== undefined) {
      held.expiresSeconds = nowSeconds + NAT_IDLE_SECONDS;
      return held.mapping;
    }
    if (packet.transport.kind === 'tcp' && packet.flags !== 'syn') return 'nat-expired';
    const remote = [formatAddress(packet.destination), remotePort] as const;
    const remoteKey = keyText(packet, remote);
    if (!this.#hasRoom(remoteKey)) this.#sweep(nowSeconds);
    if (!this.#hasRoom(remoteKey)) return 'nat-full';
    const port = this.#freePort(packet, insidePort, remote);
    const mapping: Mapping = { natId: packet.natId, inside: packet.source, insidePort, port };
    const backKey = keyText(packet, [port, ...remote]);
    const made: Held = { mapping, outKey, backKey, remoteKey, expiresSeconds: nowSeconds + NAT_IDLE_SECONDS };
    this.#out.set(outKey, made);
    this.#back.set(backKey, made);
    this.#toRemote.set(remoteKey, (this.#toRemote.get(remoteKey) ?? 0) + 1);
    return mapping;
  }

  /** The live mapping that a packet from outside answers, its time renewed; undefined when there is none. */
  inbound(packet: NatPacket, nowSeconds: number): Mapping | undefined {
    const ports = portsOf(packet, 'inbound');
    if (ports === undefined) return undefined;
    const [port, remotePort] = ports;
    const held = this.#live(
      this.#back.get(keyText(packet, [port, formatAddress(packet.source), remotePort])),
      nowSeconds,
    );
    if (held !== undefined) held.expiresSeconds = nowSeconds + NAT_IDLE_SECONDS;
    return held?.mapping;
  }

  #hasRoom(remoteKey: string): boolean {
    return this.#out.size < this.#maxMappings && (this.#toRemote.get(remoteKey) ?? 0) < MAX_TO_ONE_REMOTE;
  }

  /** The inside port where it is free, else the next one that is; there is one, for there are more ports than connections to a remote. */
  #freePort(packet: NatPacket, wanted: number, remote: readonly (string | number)[]): number {
    const count = LAST_PORT - FIRST_PORT + 1;
    let port = Math.max(wanted, FIRST_PORT);
    while (this.#back.has(keyText(packet, [port, ...remote]))) port = FIRST_PORT + ((port - FIRST_PORT + 1) % count);
    return port;
  }

  #live(held: Held | undefined, nowSeconds: number): Held | undefined {
    if (held === undefined || held.expiresSeconds > nowSeconds) return held;
    this.#drop(held);
    return undefined;
  }

  #sweep(nowSeconds: number): void {
    for (const held of this.#out.values()) this.#live(held, nowSeconds);
  }

  #drop(held: Held): void {
    this.#out.delete(held.outKey);
    this.#back.delete(held.backKey);
    const left = (this.#toRemote.get(held.remoteKey) ?? 1) - 1;
    if (left > 0) this.#toRemote.set(held.remoteKey, left);
    else this.#toRemote.delete(held.remoteKey);
  }
}

/** The ports on the gateway's side and at the remote end; for ICMP queries the identifier and 0. Undefined for what is no flow. */
function portsOf(
  { transport, echoId }: NatPacket,
  way: 'outbound' | 'inbound',
): readonly [near: number, remote: number] | undefined {
  switch (transport.kind) {
    case 'tcp':
    case 'udp': {
      const { sourcePort, destinationPort } = transport;
      return way === 'outbound' ? [sourcePort, destinationPort] : [destinationPort, sourcePort];
    }
    case 'icmp':
    case 'icmpv6':
      return icmpRequestOf(transport.kind, transport.type) === undefined ? undefined : [echoId, 0];
    case 'protocol':
      return undefined;
  }
}

function keyText({ natId, transport }: NatPacket, parts: readonly (string | number)[]): string {
  const kind =
    transport.kind === 'icmp' || transport.kind === 'icmpv6' ? icmpRequestOf(transport.kind, transport.type) : '';
  return [natId, transportProtocol(transport), kind, ...parts].join(' ');
}
