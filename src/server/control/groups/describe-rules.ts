import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import { type Direction, type Rule, ruleIdentity, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import { invalidCombination, missingParameter, type Refusal } from '../refusal.ts';
import type { NewRule } from './authorize.ts';
import { groupFor, type GroupRef, isRuleDescription } from './group-names.ts';
import { ruleDescriptionCharacters, ruleIdNotFound, ruleNotFound } from './group-refusals.ts';
import { describedRule } from './modify-rules.ts';

export type DescribeRules = {
  readonly group: GroupRef;
  readonly direction: Direction;
  /** Rules by what they are. */
  readonly rules: readonly NewRule[];
  /** Rules by id. */
  readonly byId: readonly { readonly ruleId: string; readonly description: string | undefined }[];
};

/** Sets the descriptions of rules, all or none; without a description the one there goes (API UpdateSecurityGroupRuleDescriptionsIngress). */
export function describeRules(draft: Draft, asked: DescribeRules): Result<SecurityGroup, Refusal> {
  if (asked.rules.length > 0 && asked.byId.length > 0)
    return invalidCombination('The parameters ipPermissions and securityGroupRuleDescriptions cannot be used together');
  if (asked.rules.length === 0 && asked.byId.length === 0) return missingParameter('IpPermissions');
  const found = groupFor(draft, asked.group);
  if (!found.ok) return found;
  const group = found.value;
  const own = group.rules.filter((rule) => rule.direction === asked.direction);
  const described = new Map<Rule, Rule>();
  const byIdentity = new Map(own.map((rule) => [ruleIdentity(rule), rule]));
  for (const one of asked.rules) {
    const rule = byIdentity.get(ruleIdentity({ ...one, id: asId(''), direction: asked.direction, tags: [] }));
    if (rule === undefined) return ruleNotFound();
    if (!isRuleDescription(one.description ?? '')) return ruleDescriptionCharacters();
    described.set(rule, describedRule(rule, one.description));
  }
  for (const { ruleId, description } of asked.byId) {
    const rule = own.find(({ id }) => id === ruleId);
    if (rule === undefined) return ruleIdNotFound(ruleId);
    if (!isRuleDescription(description ?? '')) return ruleDescriptionCharacters();
    described.set(rule, describedRule(rule, description));
  }
  const changed: SecurityGroup = { ...group, rules: group.rules.map((rule) => described.get(rule) ?? rule) };
  draft.put('groups', changed);
  return ok(changed);
}
