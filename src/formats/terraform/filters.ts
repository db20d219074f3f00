import { asId } from '../../core/model/ids.ts';
import { type AclEntry, sortEntries } from '../../core/model/network-acl.ts';
import type { PrefixListEntry } from '../../core/model/prefix-list.ts';
import { type Direction, DIRECTIONS, type Rule, ruleIdentity } from '../../core/model/security-group.ts';
import type { Attributes } from './attributes.ts';
import { anything, blockRules, readEntry, ruleRules, type Said, singleRules } from './rules.ts';
import type { Side } from './side.ts';

/** Types of groups, of rules with one peer, of NACLs. */
export const GROUPS: readonly string[] = ['aws_security_group', 'aws_default_security_group'];
export const SINGLE: readonly string[] = ['aws_vpc_security_group_ingress_rule', 'aws_vpc_security_group_egress_rule'];
export const ACLS: readonly string[] = ['aws_network_acl', 'aws_default_network_acl'];

/** Security groups with their rules, inline and as resources of their own. */
export function readGroups(side: Side): void {
  const { draft, resources } = side;
  for (const group of resources.of(...GROUPS)) {
    const vpcId = group.id('vpc_id') ?? group.label('vpc_id');
    const id = groupId(side, group, vpcId);
    const rules = DIRECTIONS.flatMap((direction) => inlineRules(side, group, { direction, id }));
    draft.put<'groups'>('groups', {
      id: asId(id),
      vpcId: asId(vpcId),
      ownerId: group.text('owner_id') ?? '',
      name:
        group.text('name') ??
        (group.instance.type === 'aws_default_security_group' ? 'default' : group.instance.address),
      description: group.text('description') ?? '',
      rules: named(id, rules),
      tags: group.tags(),
    });
  }
  addRules(side);
  for (const one of resources.of('aws_vpc_security_group_vpc_association')) {
    const [group, vpc] = [one.id('security_group_id') ?? '', one.id('vpc_id') ?? ''];
    draft.put<'groupAssociations'>('groupAssociations', {
      id: `${group}/${vpc}`,
      groupId: asId(group),
      vpcId: asId(vpc),
      state: 'associated',
    });
  }
}

function groupId(side: Side, group: Attributes, vpcId: string): string {
  const own = side.resources.idOf(group.instance);
  const vpc = side.vpcs.get(vpcId);
  const isBrought = group.instance.type === 'aws_default_security_group' && own === group.instance.address;
  return isBrought && vpc !== undefined ? side.resources.ofVpc(vpc, 'default_security_group_id') : own;
}

/**
 * What a group says in its own blocks. The provider takes AWS's egress rule for everything away from a new group that does not ask for it, and
 * all rules from a default group that it adopts. Of a group that is there already, the blocks show all rules, whoever wrote them.
 */
function inlineRules(
  side: Side,
  group: Attributes,
  { direction, id }: { readonly direction: Direction; readonly id: string },
): readonly Said[] {
  const blocks = group.blocks(direction);
  if (blocks === undefined) {
    if (group.isDeclared(direction) !== false) return [anything(direction, group.label(direction))];
    side.draft.note('note', UNDECLARED, group.instance.address);
    return [];
  }
  const { ids, isExact } = group.idsOfBlocks(direction, /cidr|port|protocol|description|tags/);
  const open = blocks.filter((block) => block.hasUnknown('security_groups')).length;
  const told = {
    ids,
    isExact: isExact && ids.length > 0 && (open === 1 || ids.length === 1),
    isComplete: isExact && ids.length > 0,
  };
  return blocks.flatMap((block) => blockRules(side, block, { direction, groupId: id, shared: told }));
}

const UNDECLARED =
  'groups that have no rules of their own in some direction, where rules stand elsewhere or there are none: %';

