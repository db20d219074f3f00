// Random walks through hostile worlds: every record that a layout reads comes, goes, comes back under its id and becomes something else, by itself and with others.
import type { Random } from '../../bench/random.ts';
import { type Change, recordChange } from '../../src/core/model/change.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import { asId, type GroupId, type PrefixListId, type RuleId } from '../../src/core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../../src/core/model/network-acl.ts';
import type { Kind, Records } from '../../src/core/model/records.ts';
import type { Peer, Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import type { Address } from '../../src/core/net/address.ts';
import { ipv4, ipv6 } from '../../src/core/net/address.ts';
import { type Cidr, cidrOf, parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Traffic } from '../../src/core/net/traffic.ts';

/** What once was in a world, by kind and id: what is gone may come back. */
export type Attic = { readonly [K in Kind]?: readonly Records[K][] };

export function atticOf(world: World): Attic {
  return {
    groups: [...listRecords(world, 'groups')],
    enis: [...listRecords(world, 'enis')],
    acls: [...listRecords(world, 'acls')],
    prefixLists: [...listRecords(world, 'prefixLists')],
    subnets: [...listRecords(world, 'subnets')],
    vpcs: [...listRecords(world, 'vpcs')],
  };
}

type Step = (world: World, random: Random, attic: Attic) => Change;

const NOBODY = asId<GroupId>('sg-0000000000000dead');
const NO_LIST = asId<PrefixListId>('pl-0000000000000dead');

const CIDRS: readonly Cidr[] = [
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '2001:db8:1::/56',
  '203.0.113.0/24',
].map((text) => expectOk(parseCidr(text)));

function cidr(random: Random): Cidr {
  return random.chance(0.8) ? random.pick(CIDRS) : cidrOf(ipv4(0x0a00_0000 + random.below(4) * 256), 26);
}

function traffic(random: Random): Traffic {
  const from = random.pick([22, 80, 443, 1024]);
  return random.pick<Traffic>([
    { kind: 'all' },
    { kind: 'tcp', ports: { from, to: from } },
    { kind: 'udp', ports: { from, to: from } },
    { kind: 'tcp', ports: { from, to: from + random.pick([3, 7, 8, 4000]) } },
    { kind: 'udp', ports: { from: 1024, to: 65_535 } },
    { kind: 'tcp', ports: { from: 0, to: 65_535 } },
  ]);
}

function peer(world: World, random: Random): Peer {
  const groups = [...listRecords(world, 'groups')].map(({ id }) => id);
  const lists = [...listRecords(world, 'prefixLists')].map(({ id }) => id);
  return random.pick<() => Peer>([
    () => ({ kind: 'cidr', cidr: cidr(random) }),
    () => ({ kind: 'group', groupId: random.pick([...groups, NOBODY]) }),
    () => ({ kind: 'group', groupId: random.pick([...groups, NOBODY]) }),
    () => ({ kind: 'prefix-list', prefixListId: random.pick([...lists, NO_LIST]) }),
  ])();
}

function rule(world: World, random: Random): Rule {
  return {
    id: asId<RuleId>(
      `sgr-${random
        .below(2 ** 30)
        .toString(16)
        .padStart(17, '0')}`,
    ),
    direction: random.pick(['ingress', 'ingress', 'egress'] as const),
    traffic: traffic(random),
    peer: peer(world, random),
    tags: [],
    ...(random.chance(0.05) ? { doubt: 'whether it is there' } : {}),
  };
}

function address(random: Random): Address {
  return random.chance(0.6)
    ? ipv4(0x0a00_0100 + random.between(4, 40))
    : ipv6([0x2001_0db8, 0x0001_0000, 0, random.between(4, 40)]);
}

/** IPv6 prefixes of few places and of two lengths, so that they often overlap. */
function prefix(random: Random): Cidr {
  return random.chance(0.4)
    ? cidrOf(ipv4(0x0a00_0100 + random.between(0, 3) * 16), 28)
    : cidrOf(ipv6([0x2001_0db8, 0x0001_0000, random.between(0, 1), 0]), random.pick([80, 96]));
}

function entry(random: Random): AclEntry {
  return {
    number: random.between(1, 120),
    direction: random.pick(['ingress', 'egress'] as const),
    action: random.pick(['allow', 'allow', 'deny'] as const),
    traffic: traffic(random),
    cidr: cidr(random),
    ...(random.chance(0.05) ? { doubt: 'whether it is there' } : {}),
  };
}

function one<K extends Kind>(world: World, kind: K, random: Random): Records[K] | undefined {
  const all = [...listRecords(world, kind)];
  return all.length === 0 ? undefined : random.pick(all);
}

/** A step that makes something else of one record. */
function of<K extends Kind>(
  kind: K,
  to: (record: Records[K], random: Random, world: World, attic: Attic) => Records[K] | undefined,
): Step {
  return (world, random, attic) => {
    const record = one(world, kind, random);
    return record === undefined ? {} : recordChange(kind, record, to(record, random, world, attic));
  };
}

/** Something that is gone comes back as it once was, or as it was and something else. */
function back<K extends Kind>(
  kind: K,
  as: (record: Records[K], random: Random, world: World) => Records[K] = (record) => record,
): Step {
  return (world, random, attic) => {
    const known: readonly Records[K][] | undefined = attic[kind];
    const gone = (known ?? []).filter(({ id }) => getRecord(world, kind, id) === undefined);
    return gone.length === 0 ? {} : recordChange(kind, undefined, as(random.pick(gone), random, world));
  };
}

const entriesOf = (acl: NetworkAcl, entries: readonly AclEntry[]): NetworkAcl => {
  const byPlace = new Map(entries.map((each) => [`${each.direction} ${each.number}`, each]));
  return { ...acl, entries: sortEntries([...byPlace.values()]) };
};

const eni = (to: (eni: Eni, random: Random, world: World, attic: Attic) => Partial<Eni>): Step =>
  of('enis', (record, random, world, attic) => ({ ...record, ...to(record, random, world, attic) }));

const group = (to: (group: SecurityGroup, random: Random, world: World) => readonly Rule[]): Step =>
  of('groups', (record, random, world) => ({ ...record, rules: to(record, random, world) }));

/** What may happen to a world. */
export const STEPS: Readonly<Record<string, Step>> = {
  'a rule comes': group(({ rules }, random, world) => [...rules, rule(world, random)]),
  'a rule goes': group(({ rules }, random) => rules.toSpliced(random.below(rules.length + 1), 1)),
  'rules change places': group(({ rules }) => rules.toReversed()),
  'a rule gets another name': group(({ rules }, random, world) =>
    rules.map((each, at) => (at === 0 ? { ...each, id: rule(world, random).id } : each)),
  ),
  'a rule is about something else': group(({ rules }, random, world) =>
    rules.map((each, at) => (at === 0 ? { ...rule(world, random), id: each.id } : each)),
  ),
  'a group names itself': group((own, random, world) => [
    ...own.rules,
    { ...rule(world, random), peer: { kind: 'group', groupId: own.id } },
  ]),
  'a group has no rules': group(() => []),
  'a group says the same in another record': of('groups', (record) => ({
    ...record,
    description: `${record.description} `,
  })),
  'a group goes': of('groups', () => undefined),
  'a group comes back': back('groups'),
  'a group comes back as another': back('groups', (record, random, world) => ({
    ...record,
    rules: [rule(world, random)],
  })),
  'a list holds something else': of('prefixLists', (record, random) => ({
    ...record,
    entries: Array.from({ length: random.between(0, 3) }, () => ({ cidr: cidr(random) })).filter(
      (each) => each.cidr.family === record.family,
    ),
  })),
  'a list is of the other family': of('prefixLists', (record) => ({
    ...record,
    family: record.family === 'ipv4' ? 'ipv6' : 'ipv4',
    entries: [],
  })),
  'a list is not known': of('prefixLists', (record) => {
    const { entries: _, ...rest } = record;
    return rest;
  }),
  'a list goes': of('prefixLists', () => undefined),
  'a list comes back': back('prefixLists'),
  'an interface has other groups': eni((_, random, world) => ({
    groups: random.sample([...[...listRecords(world, 'groups')].map(({ id }) => id), NOBODY], random.between(0, 3)),
  })),
  'an interface has its groups in another order': eni(({ groups }) => ({ groups: groups.toReversed() })),
  'an interface has the groups of another': eni((_, random, world) => ({
    groups: one(world, 'enis', random)?.groups ?? [],
  })),
  'groups of an interface are in doubt': of('enis', ({ groupDoubt, ...record }) =>
    groupDoubt === undefined ? { ...record, groupDoubt: 'which' } : record,
  ),
  'an interface has another address': eni(({ addresses }, random) => ({
    addresses: [...addresses.slice(0, random.between(0, 2)), { address: address(random), isPrimary: false }],
  })),
  'an interface has no addresses': eni(() => ({ addresses: [] })),
  'an interface has the addresses of another': eni((_, random, world) => {
    const { addresses = [], prefixes = [] } = one(world, 'enis', random) ?? {};
    return { addresses, prefixes };
  }),
  'an interface has another prefix': eni(({ prefixes }, random) => ({
    prefixes: random.chance(0.4) ? [] : [...prefixes.slice(0, 2), prefix(random)],
  })),
  'an interface checks no source, or does': eni(({ sourceDestCheck }) => ({ sourceDestCheck: !sourceDestCheck })),
  'an interface is of another type': eni((_, random) => ({
    interfaceType: random.pick([
      'interface',
      'interface',
      'lambda',
      'network_load_balancer',
      'transit_gateway',
      'nat_gateway',
    ]),
  })),
  'no group filters an interface': of('enis', (record) => {
    const { groupDoubt: _, ...rest } = record;
    return { ...rest, groups: [], interfaceType: 'transit_gateway' };
  }),
  'an interface has timeouts of its own, or none': eni(({ timeouts }, random) => ({
    timeouts: Object.keys(timeouts).length > 0 ? {} : { udpSeconds: random.between(30, 32) },
  })),
  'an interface is attached anew': eni((_, random) => ({
    attachment: { deviceIndex: 0, attachmentId: `eni-attach-${random.below(4)}` },
  })),
  'an interface is in another subnet': eni((own, random, world) => {
    const subnet = one(world, 'subnets', random);
    return subnet?.vpcId === own.vpcId ? { subnetId: subnet.id } : {};
  }),
  'an interface is as it once was': eni(
    (own, _random, _world, { enis = [] }) => enis.find(({ id }) => id === own.id) ?? {},
  ),
  'an interface has another name': eni(({ description }) => ({ description: `${description} ` })),
  'an interface goes': of('enis', () => undefined),
  'an interface comes back': back('enis'),
  'an interface comes back as another': back('enis', (record, random) => ({
    ...record,
    addresses: [{ address: address(random), isPrimary: true }],
    prefixes: [],
  })),
  'an entry comes': of('acls', (record, random) => entriesOf(record, [...record.entries, entry(random)])),
  'an entry goes': of('acls', (record, random) =>
    entriesOf(record, record.entries.toSpliced(random.below(record.entries.length + 1), 1)),
  ),
  'entries get other numbers': of('acls', (record, random) =>
    entriesOf(
      record,
      record.entries.map((each) => ({ ...each, number: each.number + random.between(0, 2) })),
    ),
  ),
  'a NACL lets everything pass': of('acls', (record) =>
    entriesOf(
      record,
      (['ingress', 'egress'] as const).flatMap((direction) =>
        CIDRS.slice(0, 2).map((any, at): AclEntry => ({
          number: 100 + at,
          direction,
          action: 'allow',
          traffic: { kind: 'all' },
          cidr: any,
        })),
      ),
    ),
  ),
  'a NACL has no entries': of('acls', (record) => entriesOf(record, [])),
  'a NACL goes': of('acls', () => undefined),
  'a NACL comes back': back('acls'),
  'a subnet has another NACL': of('subnets', (record, random, world) => {
    const acl = one(world, 'acls', random);
    return acl === undefined ? record : { ...record, networkAcl: { associationId: 'aclassoc-1', aclId: acl.id } };
  }),
  'a subnet has other prefixes': of('subnets', (record, random, _world, { subnets = [] }) => ({
    ...record,
    cidrs: random.chance(0.5) ? record.cidrs.slice(0, 1) : (subnets.find(({ id }) => id === record.id)?.cidrs ?? []),
  })),
  'a subnet goes': of('subnets', () => undefined),
  'a subnet comes back': back('subnets'),
};
