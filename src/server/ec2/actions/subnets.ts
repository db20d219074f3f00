import type {
  AssociateSubnetCidrBlockRequest,
  CreateSubnetRequest,
  DescribeSubnetsRequest,
  DisassociateSubnetCidrBlockRequest,
  ModifySubnetAttributeRequest,
} from '@aws-sdk/client-ec2';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import type { Draft } from '../../control/draft.ts';
import { arnOf, type Realm, zonesOf } from '../../control/env.ts';
import { invalidParameter, missingParameter, type Refusal } from '../../control/refusal.ts';
import { createDefaultSubnet } from '../../control/vpcs/default-vpc.ts';
import { freeAddressCount } from '../../control/vpcs/subnet-space.ts';
import {
  associateSubnetCidr,
  createSubnet,
  deleteSubnet,
  disassociateSubnetCidr,
  modifySubnet,
  type SubnetAttributes,
  type SubnetCidr,
} from '../../control/vpcs/subnets.ts';
import { associationIdOf, subnetDetailOf } from '../../control/vpcs/vpc-details.ts';
import { subnetNotFound } from '../../control/vpcs/vpc-refusals.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor } from '../tags.ts';
import { subnetShape } from '../vpc-shapes.ts';

export const subnetActions: Actions = {
  CreateSubnet: create,
  CreateDefaultSubnet: (input, { draft, env }) => {
    const foreign = refuseGiven(input, ['Ipv6Native']);
    if (foreign !== undefined) return foreign;
    const zone = input.AvailabilityZone ?? input.AvailabilityZoneId;
    if (zone === undefined) return missingParameter('AvailabilityZone');
    const subnet = createDefaultSubnet(draft, zone, env);
    return subnet.ok ? ok({ Subnet: subnetShape(draft, subnet.value, env.realm) }) : subnet;
  },
  DeleteSubnet: ({ SubnetId: subnetId }, { draft }) => {
    const gone = deleteSubnet(draft, subnetId ?? '');
    return gone.ok ? ok({}) : gone;
  },
  DescribeSubnets: describe,
  ModifySubnetAttribute: modify,
  AssociateSubnetCidrBlock: associate,
  DisassociateSubnetCidrBlock: disassociate,
};

const POOLS = ['Ipv4IpamPoolId', 'Ipv4NetmaskLength', 'Ipv6IpamPoolId', 'Ipv6NetmaskLength'] as const;

function create(input: CreateSubnetRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, [...POOLS, 'OutpostArn']);
  if (foreign !== undefined) return foreign;
  const tags = tagsFor('subnet', input.TagSpecifications);
  if (!tags.ok) return tags;
  const subnet = createSubnet(
    draft,
    {
      vpcId: input.VpcId ?? '',
      cidr: input.CidrBlock,
      ipv6Cidr: input.Ipv6CidrBlock,
      zone: input.AvailabilityZone ?? input.AvailabilityZoneId,
      ipv6Native: input.Ipv6Native === true,
      isDefaultForZone: false,
      tags: tags.value,
    },
    env,
  );
  return subnet.ok ? ok({ Subnet: subnetShape(draft, subnet.value, env.realm) }) : subnet;
}

function describe(input: DescribeSubnetsRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.SubnetIds,
    find: (id) => draft.get('subnets', id),
    all: () => draft.list('subnets'),
    notFound: subnetNotFound,
    idOf: ({ id }) => id,
    view: subnetFilters(draft, env.realm),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  const { items } = page.value;
  return ok({ Subnets: items.map((subnet) => subnetShape(draft, subnet, env.realm)), ...nextTokenOf(page.value) });
}

function cidrTexts(subnet: Subnet, family: 'ipv4' | 'ipv6'): readonly string[] {
  return subnet.cidrs.filter((cidr) => cidr.family === family).map(formatCidr);
}

function ipv4Texts(subnet: Subnet): readonly string[] {
  return cidrTexts(subnet, 'ipv4');
}

function zoneOf({ availabilityZone }: Subnet): readonly string[] {
  return availabilityZone === undefined ? [] : [availabilityZone];
}

