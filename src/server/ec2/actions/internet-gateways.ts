import type {
  CreateEgressOnlyInternetGatewayRequest,
  CreateInternetGatewayRequest,
  DescribeEgressOnlyInternetGatewaysRequest,
  DescribeInternetGatewaysRequest,
  EgressOnlyInternetGateway as EgressOnlyShape,
  InternetGateway as GatewayShape,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { EgressOnlyGateway, InternetGateway } from '../../../core/model/gateway.ts';
import type { Realm } from '../../control/env.ts';
import { egressOnlyGatewayNotFound, internetGatewayNotFound } from '../../control/gateways/gateway-refusals.ts';
import {
  attachInternetGateway,
  createEgressOnlyGateway,
  createInternetGateway,
  deleteEgressOnlyGateway,
  deleteInternetGateway,
  detachInternetGateway,
} from '../../control/gateways/internet-gateways.ts';
import type { Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const internetGatewayActions: Actions = {
  CreateInternetGateway: create,
  DeleteInternetGateway: ({ InternetGatewayId: id }, { draft }) => {
    const gone = deleteInternetGateway(draft, id ?? '');
    return gone.ok ? ok({}) : gone;
  },
  AttachInternetGateway: ({ InternetGatewayId: gatewayId = '', VpcId: vpcId = '' }, { draft }) => {
    const done = attachInternetGateway(draft, { gatewayId, vpcId });
    return done.ok ? ok({}) : done;
  },
  DetachInternetGateway: ({ InternetGatewayId: gatewayId = '', VpcId: vpcId = '' }, { draft }) => {
    const done = detachInternetGateway(draft, { gatewayId, vpcId });
    return done.ok ? ok({}) : done;
  },
  DescribeInternetGateways: describe,
  CreateEgressOnlyInternetGateway: createEgressOnly,
  DeleteEgressOnlyInternetGateway: ({ EgressOnlyInternetGatewayId: id }, { draft }) => {
    const gone = deleteEgressOnlyGateway(draft, id ?? '');
    return gone.ok ? ok({ ReturnCode: true }) : gone;
  },
  DescribeEgressOnlyInternetGateways: describeEgressOnly,
};

function create(input: CreateInternetGatewayRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('internet-gateway', input.TagSpecifications);
  if (!tags.ok) return tags;
  return ok({ InternetGateway: gatewayShape(createInternetGateway(draft, tags.value, env), env.realm) });
}

function describe(input: DescribeInternetGatewaysRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.InternetGatewayIds,
    find: (id) => draft.get('internetGateways', id),
    all: () => draft.list('internetGateways'),
    notFound: internetGatewayNotFound,
    idOf: ({ id }) => id,
    view: {
      'attachment.state': (gateway) => vpcIdsOf(gateway).map(() => 'available'),
      'attachment.vpc-id': vpcIdsOf,
      'internet-gateway-id': ({ id }) => [id],
      'owner-id': ({ ownerId }) => [ownerId ?? env.realm.accountId],
    },
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({
    InternetGateways: page.value.items.map((gateway) => gatewayShape(gateway, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function vpcIdsOf({ vpcId }: InternetGateway): readonly string[] {
  return vpcId === undefined ? [] : [vpcId];
}

function gatewayShape({ id, vpcId, ownerId, tags }: InternetGateway, realm: Realm): GatewayShape {
  return {
    InternetGatewayId: id,
    OwnerId: ownerId ?? realm.accountId,
    // AWS says `available` here, though the type of the SDK has only the states of other attachments.
    Attachments: vpcId === undefined ? [] : [{ VpcId: vpcId, State: AVAILABLE }],
    Tags: tagShapes(tags),
  };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the wire has a word that the enumeration of the SDK lacks
const AVAILABLE = 'available' as unknown as 'attached';

function createEgressOnly(
  input: CreateEgressOnlyInternetGatewayRequest,
  { draft, env }: Call,
): Result<object, Refusal> {
  const tags = tagsFor('egress-only-internet-gateway', input.TagSpecifications);
  if (!tags.ok) return tags;
  const gateway = createEgressOnlyGateway(draft, { vpcId: input.VpcId ?? '', tags: tags.value }, env);
  return gateway.ok
    ? ok({
        EgressOnlyInternetGateway: egressOnlyShape(gateway.value),
        ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
      })
    : gateway;
}

function describeEgressOnly(
  input: DescribeEgressOnlyInternetGatewaysRequest,
  { draft }: Call,
): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.EgressOnlyInternetGatewayIds,
    find: (id) => draft.get('egressOnlyGateways', id),
    all: () => draft.list('egressOnlyGateways'),
    notFound: egressOnlyGatewayNotFound,
    idOf: ({ id }) => id,
    view: {},
    tagsOf: ({ tags }) => tags,
    sizes: { least: 5, most: 255 },
  });
  if (!page.ok) return page;
  return ok({
    EgressOnlyInternetGateways: page.value.items.map(egressOnlyShape),
    ...nextTokenOf(page.value),
  });
}

function egressOnlyShape({ id, vpcId, tags }: EgressOnlyGateway): EgressOnlyShape {
  return {
    EgressOnlyInternetGatewayId: id,
    Attachments: vpcId === undefined ? [] : [{ VpcId: vpcId, State: 'attached' }],
    Tags: tagShapes(tags),
  };
}
