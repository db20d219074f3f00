import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import { type Direction, type Rule, ruleIdentity, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import { invalidCombination, missingParameter, type Refusal } from '../refusal.ts';
import type { GroupRules, NewRule } from './authorize.ts';
import { groupFor, type GroupRef } from './group-names.ts';
import { ruleIdNotFound, ruleNotFound } from './group-refusals.ts';

export type Revoke = {
  readonly group: GroupRef;
  readonly direction: Direction;
  readonly rules: readonly NewRule[];
  readonly ruleIds: readonly string[];
};

/** What went, and what was asked for and was not there: only in a default VPC is that no error. */
export type Revoked = GroupRules & { readonly misses: readonly NewRule[] };

/**
 * Takes rules from a group, each matched whole: a range is never split. In a default VPC what does not match is told and the rest goes;
 * elsewhere one miss refuses the request (API RevokeSecurityGroupIngress).
 */
export function revoke(draft: Draft, asked: Revoke): Result<Revoked, Refusal> {
  if (asked.rules.length > 0 && asked.ruleIds.length > 0)
    return invalidCombination('The parameters ipPermissions and securityGroupRuleIds cannot be used together');
  if (asked.rules.length === 0 && asked.ruleIds.length === 0) return missingParameter('IpPermissions');
  const found = groupFor(draft, asked.group);
  if (!found.ok) return found;
  const group = found.value;
  const own = group.rules.filter((rule) => rule.direction === asked.direction);
  const gone = new Set<Rule>();
  for (const ruleId of asked.ruleIds) {
    const rule = own.find((one) => one.id === ruleId);
    if (rule === undefined) return ruleIdNotFound(ruleId);
    gone.add(rule);
  }
  const byIdentity = new Map(own.map((rule) => [ruleIdentity(rule), rule]));
  const misses: NewRule[] = [];
  for (const one of asked.rules) {
    const rule = byIdentity.get(ruleIdentity({ ...one, id: asId(''), direction: asked.direction, tags: [] }));
    if (rule === undefined) misses.push(one);
    else gone.add(rule);
  }
  if (misses.length > 0 && draft.get('vpcs', group.vpcId)?.isDefault !== true) return ruleNotFound();
  const left: SecurityGroup = { ...group, rules: group.rules.filter((rule) => !gone.has(rule)) };
  draft.put('groups', left);
  return ok({ group: left, rules: [...gone], misses });
}
