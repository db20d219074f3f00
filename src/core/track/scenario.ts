import type { Address, Family } from '../net/address.ts';
import type { Cidr } from '../net/cidr.ts';
import type { Traffic, Transport } from '../net/traffic.ts';
import type { ConnectionTimeouts } from '../model/eni.ts';
import type { AclEntry } from '../model/network-acl.ts';
import type { Direction } from '../model/security-group.ts';
import type { TcpFlags } from './tcp.ts';

/** Packets and changes over time. Interfaces, groups and the like stand as people write them: ids or names. */
export type Scenario = {
  readonly title: string;
  /** The moment of `at: 0`, in seconds since 1970: flow logs show it. */
  readonly startSeconds: number;
  readonly windowSeconds: number;
  readonly admitsRelated: boolean;
  readonly steps: readonly ScenarioStep[];
};

/** What a scenario may expect of a packet. */
export type Fate = 'deliver' | 'drop' | 'unknown';

/** One moment; times never go back. */
export type ScenarioStep = { readonly atSeconds: number } & (
  | (PacketStep & Probe)
  | { readonly kind: 'change'; readonly change: ScenarioChange }
  | { readonly kind: 'limit'; readonly interface: string; readonly connections: number }
);

/** What every packet has: a name for later steps, its size for flow logs, and what is expected of it. */
export type Probe = { readonly as?: string; readonly bytes?: number; readonly expect?: Fate };

export type PacketStep =
  | {
      readonly kind: 'send';
      /** An interface by name, or a host of the internet by address. */
      readonly from: string;
      readonly to: string;
      readonly family?: Family;
      readonly transport: Transport;
      readonly flags?: TcpFlags;
      readonly echoId?: number;
    }
  | { readonly kind: 'reply' | 'again'; readonly of: string; readonly flags?: TcpFlags }
  | { readonly kind: 'icmp-error'; readonly of: string; readonly type: number; readonly code: number };

export type ScenarioChange =
  | {
      readonly kind: 'authorize' | 'revoke';
      readonly group: string;
      readonly direction: Direction;
      readonly traffic: Traffic;
      readonly peer: ScenarioPeer;
    }
  | { readonly kind: 'set-groups'; readonly interface: string; readonly groups: readonly string[] }
  | { readonly kind: 'set-entry'; readonly acl: string; readonly entry: AclEntry }
  | { readonly kind: 'remove-entry'; readonly acl: string; readonly direction: Direction; readonly number: number }
  | { readonly kind: 'set-prefix-list'; readonly list: string; readonly entries: readonly Cidr[] }
  | { readonly kind: 'set-timeouts'; readonly interface: string; readonly timeouts: ConnectionTimeouts }
  | {
      readonly kind: 'add-interface';
      readonly id: string;
      readonly subnet: string;
      readonly addresses: readonly Address[];
      readonly groups: readonly string[];
      readonly name?: string;
      readonly instance?: string;
    }
  | { readonly kind: 'remove-interface'; readonly interface: string }
  | { readonly kind: 'set-peering'; readonly peering: string; readonly status: string };

/** The peer of a rule: a prefix, or a group or prefix list by name or id. */
export type ScenarioPeer =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'group' | 'prefix-list'; readonly name: string };
