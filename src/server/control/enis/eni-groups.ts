import { FAMILIES } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Eni } from '../../../core/model/eni.ts';
import type { GroupId, SubnetId, VpcId } from '../../../core/model/ids.ts';
import { interfaceWeights } from '../../../core/model/quota.ts';
import { DEFAULT_GROUP_NAME, DIRECTIONS } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import { groupNamed, groupOf } from '../groups/group-names.ts';
import type { Refusal } from '../refusal.ts';
import {
  defaultGroupMissing,
  groupOfOtherNetwork,
  groupsMissing,
  groupsPerEniLimit,
  rulesPerEniLimit,
} from './eni-refusals.ts';

/**
 * The groups that an interface of a subnet may carry: at least one, each once, all of its VPC or associated with it, no more than the quota
 * (V:amazon-vpc-limits).
 */
export function groupsFor(
  draft: Draft,
  {
    vpcId,
    subnetId,
    groupIds,
  }: { readonly vpcId: VpcId; readonly subnetId: SubnetId; readonly groupIds: readonly string[] },
  env: Env,
): Result<readonly GroupId[], Refusal> {
  if (groupIds.length === 0) return groupsMissing();
  const groups = new Set<GroupId>();
  for (const groupId of groupIds) {
    const group = groupOf(draft, groupId);
    if (!group.ok) return group;
    const isUsable =
      group.value.vpcId === vpcId ||
      draft
        .listBy('associationsByGroup', groupId)
        .some((association) => association.vpcId === vpcId && association.state === 'associated');
    if (!isUsable) return groupOfOtherNetwork(groupId, subnetId);
    groups.add(group.value.id);
  }
  return groups.size > env.limits.groupsPerEni ? groupsPerEniLimit() : ok([...groups]);
}

/** The default group of a VPC: what an interface carries when nothing is said. */
export function defaultGroups(draft: Draft, vpcId: VpcId): Result<readonly GroupId[], Refusal> {
  const group = groupNamed(draft, vpcId, DEFAULT_GROUP_NAME);
  return group === undefined ? defaultGroupMissing(vpcId) : ok([group.id]);
}

/** Why the interface has more rules than AWS lets one have (`rulesTimesGroups`); undefined when it has not. */
export function ruleProductFault(
  draft: Draft,
  eni: Eni,
  { limits }: Env,
): { readonly ok: false; readonly error: Refusal } | undefined {
  const isTooHeavy = DIRECTIONS.some((direction) => {
    const weights = interfaceWeights(draft.world, eni, direction);
    return FAMILIES.some((family) => weights[family] > limits.rulesTimesGroups);
  });
  return isTooHeavy ? rulesPerEniLimit(eni.id, limits.rulesTimesGroups) : undefined;
}
