import { ok, type Result } from '../../../core/net/result.ts';
import { DEFAULT_GROUP_NAME, type GroupAssociation } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { groupOf, vpcFor } from './group-names.ts';
import {
  associationInUse,
  associationNotFound,
  associationOfDefaultGroup,
  associationTaken,
  associationWithDefaultVpc,
  associationWithOwnVpc,
} from './group-refusals.ts';

export type AssociateVpc = { readonly groupId: string; readonly vpcId: string };

/** Makes a group usable in a further VPC: never a default group, never in a default VPC (V:security-group-assoc). */
export function associateVpc(draft: Draft, { groupId, vpcId }: AssociateVpc): Result<GroupAssociation, Refusal> {
  const group = groupOf(draft, groupId);
  if (!group.ok) return group;
  const vpc = vpcFor(draft, vpcId);
  if (!vpc.ok) return vpc;
  if (group.value.name === DEFAULT_GROUP_NAME) return associationOfDefaultGroup(groupId);
  if (vpc.value.isDefault) return associationWithDefaultVpc(vpcId);
  if (group.value.vpcId === vpc.value.id) return associationWithOwnVpc(groupId, vpcId);
  const id = `${groupId}/${vpcId}`;
  if (draft.get('groupAssociations', id) !== undefined) return associationTaken(groupId, vpcId);
  const association: GroupAssociation = { id, groupId: group.value.id, vpcId: vpc.value.id, state: 'associated' };
  draft.put('groupAssociations', association);
  return ok(association);
}

/** Ends an association that no interface in that VPC lives on (API DisassociateSecurityGroupVpc). */
export function disassociateVpc(draft: Draft, { groupId, vpcId }: AssociateVpc): Result<GroupAssociation, Refusal> {
  const group = groupOf(draft, groupId);
  if (!group.ok) return group;
  const association = draft.get('groupAssociations', `${groupId}/${vpcId}`);
  if (association === undefined) return associationNotFound(groupId, vpcId);
  const holders = draft.listBy('enisByGroup', groupId).filter((eni) => eni.vpcId === vpcId);
  if (holders.length > 0)
    return associationInUse(
      groupId,
      holders.map(({ id }) => id),
    );
  draft.remove('groupAssociations', association.id);
  return ok({ ...association, state: 'disassociated' });
}
