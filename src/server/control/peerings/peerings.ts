import { cidrsOverlap } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { PeeringConnection, PeeringSide } from '../../../core/model/gateway.ts';
import { asId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { PeeringDetail } from '../details/gateway-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { blackhole } from '../routes/routes.ts';
import { depart } from '../sweep.ts';
import { vpcNotFound } from '../vpcs/vpc-refusals.ts';
import { peeringExists, peeringNotFound, peeringOfItself, peeringState } from './peering-refusals.ts';

/** How long a request waits for acceptance (PEER:vpc-peering-basics), in milliseconds. */
const PENDING_MS = 7 * 86_400_000;

const MESSAGES: Readonly<Record<string, string>> = {
  'pending-acceptance': 'Pending Acceptance by {accepter}',
  active: 'Active',
  failed: 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
  rejected: 'Rejected by {accepter}',
  deleted: 'Deleted by {accepter}',
};

/** What the API shows of a connection. One that came without details has AWS's message for its status. */
export function peeringDetailOf(draft: Draft, peering: PeeringConnection): PeeringDetail {
  return (
    draft.get('peeringDetails', peering.id) ?? { id: peering.id, statusMessage: messageOf(peering, peering.status) }
  );
}

function messageOf({ accepter }: PeeringConnection, status: string): string {
  return (MESSAGES[status] ?? status).replace('{accepter}', accepter.ownerId);
}

/**
 * Asks for a connection of two VPCs. Those with common addresses cannot be connected: the connection is `failed` at once, as on AWS
 * (PEER:vpc-peering-basics).
 */
export function createPeering(
  draft: Draft,
  asked: { readonly vpcId: string; readonly peerVpcId: string; readonly tags: Tags },
  env: Env,
): Result<PeeringConnection, Refusal> {
  const vpc = draft.get('vpcs', asked.vpcId);
  if (vpc === undefined) return vpcNotFound(asked.vpcId);
  const peer = draft.get('vpcs', asked.peerVpcId);
  if (peer === undefined) return vpcNotFound(asked.peerVpcId);
  if (vpc.id === peer.id) return peeringOfItself();
  const present = draft
    .listBy('peeringsByVpc', vpc.id)
    .find(
      ({ status, requester, accepter }) =>
        ['active', 'pending-acceptance'].includes(status) && [requester.vpcId, accepter.vpcId].includes(peer.id),
    );
  if (present !== undefined) return peeringExists(present.id);
  const meet = vpc.cidrs.some((one) => peer.cidrs.some((other) => cidrsOverlap(one, other)));
  const peering: PeeringConnection = {
    id: asId(newId(env, 'pcx')),
    status: meet ? 'failed' : 'pending-acceptance',
    requester: sideOf(vpc, env),
    accepter: sideOf(peer, env),
    tags: asked.tags,
  };
  draft.put('peerings', peering);
  draft.put('peeringDetails', {
    id: peering.id,
    statusMessage: messageOf(peering, peering.status),
    ...(meet ? {} : { expirationTime: new Date(env.now + PENDING_MS).toISOString() }),
  });
  if (meet) depart(draft, { kind: 'peerings', id: peering.id }, env.now);
  return ok(peering);
}

function sideOf({ id, ownerId, cidrs }: Vpc, env: Env): PeeringSide {
  return { vpcId: id, ownerId, region: env.realm.region, cidrs };
}

/** Whether a request has waited too long. */
function isExpired(draft: Draft, { id }: PeeringConnection, env: Env): boolean {
  const { expirationTime } = draft.get('peeringDetails', id) ?? {};
  return expirationTime !== undefined && Date.parse(expirationTime) <= env.now;
}

/** Accepts a request that waits; the CIDRs must still be apart (API AcceptVpcPeeringConnection). */
export function acceptPeering(draft: Draft, id: string, env: Env): Result<PeeringConnection, Refusal> {
  const peering = draft.get('peerings', id);
  if (peering === undefined) return peeringNotFound(id);
  if (peering.status === 'active') return ok(peering);
  if (peering.status !== 'pending-acceptance' || isExpired(draft, peering, env))
    return peeringState(id, peering.status);
  const [one, other] = [peering.requester, peering.accepter].map(({ vpcId }) => draft.get('vpcs', vpcId));
  if (one === undefined || other === undefined) return peeringState(id, 'failed');
  const meet = one.cidrs.some((cidr) => other.cidrs.some((theirs) => cidrsOverlap(cidr, theirs)));
  if (meet) return peeringState(id, 'failed');
  const accepted: PeeringConnection = {
    ...peering,
    status: 'active',
    requester: { ...peering.requester, cidrs: one.cidrs },
    accepter: { ...peering.accepter, cidrs: other.cidrs },
  };
  draft.put('peerings', accepted);
  draft.put('peeringDetails', { ...detailWithoutExpiry(draft, peering), statusMessage: messageOf(peering, 'active') });
  return ok(accepted);
}

/** Rejects a request that waits (API RejectVpcPeeringConnection). */
export function rejectPeering(draft: Draft, id: string, env: Env): Result<PeeringConnection, Refusal> {
  const peering = draft.get('peerings', id);
  if (peering === undefined) return peeringNotFound(id);
  return peering.status === 'pending-acceptance'
    ? ok(ended(draft, { peering, status: 'rejected' }, env))
    : peeringState(id, peering.status);
}

/** Ends a connection, or takes a request back: routes over it become black holes, references over it stale (API DeleteVpcPeeringConnection). */
export function deletePeering(draft: Draft, id: string, env: Env): Result<PeeringConnection, Refusal> {
  const peering = draft.get('peerings', id);
  if (peering === undefined) return peeringNotFound(id);
  return ['active', 'pending-acceptance', 'failed'].includes(peering.status)
    ? ok(ended(draft, { peering, status: 'deleted' }, env))
    : peeringState(id, peering.status);
}

type Ending = { readonly peering: PeeringConnection; readonly status: 'rejected' | 'deleted' };

function ended(draft: Draft, { peering, status }: Ending, env: Env): PeeringConnection {
  const after: PeeringConnection = { ...peering, status };
  draft.put('peerings', after);
  draft.put('peeringDetails', { ...detailWithoutExpiry(draft, peering), statusMessage: messageOf(peering, status) });
  blackhole(draft, peering.id);
  depart(draft, { kind: 'peerings', id: peering.id }, env.now);
  return after;
}

function detailWithoutExpiry(draft: Draft, peering: PeeringConnection): PeeringDetail {
  const { expirationTime: _, ...detail } = peeringDetailOf(draft, peering);
  return detail;
}

/** One side's way with names over the connection (API ModifyVpcPeeringConnectionOptions). Traffic does not depend on it. */
export function modifyPeeringOptions(
  draft: Draft,
  id: string,
  options: { readonly requesterDns?: boolean | undefined; readonly accepterDns?: boolean | undefined },
): Result<PeeringDetail, Refusal> {
  const peering = draft.get('peerings', id);
  if (peering === undefined) return peeringNotFound(id);
  if (peering.status !== 'active') return peeringState(id, peering.status);
  const { requesterDns, accepterDns } = options;
  const detail: PeeringDetail = {
    ...peeringDetailOf(draft, peering),
    ...(requesterDns === undefined ? {} : { requesterDns }),
    ...(accepterDns === undefined ? {} : { accepterDns }),
  };
  draft.put('peeringDetails', detail);
  return ok(detail);
}
