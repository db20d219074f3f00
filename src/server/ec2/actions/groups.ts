import type {
  AuthorizeSecurityGroupIngressRequest,
  CreateSecurityGroupRequest,
  DeleteSecurityGroupRequest,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  SecurityGroup as GroupShape,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Direction, SecurityGroup } from '../../../core/model/security-group.ts';
import { arnOf, type Realm } from '../../control/env.ts';
import { authorize } from '../../control/groups/authorize.ts';
import { createGroup } from '../../control/groups/create-group.ts';
import { deleteGroup } from '../../control/groups/delete-group.ts';
import { groupNotFound } from '../../control/groups/group-refusals.ts';
import type { Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';
import { groupPermissions, ruleShape, rulesOfPermissions } from '../permissions.ts';
import { tagShapes, tagsFor } from '../tags.ts';

export const groupActions: Actions = {
  CreateSecurityGroup: create,
  DeleteSecurityGroup: remove,
  DescribeSecurityGroups: describe,
  AuthorizeSecurityGroupIngress: (input, call) => authorizeRules(input, 'ingress', call),
  AuthorizeSecurityGroupEgress: (input, call) => authorizeRules(input, 'egress', call),
};

function create(input: CreateSecurityGroupRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('security-group', input.TagSpecifications);
  if (!tags.ok) return tags;
  const { GroupName: name, Description: description, VpcId: vpcId } = input;
  const group = createGroup(draft, { name, description, vpcId, tags: tags.value }, env);
  if (!group.ok) return group;
  const { id } = group.value;
  return ok({
    GroupId: id,
    SecurityGroupArn: arnOf(env.realm, 'security-group', id),
    ...(tags.value.length === 0 ? {} : { Tags: tagShapes(tags.value) }),
  });
}

function remove(input: DeleteSecurityGroupRequest, { draft }: Call): Result<object, Refusal> {
  const group = deleteGroup(draft, { groupId: input.GroupId, groupName: input.GroupName });
  return group.ok ? ok({ Return: true, GroupId: group.value.id }) : group;
}

function describe(
  input: DescribeSecurityGroupsRequest,
  { draft, env }: Call,
): Result<DescribeSecurityGroupsResult, Refusal> {
  const page = describeRecords(input, {
    ids: input.GroupIds,
    find: (id) => draft.get('groups', id),
    all: () => draft.list('groups'),
    notFound: groupNotFound,
    idOf: ({ id }) => id,
    view: GROUP_FILTERS,
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({
    SecurityGroups: page.value.items.map((group) => groupShape(group, env.realm)),
    ...nextTokenOf(page.value),
  });
}

/** A group as DescribeSecurityGroups shows it. */
function groupShape(group: SecurityGroup, realm: Realm): GroupShape {
  return {
    OwnerId: group.ownerId,
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    SecurityGroupArn: arnOf(realm, 'security-group', group.id),
    IpPermissions: groupPermissions(group, 'ingress'),
    IpPermissionsEgress: groupPermissions(group, 'egress'),
    Tags: tagShapes(group.tags),
  };
}

const GROUP_FILTERS: FilterView<SecurityGroup> = {
  description: ({ description }) => [description],
  'group-id': ({ id }) => [id],
  'group-name': ({ name }) => [name],
  'owner-id': ({ ownerId }) => [ownerId],
  'vpc-id': ({ vpcId }) => [vpcId],
};

function authorizeRules(
  input: AuthorizeSecurityGroupIngressRequest,
  direction: Direction,
  { draft, env }: Call,
): Result<object, Refusal> {
  const tags = tagsFor('security-group-rule', input.TagSpecifications);
  if (!tags.ok) return tags;
  const rules = rulesOfPermissions(input.IpPermissions ?? []);
  if (!rules.ok) return rules;
  const group = { groupId: input.GroupId, groupName: input.GroupName };
  const done = authorize(draft, { group, direction, rules: rules.value, tags: tags.value }, env);
  if (!done.ok) return done;
  return ok({
    Return: true,
    SecurityGroupRules: done.value.rules.map((rule) => ruleShape(done.value.group, rule)),
  });
}
