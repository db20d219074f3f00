import type {
  CreateVpcPeeringConnectionRequest,
  DescribeVpcPeeringConnectionsRequest,
  ModifyVpcPeeringConnectionOptionsRequest,
  VpcPeeringConnection as PeeringShape,
  VpcPeeringConnectionStateReasonCode,
  VpcPeeringConnectionVpcInfo,
} from '@aws-sdk/client-ec2';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { PeeringConnection, PeeringSide } from '../../../core/model/gateway.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import { peeringNotFound } from '../../control/peerings/peering-refusals.ts';
import {
  acceptPeering,
  createPeering,
  deletePeering,
  modifyPeeringOptions,
  peeringDetailOf,
  rejectPeering,
} from '../../control/peerings/peerings.ts';
import { type Refusal, unsupported } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const peeringActions: Actions = {
  CreateVpcPeeringConnection: create,
  AcceptVpcPeeringConnection: ({ VpcPeeringConnectionId: id }, { draft, env }) => {
    const peering = acceptPeering(draft, id ?? '', env);
    return peering.ok ? ok({ VpcPeeringConnection: peeringShape(draft, peering.value, env.realm) }) : peering;
  },
  RejectVpcPeeringConnection: ({ VpcPeeringConnectionId: id }, { draft, env }) => {
    const peering = rejectPeering(draft, id ?? '', env);
    return peering.ok ? ok({ Return: true }) : peering;
  },
  DeleteVpcPeeringConnection: ({ VpcPeeringConnectionId: id }, { draft, env }) => {
    const peering = deletePeering(draft, id ?? '', env);
    return peering.ok ? ok({ Return: true }) : peering;
  },
  DescribeVpcPeeringConnections: describe,
  ModifyVpcPeeringConnectionOptions: modifyOptions,
};

function create(input: CreateVpcPeeringConnectionRequest, { draft, env }: Call): Result<object, Refusal> {
  const { PeerOwnerId: owner, PeerRegion: region } = input;
  // Realms are worlds apart: there is nothing on the other side that could accept.
  if (owner !== undefined && owner !== env.realm.accountId) return unsupported('peering with another account');
  if (region !== undefined && region !== env.realm.region) return unsupported('peering with another region');
  const tags = tagsFor('vpc-peering-connection', input.TagSpecifications);
  if (!tags.ok) return tags;
  const asked = { vpcId: input.VpcId ?? '', peerVpcId: input.PeerVpcId ?? '', tags: tags.value };
  const peering = createPeering(draft, asked, env);
  return peering.ok ? ok({ VpcPeeringConnection: peeringShape(draft, peering.value, env.realm) }) : peering;
}

function describe(input: DescribeVpcPeeringConnectionsRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.VpcPeeringConnectionIds,
    find: (id) => draft.get('peerings', id),
    all: () => draft.list('peerings'),
    notFound: peeringNotFound,
    idOf: ({ id }) => id,
    view: peeringFilters(draft),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({
    VpcPeeringConnections: page.value.items.map((peering) => peeringShape(draft, peering, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function peeringFilters(draft: Draft): FilterView<PeeringConnection> {
  return {
    ...sideFilters('accepter-vpc-info', ({ accepter }) => accepter),
    ...sideFilters('requester-vpc-info', ({ requester }) => requester),
    'expiration-time': (peering) => {
      const { expirationTime } = peeringDetailOf(draft, peering);
      return expirationTime === undefined ? [] : [expirationTime];
    },
    'status-code': ({ status }) => [status],
    'status-message': (peering) => [peeringDetailOf(draft, peering).statusMessage],
    'vpc-peering-connection-id': ({ id }) => [id],
  };
}

function sideFilters(name: string, side: (peering: PeeringConnection) => PeeringSide): FilterView<PeeringConnection> {
  return {
    [`${name}.cidr-block`]: (peering) =>
      side(peering)
        .cidrs.filter(({ family }) => family === 'ipv4')
        .map(formatCidr),
    [`${name}.owner-id`]: (peering) => [side(peering).ownerId],
    [`${name}.vpc-id`]: (peering) => [side(peering).vpcId],
  };
}

const CODES: readonly VpcPeeringConnectionStateReasonCode[] = [
  'initiating-request',
  'pending-acceptance',
  'active',
  'deleted',
  'rejected',
  'failed',
  'expired',
  'provisioning',
  'deleting',
];

function peeringShape(draft: Draft, peering: PeeringConnection, realm: Realm): PeeringShape {
  const detail = peeringDetailOf(draft, peering);
  const code = CODES.find((one) => one === peering.status);
  const isActive = peering.status === 'active';
  return {
    VpcPeeringConnectionId: peering.id,
    Status: { ...(code === undefined ? {} : { Code: code }), Message: detail.statusMessage },
    ...(detail.expirationTime === undefined ? {} : { ExpirationTime: new Date(detail.expirationTime) }),
    RequesterVpcInfo: sideShape(peering.requester, isActive ? (detail.requesterDns ?? false) : undefined, realm),
    AccepterVpcInfo: sideShape(peering.accepter, isActive ? (detail.accepterDns ?? false) : undefined, realm),
    Tags: tagShapes(peering.tags),
  };
}

/** A side; its options are told once the connection is active. */
function sideShape(side: PeeringSide, dns: boolean | undefined, realm: Realm): VpcPeeringConnectionVpcInfo {
  const ipv4 = side.cidrs.filter(({ family }) => family === 'ipv4').map(formatCidr);
  const ipv6 = side.cidrs.filter(({ family }) => family === 'ipv6').map(formatCidr);
  return {
    VpcId: side.vpcId,
    OwnerId: side.ownerId,
    Region: side.region ?? realm.region,
    ...(ipv4[0] === undefined ? {} : { CidrBlock: ipv4[0] }),
    CidrBlockSet: ipv4.map((CidrBlock) => ({ CidrBlock })),
    Ipv6CidrBlockSet: ipv6.map((Ipv6CidrBlock) => ({ Ipv6CidrBlock })),
    ...(dns === undefined ? {} : { PeeringOptions: optionsShape(dns) }),
  };
}

function optionsShape(dns: boolean): {
  readonly AllowDnsResolutionFromRemoteVpc: boolean;
  readonly AllowEgressFromLocalClassicLinkToRemoteVpc: boolean;
  readonly AllowEgressFromLocalVpcToRemoteClassicLink: boolean;
} {
  return {
    AllowDnsResolutionFromRemoteVpc: dns,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  };
}

function modifyOptions(input: ModifyVpcPeeringConnectionOptionsRequest, { draft }: Call): Result<object, Refusal> {
  const { RequesterPeeringConnectionOptions: requester, AccepterPeeringConnectionOptions: accepter } = input;
  const classic = [requester, accepter].some(
    (options) =>
      options?.AllowEgressFromLocalClassicLinkToRemoteVpc === true ||
      options?.AllowEgressFromLocalVpcToRemoteClassicLink === true,
  );
  if (classic) return unsupported('ClassicLink');
  const done = modifyPeeringOptions(draft, input.VpcPeeringConnectionId ?? '', {
    requesterDns: requester?.AllowDnsResolutionFromRemoteVpc,
    accepterDns: accepter?.AllowDnsResolutionFromRemoteVpc,
  });
  if (!done.ok) return done;
  return ok({
    ...(requester === undefined
      ? {}
      : { RequesterPeeringConnectionOptions: optionsShape(done.value.requesterDns ?? false) }),
    ...(accepter === undefined
      ? {}
      : { AccepterPeeringConnectionOptions: optionsShape(done.value.accepterDns ?? false) }),
  });
}
