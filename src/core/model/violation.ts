import type { Kind } from './records.ts';

/** What a sound world satisfies beyond what the types say. Each name has its statement in `INVARIANTS`. */
export type InvariantName =
  | 'address-outside-subnet'
  | 'address-taken'
  | 'association-of-default'
  | 'duplicate-rule'
  | 'eni-without-group'
  | 'entry-duplicate'
  | 'entry-limit'
  | 'entry-number'
  | 'forbidden-cidr'
  | 'gateway-twice'
  | 'group-wrong-vpc'
  | 'groups-per-eni'
  | 'prefix-length'
  | 'prefix-list-family'
  | 'prefix-list-max'
  | 'reserved-address'
  | 'route-duplicate'
  | 'route-to-reserved'
  | 'rule-product'
  | 'rules-limit'
  | 'second-default-group'
  | 'subnet-cidr-size'
  | 'subnet-outside-vpc'
  | 'subnet-overlap'
  | 'timeout-range'
  | 'vpc-cidr-overlap'
  | 'vpc-cidr-size'
  | 'wrong-vpc';

/** The statements, with their sources. A record that is not in the world satisfies all that is asked of it: it is unknown. */
export const INVARIANTS: Readonly<Record<InvariantName, string>> = {
  'address-outside-subnet': 'an address of an interface or NAT gateway lies in a CIDR of its subnet',
  'address-taken': 'an address has one holder in its VPC, a public address one holder at all',
  'association-of-default': 'no default group is associated, and nothing with a default VPC (V:security-group-assoc)',
  'duplicate-rule':
    'no two rules of a group have the same direction, traffic and peer (API AuthorizeSecurityGroupIngress)',
  'eni-without-group':
    'an interface has a group, unless AWS runs its kind without (API ModifyNetworkInterfaceAttribute)',
  'entry-duplicate': 'a number stands once in each direction of a NACL (API CreateNetworkAclEntry)',
  'entry-limit': 'a NACL has at most its quota of entries in each direction and family (V:amazon-vpc-limits)',
  'entry-number': 'the number of an entry lies in 1-32766 (API CreateNetworkAclEntry)',
  'forbidden-cidr': 'no VPC has addresses of 0/8, 127/8, 169.254/16 or 224/4 (V:vpc-cidr-blocks)',
  'gateway-twice': 'a VPC has at most one internet gateway and one egress-only gateway (V:amazon-vpc-limits)',
  'group-wrong-vpc': 'a group of an interface is of its VPC or associated with it (V:security-group-assoc)',
  'groups-per-eni': 'an interface has at most its quota of groups (V:amazon-vpc-limits)',
  'prefix-length':
    'a delegated prefix is a /28 of IPv4 or a /80 of IPv6 (E2:ec2-prefix-eni); other lengths would not be found',
  'prefix-list-family': 'the entries of a prefix list are of its family (API CreateManagedPrefixList)',
  'prefix-list-max': 'a prefix list has at most its own maximum of entries (API CreateManagedPrefixList)',
  'reserved-address': 'the first four and the last address of a subnet CIDR have no holder (V:subnet-sizing)',
  'route-duplicate':
    'a destination stands once among the routes of a table that no gateway propagated (API CreateRoute)',
  'route-to-reserved': 'no route leads into 169.254.168.0/22 or fd00:ec2::/32 (V23:VPC_Route_Tables)',
  'rule-product': 'the rules of an interface weigh at most the product of rules and groups (V:amazon-vpc-limits)',
  'rules-limit': 'the rules of a group weigh at most their quota in each direction and family (V:amazon-vpc-limits)',
  'second-default-group': 'a VPC has one group called default (V23:default-security-group)',
  'subnet-cidr-size': 'a subnet is a /16 to /28 of IPv4 or a /44 to /64 of IPv6 in steps of four (V:subnet-sizing)',
  'subnet-outside-vpc': 'a subnet CIDR lies in a CIDR of its VPC (V:subnet-sizing)',
  'subnet-overlap': 'the subnets of a VPC have no address in common (V:subnet-sizing)',
  'timeout-range': 'a connection-tracking timeout lies in its range (E2:conntrack)',
  'vpc-cidr-overlap':
    'the CIDRs of a VPC, and of two VPCs with an active peering, have no address in common (V:vpc-cidr-blocks)',
  'vpc-cidr-size': 'a VPC CIDR is a /16 to /28 of IPv4 or a /44 to /60 of IPv6 in steps of four (V:vpc-cidr-blocks)',
  'wrong-vpc': 'an interface, a NAT gateway, a NACL and a route table are of the VPC of the subnet that they serve',
};

/** Names one record of a world. */
export type RecordRef = { readonly kind: Kind; readonly id: string };

/** One place where a world breaks an invariant; the record at fault first, then those it collides with. */
export type Violation = {
  readonly name: InvariantName;
  readonly records: readonly RecordRef[];
  readonly message: string;
};
