import { ok, type Result } from '../../../core/net/result.ts';
import type { Traffic } from '../../../core/net/traffic.ts';
import { type Peer, type Rule, ruleIdentity, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { exceedsLimit, resolvePeer } from './authorize.ts';
import { groupOf, isRuleDescription } from './group-names.ts';
import {
  type PeerType,
  ruleDescriptionCharacters,
  ruleExists,
  ruleIdNotFound,
  ruleIdRepeated,
  rulesLimit,
  sourceTypeChanged,
} from './group-refusals.ts';

/** What a rule is to become: its id, direction and kind of peer stay. Without a description the old one stays ([E]: AWS does not say). */
export type ModifiedRule = {
  readonly ruleId: string;
  readonly traffic: Traffic;
  readonly peer: Peer;
  readonly description?: string | undefined;
};

export type ModifyRules = { readonly groupId: string; readonly rules: readonly ModifiedRule[] };

/** Changes rules in place, all or none; two may take each other's place, for only the outcome must be without doubles (API ModifySecurityGroupRules). */
export function modifyRules(draft: Draft, asked: ModifyRules, env: Env): Result<SecurityGroup, Refusal> {
  const found = groupOf(draft, asked.groupId);
  if (!found.ok) return found;
  const group = found.value;
  const next = new Map<string, Rule>(group.rules.map((rule) => [rule.id, rule]));
  const seen = new Set<string>();
  for (const modified of asked.rules) {
    if (seen.has(modified.ruleId)) return ruleIdRepeated(modified.ruleId);
    seen.add(modified.ruleId);
    const old = next.get(modified.ruleId);
    if (old === undefined) return ruleIdNotFound(modified.ruleId);
    const rule = modifiedRule(draft, { group, old, modified, env });
    if (!rule.ok) return rule;
    next.set(modified.ruleId, rule.value);
  }
  const rules = [...next.values()];
  const double = rules.find((rule, at) => seen.has(rule.id) && isDouble(rules, rule, at));
  if (double !== undefined) return ruleExists(double.traffic, double.peer);
  const changed: SecurityGroup = { ...group, rules };
  if (exceedsLimit(draft, changed, env)) return rulesLimit();
  draft.put('groups', changed);
  return ok(changed);
}

function isDouble(rules: readonly Rule[], rule: Rule, at: number): boolean {
  const identity = ruleIdentity(rule);
  return rules.some((other, place) => place !== at && ruleIdentity(other) === identity);
}

type Modification = {
  readonly group: SecurityGroup;
  readonly old: Rule;
  readonly modified: ModifiedRule;
  readonly env: Env;
};

function modifiedRule(draft: Draft, { group, old, modified, env }: Modification): Result<Rule, Refusal> {
  const { traffic, description } = modified;
  if (peerType(modified.peer) !== peerType(old.peer))
    return sourceTypeChanged(old.id, { from: peerType(old.peer), to: peerType(modified.peer) });
  const peer = resolvePeer(draft, group, { peer: modified.peer, env });
  if (!peer.ok) return peer;
  if (description === undefined) return ok({ ...old, traffic, peer: peer.value });
  return isRuleDescription(description)
    ? ok(describedRule({ ...old, traffic, peer: peer.value }, description))
    : ruleDescriptionCharacters();
}

/** The rule with the description, or without any for an empty one. */
export function describedRule(rule: Rule, description: string | undefined): Rule {
  const { description: _, ...bare } = rule;
  return description === undefined || description === '' ? bare : { ...bare, description };
}

function peerType(peer: Peer): PeerType {
  if (peer.kind === 'cidr') return peer.cidr.family === 'ipv4' ? 'CidrIpv4' : 'CidrIpv6';
  return peer.kind === 'group' ? 'ReferencedGroupId' : 'PrefixListId';
}
