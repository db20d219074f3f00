import type { CreateNatGatewayRequest, DescribeNatGatewaysRequest, NatGateway as NatShape } from '@aws-sdk/client-ec2';
import { formatAddress, parseAddress } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { NatGateway } from '../../../core/model/gateway.ts';
import type { Draft } from '../../control/draft.ts';
import { addressMalformed } from '../../control/enis/eni-refusals.ts';
import { natGatewayNotFound } from '../../control/gateways/gateway-refusals.ts';
import { createNatGateway, deleteNatGateway } from '../../control/gateways/nat-gateways.ts';
import { invalidParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const natGatewayActions: Actions = {
  CreateNatGateway: create,
  DeleteNatGateway: ({ NatGatewayId: id }, { draft, env }) => {
    const gone = deleteNatGateway(draft, id ?? '', env);
    return gone.ok ? ok({ NatGatewayId: gone.value.id }) : gone;
  },
  DescribeNatGateways: describe,
};

function create(input: CreateNatGatewayRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, [
    'AvailabilityMode',
    'AvailabilityZoneAddresses',
    'SecondaryAllocationIds',
    'SecondaryPrivateIpAddressCount',
    'SecondaryPrivateIpAddresses',
    'VpcId',
  ]);
  if (foreign !== undefined) return foreign;
  const tags = tagsFor('natgateway', input.TagSpecifications);
  if (!tags.ok) return tags;
  const { ConnectivityType: connectivity = 'public', PrivateIpAddress: text } = input;
  if (!['public', 'private'].includes(connectivity))
    return invalidParameter('ConnectivityType', connectivity, 'Use public or private.');
  const primary = text === undefined ? undefined : parseAddress(text);
  if (text !== undefined && (primary?.ok !== true || primary.value.family !== 'ipv4')) return addressMalformed(text);
  const nat = createNatGateway(
    draft,
    {
      subnetId: input.SubnetId ?? '',
      connectivity,
      allocationId: input.AllocationId,
      primary: primary?.ok === true ? primary.value : undefined,
      tags: tags.value,
    },
    env,
  );
  if (!nat.ok) return nat;
  return ok({
    ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
    NatGateway: natShape(draft, nat.value),
  });
}

function describe(input: DescribeNatGatewaysRequest, { draft }: Call): Result<object, Refusal> {
  const { NatGatewayIds, Filter: Filters, MaxResults, NextToken } = input;
  const page = describeRecords(
    { Filters, MaxResults, NextToken },
    {
      ids: NatGatewayIds,
      find: (id) => draft.get('natGateways', id),
      all: () => draft.list('natGateways'),
      notFound: natGatewayNotFound,
      idOf: ({ id }) => id,
      view: {
        'nat-gateway-id': ({ id }) => [id],
        state: ({ state }) => [state],
        'subnet-id': ({ subnetId }) => [subnetId],
        'vpc-id': ({ vpcId }) => [vpcId],
        'connectivity-type': ({ connectivity }) => [connectivity],
      },
      tagsOf: ({ tags }) => tags,
    },
  );
  if (!page.ok) return page;
  return ok({ NatGateways: page.value.items.map((nat) => natShape(draft, nat)), ...nextTokenOf(page.value) });
}

const STATES = ['pending', 'failed', 'available', 'deleting', 'deleted'] as const;

function natShape(draft: Draft, nat: NatGateway): NatShape {
  const detail = draft.get('natDetails', nat.id);
  const state = STATES.find((one) => one === nat.state);
  return {
    NatGatewayId: nat.id,
    VpcId: nat.vpcId,
    SubnetId: nat.subnetId,
    ConnectivityType: nat.connectivity,
    ...(state === undefined ? {} : { State: state }),
    ...(detail === undefined ? {} : { CreateTime: new Date(detail.createTime) }),
    ...(detail?.deleteTime === undefined ? {} : { DeleteTime: new Date(detail.deleteTime) }),
    NatGatewayAddresses: nat.addresses.map((own, index) => ({
      PrivateIp: formatAddress(own.private),
      IsPrimary: index === 0,
      Status: 'succeeded',
      ...(own.eniId === undefined ? {} : { NetworkInterfaceId: own.eniId }),
      ...(own.public === undefined ? {} : { PublicIp: formatAddress(own.public) }),
      ...(own.allocationId === undefined ? {} : { AllocationId: own.allocationId }),
      ...associationOf(draft, own.allocationId),
    })),
    Tags: tagShapes(nat.tags),
  };
}

function associationOf(draft: Draft, allocationId: string | undefined): { readonly AssociationId?: string } {
  const id = allocationId === undefined ? undefined : draft.get('elasticAddresses', allocationId)?.associationId;
  return id === undefined ? {} : { AssociationId: id };
}