/** Rules get ids: their resource's, else what they say. */
function named(id: string, rules: readonly (Said & { readonly id?: string })[]): readonly Rule[] {
  const seen = new Map<string, Rule>();
  for (const { id: own, ...said } of rules) {
    const rule: Rule = { ...said, id: asId(''), tags: [] };
    const key = ruleIdentity(rule);
    const made = own ?? `${id}:${key.replaceAll(' ', ':')}`;
    const known = seen.get(key);
    // What is there for certain stays so, whoever else writes it perhaps.
    if (known === undefined || (known.doubt !== undefined && said.doubt === undefined))
      seen.set(key, { ...rule, id: asId(made) });
    else if (own !== undefined && said.doubt === undefined) seen.set(key, { ...known, id: asId(made) });
  }
  return [...seen.values()];
}

/** A rule that is a resource of its own. */
export type Standalone = { readonly rule: Attributes; readonly groupIds: readonly string[]; readonly isExact: boolean };

/** Rules that are resources of their own. Where a group has blocks as well, the two overwrite each other, and nobody can tell who wins. */
function addRules(side: Side): void {
  const { draft } = side;
  const gone = side.gone.rules;
  const declaring = declaringGroups(side);
  const byGroup = new Map<string, (Said & { readonly id: string })[]>();
  for (const { rule, groupIds, isExact } of standaloneRules(side))
    for (const id of isExact ? groupIds : [...draft.records.groups.keys()]) {
      const said = saidBy(side, rule, id);
      const rows = said.map((one) => ({
        ...one,
        id: ownId(side, rule),
        ...(isExact ? {} : { doubt: rule.label('security_group_id') }),
      }));
      byGroup.set(id, [...(byGroup.get(id) ?? []), ...rows]);
    }
  for (const id of new Set([...byGroup.keys(), ...gone.keys()])) {
    const group = draft.get('groups', id);
    if (group === undefined) continue;
    const written = declaring.get(id) ?? new Set<Direction>();
    const removed = gone.get(id) ?? new Set<string>();
    const kept = group.rules.filter((rule) => written.has(rule.direction) || !removed.has(ruleIdentity(rule)));
    const known = new Set(kept.map(ruleIdentity));
    const mine = (byGroup.get(id) ?? []).map((said) => disputed(said, { written, known }));
    if (mine.some((one) => one.isDisputed))
      draft.note(
        'warning',
        'rules stand in blocks of these groups and as resources of their own, which overwrite each other, so those that only one of the two has are in doubt: %',
        id,
      );
    group.rules = named(id, [...kept, ...mine.map(({ said }) => said)]);
  }
}

function disputed<S extends Said & { readonly id: string }>(
  said: S,
  { written, known }: { readonly written: ReadonlySet<Direction>; readonly known: ReadonlySet<string> },
): { readonly said: S; readonly isDisputed: boolean } {
  const isDisputed = written.has(said.direction) && !known.has(ruleIdentity({ ...said, id: asId(''), tags: [] }));
  const doubt = `${said.id} (the group's own blocks do not have it)`;
  return { said: isDisputed ? { ...said, doubt } : said, isDisputed };
}

function ownId(side: Side, rule: Attributes): string {
  return rule.text('security_group_rule_id') ?? side.resources.idOf(rule.instance);
}

/** Rules that are resources of their own, with the groups that they are of. */
export function standaloneRules(side: Side): readonly Standalone[] {
  return side.resources.of('aws_security_group_rule', ...SINGLE).map((rule) => {
    const { ids, isExact } = rule.ids('security_group_id');
    // A rule is of one group: where several are named, it is not known of which.
    return { rule, groupIds: ids, isExact: isExact && ids.length === 1 };
  });
}

/** What a rule that is a resource of its own says of a group. */
export function saidBy(side: Side, rule: Attributes, id: string): readonly Said[] {
  return SINGLE.includes(rule.instance.type) ? singleRules(side, rule, id) : ruleRules(side, rule, id);
}

