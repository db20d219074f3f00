import type { Eni } from '../model/eni.ts';
import type { TcpState } from './tcp.ts';

/** Idle timeouts in seconds that hold at one interface. */
export type Timeouts = {
  readonly tcpEstablishedSeconds: number;
  readonly udpSeconds: number;
  readonly udpStreamSeconds: number;
};

/** AWS's defaults (E2:conntrack). Instances on Nitro v6 keep established TCP for 350 s instead: their interfaces say so themselves. */
export const DEFAULT_TIMEOUTS: Timeouts = { tcpEstablishedSeconds: 432_000, udpSeconds: 30, udpStreamSeconds: 180 };

/** What holds for flows of Network Load Balancers, whatever the interface says (E2:conntrack). */
export const LOAD_BALANCER_TIMEOUTS: Timeouts = { tcpEstablishedSeconds: 350, udpSeconds: 120, udpStreamSeconds: 120 };

/** Idle timeout of protocols without ports (E2:conntrack). */
export const OTHER_SECONDS = 600;

/** AWS publishes no timeout for ICMP; Linux's. */
export const ICMP_SECONDS = 30;

/** A NAT gateway forgets an idle mapping after this time (V23:nat-gateway-troubleshooting). */
export const NAT_IDLE_SECONDS = 350;

/** AWS publishes the established timeout alone; the others are Linux's (nf_conntrack). */
const TCP_SECONDS: Readonly<Record<Exclude<TcpState, 'established'>, number>> = {
  'syn-sent': 120,
  'syn-received': 60,
  'fin-wait': 120,
  'close-wait': 60,
  'last-ack': 30,
  'time-wait': 120,
  closed: 10,
};

/** The timeouts of an interface: its own where it has any, else the defaults, as for gateways that have no interface. */
export function timeoutsOf(eni: Eni | undefined): Timeouts {
  return { ...DEFAULT_TIMEOUTS, ...eni?.timeouts };
}

/** How long a TCP entry in a state may stay idle. */
export function tcpSeconds(state: TcpState, timeouts: Timeouts): number {
  return state === 'established' ? timeouts.tcpEstablishedSeconds : TCP_SECONDS[state];
}
