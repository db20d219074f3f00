import { ok, type Result } from '../../../core/net/result.ts';
import { DEFAULT_GROUP_NAME } from '../../../core/model/security-group.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { vpcInUse, vpcNotFound } from './vpc-refusals.ts';

/** Deletes a VPC that nothing lives in, with its default group, default NACL and main route table (API DeleteVpc). */
export function deleteVpc(draft: Draft, vpcId: string): Result<Vpc, Refusal> {
  const vpc = draft.get('vpcs', vpcId);
  if (vpc === undefined) return vpcNotFound(vpcId);
  const holders = holdersOf(draft, vpc);
  if (holders.length > 0) return vpcInUse(vpcId, holders);
  for (const { id } of draft.listBy('groupsByVpc', vpcId)) draft.remove('groups', id);
  for (const { id } of draft.listBy('aclsByVpc', vpcId)) draft.remove('acls', id);
  for (const { id } of draft.listBy('routeTablesByVpc', vpcId)) draft.remove('routeTables', id);
  draft.remove('vpcs', vpcId);
  draft.remove('vpcDetails', vpcId);
  return ok(vpc);
}

/** What keeps a VPC: everything of it but what it was born with. Peerings that have ended do not. */
function holdersOf(draft: Draft, vpc: Vpc): readonly string[] {
  const kept = [
    ...draft.listBy('subnetsByVpc', vpc.id),
    ...draft.listBy('enisByVpc', vpc.id),
    ...draft.listBy('groupsByVpc', vpc.id).filter(({ name }) => name !== DEFAULT_GROUP_NAME),
    ...draft.listBy('aclsByVpc', vpc.id).filter(({ isDefault }) => !isDefault),
    ...draft.listBy('routeTablesByVpc', vpc.id).filter(({ id }) => id !== vpc.mainRouteTable?.routeTableId),
    ...draft.listBy('internetGatewaysByVpc', vpc.id),
    ...draft.listBy('egressOnlyGatewaysByVpc', vpc.id),
    ...draft.listBy('peeringsByVpc', vpc.id).filter(({ status }) => ['active', 'pending-acceptance'].includes(status)),
    ...draft.listBy('associationsByVpc', vpc.id),
  ];
  return kept.map(({ id }) => id);
}
