import type { Family } from '../../core/net/address.ts';
import { anyCidr } from '../../core/net/cidr.ts';
import { ALL_TRAFFIC, type Traffic } from '../../core/net/traffic.ts';
import { asId, type PrefixListId } from '../../core/model/ids.ts';
import { type AclEntry, ENTRY_NUMBERS } from '../../core/model/network-acl.ts';
import type { Direction, Peer, Rule } from '../../core/model/security-group.ts';
import { awsTraffic } from '../ip-permission.ts';
import type { Attributes, Ids } from './attributes.ts';
import type { Side } from './side.ts';

/** What a rule says, without its id; `doubt` where it is not known whether it is there. */
export type Said = Omit<Rule, 'id' | 'tags'>;

/** The peer of a rule of which the peer is not known: a prefix list that nobody has, so that anyone may be meant. */
export function unknownPeer(what: string): Peer {
  return { kind: 'prefix-list', prefixListId: asId<PrefixListId>(what) };
}

/** The rule that stands for all that rules of a direction which are not known may admit. */
export function anything(direction: Direction, what: string): Said {
  return { direction, traffic: ALL_TRAFFIC, peer: unknownPeer(what) };
}

type PeerNames = {
  readonly cidrs: readonly string[];
  readonly lists: readonly string[];
  readonly groups: readonly string[];
};

/** Attributes that name peers: of inline blocks, of `aws_security_group_rule`, of the rules with one peer. */
const BLOCK: PeerNames = {
  cidrs: ['cidr_blocks', 'ipv6_cidr_blocks'],
  lists: ['prefix_list_ids'],
  groups: ['security_groups'],
};
const RULE: PeerNames = { ...BLOCK, groups: ['source_security_group_id'] };
const SINGLE: PeerNames = {
  cidrs: ['cidr_ipv4', 'cidr_ipv6'],
  lists: ['prefix_list_id'],
  groups: ['referenced_security_group_id'],
};

/** The rules of one inline block of a group. `shared`: the groups that all blocks together refer to, where they are not told apart. */
export function blockRules(
  side: Side,
  block: Attributes,
  { direction, groupId, shared }: { readonly direction: Direction; readonly groupId: string; readonly shared: Ids },
): readonly Said[] {
  const own = block.hasUnknown('security_groups')
    ? { ...shared, ids: [...block.texts('security_groups').texts, ...shared.ids] }
    : undefined;
  return rulesOf(side, block, { direction, groupId, names: BLOCK, ...(own === undefined ? {} : { groups: own }) });
}

/** The rules of an `aws_security_group_rule`: one for each peer. */
export function ruleRules(side: Side, rule: Attributes, groupId: string): readonly Said[] {
  const type = rule.text('type');
  const directions: readonly Direction[] = type === 'ingress' || type === 'egress' ? [type] : ['ingress', 'egress'];
  return directions.flatMap((direction) => {
    const said = rulesOf(side, rule, { direction, groupId, names: RULE });
    return directions.length === 1 ? said : said.map((one) => ({ ...one, doubt: rule.label('type') }));
  });
}

/** The rule of an `aws_vpc_security_group_ingress_rule` or its twin. */
export function singleRules(side: Side, rule: Attributes, groupId: string): readonly Said[] {
  const direction = rule.instance.type.includes('egress') ? 'egress' : 'ingress';
  return rulesOf(side, rule, { direction, groupId, names: SINGLE });
}

type Reading = {
  readonly direction: Direction;
  readonly groupId: string;
  readonly names: PeerNames;
  /** The groups of the block, where its own expressions do not tell. */
  readonly groups?: Ids;
};