/** The id of a group's record. */
export function groupIdOf(side: Side, group: Attributes): string {
  return groupId(side, group, group.id('vpc_id') ?? group.label('vpc_id'));
}

/** What standalone rules of one side say, by group: to find those that a plan takes away. */
export function standaloneIdentities(side: Side): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { rule, groupIds } of standaloneRules(side))
    for (const id of groupIds) {
      const said = saidBy(side, rule, id);
      const known = found.get(id) ?? new Set<string>();
      for (const one of said) known.add(ruleIdentity({ ...one, id: asId(''), tags: [] }));
      found.set(id, known);
    }
  return found;
}

/** Which groups write rules in blocks of their own, by direction. */
export function declaringGroups(side: Side): ReadonlyMap<string, ReadonlySet<Direction>> {
  const found = new Map<string, ReadonlySet<Direction>>();
  for (const group of side.resources.of(...GROUPS)) {
    const id = groupIdOf(side, group);
    const isDefault = group.instance.type === 'aws_default_security_group';
    // An adopted default group holds what its blocks say, even where they say nothing.
    found.set(id, new Set(DIRECTIONS.filter((direction) => isDefault || group.isDeclared(direction) === true)));
  }
  return found;
}

/** Network ACLs with their entries and subnets. */
export function readAcls(side: Side): void {
  const { draft, resources } = side;
  for (const acl of resources.of(...ACLS)) {
    const isDefault = acl.instance.type === 'aws_default_network_acl';
    const id = isDefault
      ? (acl.id('default_network_acl_id') ?? resources.idOf(acl.instance))
      : resources.idOf(acl.instance);
    const vpcId = draft.get('acls', id)?.vpcId ?? acl.id('vpc_id') ?? acl.label('vpc_id');
    const entries = DIRECTIONS.flatMap((direction) => inlineEntries(acl, direction));
    draft.put<'acls'>('acls', {
      id: asId(id),
      vpcId: asId(vpcId),
      ownerId: acl.text('owner_id') ?? '',
      isDefault,
      entries,
      tags: acl.tags(),
    });
    associate(side, acl, { name: 'subnet_ids', aclId: id });
  }
  for (const one of resources.of('aws_network_acl_association'))
    associate(side, one, { name: 'subnet_id', aclId: one.id('network_acl_id') ?? one.label('network_acl_id') });
  for (const rule of resources.of('aws_network_acl_rule')) {
    const { ids, isExact } = rule.ids('network_acl_id');
    for (const id of isExact ? ids : [...draft.records.acls.keys()]) {
      const acl = draft.get('acls', id);
      if (acl === undefined) continue;
      const entries = readEntry(rule).map((one) => (isExact ? one : { ...one, doubt: rule.label('network_acl_id') }));
      acl.entries = [...acl.entries, ...entries];
    }
  }
  for (const [id, acl] of draft.records.acls) settleEntries(side, id, acl.entries);
}

function inlineEntries(acl: Attributes, direction: Direction): readonly AclEntry[] {
  const blocks = acl.blocks(direction);
  if (blocks !== undefined) return blocks.flatMap((block) => readEntry(block, direction));
  return acl.isDeclared(direction) === false ? [] : unknownEntries(direction, acl.label(direction));
}

/** Entries that perhaps allow or deny anything, before all others. */
function unknownEntries(direction: Direction, doubt: string): readonly AclEntry[] {
  return (['0.0.0.0/0', '::/0'] as const).flatMap((text) =>
    (['allow', 'deny'] as const).map((action): AclEntry => ({
      number: 1,
      direction,
      action,
      cidr: {
        family: text === '::/0' ? 'ipv6' : 'ipv4',
        base: { family: text === '::/0' ? 'ipv6' : 'ipv4', w0: 0, w1: 0, w2: 0, w3: 0 },
        length: 0,
      },
      traffic: { kind: 'all' },
      doubt,
    })),
  );
}

