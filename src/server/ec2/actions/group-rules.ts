import type {
  AuthorizeSecurityGroupIngressRequest,
  DescribeSecurityGroupRulesRequest,
  IpPermission,
  ModifySecurityGroupRulesRequest,
  RevokedSecurityGroupRule,
  RevokeSecurityGroupIngressRequest,
  SecurityGroupRuleRequest,
  SecurityGroupRuleUpdate,
  UpdateSecurityGroupRuleDescriptionsIngressRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Direction, Rule, SecurityGroup } from '../../../core/model/security-group.ts';
import { authorize, type NewRule } from '../../control/groups/authorize.ts';
import { describeRules } from '../../control/groups/describe-rules.ts';
import { groupFor } from '../../control/groups/group-names.ts';
import { ruleIdNotFound } from '../../control/groups/group-refusals.ts';
import { type ModifiedRule, modifyRules } from '../../control/groups/modify-rules.ts';
import { revoke } from '../../control/groups/revoke.ts';
import { invalidCombination, invalidValue, missingParameter, refuse, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { permissionsOf, ruleShape } from '../group-shapes.ts';
import type { Actions, Call } from '../operations.ts';
import { type GroupIdOf, peersOf, rulesOfPermissions, trafficOf } from '../permissions.ts';
import { tagsFor } from '../tags.ts';

export const groupRuleActions: Actions = {
  AuthorizeSecurityGroupIngress: (input, call) => authorizeRules(input, 'ingress', call),
  AuthorizeSecurityGroupEgress: (input, call) => authorizeRules(input, 'egress', call),
  RevokeSecurityGroupIngress: (input, call) => revokeRules(input, 'ingress', call),
  RevokeSecurityGroupEgress: (input, call) => revokeRules(input, 'egress', call),
  DescribeSecurityGroupRules: describe,
  ModifySecurityGroupRules: modify,
  UpdateSecurityGroupRuleDescriptionsIngress: (input, call) => updateDescriptions(input, 'ingress', call),
  UpdateSecurityGroupRuleDescriptionsEgress: (input, call) => updateDescriptions(input, 'egress', call),
};

/** The members of the short form: one rule without a list (API AuthorizeSecurityGroupIngress). */
type ShortForm = Pick<
  AuthorizeSecurityGroupIngressRequest,
  'CidrIp' | 'FromPort' | 'ToPort' | 'IpProtocol' | 'SourceSecurityGroupName' | 'SourceSecurityGroupOwnerId'
>;

type RuleInput = ShortForm & { readonly IpPermissions?: readonly IpPermission[] | undefined };

function groupIdOf(draft: Call['draft']): GroupIdOf {
  return (groupName) => {
    const group = groupFor(draft, { groupName });
    return group.ok ? ok(group.value.id) : group;
  };
}

/** The rules that a request names, in its long or its short form. */
function rulesOf(input: RuleInput, direction: Direction, { draft }: Call): Result<readonly NewRule[], Refusal> {
  const short = shortPermissions(input);
  if (short.length > 0 && direction === 'egress')
    return invalidCombination('Egress rules are given as IpPermissions: the short form is not supported');
  if (short.length > 0 && input.IpPermissions !== undefined)
    return invalidCombination('The parameter ipPermissions cannot be used with the short form of a rule');
  return rulesOfPermissions(short.length > 0 ? short : (input.IpPermissions ?? []), groupIdOf(draft));
}

/** The short form as permissions. A source group's name alone stands for all of TCP, UDP and ICMP. */
function shortPermissions(input: ShortForm): readonly IpPermission[] {
  const { CidrIp, FromPort, ToPort, IpProtocol, SourceSecurityGroupName: GroupName } = input;
  const { SourceSecurityGroupOwnerId: UserId } = input;
  if (GroupName !== undefined && IpProtocol === undefined && CidrIp === undefined) {
    const UserIdGroupPairs = [{ GroupName, ...(UserId === undefined ? {} : { UserId }) }];
    return [
      { IpProtocol: 'tcp', FromPort: 0, ToPort: 65_535, UserIdGroupPairs },
      { IpProtocol: 'udp', FromPort: 0, ToPort: 65_535, UserIdGroupPairs },
      { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, UserIdGroupPairs },
    ];
  }
  if ([CidrIp, FromPort, ToPort, IpProtocol, GroupName].every((value) => value === undefined)) return [];
  return [
    {
      ...(IpProtocol === undefined ? {} : { IpProtocol }),
      ...(FromPort === undefined ? {} : { FromPort }),
      ...(ToPort === undefined ? {} : { ToPort }),
      IpRanges: CidrIp === undefined ? [] : [{ CidrIp }],
      UserIdGroupPairs: GroupName === undefined ? [] : [{ GroupName, ...(UserId === undefined ? {} : { UserId }) }],
    },
  ];
}

function authorizeRules(
  input: AuthorizeSecurityGroupIngressRequest,
  direction: Direction,
  call: Call,
): Result<object, Refusal> {
  const { draft, env } = call;
  const tags = tagsFor('security-group-rule', input.TagSpecifications);
  if (!tags.ok) return tags;
  const rules = rulesOf(input, direction, call);
  if (!rules.ok) return rules;
  if (rules.value.length === 0) return missingParameter('IpPermissions');
  const group = { groupId: input.GroupId, groupName: input.GroupName };
  const done = authorize(draft, { group, direction, rules: rules.value, tags: tags.value }, env);
  if (!done.ok) return done;
  return ok({
    Return: true,
    SecurityGroupRules: done.value.rules.map((rule) => ruleShape(draft, done.value.group, rule)),
  });
}

function revokeRules(
  input: RevokeSecurityGroupIngressRequest,
  direction: Direction,
  call: Call,
): Result<object, Refusal> {
  const { draft } = call;
  const rules = rulesOf(input, direction, call);
  if (!rules.ok) return rules;
  const group = { groupId: input.GroupId, groupName: input.GroupName };
  const ruleIds = input.SecurityGroupRuleIds ?? [];
  const done = revoke(draft, { group, direction, rules: rules.value, ruleIds });
  if (!done.ok) return done;
  return ok({
    Return: true,
    UnknownIpPermissions: permissionsOf(draft, done.value.misses),
    RevokedSecurityGroupRules: done.value.rules.map((rule) => revokedShape(draft, done.value.group, rule)),
  });
}

function revokedShape(draft: Call['draft'], group: SecurityGroup, rule: Rule): RevokedSecurityGroupRule {
  const {
    ReferencedGroupInfo: referenced,
    GroupOwnerId: _owner,
    Tags: _tags,
    ...shape
  } = ruleShape(draft, group, rule);
  return { ...shape, ...(referenced?.GroupId === undefined ? {} : { ReferencedGroupId: referenced.GroupId }) };
}

type OwnRule = { readonly group: SecurityGroup; readonly rule: Rule };

function describe(input: DescribeSecurityGroupRulesRequest, { draft }: Call): Result<object, Refusal> {
  const malformed = malformedGroupFilter(input);
  if (malformed !== undefined) return malformed;
  const all = (): readonly OwnRule[] =>
    [...draft.list('groups')].flatMap((group) => group.rules.map((rule) => ({ group, rule })));
  const wanted = input.SecurityGroupRuleIds ?? [];
  const byId = new Map(wanted.length === 0 ? [] : all().map((own) => [own.rule.id as string, own]));
  const page = describeRecords(input, {
    ids: wanted,
    find: (id) => byId.get(id),
    all,
    notFound: ruleIdNotFound,
    idOf: ({ rule }) => rule.id,
    view: { 'group-id': ({ group }) => [group.id], 'security-group-rule-id': ({ rule }) => [rule.id] },
    tagsOf: ({ rule }) => rule.tags,
  });
  if (!page.ok) return page;
  return ok({
    SecurityGroupRules: page.value.items.map(({ group, rule }) => ruleShape(draft, group, rule)),
    ...nextTokenOf(page.value),
  });
}

/** A group id of another form is refused even in a filter [R]. */
function malformedGroupFilter(input: DescribeSecurityGroupRulesRequest): ReturnType<typeof refuse> | undefined {
  const values = (input.Filters ?? [])
    .filter(({ Name: name }) => name === 'group-id')
    .flatMap((filter) => filter.Values ?? []);
  const malformed = values.find((value) => !/^sg-[0-9a-f*?\\]*$/.test(value));
  return malformed === undefined
    ? undefined
    : refuse('InvalidGroupId.Malformed', `The security group ID '${malformed}' is malformed`);
}

function modify(input: ModifySecurityGroupRulesRequest, { draft, env }: Call): Result<object, Refusal> {
  if (input.GroupId === undefined) return missingParameter('GroupId');
  const updates = input.SecurityGroupRules ?? [];
  if (updates.length === 0) return missingParameter('SecurityGroupRule');
  const rules: ModifiedRule[] = [];
  for (const update of updates) {
    const rule = modifiedRule(update);
    if (!rule.ok) return rule;
    rules.push(rule.value);
  }
  const done = modifyRules(draft, { groupId: input.GroupId, rules }, env);
  return done.ok ? ok({ Return: true }) : done;
}

function modifiedRule(update: SecurityGroupRuleUpdate): Result<ModifiedRule, Refusal> {
  const { SecurityGroupRuleId: ruleId, SecurityGroupRule: request } = update;
  if (ruleId === undefined) return missingParameter('SecurityGroupRuleId');
  if (request === undefined) return missingParameter('SecurityGroupRule');
  const { IpProtocol, FromPort, ToPort, Description: description } = request;
  // Authorize lets ports beside -1 pass, Modify does not [L].
  if (IpProtocol === '-1' && [FromPort, ToPort].some((port) => port !== undefined && port !== -1))
    return invalidValue(
      'You may not specify all protocols and specific ports. Please specify each protocol and port range combination individually, or all protocols and no port range.',
    );
  const permission = sourcePermission(request);
  if (!permission.ok) return permission;
  const traffic = trafficOf(request);
  if (!traffic.ok) return traffic;
  const peers = peersOf(permission.value, () => missingSource());
  if (!peers.ok) return peers;
  const [source] = peers.value;
  return source === undefined
    ? missingSource()
    : ok({ ruleId, traffic: traffic.value, peer: source.peer, description });
}

/** The one source of a changed rule, as a permission has it. */
function sourcePermission(request: SecurityGroupRuleRequest): Result<IpPermission, Refusal> {
  const { CidrIpv4: CidrIp, CidrIpv6, PrefixListId, ReferencedGroupId: GroupId } = request;
  const count = [CidrIp, CidrIpv6, PrefixListId, GroupId].filter((value) => value !== undefined).length;
  if (count === 0) return missingSource();
  if (count > 1)
    return invalidCombination('Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified');
  return ok({
    IpRanges: CidrIp === undefined ? [] : [{ CidrIp }],
    Ipv6Ranges: CidrIpv6 === undefined ? [] : [{ CidrIpv6 }],
    PrefixListIds: PrefixListId === undefined ? [] : [{ PrefixListId }],
    UserIdGroupPairs: GroupId === undefined ? [] : [{ GroupId }],
  });
}

function missingSource(): ReturnType<typeof refuse> {
  return refuse(
    'MissingParameter',
    'The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId',
  );
}

function updateDescriptions(
  input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
  direction: Direction,
  { draft }: Call,
): Result<object, Refusal> {
  const rules = rulesOfPermissions(input.IpPermissions ?? [], groupIdOf(draft));
  if (!rules.ok) return rules;
  const byId: { readonly ruleId: string; readonly description: string | undefined }[] = [];
  for (const { SecurityGroupRuleId: ruleId, Description: description } of input.SecurityGroupRuleDescriptions ?? []) {
    if (ruleId === undefined) return missingParameter('SecurityGroupRuleId');
    byId.push({ ruleId, description });
  }
  const group = { groupId: input.GroupId, groupName: input.GroupName };
  const done = describeRules(draft, { group, direction, rules: rules.value, byId });
  return done.ok ? ok({ Return: true }) : done;
}