function rulesOf(side: Side, rule: Attributes, reading: Reading): readonly Said[] {
  const { direction, groupId, names } = reading;
  const { traffic, doubt, isRefused } = trafficOf(rule);
  if (isRefused === true)
    side.draft.note(
      'warning',
      'ports or types that AWS refuses with their protocols count as not known: %',
      doubt ?? '',
    );
  const say = (peer: Peer, why?: string): Said => {
    const text = rule.text('description');
    const open = why ?? doubt;
    return {
      direction,
      traffic,
      peer,
      ...(text === undefined ? {} : { description: text }),
      ...(open === undefined ? {} : { doubt: open }),
    };
  };
  return [
    ...names.cidrs.flatMap((name) => cidrPeers(side, rule, name).map(([peer, why]) => say(peer, why))),
    ...names.lists.flatMap((name) => idPeers(rule.ids(name), rule, name).map(([id, why]) => say(unknownPeer(id), why))),
    ...names.groups.flatMap((name) =>
      idPeers(reading.groups ?? rule.ids(name), rule, name).map(([id, why]) =>
        id === rule.label(name) ? say(unknownPeer(id)) : say(groupPeer(id), why),
      ),
    ),
    ...(rule.flag('self') === true
      ? [say(groupPeer(groupId))]
      : rule.flag('self') === undefined
        ? [say(groupPeer(groupId), rule.label('self'))]
        : []),
  ];
}

/** `123456789012/sg-…` is a group of another account. */
function groupPeer(text: string): Peer {
  const [, owner, id] = /^(\d{12})\/(sg-.+)$/.exec(text) ?? [];
  return { kind: 'group', groupId: asId(id ?? text), ...(owner === undefined ? {} : { ownerId: owner }) };
}

function cidrPeers(side: Side, rule: Attributes, name: string): readonly (readonly [Peer, string | undefined])[] {
  const raw = rule.raw(name);
  const isSingle = typeof raw === 'string';
  const one = isSingle ? rule.cidr(name) : undefined;
  const { cidrs, isAll } = isSingle
    ? { cidrs: one === undefined ? [] : [one], isAll: raw === '' || one !== undefined }
    : rule.cidrs(name);
  const known = cidrs.map((cidr) => [{ kind: 'cidr', cidr }, undefined] as const);
  if (isAll || (rule.isUnknown(name) && rule.isDeclared(name) === false)) return known;
  // It may be a part of the VPC's prefix as well as all of it.
  const own = name.includes('ipv6') ? side.ownIpv6(rule, name) : undefined;
  const open = rule.label(name);
  return [...known, own === undefined ? [unknownPeer(open), undefined] : [{ kind: 'cidr', cidr: own }, open]];
}

/** Ids with what makes each doubtful; the label stands for those that cannot be told. */
function idPeers(
  { ids, isExact, isComplete }: Ids,
  rule: Attributes,
  name: string,
): readonly (readonly [string, string | undefined])[] {
  if (isExact) return ids.map((id) => [id, undefined]);
  if (rule.isUnknown(name) && rule.isDeclared(name) === false) return ids.map((id) => [id, undefined]);
  const doubtful = ids.map((id) => [id, rule.label(name)] as const);
  return isComplete === true ? doubtful : [...doubtful, [rule.label(name), undefined]];
}

/** Protocol and ports of a rule, the widest where they are not known. `isRefused`: they are, and AWS does not take them together. */
export function trafficOf(rule: Attributes): {
  readonly traffic: Traffic;
  readonly doubt?: string;
  readonly isRefused?: boolean;
} {
  const name = rule.raw('ip_protocol') === undefined && !rule.isUnknown('ip_protocol') ? 'protocol' : 'ip_protocol';
  const word = rule.text(name) ?? (rule.number(name) === undefined ? undefined : String(rule.number(name)));
  const protocol = word?.toLowerCase() === 'all' ? '-1' : word;
  const isKnown = !rule.hasUnknown('from_port') && !rule.hasUnknown('to_port');
  if (protocol === undefined) return { traffic: ALL_TRAFFIC, doubt: rule.label(name) };
  const read = awsTraffic(protocol, rule.number('from_port'), rule.number('to_port'));
  if (read.ok && (isKnown || read.value.kind === 'all' || read.value.kind === 'protocol'))
    return { traffic: read.value };
  const isTcpUdp = protocol === 'tcp' || protocol === 'udp' || protocol === '6' || protocol === '17';
  const wide = isTcpUdp ? awsTraffic(protocol, 0, 65_535) : undefined;
  const isRefused = isKnown && !read.ok;
  return { traffic: wide?.ok === true ? wide.value : ALL_TRAFFIC, doubt: rule.label('from_port'), isRefused };
}

