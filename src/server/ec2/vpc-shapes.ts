import type {
  Subnet as SubnetShape,
  Vpc as VpcShape,
  VpcCidrBlockAssociation,
  VpcIpv6CidrBlockAssociation,
} from '@aws-sdk/client-ec2';
import { type Cidr, formatCidr } from '../../core/net/cidr.ts';
import type { Subnet, Vpc } from '../../core/model/vpc.ts';
import type { Draft } from '../control/draft.ts';
import { arnOf, type Realm, zonesOf } from '../control/env.ts';
import { freeAddressCount } from '../control/vpcs/subnet-space.ts';
import { associationIdOf, dhcpOptionsIdOf, subnetDetailOf, vpcDetailOf } from '../control/vpcs/vpc-details.ts';
import { tagShapes } from './tags.ts';

/** A VPC as DescribeVpcs shows it. */
export function vpcShape(draft: Draft, vpc: Vpc, realm: Realm): VpcShape {
  const detail = vpcDetailOf(draft, vpc);
  const primary = vpc.cidrs.find(({ family }) => family === 'ipv4');
  const of = (family: Cidr['family']): readonly Cidr[] => vpc.cidrs.filter((cidr) => cidr.family === family);
  return {
    VpcId: vpc.id,
    OwnerId: vpc.ownerId,
    State: 'available',
    IsDefault: vpc.isDefault,
    InstanceTenancy: detail.instanceTenancy === 'dedicated' ? 'dedicated' : 'default',
    DhcpOptionsId: dhcpOptionsIdOf(realm),
    ...(primary === undefined ? {} : { CidrBlock: formatCidr(primary) }),
    CidrBlockAssociationSet: of('ipv4').map((cidr) => ipv4Association(associationIdOf(detail, cidr), cidr)),
    Ipv6CidrBlockAssociationSet: of('ipv6').map((cidr) =>
      ipv6Association(associationIdOf(detail, cidr), cidr, realm.region),
    ),
    Tags: tagShapes(vpc.tags),
  };
}

/** An IPv4 CIDR of a VPC. */
export function ipv4Association(
  AssociationId: string,
  cidr: Cidr,
  State: 'associated' | 'disassociated' = 'associated',
): VpcCidrBlockAssociation {
  return { AssociationId, CidrBlock: formatCidr(cidr), CidrBlockState: { State } };
}

/** An IPv6 block of a VPC: all come from the server's own pool. */
export function ipv6Association(AssociationId: string, cidr: Cidr, region: string): VpcIpv6CidrBlockAssociation {
  return {
    AssociationId,
    Ipv6CidrBlock: formatCidr(cidr),
    Ipv6CidrBlockState: { State: 'associated' },
    NetworkBorderGroup: region,
    Ipv6Pool: 'Amazon',
    IpSource: 'amazon',
    Ipv6AddressAttribute: 'public',
  };
}

/** A subnet as DescribeSubnets shows it. */
export function subnetShape(draft: Draft, subnet: Subnet, realm: Realm): SubnetShape {
  const detail = subnetDetailOf(draft, subnet);
  const ipv4 = subnet.cidrs.find(({ family }) => family === 'ipv4');
  const zone = zonesOf(realm.region).find(({ name }) => name === subnet.availabilityZone);
  return {
    SubnetId: subnet.id,
    SubnetArn: arnOf(realm, 'subnet', subnet.id),
    VpcId: subnet.vpcId,
    OwnerId: realm.accountId,
    State: 'available',
    ...(ipv4 === undefined ? {} : { CidrBlock: formatCidr(ipv4) }),
    AvailableIpAddressCount: freeAddressCount(draft, subnet),
    ...(subnet.availabilityZone === undefined ? {} : { AvailabilityZone: subnet.availabilityZone }),
    ...(zone === undefined ? {} : { AvailabilityZoneId: zone.id }),
    DefaultForAz: detail.isDefaultForZone,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: subnet.assignIpv6OnCreation,
    Ipv6CidrBlockAssociationSet: subnet.cidrs
      .filter(({ family }) => family === 'ipv6')
      .map((cidr) => ({
        AssociationId: associationIdOf(detail, cidr),
        Ipv6CidrBlock: formatCidr(cidr),
        Ipv6CidrBlockState: { State: 'associated' },
        Ipv6AddressAttribute: 'public',
        IpSource: 'amazon',
      })),
    EnableDns64: detail.enableDns64,
    Ipv6Native: detail.ipv6Native,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: detail.hostnameType,
      EnableResourceNameDnsARecord: detail.resourceNameDnsA,
      EnableResourceNameDnsAAAARecord: detail.resourceNameDnsAaaa,
    },
    Tags: tagShapes(subnet.tags),
  };
}
