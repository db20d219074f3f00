import type { Transport } from '../net/traffic.ts';
import type { Eni } from '../model/eni.ts';
import type { Direction } from '../model/security-group.ts';
import { isOver, nextTcpState, type Side, type TcpFlags, TCP_STATES } from './tcp.ts';
import {
  ICMP_SECONDS,
  LOAD_BALANCER_TIMEOUTS,
  OTHER_SECONDS,
  tcpSeconds,
  type Timeouts,
  timeoutsOf,
} from './timeouts.ts';

/** What a connection table knows of one flow beside its key. */
export type Entry = {
  /** The direction of the packet that opened the flow, seen from the interface. */
  readonly opened: Direction;
  /** Tracked whatever the rules say, because of what the flow passes (E2:conntrack). */
  readonly isAutomatic: boolean;
  /** A load balancer is at one of its ends: its timeouts hold. */
  readonly isBalanced: boolean;
  /** TCP: the index of the state. UDP: exchanges so far, counted to 2. Else 0. */
  readonly progress: number;
  /** Whether the last packet was an answer. */
  readonly isAnswered: boolean;
};

/** One packet of a flow, as far as the entry cares. */
export type Segment = {
  readonly transport: Transport;
  readonly flags: TcpFlags | undefined;
  readonly direction: Direction;
};

const OPENED_INGRESS = 1;
const AUTOMATIC = 2;
const BALANCED = 4;
const ANSWERED = 8;
const PROGRESS_SHIFT = 4;

/** The entry in one word of a table. */
export function packEntry(entry: Entry): number {
  return (
    (entry.opened === 'ingress' ? OPENED_INGRESS : 0) |
    (entry.isAutomatic ? AUTOMATIC : 0) |
    (entry.isBalanced ? BALANCED : 0) |
    (entry.isAnswered ? ANSWERED : 0) |
    (entry.progress << PROGRESS_SHIFT)
  );
}

/** The inverse of `packEntry`. */
export function unpackEntry(word: number): Entry {
  return {
    opened: (word & OPENED_INGRESS) === 0 ? 'egress' : 'ingress',
    isAutomatic: (word & AUTOMATIC) !== 0,
    isBalanced: (word & BALANCED) !== 0,
    isAnswered: (word & ANSWERED) !== 0,
    progress: word >>> PROGRESS_SHIFT,
  };
}

/** The entry that the first packet of a flow makes. */
export function openEntry(
  segment: Segment,
  kind: { readonly isAutomatic: boolean; readonly isBalanced: boolean },
): Entry {
  return { ...kind, opened: segment.direction, progress: 0, isAnswered: false };
}

/** The entry after another packet of its flow; undefined when the packet opens a new flow in its place. */
export function advanceEntry(entry: Entry, segment: Segment): Entry | undefined {
  const side: Side = segment.direction === entry.opened ? 'opener' : 'answerer';
  const isAnswered = side === 'answerer';
  switch (segment.transport.kind) {
    case 'tcp': {
      const state = TCP_STATES[entry.progress] ?? 'closed';
      const flags = segment.flags ?? 'ack';
      if (flags === 'syn' && isOver(state)) return undefined;
      return { ...entry, isAnswered, progress: TCP_STATES.indexOf(nextTcpState(state, flags, side)) };
    }
    case 'udp': {
      const exchanges = entry.progress + (isAnswered && !entry.isAnswered ? 1 : 0);
      return { ...entry, isAnswered, progress: Math.min(exchanges, 2) };
    }
    case 'icmp':
    case 'icmpv6':
    case 'protocol':
      return { ...entry, isAnswered };
  }
}

/** How long the entry lives on without a further packet. A UDP flow is a stream from its second exchange on (E2:conntrack). */
export function idleSeconds(entry: Entry, transport: Transport, eni: Eni | undefined): number {
  const timeouts: Timeouts = entry.isBalanced ? LOAD_BALANCER_TIMEOUTS : timeoutsOf(eni);
  switch (transport.kind) {
    case 'tcp':
      return tcpSeconds(TCP_STATES[entry.progress] ?? 'closed', timeouts);
    case 'udp':
      return entry.progress >= 2 ? timeouts.udpStreamSeconds : timeouts.udpSeconds;
    case 'icmp':
    case 'icmpv6':
      return ICMP_SECONDS;
    case 'protocol':
      return OTHER_SECONDS;
  }
}
