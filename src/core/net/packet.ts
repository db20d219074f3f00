import type { Address, Family } from './address.ts';
import { fail, ok, type Result } from './result.ts';
import { formatTransport, transportFitsFamily, type Transport } from './traffic.ts';

/** The header fields of one packet at one moment. INVARIANT: both addresses and the transport are of `family`. */
export type Packet = {
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  readonly transport: Transport;
};

/** A packet of one family. Errors: mixed families, or the other family's ICMP. */
export function packetOf(source: Address, destination: Address, transport: Transport): Result<Packet> {
  if (source.family !== destination.family) return fail('source and destination are of different address families');
  if (!transportFitsFamily(transport, source.family))
    return fail(`${formatTransport(transport)} is no packet of ${source.family}`);
  return ok({ family: source.family, source, destination, transport });
}
