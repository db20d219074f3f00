import { type ConnectionTimeouts, TIMEOUT_RANGES } from '../../../core/model/eni.ts';
import { timeoutOutOfRange } from './eni-refusals.ts';

const NAMES = {
  tcpEstablishedSeconds: 'TcpEstablishedTimeout',
  udpStreamSeconds: 'UdpStreamTimeout',
  udpSeconds: 'UdpTimeout',
} as const;

/** Why an interface may not have these idle timeouts, whole seconds; undefined when it may (E2:conntrack). */
export function timeoutFault(timeouts: ConnectionTimeouts): ReturnType<typeof timeoutOutOfRange> | undefined {
  for (const name of ['tcpEstablishedSeconds', 'udpStreamSeconds', 'udpSeconds'] as const) {
    const seconds = timeouts[name];
    const range = TIMEOUT_RANGES[name];
    if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= range.from && seconds <= range.to))
      return timeoutOutOfRange(NAMES[name], seconds, range);
  }
  return undefined;
}