/** One entry of a network ACL, inline or a resource of its own; several where it is not known which it is. */
export function readEntry(entry: Attributes, given?: Direction): readonly AclEntry[] {
  const number = entry.number('rule_no') ?? entry.number('rule_number');
  const word = entry.text('action') ?? entry.text('rule_action');
  const action = word?.toLowerCase() === 'allow' ? 'allow' : word?.toLowerCase() === 'deny' ? 'deny' : undefined;
  const egress = entry.flag('egress');
  const directions: readonly Direction[] =
    given === undefined ? (egress === undefined ? ['ingress', 'egress'] : [egress ? 'egress' : 'ingress']) : [given];
  const cidrs = ['cidr_block', 'ipv6_cidr_block'].flatMap((name) => entry.cidr(name) ?? []);
  const families: readonly Family[] =
    entry.text('cidr_block') !== undefined
      ? ['ipv4']
      : entry.text('ipv6_cidr_block') === undefined
        ? ['ipv4', 'ipv6']
        : ['ipv6'];
  const isKnown = number !== undefined && action !== undefined && cidrs.length === 1 && directions.length === 1;
  const { traffic, doubt } = entryTraffic(entry, cidrs[0]?.family ?? 'ipv4');
  const why = isKnown
    ? doubt
    : entry.label(number === undefined ? 'rule_no' : action === undefined ? 'action' : 'cidr_block');
  if (number !== undefined && (number < ENTRY_NUMBERS.from || number > ENTRY_NUMBERS.to)) return [];
  return directions.flatMap((direction) =>
    (cidrs.length === 0 ? families.map(anyCidr) : cidrs).flatMap((cidr) =>
      (action === undefined ? (['allow', 'deny'] as const) : ([action] as const)).map((one): AclEntry => ({
        number: number ?? ENTRY_NUMBERS.from,
        direction,
        action: one,
        cidr,
        traffic,
        ...(why === undefined ? {} : { doubt: why }),
      })),
    ),
  );
}

function entryTraffic(entry: Attributes, family: Family): { readonly traffic: Traffic; readonly doubt?: string } {
  const word =
    entry.text('protocol') ?? (entry.number('protocol') === undefined ? undefined : String(entry.number('protocol')));
  const names: Readonly<Record<string, string>> = { all: '-1', tcp: '6', udp: '17', icmp: '1', icmpv6: '58' };
  const protocol = word === undefined ? undefined : (names[word.toLowerCase()] ?? word);
  if (protocol === undefined) return { traffic: ALL_TRAFFIC, doubt: entry.label('protocol') };
  const isIcmp = protocol === '1' || (protocol === '58' && family === 'ipv6');
  const [from, to] = isIcmp ? ['icmp_type', 'icmp_code'] : ['from_port', 'to_port'];
  const isOpen = [from, to].some((name) => entry.hasUnknown(name) && entry.isDeclared(name) !== false);
  const read = awsTraffic(
    protocol,
    entry.number(from) ?? (isIcmp ? -1 : undefined),
    protocol === '58' && !isIcmp ? -1 : (entry.number(to) ?? (isIcmp ? -1 : undefined)),
  );
  if (read.ok && !isOpen) return { traffic: read.value };
  const wide = awsTraffic(protocol, isIcmp ? -1 : 0, isIcmp ? -1 : 65_535);
  return { traffic: wide.ok ? wide.value : ALL_TRAFFIC, doubt: entry.label(from) };
}