/** Sorts entries, each once; what a plan takes away as a resource of its own goes, too. */
function settleEntries(side: Side, id: string, entries: readonly AclEntry[]): void {
  const acl = side.draft.get('acls', id);
  if (acl === undefined) return;
  const gone = side.gone.entries.get(id);
  const kept = new Map<string, AclEntry>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.direction, entry.number, entry.action, entry.cidr, entry.traffic]);
    const known = kept.get(key);
    if (gone?.has(key) === true && !side.declaresEntries(id)) continue;
    if (known === undefined || known.doubt !== undefined) kept.set(key, entry);
  }
  acl.entries = sortEntries([...kept.values()]);
  const spots = Map.groupBy(acl.entries, (one) => `${one.direction} ${one.number}`);
  const clashes = [...spots.values()].some((same) => same.length > 1 && same.every((one) => one.doubt === undefined));
  if (!clashes) return;
  side.draft.note('warning', 'two entries have one number, and which of them stands there is not known: %', id);
  acl.entries = acl.entries.map((entry) =>
    (spots.get(`${entry.direction} ${entry.number}`)?.length ?? 0) > 1
      ? { ...entry, doubt: `${id} ${entry.number}` }
      : entry,
  );
}

/** What standalone entries of one side say, by NACL. */
export function standaloneEntries(side: Side): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const rule of side.resources.of('aws_network_acl_rule'))
    for (const id of rule.ids('network_acl_id').ids) {
      const known = found.get(id) ?? new Set<string>();
      for (const entry of readEntry(rule))
        known.add(JSON.stringify([entry.direction, entry.number, entry.action, entry.cidr, entry.traffic]));
      found.set(id, known);
    }
  return found;
}

function associate(
  side: Side,
  one: Attributes,
  { name, aclId }: { readonly name: string; readonly aclId: string },
): void {
  const { draft } = side;
  const { ids, isExact } = one.ids(name);
  const isOpen = !isExact && one.isDeclared(name) !== false;
  for (const id of isOpen ? [...draft.records.subnets.keys()] : ids) {
    const subnet = draft.get('subnets', id);
    if (subnet !== undefined) subnet.networkAcl = { associationId: '', aclId: asId(isOpen ? one.label(name) : aclId) };
  }
}

/** Managed prefix lists. */
export function readLists(side: Side): void {
  const { draft, resources } = side;
  for (const list of resources.of('aws_ec2_managed_prefix_list')) {
    const id = resources.idOf(list.instance);
    const blocks = list.blocks('entry');
    const more = resources.of('aws_ec2_managed_prefix_list_entry').filter((one) => {
      const { ids, isExact } = one.ids('prefix_list_id');
      return !isExact || ids.includes(id);
    });
    // Of a new list, none of its own and a `dynamic` block whose number is not known look the same.
    const isTold = blocks !== undefined || (list.isDeclared('entry') === false && more.length > 0);
    const gone = side.gone.listEntries.get(id);
    const rows = [...(blocks ?? []).filter((one) => gone?.has(one.text('cidr') ?? '') !== true), ...more];
    const cidrs = rows.map((row) => row.cidr('cidr'));
    const isAll =
      isTold && cidrs.every((cidr) => cidr !== undefined) && more.every((one) => one.ids('prefix_list_id').isExact);
    const entries = new Map(
      cidrs.flatMap((cidr): [string, PrefixListEntry][] =>
        cidr === undefined ? [] : [[JSON.stringify(cidr), { cidr }]],
      ),
    );
    draft.put<'prefixLists'>('prefixLists', {
      id: asId(id),
      name: list.text('name') ?? id,
      ownerId: list.text('owner_id') ?? '',
      family: list.text('address_family') === 'IPv6' ? 'ipv6' : 'ipv4',
      ...(isAll ? { entries: [...entries.values()] } : {}),
      versions: [],
      state: 'create-complete',
      tags: list.tags(),
    });
  }
}
