import { ANY_IPV4, ANY_IPV6, type Cidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { ALL_TRAFFIC } from '../../../core/net/traffic.ts';
import { asId, type GroupId } from '../../../core/model/ids.ts';
import { DEFAULT_GROUP_NAME, type Peer, type Rule, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { groupDescriptionOf, groupNamed, groupNameOf, vpcFor } from './group-names.ts';
import { groupNameTaken, groupsLimit } from './group-refusals.ts';

export type CreateGroup = {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly vpcId: string | undefined;
  readonly tags: Tags;
};

/** A new group lets everything out and nothing in; out in IPv6 too where its VPC has it (V23:default-security-group). */
export function createGroup(draft: Draft, asked: CreateGroup, env: Env): Result<SecurityGroup, Refusal> {
  const name = groupNameOf(asked.name);
  if (!name.ok) return name;
  const description = groupDescriptionOf(asked.description);
  if (!description.ok) return description;
  const vpc = vpcFor(draft, asked.vpcId);
  if (!vpc.ok) return vpc;
  if (groupNamed(draft, vpc.value.id, name.value) !== undefined) return groupNameTaken(name.value, vpc.value.id);
  if (draft.world.records.groups.size >= env.limits.groupsPerRegion) return groupsLimit();
  const group: SecurityGroup = {
    id: asId(newId(env, 'sg')),
    vpcId: vpc.value.id,
    ownerId: env.realm.accountId,
    name: name.value,
    description: description.value,
    rules: outboundRules(vpc.value, env),
    tags: asked.tags,
  };
  draft.put('groups', group);
  return ok(group);
}

/** The group that every VPC has from birth: all from its own members in, everything out. */
export function createDefaultGroup(draft: Draft, vpc: Vpc, env: Env): SecurityGroup {
  const id = asId<GroupId>(newId(env, 'sg'));
  const own: Peer = { kind: 'group', groupId: id, ownerId: env.realm.accountId };
  const inbound: Rule = {
    id: asId(newId(env, 'sgr')),
    direction: 'ingress',
    traffic: ALL_TRAFFIC,
    peer: own,
    tags: [],
  };
  const group: SecurityGroup = {
    id,
    vpcId: vpc.id,
    ownerId: env.realm.accountId,
    name: DEFAULT_GROUP_NAME,
    description: 'default VPC security group',
    rules: [inbound, ...outboundRules(vpc, env)],
    tags: [],
  };
  draft.put('groups', group);
  return group;
}

/** The rule that lets everything out to a CIDR: each new group has it for each family of its VPC. */
export function outboundRule(cidr: Cidr, env: Env): Rule {
  return {
    id: asId(newId(env, 'sgr')),
    direction: 'egress',
    traffic: ALL_TRAFFIC,
    peer: { kind: 'cidr', cidr },
    tags: [],
  };
}

function outboundRules({ cidrs }: Vpc, env: Env): readonly Rule[] {
  const hasIpv6 = cidrs.some((cidr) => cidr.family === 'ipv6');
  return [outboundRule(ANY_IPV4, env), ...(hasIpv6 ? [outboundRule(ANY_IPV6, env)] : [])];
}
