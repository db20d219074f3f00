import type { Attributes, Ids } from './attributes.ts';
import { asksPublic, type Carried, groupsOf, putEni, templateGroups, templateOf } from './eni-draft.ts';
import type { Side } from './side.ts';
import type { MemberType } from './types.ts';

/** One interface in each subnet stands for all those that a service makes there, how many there may be. */
export function readMembers(side: Side, one: Attributes, member: MemberType): void {
  const at = (path: readonly string[]): { readonly block: Attributes | undefined; readonly name: string } => ({
    block: path.slice(0, -1).reduce<Attributes | undefined>((block, step) => block?.block(step), one),
    name: path.at(-1) ?? '',
  });
  if (member.when !== undefined && !member.when(one)) return;
  const place = at(member.subnets);
  if (place.block === undefined) {
    readVagueMembers(side, one, member);
    return;
  }
  const carried = at(member.groups);
  const type = member.type?.(one) ?? 'interface';
  // A network load balancer that asks for no groups has none, and is not filtered.
  const named = one.ids(carried.name);
  const asksSome = one.isDeclared(carried.name) ?? (!named.isExact || named.ids.length > 0);
  const isBare = type !== 'interface' && !asksSome;
  const groups = isBare ? { ids: [], isExact: true, doubt: '' } : groupsOf(side, carried.block ?? one, carried.name);
  const subnets = subnetsOf(side, place.block, place.name, member);
  if (subnets.ids.length === 0 && subnets.isExact) return;
  putMembers(side, one, {
    subnets,
    groups: member.addsGroup === true && groups.isExact ? { ...groups, isExact: false } : groups,
    isPublic: member.isPublic?.(one) ?? false,
    type,
    doubt: place.block.label(place.name),
  });
}

/** Where it is not known whether there is the block that says where the interfaces are, they may be anywhere and carry any group. */
function readVagueMembers(side: Side, one: Attributes, member: MemberType): void {
  const [name = ''] = member.subnets;
  if (member.subnets.length < 2 || !one.isUnknown(name)) return;
  const doubt = one.label(name);
  const nothing = { ids: [], isExact: false };
  putMembers(side, one, {
    subnets: nothing,
    groups: { ...nothing, doubt },
    isPublic: undefined,
    type: 'interface',
    doubt,
  });
}

/** The subnets of a member: named, or by a subnet group. */
function subnetsOf(side: Side, block: Attributes, name: string, member: MemberType): Ids {
  if (member.subnetGroup === undefined) {
    const mapped = (block.blocks('subnet_mapping') ?? []).map((one) => one.ids('subnet_id'));
    const isMapped = block.isUnknown(name) && block.isDeclared(name) === false && mapped.length > 0;
    return isMapped
      ? { ids: mapped.flatMap(({ ids }) => ids), isExact: mapped.every(({ isExact }) => isExact) }
      : block.ids(name);
  }
  const group = side.resources.byId(member.subnetGroup, block.id(name));
  return group === undefined ? { ids: [], isExact: false } : group.ids('subnet_ids');
}

type Members = {
  readonly subnets: Ids;
  readonly groups: Carried;
  readonly isPublic: boolean | undefined;
  readonly type: string;
  readonly doubt: string;
};

function putMembers(side: Side, one: Attributes, { subnets, groups, isPublic, type, doubt }: Members): void {
  const id = side.resources.idOf(one.instance);
  const isAll = subnets.isExact ? subnets.ids.length > 0 : subnets.isComplete === true;
  const ids = isAll ? subnets.ids : [...subnets.ids, doubt];
  side.draft.note('note', MEMBERS_NOTE, one.instance.address);
  for (const subnetId of new Set(ids))
    putEni(side, {
      id: `${one.instance.address}/${subnetId}`,
      subnetId,
      groups,
      known: [],
      knownIpv6: [],
      wantsIpv6: undefined,
      sourceDestCheck: true,
      type: groups.ids.length === 0 && groups.isExact ? type : 'interface',
      from: one,
      isPublic,
      name: id.startsWith('arn:') || id === one.instance.address ? one.instance.address : id,
    });
}

const MEMBERS_NOTE = 'one interface in each subnet stands for those of %, how many there may be';

/** A scaling group: its instances stand in its subnets, as its template has them. */
export function readScaling(side: Side, group: Attributes): void {
  const template = templateOf(side, group);
  const carried = template === undefined ? undefined : templateGroups(template);
  const subnets = group.ids('vpc_zone_identifier');
  if (subnets.ids.length === 0 && subnets.isExact) return;
  const isPublic = template === undefined ? undefined : asksPublic(template);
  const gives = subnets.ids.map((id) => side.draft.get('subnets', id)?.mapPublicIpOnLaunch);
  putMembers(side, group, {
    subnets,
    groups: { ...(carried ?? { ids: [], isExact: false }), doubt: `${group.instance.address} groups` },
    isPublic: isPublic === 'as-subnet' ? allAgree(gives) : isPublic,
    type: 'interface',
    doubt: group.label('vpc_zone_identifier'),
  });
}

function allAgree(flags: readonly (boolean | undefined)[]): boolean | undefined {
  const [first] = flags;
  return flags.every((one) => one === first) ? first : undefined;
}
