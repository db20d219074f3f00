// Frames of one packet each, with right checksums, and a number at their end by which they are known again.
import { type Address, familyBits, parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { type Transport, transportProtocol } from '../../src/core/net/traffic.ts';
import type { TcpFlags } from '../../src/core/track/tcp.ts';

export type FrameOf = {
  readonly number: number;
  readonly sourceMac: string;
  readonly targetMac: string;
  readonly source: Address;
  readonly destination: Address;
  readonly transport: Transport;
  readonly tcp?: TcpFlags;
  /** TCP: the number of the segment, if it is not the one that is due. */
  readonly sequence?: number;
  /** ICMP queries: their identifier. */
  readonly echoId?: number;
  /** ICMP errors: the packet that they are about. */
  readonly about?: Omit<FrameOf, 'number' | 'sourceMac' | 'targetMac' | 'about'>;
};

const TCP_FLAGS: Readonly<Record<TcpFlags, number>> = { syn: 0x02, 'syn-ack': 0x12, ack: 0x10, fin: 0x11, rst: 0x14 };

/** The end of a frame's payload that names it. */
export function trailer(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(0x4352_4e4c, 0);
  bytes.writeUInt32BE(number, 4);
  return bytes;
}

/** The number that a frame names, or undefined when it is none of ours. */
export function numberOf(hex: string): number | undefined {
  const bytes = Buffer.from(hex, 'hex').subarray(-8);
  return bytes.length === 8 && bytes.readUInt32BE(0) === 0x4352_4e4c ? bytes.readUInt32BE(4) : undefined;
}

/** The bytes of a frame. */
export function frameBytes(of: FrameOf): Buffer {
  const ethernet = Buffer.concat([
    macBytes(of.targetMac),
    macBytes(of.sourceMac),
    Buffer.from(of.source.family === 'ipv4' ? [0x08, 0x00] : [0x86, 0xdd]),
  ]);
  return Buffer.concat([ethernet, packetBytes(of)]);
}

type PacketOf = Omit<FrameOf, 'sourceMac' | 'targetMac'>;

function packetBytes(of: PacketOf): Buffer {
  const { source, destination, transport } = of;
  const payload = transportBytes(of);
  const header = source.family === 'ipv4' ? ipv4Header(of, payload.length) : ipv6Header(of, payload.length);
  const checked = transport.kind === 'protocol' ? payload : withChecksum(payload, { source, destination, transport });
  return Buffer.concat([header, checked]);
}

function transportBytes({ number, transport, tcp = 'syn', echoId = 0, about, sequence }: PacketOf): Buffer {
  const end = trailer(number);
  switch (transport.kind) {
    case 'tcp': {
      const header = Buffer.alloc(20);
      header.writeUInt16BE(transport.sourcePort, 0);
      header.writeUInt16BE(transport.destinationPort, 2);
      header.writeUInt32BE(sequence ?? (tcp === 'syn' || tcp === 'syn-ack' ? 1000 : 1001), 4);
      header.writeUInt32BE(tcp === 'syn' ? 0 : 1001, 8);
      header.writeUInt8(5 << 4, 12);
      header.writeUInt8(TCP_FLAGS[tcp], 13);
      header.writeUInt16BE(65_535, 14);
      return Buffer.concat([header, end]);
    }
    case 'udp': {
      const header = Buffer.alloc(8);
      header.writeUInt16BE(transport.sourcePort, 0);
      header.writeUInt16BE(transport.destinationPort, 2);
      header.writeUInt16BE(8 + end.length, 4);
      return Buffer.concat([header, end]);
    }
    case 'icmp':
    case 'icmpv6': {
      const header = Buffer.alloc(8);
      header.writeUInt8(transport.type, 0);
      header.writeUInt8(transport.code, 1);
      if (about === undefined) header.writeUInt16BE(echoId, 4);
      return Buffer.concat([header, about === undefined ? Buffer.alloc(0) : packetBytes({ ...about, number }), end]);
    }
    case 'protocol':
      return Buffer.concat([Buffer.alloc(32), end]);
  }
}

function ipv4Header({ number, source, destination, transport }: PacketOf, length: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + length, 2);
  header.writeUInt16BE(number & 0xffff, 4);
  header.writeUInt8(64, 8);
  header.writeUInt8(transportProtocol(transport), 9);
  addressBytes(source).copy(header, 12);
  addressBytes(destination).copy(header, 16);
  header.writeUInt16BE(checksum([header]), 10);
  return header;
}

function ipv6Header({ source, destination, transport }: PacketOf, length: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(length, 4);
  header.writeUInt8(transportProtocol(transport), 6);
  header.writeUInt8(64, 7);
  addressBytes(source).copy(header, 8);
  addressBytes(destination).copy(header, 24);
  return header;
}

const CHECKSUM_AT = { tcp: 16, udp: 6, icmp: 2, icmpv6: 2 } as const;

function withChecksum(
  payload: Buffer,
  { source, destination, transport }: Pick<FrameOf, 'source' | 'destination' | 'transport'>,
): Buffer {
  if (transport.kind === 'protocol') return payload;
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(payload.length, 0);
  pseudo.writeUInt32BE(transportProtocol(transport), 4);
  const parts =
    transport.kind === 'icmp' ? [payload] : [addressBytes(source), addressBytes(destination), pseudo, payload];
  const sum = checksum(parts);
  const copy = Buffer.from(payload);
  copy.writeUInt16BE(transport.kind === 'udp' && sum === 0 ? 0xffff : sum, CHECKSUM_AT[transport.kind]);
  return copy;
}

/** The internet checksum over parts of even length (RFC 1071). */
export function checksum(parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) for (let at = 0; at + 1 < part.length; at += 2) sum += part.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function addressBytes(address: Address): Buffer {
  const bytes = Buffer.alloc(familyBits(address.family) / 8);
  const words = [address.w0, address.w1, address.w2, address.w3];
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(words[at / 4] ?? 0, at);
  return bytes;
}

/** The bytes of a hardware address. */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

/** What an ARP frame says. */
export type ArpOf = {
  /** The frame's own source. */
  readonly frameMac: string;
  readonly operation: 1 | 2;
  readonly senderMac: string;
  readonly sender: string;
  readonly targetMac: string;
  readonly target: string;
};

/** The bytes of an ARP frame to everybody (RFC 826). */
export function arpBytes({ frameMac, operation, senderMac, sender, targetMac, target }: ArpOf): Buffer {
  const ends = [macBytes(senderMac), textBytes(sender), macBytes(targetMac), textBytes(target)];
  return Buffer.concat([
    macBytes('ff:ff:ff:ff:ff:ff'),
    macBytes(frameMac),
    Buffer.from([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation]),
    ...ends,
  ]);
}

/** The bytes of an address that is written as text. */
export function textBytes(address: string): Buffer {
  return addressBytes(expectOk(parseAddress(address)));
}
