import type { Address } from '../../core/net/address.ts';
import type { PortRange } from '../../core/net/traffic.ts';

/** What a packet's header must be at one end of the path; absent members leave it open. */
export type HeaderFilter = {
  readonly sourceAddress?: Address;
  readonly destinationAddress?: Address;
  readonly sourcePorts?: PortRange;
  readonly destinationPorts?: PortRange;
};

/**
 * Whether packets get from one end to another and are answered (API CreateNetworkInsightsPath). Ends are ids of instances, interfaces, internet gateways and
 * peering connections; a destination may be an address alone.
 */
export type PathQuestion = {
  readonly source: string;
  readonly destination?: string;
  /** An address of the destination: where packets are sent to, or where they arrive behind a translation. */
  readonly destinationIp?: Address;
  readonly protocol: 'tcp' | 'udp';
  readonly atSource: HeaderFilter;
  readonly atDestination: HeaderFilter;
  /** Ids that the way there must traverse, and such that it must not. */
  readonly through: readonly string[];
  readonly around: readonly string[];
};

/** What nothing between the ends meets: a filter, an end that is not there, or something to be traversed or not. */
export type Missed =
  | {
      readonly kind: 'filter';
      readonly at: 'source' | 'destination';
      readonly field: 'source-address' | 'source-ports' | 'destination-address' | 'destination-ports';
    }
  /** An address that the internet does not have, asked for behind an internet gateway. */
  | { readonly kind: 'not-public'; readonly id: string; readonly address: string }
  /** An end without an interface or an address, or a gateway that is attached to no VPC. */
  | { readonly kind: 'unattached'; readonly id: string }
  | { readonly kind: 'no-end'; readonly id: string }
  /** The ends have no address of one family. */
  | { readonly kind: 'no-family' }
  /** A packet from an interface to itself. */
  | { readonly kind: 'same-interface'; readonly id: string }
  | { readonly kind: 'through' | 'around' | 'end'; readonly id: string };

/** Text that is equal for what is missed alike. */
export function missedKey(missed: Missed): string {
  return JSON.stringify(missed);
}
