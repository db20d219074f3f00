import type {
  AssociateVpcCidrBlockRequest,
  CreateVpcRequest,
  DescribeVpcAttributeRequest,
  DescribeVpcsRequest,
  DisassociateVpcCidrBlockRequest,
  ModifyVpcAttributeRequest,
} from '@aws-sdk/client-ec2';
import { type Cidr, formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { VpcDetail } from '../../control/details/vpc-detail.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import { invalidCombination, missingParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { createVpc } from '../../control/vpcs/create-vpc.ts';
import { createDefaultVpc } from '../../control/vpcs/default-vpc.ts';
import { deleteVpc } from '../../control/vpcs/delete-vpc.ts';
import { modifyVpcAttribute, type VpcAttributes } from '../../control/vpcs/vpc-attributes.ts';
import { associateVpcCidr, disassociateVpcCidr, type VpcCidr } from '../../control/vpcs/vpc-cidrs.ts';
import { associationIdOf, dhcpOptionsIdOf, vpcDetailOf } from '../../control/vpcs/vpc-details.ts';
import { vpcNotFound } from '../../control/vpcs/vpc-refusals.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor } from '../tags.ts';
import { ipv4Association, ipv6Association, vpcShape } from '../vpc-shapes.ts';

export const vpcActions: Actions = {
  CreateVpc: create,
  CreateDefaultVpc: (_input, { draft, env }) => {
    const vpc = createDefaultVpc(draft, env);
    return vpc.ok ? ok({ Vpc: vpcShape(draft, vpc.value, env.realm) }) : vpc;
  },
  DeleteVpc: ({ VpcId: vpcId }, { draft }) => {
    const gone = deleteVpc(draft, vpcId ?? '');
    return gone.ok ? ok({}) : gone;
  },
  DescribeVpcs: describe,
  DescribeVpcAttribute: describeAttribute,
  ModifyVpcAttribute: modifyAttribute,
  AssociateVpcCidrBlock: associate,
  DisassociateVpcCidrBlock: disassociate,
};

/** Address pools, IPAM and border groups: AWS's alone. */
const POOLS = [
  'Ipv4IpamPoolId',
  'Ipv4NetmaskLength',
  'Ipv6IpamPoolId',
  'Ipv6NetmaskLength',
  'Ipv6Pool',
  'Ipv6CidrBlock',
  'Ipv6CidrBlockNetworkBorderGroup',
  'VpcEncryptionControl',
] as const;

function create(input: CreateVpcRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, POOLS);
  if (foreign !== undefined) return foreign;
  const tags = tagsFor('vpc', input.TagSpecifications);
  if (!tags.ok) return tags;
  if (input.CidrBlock === undefined) return missingParameter('CidrBlock');
  const { InstanceTenancy: tenancy = 'default' } = input;
  if (!['default', 'dedicated'].includes(tenancy)) return unsupported(`the instance tenancy '${tenancy}'`);
  const vpc = createVpc(
    draft,
    {
      cidr: input.CidrBlock,
      withIpv6: input.AmazonProvidedIpv6CidrBlock === true,
      instanceTenancy: tenancy,
      isDefault: false,
      tags: tags.value,
    },
    env,
  );
  return vpc.ok ? ok({ Vpc: vpcShape(draft, vpc.value, env.realm) }) : vpc;
}

function describe(input: DescribeVpcsRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.VpcIds,
    find: (id) => draft.get('vpcs', id),
    all: () => draft.list('vpcs'),
    notFound: vpcNotFound,
    idOf: ({ id }) => id,
    view: vpcFilters(draft, env.realm),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({ Vpcs: page.value.items.map((vpc) => vpcShape(draft, vpc, env.realm)), ...nextTokenOf(page.value) });
}

function cidrsOf({ cidrs }: Vpc, family: Cidr['family']): readonly Cidr[] {
  return cidrs.filter((cidr) => cidr.family === family);
}

