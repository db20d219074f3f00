import type { Cidr } from '../net/cidr.ts';
import type { AclId, RouteTableId, SubnetId, VpcId } from './ids.ts';
import type { Tags } from './tag.ts';

/** A VPC. The first IPv4 prefix is the primary one (V:vpc-cidr-blocks). */
export type Vpc = {
  readonly id: VpcId;
  readonly ownerId: string;
  readonly isDefault: boolean;
  readonly cidrs: readonly Cidr[];
  /** The table of subnets without one of their own; undefined when not known. */
  readonly mainRouteTable?: { readonly associationId: string; readonly routeTableId: RouteTableId };
  readonly tags: Tags;
};

/** A subnet: at most one IPv4 prefix, any number of IPv6 ones. */
export type Subnet = {
  readonly id: SubnetId;
  readonly vpcId: VpcId;
  readonly cidrs: readonly Cidr[];
  readonly availabilityZone?: string;
  /** Exactly one NACL filters a subnet (V:vpc-network-acls); undefined when not known. */
  readonly networkAcl?: { readonly associationId: string; readonly aclId: AclId };
  /** The explicit association; undefined means the VPC's main table. */
  readonly routeTable?: { readonly associationId: string; readonly routeTableId: RouteTableId };
  readonly mapPublicIpOnLaunch: boolean;
  readonly assignIpv6OnCreation: boolean;
  readonly tags: Tags;
};
