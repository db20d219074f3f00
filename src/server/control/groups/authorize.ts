import { FAMILIES } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Traffic } from '../../../core/net/traffic.ts';
import { asId } from '../../../core/model/ids.ts';
import { ruleWeights } from '../../../core/model/quota.ts';
import {
  type Direction,
  type Peer,
  type Rule,
  ruleIdentity,
  type SecurityGroup,
} from '../../../core/model/security-group.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import { referredList } from '../prefix-lists/aws-lists.ts';
import type { Refusal } from '../refusal.ts';
import { groupFor, groupOf, type GroupRef, isRuleDescription } from './group-names.ts';
import { connectionOf } from './references.ts';
import {
  groupNotFound,
  groupsOfDifferentNetworks,
  ruleDescriptionCharacters,
  ruleExists,
  ruleRepeated,
  rulesLimit,
} from './group-refusals.ts';

/** A rule that is asked for; it has no id yet. */
export type NewRule = { readonly traffic: Traffic; readonly peer: Peer; readonly description?: string };

export type Authorize = {
  readonly group: GroupRef;
  readonly direction: Direction;
  readonly rules: readonly NewRule[];
  readonly tags: Tags;
};

export type GroupRules = { readonly group: SecurityGroup; readonly rules: readonly Rule[] };

/** Adds rules to a group, all or none: one that is there already, or asked for twice, refuses the whole request. */
export function authorize(draft: Draft, asked: Authorize, env: Env): Result<GroupRules, Refusal> {
  const found = groupFor(draft, asked.group);
  if (!found.ok) return found;
  const group = found.value;
  const added: Rule[] = [];
  const seen = new Set<string>();
  for (const { traffic, peer, description } of asked.rules) {
    const named = resolvePeer(draft, group, { peer, env });
    if (!named.ok) return named;
    if (description !== undefined && !isRuleDescription(description)) return ruleDescriptionCharacters();
    const rule: Rule = {
      id: asId(newId(env, 'sgr')),
      direction: asked.direction,
      traffic,
      peer: named.value,
      ...(description === undefined || description === '' ? {} : { description }),
      tags: asked.tags,
    };
    const identity = ruleIdentity(rule);
    if (seen.has(identity)) return ruleRepeated();
    seen.add(identity);
    added.push(rule);
  }
  const existing = new Set(group.rules.map(ruleIdentity));
  const known = added.find((rule) => existing.has(ruleIdentity(rule)));
  if (known !== undefined) return ruleExists(known.traffic, known.peer);
  const grown: SecurityGroup = { ...group, rules: [...group.rules, ...added] };
  if (exceedsLimit(draft, grown, env)) return rulesLimit();
  draft.put('groups', grown);
  return ok({ group: grown, rules: added });
}

/** Whether the rules of a group weigh more than its quota, in any direction and family (`ruleWeights`). */
export function exceedsLimit(draft: Draft, group: SecurityGroup, env: Env): boolean {
  return (['ingress', 'egress'] as const).some((direction) => {
    const weights = ruleWeights(draft.world, group, direction);
    return FAMILIES.some((family) => weights[family] > env.limits.rulesPerGroup);
  });
}

/** The peer as the world holds it. A group must be of the same VPC or of one that is peered or associated with it (V:security-group-rules). */
export function resolvePeer(
  draft: Draft,
  group: SecurityGroup,
  { peer, env }: { readonly peer: Peer; readonly env: Env },
): Result<Peer, Refusal> {
  if (peer.kind === 'cidr') return ok(peer);
  if (peer.kind === 'prefix-list') {
    const list = referredList(draft, peer.prefixListId, env);
    return list.ok ? ok(peer) : list;
  }
  const found = groupOf(draft, peer.groupId);
  if (!found.ok) return found;
  const other = found.value;
  if (peer.ownerId !== undefined && peer.ownerId !== other.ownerId) return groupNotFound(other.id);
  if (other.vpcId === group.vpcId) return ok({ kind: 'group', groupId: other.id, ownerId: other.ownerId });
  const connection = connectionOf(draft, group, other);
  if (connection === undefined) return groupsOfDifferentNetworks();
  const named = { kind: 'group', groupId: other.id, ownerId: other.ownerId, vpcId: other.vpcId } as const;
  return ok(connection === 'same network' ? named : { ...named, peeringId: connection.id });
}
