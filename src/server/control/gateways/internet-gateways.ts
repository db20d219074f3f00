import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import type { EgressOnlyGateway, InternetGateway } from '../../../core/model/gateway.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { blackhole } from '../routes/routes.ts';
import { vpcNotFound } from '../vpcs/vpc-refusals.ts';
import {
  addressesMapped,
  egressOnlyGatewayNotFound,
  gatewayAttached,
  gatewayInUse,
  gatewayNotAttached,
  internetGatewayNotFound,
  vpcHasGateway,
} from './gateway-refusals.ts';

/** A gateway that is attached to nothing yet (API CreateInternetGateway). */
export function createInternetGateway(draft: Draft, tags: Tags, env: Env): InternetGateway {
  const gateway: InternetGateway = { id: asId(newId(env, 'igw')), ownerId: env.realm.accountId, tags };
  draft.put('internetGateways', gateway);
  return gateway;
}

/** Deletes a gateway that is attached to nothing (API DeleteInternetGateway). */
export function deleteInternetGateway(draft: Draft, id: string): Result<InternetGateway, Refusal> {
  const gateway = draft.get('internetGateways', id);
  if (gateway === undefined) return internetGatewayNotFound(id);
  if (gateway.vpcId !== undefined) return gatewayInUse(id, [gateway.vpcId]);
  blackhole(draft, id);
  draft.remove('internetGateways', id);
  return ok(gateway);
}

type Attachment = { readonly gatewayId: string; readonly vpcId: string };

/** Attaches a gateway to a VPC that has none (API AttachInternetGateway). */
export function attachInternetGateway(
  draft: Draft,
  { gatewayId, vpcId }: Attachment,
): Result<InternetGateway, Refusal> {
  const gateway = draft.get('internetGateways', gatewayId);
  if (gateway === undefined) return internetGatewayNotFound(gatewayId);
  const vpc = draft.get('vpcs', vpcId);
  if (vpc === undefined) return vpcNotFound(vpcId);
  if (gateway.vpcId !== undefined) return gatewayAttached(gatewayId, gateway.vpcId);
  const [present] = draft.listBy('internetGatewaysByVpc', vpcId);
  if (present !== undefined) return vpcHasGateway(vpcId, present.id);
  const attached: InternetGateway = { ...gateway, vpcId: vpc.id };
  draft.put('internetGateways', attached);
  return ok(attached);
}

/** Detaches a gateway behind which nobody has a public address any more; routes to it become black holes (API DetachInternetGateway). */
export function detachInternetGateway(
  draft: Draft,
  { gatewayId, vpcId }: Attachment,
): Result<InternetGateway, Refusal> {
  const gateway = draft.get('internetGateways', gatewayId);
  if (gateway === undefined) return internetGatewayNotFound(gatewayId);
  if (gateway.vpcId !== vpcId) return gatewayNotAttached(gatewayId, vpcId);
  const mapped = draft
    .listBy('enisByVpc', vpcId)
    .filter(({ addresses }) => addresses.some((own) => own.public !== undefined));
  if (mapped.length > 0)
    return addressesMapped(
      vpcId,
      mapped.map(({ id }) => id),
    );
  blackhole(draft, gatewayId);
  const { vpcId: _, ...detached } = gateway;
  draft.put('internetGateways', detached);
  return ok(detached);
}

/** An egress-only gateway of a VPC: IPv6, outwards (API CreateEgressOnlyInternetGateway). */
export function createEgressOnlyGateway(
  draft: Draft,
  { vpcId, tags }: { readonly vpcId: string; readonly tags: Tags },
  env: Env,
): Result<EgressOnlyGateway, Refusal> {
  const vpc = draft.get('vpcs', vpcId);
  if (vpc === undefined) return vpcNotFound(vpcId);
  const [present] = draft.listBy('egressOnlyGatewaysByVpc', vpcId);
  if (present !== undefined) return vpcHasGateway(vpcId, present.id);
  const gateway: EgressOnlyGateway = { id: asId(newId(env, 'eigw')), vpcId: vpc.id, tags };
  draft.put('egressOnlyGateways', gateway);
  return ok(gateway);
}

/** Deletes an egress-only gateway; routes to it become black holes. */
export function deleteEgressOnlyGateway(draft: Draft, id: string): Result<EgressOnlyGateway, Refusal> {
  const gateway = draft.get('egressOnlyGateways', id);
  if (gateway === undefined) return egressOnlyGatewayNotFound(id);
  blackhole(draft, id);
  draft.remove('egressOnlyGateways', id);
  return ok(gateway);
}
