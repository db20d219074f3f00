declare const brand: unique symbol;

/** Text that names a record of one kind; the brand keeps ids of different kinds apart at compile time only. */
type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type VpcId = Id<'vpc'>;
export type SubnetId = Id<'subnet'>;
export type RouteTableId = Id<'route table'>;
export type InternetGatewayId = Id<'internet gateway'>;
export type EgressOnlyGatewayId = Id<'egress-only internet gateway'>;
export type NatGatewayId = Id<'NAT gateway'>;
export type AllocationId = Id<'Elastic address'>;
export type PeeringId = Id<'peering connection'>;
export type EniId = Id<'ENI'>;
export type InstanceId = Id<'instance'>;
export type GroupId = Id<'security group'>;
export type RuleId = Id<'rule'>;
export type AclId = Id<'network ACL'>;
export type PrefixListId = Id<'prefix list'>;

/** Brands text as an id. The only door: callers are readers of documents, which checked the text, and tests. */
export function asId<T extends Id<string>>(text: string): T {
  return text as T;
}
