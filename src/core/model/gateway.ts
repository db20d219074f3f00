import type { Address } from '../net/address.ts';
import type { Cidr } from '../net/cidr.ts';
import type {
  AllocationId,
  EgressOnlyGatewayId,
  EniId,
  InternetGatewayId,
  NatGatewayId,
  PeeringId,
  RouteTableId,
  SubnetId,
  VpcId,
} from './ids.ts';
import type { Tags } from './tag.ts';

/** An internet gateway; detached when `vpcId` is undefined. */
export type InternetGateway = {
  readonly id: InternetGatewayId;
  readonly ownerId?: string;
  readonly vpcId?: VpcId;
  /** An edge association: packets from the internet follow this table first (middlebox routing). */
  readonly edgeRouteTableId?: RouteTableId;
  readonly tags: Tags;
};

/** An egress-only internet gateway: IPv6, outbound flows and their replies only. */
export type EgressOnlyGateway = { readonly id: EgressOnlyGatewayId; readonly vpcId?: VpcId; readonly tags: Tags };

/** A NAT gateway. Public ones have a public address behind which flows appear; private ones only the private address. */
export type NatGateway = {
  readonly id: NatGatewayId;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly connectivity: 'public' | 'private';
  readonly state: string;
  readonly addresses: readonly NatAddress[];
  readonly tags: Tags;
};

export type NatAddress = {
  readonly private: Address;
  readonly public?: Address;
  readonly allocationId?: AllocationId;
  readonly eniId?: EniId;
};

/** An Elastic address of the account; associated when `eniId` is set. */
export type ElasticAddress = {
  readonly id: AllocationId;
  readonly public: Address;
  readonly associationId?: string;
  readonly eniId?: EniId;
  readonly private?: Address;
  readonly tags: Tags;
};

/** One side of a peering connection as its record tells it; the VPC itself may be of another account and not in the world. */
export type PeeringSide = {
  readonly vpcId: VpcId;
  readonly ownerId: string;
  readonly region?: string;
  readonly cidrs: readonly Cidr[];
};

/** A peering connection; carries packets only while `active`. */
export type PeeringConnection = {
  readonly id: PeeringId;
  readonly status: string;
  readonly requester: PeeringSide;
  readonly accepter: PeeringSide;
  readonly tags: Tags;
};
