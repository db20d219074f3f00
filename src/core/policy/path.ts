import type { Address, Family } from '../net/address.ts';
import type { Eni } from '../model/eni.ts';
import type { NatGatewayId, VpcId } from '../model/ids.ts';
import type { Direction } from '../model/security-group.ts';
import type { Subnet } from '../model/vpc.ts';
import type { Decision, Stage, Way } from './verdict.ts';

/** Where a packet starts: it leaves an interface, comes in from the internet, or from a network that the model does not reach. */
export type Origin =
  | { readonly kind: 'eni'; readonly eni: Eni }
  | { readonly kind: 'internet' }
  | { readonly kind: 'elsewhere'; readonly vpcId: VpcId; readonly why: Decision };

/**
 * Which header a gate reads. No filter reads source ports, so the forward way always shows the request; a NAT gateway hides the
 * source port behind one of its own, which then is the destination port of the reply as far as that gateway.
 */
export type View = 'request' | 'reply' | 'reply-to-nat';

/**
 * What a gate of security groups sees as the other side. A group reference matches the interface at the other end of the leg, and only
 * while the packet carries that interface's own address: so never through an appliance, NAT or public addresses (V:security-group-rules).
 */
export type PeerSight = {
  readonly address: Address;
  /** The interface at the other end; undefined when there is none that a reference could match. */
  readonly eni?: Eni;
  /** `unknown`: there may be an interface at the other end that the world does not hold. */
  readonly end: 'known' | 'unknown';
};

type GateHead = {
  readonly way: Way;
  readonly stage: Stage;
  /** The id of the ENI, subnet, route table or gateway that decides. */
  readonly resource: string;
  /** The addresses of the packet as this gate sees them. */
  readonly source: Address;
  readonly destination: Address;
};

/** A checkpoint. `settled` ones are decided by addresses and topology alone; the others read protocol, ports or ICMP types. */
export type Gate = GateHead &
  (
    | { readonly kind: 'settled'; readonly decision: Decision }
    | {
        readonly kind: 'groups';
        readonly eni: Eni;
        readonly direction: Direction;
        readonly peer: PeerSight;
        readonly view: View;
      }
    | { readonly kind: 'acl'; readonly subnet: Subnet; readonly direction: Direction; readonly view: View }
    | { readonly kind: 'nat-protocols' }
  );

/** Where a way ends. `service` is one of the VPC's own; `lost` is on the way, by a refusal or something unknown. */
export type End =
  | { readonly kind: 'eni'; readonly eni: Eni; readonly source: Address; readonly destination: Address }
  | {
      readonly kind: 'internet';
      readonly through: 'internet-gateway' | 'egress-only-gateway';
      readonly source: Address;
      readonly destination: Address;
    }
  | { readonly kind: 'service' }
  | { readonly kind: 'lost' };

/** A NAT gateway on the way, with the address that it hid. */
export type Translation = { readonly natId: NatGatewayId; readonly inside: Address };

/** All gates between two addresses, each way, in path order. `reply` gates count only for traffic that needs an answer. */
export type Path = {
  readonly family: Family;
  readonly forward: readonly Gate[];
  readonly reply: readonly Gate[];
  readonly end: End;
  readonly translations: readonly Translation[];
};
