import type {
  CreateSecurityGroupRequest,
  DeleteSecurityGroupRequest,
  DescribeSecurityGroupReferencesRequest,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeStaleSecurityGroupsRequest,
  GetSecurityGroupsForVpcRequest,
  StaleIpPermission,
  StaleSecurityGroup,
} from '@aws-sdk/client-ec2';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Direction, Rule, SecurityGroup } from '../../../core/model/security-group.ts';
import { arnOf } from '../../control/env.ts';
import { createGroup } from '../../control/groups/create-group.ts';
import { deleteGroup } from '../../control/groups/delete-group.ts';
import { groupFor, groupOf, vpcFor } from '../../control/groups/group-names.ts';
import { isStale, referencesTo } from '../../control/groups/references.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { filterItems, type FilterView } from '../filters.ts';
import { groupShape, permissionsOf, portsOf } from '../group-shapes.ts';
import type { Actions, Call } from '../operations.ts';
import { pageOf } from '../paging.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const groupActions: Actions = {
  CreateSecurityGroup: create,
  DeleteSecurityGroup: remove,
  DescribeSecurityGroups: describe,
  DescribeSecurityGroupReferences: describeReferences,
  DescribeStaleSecurityGroups: describeStale,
  GetSecurityGroupsForVpc: groupsForVpc,
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
  const ids = new Set<string>();
  for (const groupId of input.GroupIds ?? []) ids.add(groupId);
  for (const groupName of input.GroupNames ?? []) {
    const named = groupFor(draft, { groupName });
    if (!named.ok) return named;
    ids.add(named.value.id);
  }
  const chosen: SecurityGroup[] = [];
  for (const id of ids) {
    const group = groupOf(draft, id);
    if (!group.ok) return group;
    chosen.push(group.value);
  }
  const kept = filterItems(ids.size === 0 ? [...draft.list('groups')] : chosen, input.Filters, {
    view: GROUP_FILTERS,
    tagsOf: ({ tags }) => tags,
  });
  if (!kept.ok) return kept;
  const page = pageOf(kept.value, input, { idOf: ({ id }) => id });
  if (!page.ok) return page;
  return ok({
    SecurityGroups: page.value.items.map((group) => groupShape(draft, group, env.realm)),
    ...nextTokenOf(page.value),
  });
}

/** Filters over the rules of a direction. Each looks at all rules by itself: two may be met by different rules (API DescribeSecurityGroups). */
function permissionFilters(prefix: string, direction: Direction): FilterView<SecurityGroup> {
  const view: { readonly [name: string]: (rule: Rule) => readonly (string | number | undefined)[] } = {
    cidr: ({ peer }) => (peer.kind === 'cidr' && peer.cidr.family === 'ipv4' ? [formatCidr(peer.cidr)] : []),
    'ipv6-cidr': ({ peer }) => (peer.kind === 'cidr' && peer.cidr.family === 'ipv6' ? [formatCidr(peer.cidr)] : []),
    'from-port': ({ traffic }) => [portsOf(traffic).FromPort],
    'to-port': ({ traffic }) => [portsOf(traffic).ToPort],
    protocol: ({ traffic }) => [portsOf(traffic).IpProtocol],
    'group-id': ({ peer }) => (peer.kind === 'group' ? [peer.groupId] : []),
    // Rules hold ids: a filter by name finds nothing, as on AWS for rules made by id [E].
    'group-name': () => [],
    'prefix-list-id': ({ peer }) => (peer.kind === 'prefix-list' ? [peer.prefixListId] : []),
    'user-id': ({ peer }) => (peer.kind === 'group' ? [peer.ownerId] : []),
  };
  return Object.fromEntries(
    Object.entries(view).map(([name, read]) => [
      `${prefix}${name}`,
      (group: SecurityGroup) =>
        group.rules.flatMap((rule) =>
          rule.direction === direction
            ? read(rule).flatMap((value) => (value === undefined ? [] : [String(value)]))
            : [],
        ),
    ]),
  );
}

