// Worlds that change at random, with what a host's view is made of: few ids and addresses, so that everything meets everything.
import type { Random } from '../../bench/random.ts';
import { type Address, parseAddress } from '../../src/core/net/address.ts';
import { type Cidr, parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { recordChange } from '../../src/core/model/change.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import { type AclId, asId } from '../../src/core/model/ids.ts';
import type { Kind, Records } from '../../src/core/model/records.ts';
import type { Peer, SecurityGroup } from '../../src/core/model/security-group.ts';
import type { Subnet, Vpc } from '../../src/core/model/vpc.ts';
import { applyChange, getRecord, indexedCount, listRecords, type World, worldOf } from '../../src/core/model/world.ts';

const OWNER = '111122223333';
const VPCS = ['vpc-1', 'vpc-2'];
const GROUPS = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5'];
const LISTS = ['pl-1', 'pl-2'];
const ACLS = ['acl-1', 'acl-2', 'acl-3'];
const SUBNETS = ['subnet-1', 'subnet-2', 'subnet-3'];
export const ENIS: readonly string[] = Array.from({ length: 9 }, (_, index) => `eni-${index + 1}`);
export const INSTANCES: readonly string[] = ['i-1', 'i-2', 'i-3'];
const ADDRESSES = ['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.7', '2001:db8::5', '2001:db8::6'];
const PREFIXES = ['10.0.9.0/28', '2001:db8:0:0:1::/80'];

const address = (text: string): Address => expectOk(parseAddress(text));
const cidr = (text: string): Cidr => expectOk(parseCidr(text));

/** The world with one record put, or taken away. */
export function put<K extends Kind>(world: World, kind: K, id: string, record?: Records[K]): World {
  return applyChange(world, recordChange(kind, getRecord(world, kind, id), record));
}

/** A world to begin with: both VPCs, and groups that may be carried in either. */
export function firstWorld(): World {
  return worldOf({
    vpcs: VPCS.map((id) => vpc(id)),
    acls: ACLS.map((id) => ({ id: asId(id), vpcId: asId('vpc-1'), isDefault: false, entries: [], tags: [] })),
    subnets: SUBNETS.map((id, index) => subnet(id, ACLS[index])),
    prefixLists: LISTS.map((id) => list(id, [])),
    groups: GROUPS.map((id) => group(id, [])),
    groupAssociations: GROUPS.map((id) => ({
      id: `${id}/vpc-2`,
      groupId: asId(id),
      vpcId: asId('vpc-2'),
      state: 'associated',
    })),
  });
}

/** One change. What others name stays, so that every reference resolves. */
export function changeAtRandom(random: Random, world: World): World {
  const change = random.weighted([
    [6, changeEni],
    [4, changeGroup],
    [1, changeSubnet],
    [1, changeAcl],
    [1, changeList],
    [1, (_: Random, before: World): World => put(before, 'vpcs', 'vpc-1', vpc('vpc-1', random.between(1, 9)))],
  ]);
  return change(random, world);
}

function changeEni(random: Random, world: World): World {
  const id = random.pick(ENIS);
  if (random.chance(0.25)) return getRecord(world, 'enis', id) === undefined ? world : put(world, 'enis', id);
  const groups = [...listRecords(world, 'groups')].map((one) => one.id);
  return put(world, 'enis', id, eni(random, id, some(random, groups)));
}

function changeGroup(random: Random, world: World): World {
  const id = random.pick(GROUPS);
  const isFree = getRecord(world, 'groups', id) !== undefined && indexedCount(world, 'enisByGroup', id) === 0;
  if (isFree && random.chance(0.3)) return put(world, 'groups', id);
  const lists = [...listRecords(world, 'prefixLists')].map((one) => one.id);
  const peers: readonly Peer[] = [
    ...some(random, GROUPS).map((one): Peer => ({ kind: 'group', groupId: asId(one) })),
    ...some(random, lists).map((one): Peer => ({ kind: 'prefix-list', prefixListId: one })),
    { kind: 'cidr', cidr: cidr(random.pick(PREFIXES)) },
  ];
  return put(world, 'groups', id, group(id, peers));
}

function changeSubnet(random: Random, world: World): World {
  const acls = aclIds(world);
  const id = random.pick(SUBNETS);
  return put(world, 'subnets', id, subnet(id, random.chance(0.9) ? random.pick(acls) : undefined));
}

function changeAcl(random: Random, world: World): World {
  const id = random.pick(ACLS);
  const isNamed = [...listRecords(world, 'subnets')].some((one) => one.networkAcl?.aclId === id);
  if (!isNamed && getRecord(world, 'acls', id) !== undefined && random.chance(0.3)) return put(world, 'acls', id);
  const entry = { number: random.between(1, 3), direction: 'ingress', action: 'deny' } as const;
  return put(world, 'acls', id, {
    id: asId<AclId>(id),
    vpcId: asId('vpc-1'),
    isDefault: false,
    entries: [{ ...entry, cidr: cidr('10.0.0.0/8'), traffic: { kind: 'all' } }],
    tags: [],
  });
}

function changeList(random: Random, world: World): World {
  const id = random.pick(LISTS);
  const isNamed = indexedCount(world, 'groupsByReference', id) > 0;
  if (!isNamed && getRecord(world, 'prefixLists', id) !== undefined && random.chance(0.3))
    return put(world, 'prefixLists', id);
  return put(world, 'prefixLists', id, list(id, some(random, PREFIXES)));
}

function aclIds(world: World): readonly Records['acls']['id'][] {
  return [...listRecords(world, 'acls')].map((one) => one.id);
}

function some<T>(random: Random, values: readonly T[]): readonly T[] {
  return values.filter(() => random.chance(0.35));
}

/** An interface of which chance decides the rest. */
export function eni(random: Random, id: string, groups: readonly SecurityGroup['id'][]): Eni {
  const held = some(random, ADDRESSES);
  return {
    id: asId(id),
    vpcId: asId(random.pick(VPCS)),
    subnetId: asId(random.pick(SUBNETS)),
    ownerId: OWNER,
    groups,
    addresses: held.map((text, index) => ({ address: address(text), isPrimary: index === 0 })),
    prefixes: some(random, PREFIXES.slice(0, 2)).map(cidr),
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: 'made by chance',
    ...(random.chance(0.6) ? { attachment: { instanceId: asId(random.pick(INSTANCES)), deviceIndex: 0 } } : {}),
    timeouts: {},
    tags: [],
  };
}

function group(id: string, peers: readonly Peer[]): SecurityGroup {
  return {
    id: asId(id),
    vpcId: asId('vpc-1'),
    ownerId: OWNER,
    name: id,
    description: 'a group; "quoted" \n and } more',
    rules: peers.map((peer, index) => ({
      id: asId(`sgr-${id}-${index}`),
      direction: index % 2 === 0 ? 'ingress' : 'egress',
      traffic: index % 3 === 0 ? { kind: 'tcp', ports: { from: 1, to: 9 } } : { kind: 'icmp', type: 8, code: 'any' },
      peer,
      tags: [],
    })),
    tags: [{ key: 'Name', value: id }],
  };
}

function vpc(id: string, length = 8): Vpc {
  return { id: asId(id), ownerId: OWNER, isDefault: false, cidrs: [cidr(`10.0.0.0/${length}`)], tags: [] };
}

function subnet(id: string, aclId: string | undefined): Subnet {
  return {
    id: asId(id),
    vpcId: asId('vpc-1'),
    cidrs: [cidr('10.0.0.0/24')],
    ...(aclId === undefined ? {} : { networkAcl: { associationId: `a-${id}`, aclId: asId(aclId) } }),
    mapPublicIpOnLaunch: false,
    assignIpv6OnCreation: false,
    tags: [],
  };
}

function list(id: string, prefixes: readonly string[]): Records['prefixLists'] {
  return {
    id: asId(id),
    name: id,
    ownerId: OWNER,
    family: 'ipv4',
    entries: prefixes.map((text) => ({ cidr: cidr(text) })),
    versions: [{ version: 1, entries: [] }],
    version: 1,
    state: 'create-complete',
    tags: [],
  };
}
