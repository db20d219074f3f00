// Frames that no ordinary stack sends, built byte by byte: what headers say is whatever the caller wants.
import { checksum, macBytes, textBytes, trailer } from './frame.ts';

/** An Ethernet frame; `tags` are VLAN tags (IEEE 802.1Q), the outermost first. */
export function ethernet(
  of: {
    readonly to: string;
    readonly from: string;
    readonly type: number;
    readonly tags?: readonly (readonly [protocol: number, id: number])[];
  },
  payload: Buffer,
): Buffer {
  const tags = (of.tags ?? []).map(([protocol, id]) => words(protocol, id));
  return Buffer.concat([macBytes(of.to), macBytes(of.from), ...tags, words(of.type), payload]);
}

/** An IPv4 packet. `offset` in bytes; `options` are padded to whole words. */
export function narrow(
  of: {
    readonly from: string;
    readonly to: string;
    readonly protocol: number;
    readonly id?: number;
    readonly offset?: number;
    readonly more?: boolean;
    readonly options?: readonly number[];
    readonly version?: number;
    readonly ttl?: number;
  },
  payload: Buffer,
): Buffer {
  const own = Buffer.from(of.options ?? []);
  const padded = Buffer.concat([own, Buffer.alloc((4 - (own.length % 4)) % 4)]);
  const header = Buffer.concat([Buffer.alloc(20), padded]);
  header.writeUInt8(((of.version ?? 4) << 4) | (header.length / 4), 0);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(of.id ?? 0, 4);
  header.writeUInt16BE((of.more === true ? 0x2000 : 0) | ((of.offset ?? 0) / 8), 6);
  header.writeUInt8(of.ttl ?? 64, 8);
  header.writeUInt8(of.protocol, 9);
  textBytes(of.from).copy(header, 12);
  textBytes(of.to).copy(header, 16);
  header.writeUInt16BE(checksum([header]), 10);
  return Buffer.concat([header, payload]);
}

/** An IPv6 packet; `length` where it is not that of the payload. */
export function wide(
  of: { readonly from: string; readonly to: string; readonly next: number; readonly hops?: number },
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(of.next, 6);
  header.writeUInt8(of.hops ?? 64, 7);
  return Buffer.concat([header, textBytes(of.from), textBytes(of.to), payload]);
}

/** A fragment header of IPv6 (RFC 8200 4.5). */
export function fragment(
  next: number,
  of: { readonly offset?: number; readonly more?: boolean; readonly id: number },
): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(next, 0);
  header.writeUInt16BE((of.offset ?? 0) | (of.more === true ? 1 : 0), 2);
  header.writeUInt32BE(of.id, 4);
  return header;
}

/** A header of options for each hop or for the destination, with padding alone (RFC 8200 4.3, 4.6). */
export function options(next: number): Buffer {
  return Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]);
}

/** A routing header of a type with one address left (RFC 8200 4.4). */
export function routing(next: number, type: number, address: string): Buffer {
  return Buffer.concat([Buffer.from([next, 2, type, 1, 0, 0, 0, 0]), textBytes(address)]);
}

/** The ends of a segment or datagram. */
type Ends = { readonly from: string; readonly to: string; readonly sport: number; readonly dport: number };

/** A TCP segment that opens, with a trailer that has the number; of a length that can be cut at multiples of eight. */
export function opening(number: number, { from, to, sport, dport }: Ends, flags = 0x02): Buffer {
  const segment = Buffer.alloc(40);
  segment.writeUInt16BE(sport, 0);
  segment.writeUInt16BE(dport, 2);
  segment.writeUInt32BE(1000, 4);
  segment.writeUInt8(5 << 4, 12);
  segment.writeUInt8(flags, 13);
  segment.writeUInt16BE(65_535, 14);
  trailer(number).copy(segment, 32);
  segment.writeUInt16BE(checksum([pseudo({ from, to }, 6, segment.length), segment]), 16);
  return segment;
}

/** A UDP datagram with a trailer. */
export function datagram(number: number, { from, to, sport, dport }: Ends): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  trailer(number).copy(bytes, 8);
  bytes.writeUInt16BE(checksum([pseudo({ from, to }, 17, bytes.length), bytes]), 6);
  return bytes;
}

/** An ICMP message, of the family of the addresses, with a trailer. */
export function message(
  number: number,
  { from, to }: Pick<Ends, 'from' | 'to'>,
  of: { readonly type: number; readonly code?: number; readonly body?: Buffer },
): Buffer {
  const bytes = Buffer.concat([
    Buffer.from([of.type, of.code ?? 0, 0, 0]),
    of.body ?? Buffer.alloc(4),
    trailer(number),
  ]);
  const isWide = from.includes(':');
  bytes.writeUInt16BE(checksum(isWide ? [pseudo({ from, to }, 58, bytes.length), bytes] : [bytes]), 2);
  return bytes;
}

/** A message of neighbour discovery from the next hop, which has no trailer: what follows its body are options (RFC 4861 4). */
export function discovery(
  { from, to }: Pick<Ends, 'from' | 'to'>,
  type: number,
  parts: readonly (Buffer | readonly number[])[],
): Buffer {
  const bytes = Buffer.concat([Buffer.from([type, 0, 0, 0]), ...parts.map((part) => Buffer.from(part))]);
  bytes.writeUInt16BE(checksum([pseudo({ from, to }, 58, bytes.length), bytes]), 2);
  return wide({ from, to, next: 58, hops: 255 }, bytes);
}

/** The option that says where somebody is: 1 the source, 2 the target. */
export function whereabouts(type: 1 | 2, mac: string): Buffer {
  return Buffer.concat([Buffer.from([type, 1]), macBytes(mac)]);
}

function pseudo({ from, to }: Pick<Ends, 'from' | 'to'>, protocol: number, length: number): Buffer {
  const rest = Buffer.alloc(8);
  rest.writeUInt32BE(length, 0);
  rest.writeUInt32BE(protocol, 4);
  return Buffer.concat([textBytes(from), textBytes(to), rest]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