function vpcFilters(draft: Draft, realm: Realm): FilterView<Vpc> {
  const ids = (vpc: Vpc, family: Cidr['family']): readonly string[] =>
    cidrsOf(vpc, family).map((cidr) => associationIdOf(vpcDetailOf(draft, vpc), cidr));
  return {
    cidr: (vpc) => cidrsOf(vpc, 'ipv4').slice(0, 1).map(formatCidr),
    'cidr-block-association.cidr-block': (vpc) => cidrsOf(vpc, 'ipv4').map(formatCidr),
    'cidr-block-association.association-id': (vpc) => ids(vpc, 'ipv4'),
    'cidr-block-association.state': (vpc) => cidrsOf(vpc, 'ipv4').map(() => 'associated'),
    'dhcp-options-id': () => [dhcpOptionsIdOf(realm)],
    'ipv6-cidr-block-association.ipv6-cidr-block': (vpc) => cidrsOf(vpc, 'ipv6').map(formatCidr),
    'ipv6-cidr-block-association.ipv6-pool': (vpc) => cidrsOf(vpc, 'ipv6').map(() => 'Amazon'),
    'ipv6-cidr-block-association.association-id': (vpc) => ids(vpc, 'ipv6'),
    'ipv6-cidr-block-association.state': (vpc) => cidrsOf(vpc, 'ipv6').map(() => 'associated'),
    'is-default': ({ isDefault }) => [String(isDefault)],
    isDefault: ({ isDefault }) => [String(isDefault)],
    'owner-id': ({ ownerId }) => [ownerId],
    state: () => ['available'],
    'vpc-id': ({ id }) => [id],
  };
}

function describeAttribute(input: DescribeVpcAttributeRequest, { draft }: Call): Result<object, Refusal> {
  const vpc = draft.get('vpcs', input.VpcId ?? '');
  if (vpc === undefined) return vpcNotFound(input.VpcId ?? '');
  const detail: VpcDetail = vpcDetailOf(draft, vpc);
  switch (input.Attribute) {
    case 'enableDnsSupport':
      return ok({ VpcId: vpc.id, EnableDnsSupport: { Value: detail.enableDnsSupport } });
    case 'enableDnsHostnames':
      return ok({ VpcId: vpc.id, EnableDnsHostnames: { Value: detail.enableDnsHostnames } });
    case 'enableNetworkAddressUsageMetrics':
      return ok({
        VpcId: vpc.id,
        EnableNetworkAddressUsageMetrics: { Value: detail.enableNetworkAddressUsageMetrics },
      });
    case undefined:
      return missingParameter('Attribute');
    default:
      return unsupported(`the VPC attribute '${String(input.Attribute)}'`);
  }
}

function modifyAttribute(input: ModifyVpcAttributeRequest, { draft }: Call): Result<object, Refusal> {
  const changes: VpcAttributes = {
    ...(input.EnableDnsSupport?.Value === undefined ? {} : { enableDnsSupport: input.EnableDnsSupport.Value }),
    ...(input.EnableDnsHostnames?.Value === undefined ? {} : { enableDnsHostnames: input.EnableDnsHostnames.Value }),
    ...(input.EnableNetworkAddressUsageMetrics?.Value === undefined
      ? {}
      : { enableNetworkAddressUsageMetrics: input.EnableNetworkAddressUsageMetrics.Value }),
  };
  const done = modifyVpcAttribute(draft, input.VpcId ?? '', changes);
  return done.ok ? ok({}) : done;
}

function associate(input: AssociateVpcCidrBlockRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(
    input,
    POOLS.filter((name) => name !== 'VpcEncryptionControl'),
  );
  if (foreign !== undefined) return foreign;
  const { VpcId: vpcId = '', CidrBlock: cidr, AmazonProvidedIpv6CidrBlock: withIpv6 } = input;
  if ((cidr === undefined) === (withIpv6 !== true))
    return invalidCombination('Exactly one of CidrBlock and AmazonProvidedIpv6CidrBlock must be specified');
  const done = associateVpcCidr(draft, { vpcId, cidr }, env);
  return done.ok ? ok(cidrAnswer(done.value, env.realm, 'associated')) : done;
}

function disassociate(input: DisassociateVpcCidrBlockRequest, { draft, env }: Call): Result<object, Refusal> {
  const done = disassociateVpcCidr(draft, input.AssociationId ?? '');
  return done.ok ? ok(cidrAnswer(done.value, env.realm, 'disassociated')) : done;
}

function cidrAnswer(
  { vpc, cidr, associationId }: VpcCidr,
  { region }: Realm,
  State: 'associated' | 'disassociated',
): object {
  if (cidr.family === 'ipv4')
    return { VpcId: vpc.id, CidrBlockAssociation: ipv4Association(associationId, cidr, State) };
  const association = { ...ipv6Association(associationId, cidr, region), Ipv6CidrBlockState: { State } };
  return { VpcId: vpc.id, Ipv6CidrBlockAssociation: association };
}
