import { ok, type Result } from '../../../core/net/result.ts';
import { DEFAULT_GROUP_NAME, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { groupFor, type GroupRef } from './group-names.ts';
import { groupInUse, groupIsDefault } from './group-refusals.ts';

/** Deletes a group that nothing holds (API DeleteSecurityGroup); what holds it is listed. */
export function deleteGroup(draft: Draft, asked: GroupRef): Result<SecurityGroup, Refusal> {
  const found = groupFor(draft, asked);
  if (!found.ok) return found;
  const group = found.value;
  if (group.name === DEFAULT_GROUP_NAME) return groupIsDefault(group.id);
  const holders = holdersOf(draft, group);
  if (holders.length > 0) return groupInUse(group.id, holders);
  draft.remove('groups', group.id);
  return ok(group);
}

/**
 * What keeps a group from being deleted, by id: interfaces that carry it, other groups of its VPC that name it, associations with VPCs.
 * References from peered VPCs do not: they go stale (PEER:vpc-peering-security-groups).
 */
function holdersOf(draft: Draft, group: SecurityGroup): readonly string[] {
  const naming = draft
    .listBy('groupsByReference', group.id)
    .filter((other) => other.id !== group.id && other.vpcId === group.vpcId);
  const carrying = draft.listBy('enisByGroup', group.id);
  const associated = draft.listBy('associationsByGroup', group.id);
  return [...carrying, ...naming, ...associated].map(({ id }) => id);
}