const GROUP_FILTERS: FilterView<SecurityGroup> = {
  description: ({ description }) => [description],
  'group-id': ({ id }) => [id],
  'group-name': ({ name }) => [name],
  'owner-id': ({ ownerId }) => [ownerId],
  'vpc-id': ({ vpcId }) => [vpcId],
  ...permissionFilters('ip-permission.', 'ingress'),
  ...permissionFilters('egress.ip-permission.', 'egress'),
};

function describeReferences(input: DescribeSecurityGroupReferencesRequest, { draft }: Call): Result<object, Refusal> {
  if (input.GroupId === undefined || input.GroupId.length === 0) return missingParameter('GroupId');
  const groups: SecurityGroup[] = [];
  for (const id of new Set(input.GroupId)) {
    const group = groupOf(draft, id);
    if (!group.ok) return group;
    groups.push(group.value);
  }
  return ok({
    SecurityGroupReferenceSet: groups.flatMap((group) =>
      referencesTo(draft, group).map(({ groupId, referencingVpcId, peeringId }) => ({
        GroupId: groupId,
        ReferencingVpcId: referencingVpcId,
        VpcPeeringConnectionId: peeringId,
      })),
    ),
  });
}

function describeStale(input: DescribeStaleSecurityGroupsRequest, { draft }: Call): Result<object, Refusal> {
  const vpc = vpcFor(draft, input.VpcId ?? '');
  if (!vpc.ok) return vpc;
  const stale = draft.listBy('groupsByVpc', vpc.value.id).flatMap((group) => {
    const rules = group.rules.filter((rule) => isStale(draft, group, rule));
    return rules.length === 0 ? [] : [{ group, rules }];
  });
  const page = describeRecords(
    { MaxResults: input.MaxResults, NextToken: input.NextToken },
    {
      find: () => undefined,
      all: () => stale,
      notFound: () => missingParameter('VpcId'),
      idOf: ({ group }) => group.id,
      view: {},
      sizes: { least: 5, most: 255 },
    },
  );
  if (!page.ok) return page;
  return ok({
    StaleSecurityGroupSet: page.value.items.map(({ group, rules }): StaleSecurityGroup => ({
      GroupId: group.id,
      GroupName: group.name,
      Description: group.description,
      VpcId: group.vpcId,
      StaleIpPermissions: stalePermissions(draft, rules, 'ingress'),
      StaleIpPermissionsEgress: stalePermissions(draft, rules, 'egress'),
    })),
    ...nextTokenOf(page.value),
  });
}

function stalePermissions(draft: Call['draft'], rules: readonly Rule[], direction: Direction): StaleIpPermission[] {
  const own = rules.filter((rule) => rule.direction === direction);
  return permissionsOf(draft, own).map(({ IpRanges: _v4, Ipv6Ranges: _v6, PrefixListIds: _lists, ...permission }) => ({
    ...permission,
    IpRanges: [],
    PrefixListIds: [],
  }));
}

function groupsForVpc(input: GetSecurityGroupsForVpcRequest, { draft }: Call): Result<object, Refusal> {
  const vpc = vpcFor(draft, input.VpcId ?? '');
  if (!vpc.ok) return vpc;
  const own = draft.listBy('groupsByVpc', vpc.value.id);
  const associated = draft
    .listBy('associationsByVpc', vpc.value.id)
    .flatMap(({ groupId }) => draft.get('groups', groupId) ?? []);
  const page = describeRecords(input, {
    find: () => undefined,
    all: () => [...own, ...associated],
    notFound: () => missingParameter('VpcId'),
    idOf: ({ id }) => id,
    view: {
      'group-id': ({ id }) => [id],
      description: ({ description }) => [description],
      'group-name': ({ name }) => [name],
      'owner-id': ({ ownerId }) => [ownerId],
      'primary-vpc-id': ({ vpcId }) => [vpcId],
    },
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({
    SecurityGroupForVpcs: page.value.items.map((group) => ({
      GroupId: group.id,
      GroupName: group.name,
      Description: group.description,
      OwnerId: group.ownerId,
      PrimaryVpcId: group.vpcId,
      Tags: tagShapes(group.tags),
    })),
    ...nextTokenOf(page.value),
  });
}
