/** What a TCP segment says of the connection's life; `fin` and `syn-ack` acknowledge as well. */
export type TcpFlags = 'syn' | 'syn-ack' | 'ack' | 'fin' | 'rst';

/** The life of a TCP connection as a middle point sees it (the states of Linux's tracking, RFC 9293 from both sides). */
export type TcpState =
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait'
  | 'close-wait'
  | 'last-ack'
  | 'time-wait'
  | 'closed';

/** All states, in the order of a life. */
export const TCP_STATES: readonly TcpState[] = [
  'syn-sent',
  'syn-received',
  'established',
  'fin-wait',
  'close-wait',
  'last-ack',
  'time-wait',
  'closed',
];

/** Who sends: the side that opened the connection, or the one that answers. */
export type Side = 'opener' | 'answerer';

/** The state after a segment. Segments that mean nothing in a state leave it as it is. */
export function nextTcpState(state: TcpState, flags: TcpFlags, side: Side): TcpState {
  switch (flags) {
    case 'rst':
      return 'closed';
    case 'syn':
      return state;
    case 'syn-ack':
      return state === 'syn-sent' && side === 'answerer' ? 'syn-received' : state;
    case 'ack':
      return afterAck(state, side);
    case 'fin':
      return afterFin(state);
  }
}

/** Whether a SYN opens a new connection between the same ports: the old one is over. */
export function isOver(state: TcpState): boolean {
  return state === 'time-wait' || state === 'closed';
}

function afterAck(state: TcpState, side: Side): TcpState {
  if (state === 'syn-received') return side === 'opener' ? 'established' : state;
  if (state === 'fin-wait') return 'close-wait';
  return state === 'last-ack' ? 'time-wait' : state;
}

function afterFin(state: TcpState): TcpState {
  if (state === 'syn-received' || state === 'established') return 'fin-wait';
  return state === 'fin-wait' || state === 'close-wait' ? 'last-ack' : state;
}