function subnetFilters(draft: Draft, realm: Realm): FilterView<Subnet> {
  const zoneId = ({ availabilityZone }: Subnet): readonly string[] =>
    zonesOf(realm.region).flatMap(({ name, id }) => (name === availabilityZone ? [id] : []));
  const isDefault = (subnet: Subnet): readonly string[] => [String(subnetDetailOf(draft, subnet).isDefaultForZone)];
  return {
    'availability-zone': zoneOf,
    availabilityZone: zoneOf,
    'availability-zone-id': zoneId,
    availabilityZoneId: zoneId,
    'available-ip-address-count': (subnet) => [String(freeAddressCount(draft, subnet))],
    'cidr-block': ipv4Texts,
    cidr: ipv4Texts,
    cidrBlock: ipv4Texts,
    'default-for-az': isDefault,
    defaultForAz: isDefault,
    'enable-dns64': (subnet) => [String(subnetDetailOf(draft, subnet).enableDns64)],
    'ipv6-cidr-block-association.ipv6-cidr-block': (subnet) => cidrTexts(subnet, 'ipv6'),
    'ipv6-cidr-block-association.association-id': (subnet) =>
      subnet.cidrs
        .filter(({ family }) => family === 'ipv6')
        .map((cidr) => associationIdOf(subnetDetailOf(draft, subnet), cidr)),
    'ipv6-cidr-block-association.state': (subnet) => cidrTexts(subnet, 'ipv6').map(() => 'associated'),
    'ipv6-native': (subnet) => [String(subnetDetailOf(draft, subnet).ipv6Native)],
    'map-public-ip-on-launch': ({ mapPublicIpOnLaunch }) => [String(mapPublicIpOnLaunch)],
    'map-customer-owned-ip-on-launch': () => ['false'],
    'owner-id': () => [realm.accountId],
    'private-dns-name-options-on-launch.hostname-type': (subnet) => [subnetDetailOf(draft, subnet).hostnameType],
    'private-dns-name-options-on-launch.enable-resource-name-dns-a-record': (subnet) => [
      String(subnetDetailOf(draft, subnet).resourceNameDnsA),
    ],
    'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record': (subnet) => [
      String(subnetDetailOf(draft, subnet).resourceNameDnsAaaa),
    ],
    state: () => ['available'],
    'subnet-arn': ({ id }) => [arnOf(realm, 'subnet', id)],
    'subnet-id': ({ id }) => [id],
    subnetId: ({ id }) => [id],
    'vpc-id': ({ vpcId }) => [vpcId],
    vpcId: ({ vpcId }) => [vpcId],
  };
}

function modify(input: ModifySubnetAttributeRequest, { draft }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, [
    'MapCustomerOwnedIpOnLaunch',
    'CustomerOwnedIpv4Pool',
    'EnableLniAtDeviceIndex',
    'DisableLniAtDeviceIndex',
  ]);
  if (foreign !== undefined) return foreign;
  const { PrivateDnsHostnameTypeOnLaunch: hostnameType } = input;
  // The type is the SDK's; what comes over the wire is any text.
  const isKnown = ['ip-name', 'resource-name', undefined].includes(hostnameType);
  if (hostnameType !== undefined && !isKnown)
    return invalidParameter('PrivateDnsHostnameTypeOnLaunch', hostnameType, 'Use ip-name or resource-name.');
  const flags = {
    mapPublicIpOnLaunch: input.MapPublicIpOnLaunch?.Value,
    assignIpv6OnCreation: input.AssignIpv6AddressOnCreation?.Value,
    enableDns64: input.EnableDns64?.Value,
    resourceNameDnsA: input.EnableResourceNameDnsARecordOnLaunch?.Value,
    resourceNameDnsAaaa: input.EnableResourceNameDnsAAAARecordOnLaunch?.Value,
    hostnameType,
  };
  // Members that are not given are left out: exactly one must be there.
  const changes: SubnetAttributes = Object.fromEntries(
    Object.entries(flags).filter(([, value]) => value !== undefined),
  );
  const done = modifySubnet(draft, input.SubnetId ?? '', changes);
  return done.ok ? ok({}) : done;
}

function associate(input: AssociateSubnetCidrBlockRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['Ipv6IpamPoolId', 'Ipv6NetmaskLength']);
  if (foreign !== undefined) return foreign;
  if (input.Ipv6CidrBlock === undefined) return missingParameter('Ipv6CidrBlock');
  const done = associateSubnetCidr(draft, { subnetId: input.SubnetId ?? '', ipv6Cidr: input.Ipv6CidrBlock }, env);
  return done.ok ? ok(cidrAnswer(done.value, 'associated')) : done;
}

function disassociate(input: DisassociateSubnetCidrBlockRequest, { draft }: Call): Result<object, Refusal> {
  const done = disassociateSubnetCidr(draft, input.AssociationId ?? '');
  return done.ok ? ok(cidrAnswer(done.value, 'disassociated')) : done;
}

function cidrAnswer({ subnet, cidr, associationId }: SubnetCidr, State: 'associated' | 'disassociated'): object {
  const Ipv6CidrBlockAssociation = {
    AssociationId: associationId,
    Ipv6CidrBlock: formatCidr(cidr),
    Ipv6CidrBlockState: { State },
    Ipv6AddressAttribute: 'public',
    IpSource: 'amazon',
  };
  return { SubnetId: subnet.id, Ipv6CidrBlockAssociation };
}
