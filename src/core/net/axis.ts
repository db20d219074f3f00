import type { Family } from './address.ts';
import { interval, type IntervalSet, shiftSet } from './interval-set.ts';
import { icmpOf, TCP, UDP } from './protocol.ts';
import { trafficProtocol, transportProtocol, type Traffic, type Transport } from './traffic.ts';

/**
 * One integer axis per family on which every rule, entry and packet of that family is an interval or a point:
 *
 *     tcp destination port | udp destination port | own ICMP type × 256 + code | every other protocol number
 *     0 … 65535            | 65536 … 131071       | 131072 … 196607             | 196608 … 196860
 *
 * The other family's ICMP is a plain number here: it matches by number, whatever types were given (API NetworkAclEntry).
 */
export const AXIS_SIZE: number = 3 * 65_536 + 253;

const UDP_START = 65_536;
const ICMP_START = 131_072;
const OTHER_START = 196_608;

/** The whole axis. */
export const WHOLE_AXIS: IntervalSet = interval(0, AXIS_SIZE - 1);

/** The parts of the axis, each with the number that its first point stands for. */
export type AxisPart = 'tcp' | 'udp' | 'icmp' | 'other';

const PARTS: Readonly<Record<AxisPart, readonly [number, number]>> = {
  tcp: [0, UDP_START - 1],
  udp: [UDP_START, ICMP_START - 1],
  icmp: [ICMP_START, OTHER_START - 1],
  other: [OTHER_START, AXIS_SIZE - 1],
};

/** The first and last point that a traffic matches in a family; every traffic is one interval. */
export function trafficInterval(traffic: Traffic, family: Family): readonly [number, number] {
  const protocol = trafficProtocol(traffic);
  if (protocol === undefined) return [0, AXIS_SIZE - 1];
  if (traffic.kind === 'tcp' || traffic.kind === 'udp') {
    const start = traffic.kind === 'tcp' ? 0 : UDP_START;
    return [start + traffic.ports.from, start + traffic.ports.to];
  }
  if ((traffic.kind === 'icmp' || traffic.kind === 'icmpv6') && protocol === icmpOf(family)) {
    if (traffic.type === 'any') return PARTS.icmp;
    const start = ICMP_START + traffic.type * 256;
    return traffic.code === 'any' ? [start, start + 255] : [start + traffic.code, start + traffic.code];
  }
  const point = OTHER_START + otherRank(protocol, family);
  return [point, point];
}

/** The point of a packet. The transport must fit the family (`transportFitsFamily`). */
export function transportPoint(transport: Transport, family: Family): number {
  switch (transport.kind) {
    case 'tcp':
      return transport.destinationPort;
    case 'udp':
      return UDP_START + transport.destinationPort;
    case 'icmp':
    case 'icmpv6':
      return ICMP_START + transport.type * 256 + transport.code;
    case 'protocol': {
      // A bare number of a protocol with ports cannot be placed: such a packet has no header to read.
      const protocol = transportProtocol(transport);
      return OTHER_START + otherRank(protocol, family);
    }
  }
}

/** A set of points limited to one part of the axis and counted from that part's start. */
export function axisPart(set: IntervalSet, part: AxisPart): IntervalSet {
  const [from, to] = PARTS[part];
  const own: number[] = [];
  for (let index = 0; index < set.length; index += 2) {
    const first = Math.max(set[index] ?? 0, from);
    const last = Math.min(set[index + 1] ?? 0, to);
    if (first <= last) own.push(first - from, last - from);
  }
  return own;
}

/** The inverse of `axisPart` for a set within the part. */
export function placeOnAxis(set: IntervalSet, part: AxisPart): IntervalSet {
  return shiftSet(set, PARTS[part][0]);
}

/** The protocol number at an offset of the `other` part. */
export function otherProtocol(rank: number, family: Family): number {
  let protocol = rank;
  for (const skipped of skippedNumbers(family)) if (protocol >= skipped) protocol += 1;
  return protocol;
}

/** The offset in the `other` part of a protocol number; numbers with their own part are left out, so no point is a phantom. */
function otherRank(protocol: number, family: Family): number {
  let rank = protocol;
  for (const skipped of skippedNumbers(family)) {
    if (protocol === skipped) throw new Error(`protocol ${protocol} has its own part of the axis`);
    if (protocol > skipped) rank -= 1;
  }
  return rank;
}

const SKIPPED: Readonly<Record<Family, readonly number[]>> = {
  ipv4: [icmpOf('ipv4'), TCP, UDP],
  ipv6: [TCP, UDP, icmpOf('ipv6')],
};

function skippedNumbers(family: Family): readonly number[] {
  return SKIPPED[family];
}
