import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Address, parseAddress } from '../net/address.ts';
import { type Cidr, parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import { ALL_TRAFFIC } from '../net/traffic.ts';
import { type Change, isEmptyChange, recordChange, reverseChange, squashChanges } from './change.ts';
import type { Eni } from './eni.ts';
import type { NatGateway, PeeringConnection, PeeringSide } from './gateway.ts';
import { asId } from './ids.ts';
import { INDEXES, type IndexName } from './indexes.ts';
import { type Kind, KINDS, type Records } from './records.ts';
import type { Peer, SecurityGroup } from './security-group.ts';
import { changedKeys, type Table, tableGet } from './table.ts';
import type { Subnet } from './vpc.ts';
import {
  applyChange,
  applyToRecords,
  changeBetween,
  eniAt,
  getRecord,
  indexedCount,
  indexedId,
  indexedIds,
  listRecords,
  rebuildWorld,
  type World,
  worldOf,
} from './world.ts';

const address = (text: string): Address => expectOk(parseAddress(text));
const cidr = (text: string): Cidr => expectOk(parseCidr(text));

type EniWish = {
  readonly vpc?: string;
  readonly subnet?: string;
  readonly groups?: readonly string[];
  readonly addresses?: readonly string[];
  readonly prefixes?: readonly string[];
  readonly public?: string;
  readonly instance?: string;
};

function eni(id: string, wish: EniWish = {}): Eni {
  return {
    id: asId(id),
    vpcId: asId(wish.vpc ?? 'vpc-1'),
    subnetId: asId(wish.subnet ?? 'subnet-1'),
    ownerId: '1',
    groups: (wish.groups ?? []).map((name) => asId(name)),
    addresses: (wish.addresses ?? []).map((text, index) => ({
      address: address(text),
      isPrimary: index === 0,
      ...(wish.public === undefined || index > 0 ? {} : { public: { address: address(wish.public) } }),
    })),
    prefixes: (wish.prefixes ?? []).map(cidr),
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    ...(wish.instance === undefined ? {} : { attachment: { instanceId: asId(wish.instance), deviceIndex: 0 } }),
    timeouts: {},
    tags: [],
  };
}

function group(id: string, vpc: string, peers: readonly string[]): SecurityGroup {
  return {
    id: asId(id),
    vpcId: asId(vpc),
    ownerId: '1',
    name: id,
    description: '',
    rules: peers.map((text, index) => ({
      id: asId(`${id}.${index}`),
      direction: 'ingress',
      traffic: ALL_TRAFFIC,
      peer: peer(text),
      tags: [],
    })),
    tags: [],
  };
}

function peer(text: string): Peer {
  if (text.startsWith('sg-')) return { kind: 'group', groupId: asId(text) };
  if (text.startsWith('pl-')) return { kind: 'prefix-list', prefixListId: asId(text) };
  return { kind: 'cidr', cidr: cidr(text) };
}

function subnet(id: string, vpc: string): Subnet {
  return {
    id: asId(id),
    vpcId: asId(vpc),
    cidrs: [],
    mapPublicIpOnLaunch: false,
    assignIpv6OnCreation: false,
    tags: [],
  };
}

function nat(id: string, vpc: string, addresses: readonly string[]): NatGateway {
  return {
    id: asId(id),
    vpcId: asId(vpc),
    subnetId: asId('subnet-1'),
    connectivity: 'public',
    state: 'available',
    addresses: addresses.map((text, index) => ({
      private: address(text),
      ...(index === 0 ? { public: address('198.51.100.7') } : {}),
    })),
    tags: [],
  };
}

function side(home: string): PeeringSide {
  return { vpcId: asId(home), ownerId: '1', cidrs: [] };
}

function peering(id: string, requester: string, accepter: string): PeeringConnection {
  return { id: asId(id), status: 'active', requester: side(requester), accepter: side(accepter), tags: [] };
}

type Put = {
  readonly [K in Kind]: { readonly kind: K; readonly id: string; readonly record: Records[K] | undefined };
}[Kind];

const vpc = fc.constantFrom('vpc-1', 'vpc-2');
const groupName = fc.constantFrom('sg-1', 'sg-2', 'sg-3');
const someAddress = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.200', '2001:db8::1', '2001:db8::2');
const listOf = (of: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> => fc.array(of, { maxLength: 4 });

/** Few ids and few values, so that records come, change, share index keys, name a key twice, and go. */
const somePut: fc.Arbitrary<Put> = fc.oneof(
  fc
    .record({
      id: fc.constantFrom('eni-1', 'eni-2', 'eni-3', 'eni-4'),
      vpc,
      subnet: fc.constantFrom('subnet-1', 'subnet-2'),
      groups: listOf(groupName),
      addresses: listOf(someAddress),
      prefixes: listOf(fc.constantFrom('10.0.0.192/28', '2001:db8:0:0:8::/80')),
      public: fc.constantFrom('198.51.100.7', '198.51.100.8'),
      instance: fc.constantFrom('i-1', 'i-2'),
    })
    .map(({ id, ...wish }): Put => ({ kind: 'enis', id, record: eni(id, wish) })),
  fc
    .tuple(groupName, vpc, listOf(fc.constantFrom('sg-1', 'sg-2', 'pl-1', '10.0.0.0/8')))
    .map(([id, home, peers]): Put => ({ kind: 'groups', id, record: group(id, home, peers) })),
  fc
    .tuple(fc.constantFrom('nat-1', 'nat-2'), vpc, listOf(someAddress))
    .map(([id, home, addresses]): Put => ({ kind: 'natGateways', id, record: nat(id, home, addresses) })),
  fc
    .tuple(fc.constantFrom('pcx-1', 'pcx-2'), vpc, vpc)
    .map(([id, from, to]): Put => ({ kind: 'peerings', id, record: peering(id, from, to) })),
  fc
    .tuple(fc.constantFrom('subnet-1', 'subnet-2'), vpc)
    .map(([id, home]): Put => ({ kind: 'subnets', id, record: subnet(id, home) })),
  fc.tuple(fc.constantFrom('igw-1', 'igw-2'), fc.option(vpc, { nil: undefined })).map(([id, home]): Put => ({
    kind: 'internetGateways',
    id,
    record: { id: asId(id), ...(home === undefined ? {} : { vpcId: asId(home) }), tags: [] },
  })),
  fc.tuple(groupName, vpc).map(([name, home]): Put => ({
    kind: 'groupAssociations',
    id: `${name}/${home}`,
    record: { id: `${name}/${home}`, groupId: asId(name), vpcId: asId(home), state: 'associated' },
  })),
  fc.constantFrom('eni-1', 'eni-2', 'eni-3').map((id): Put => ({ kind: 'enis', id, record: undefined })),
  groupName.map((id): Put => ({ kind: 'groups', id, record: undefined })),
  fc.constantFrom('nat-1', 'nat-2').map((id): Put => ({ kind: 'natGateways', id, record: undefined })),
  fc.constantFrom('pcx-1', 'pcx-2').map((id): Put => ({ kind: 'peerings', id, record: undefined })),
);
const puts = fc.array(somePut, { maxLength: 40 });

function changeTo<K extends Kind>(
  world: World,
  put: { readonly kind: K; readonly id: string; readonly record: Records[K] | undefined },
): Change {
  return recordChange(put.kind, getRecord(world, put.kind, put.id), put.record);
}

/** The worlds of a sequence and the changes between them. */
function history(all: readonly Put[]): { readonly worlds: readonly World[]; readonly changes: readonly Change[] } {
  const worlds = [worldOf({})];
  const changes: Change[] = [];
  for (const put of all) {
    const world = worlds.at(-1)!;
    const change = changeTo(world, put);
    changes.push(change);
    worlds.push(applyChange(world, change));
  }
  return { worlds, changes };
}

type Content = Pick<World, 'records' | 'indexes'>;

function content({ records, indexes }: World): Content {
  return { records, indexes };
}

test('indexes kept through any sequence of changes are what recomputing gives', () => {
  fc.assert(
    fc.property(puts, (all) => {
      const { worlds } = history(all);
      for (const [step, world] of worlds.entries()) {
        assert.equal(world.revision, step);
        assert.deepEqual(world.indexes, rebuildWorld(world).indexes);
      }
    }),
    { numRuns: 150 },
  );
});

test('a world from lists is the world that the same records came to one by one', () => {
  fc.assert(
    fc.property(puts, (all) => {
      const last = history(all).worlds.at(-1)!;
      const lists = Object.fromEntries(KINDS.map((kind) => [kind, [...listRecords(last, kind)]]));
      assert.deepEqual(content(worldOf(lists)), content(last));
    }),
    { numRuns: 100 },
  );
});

test('one squashed change does what the sequence did, and its reverse undoes it', () => {
  fc.assert(
    fc.property(puts, puts, (earlier, later) => {
      const base = history(earlier).worlds.at(-1)!;
      let world = base;
      let all: Change = {};
      for (const put of later) {
        const change = changeTo(world, put);
        world = applyChange(world, change);
        all = squashChanges(all, change);
      }
      assert.deepEqual(content(applyChange(base, all)), content(world));
      assert.deepEqual(content(applyChange(world, reverseChange(all))), content(base));
      assert.deepEqual(reverseChange(reverseChange(all)), all);
      assert.ok(isEmptyChange(squashChanges(all, reverseChange(all))));
    }),
    { numRuns: 150 },
  );
});

test('a change of records alone leads to the same world', () => {
  fc.assert(
    fc.property(puts, puts, (earlier, later) => {
      const base = history(earlier).worlds.at(-1)!;
      let [world, plain] = [base, base];
      for (const put of later) {
        const change = changeTo(world, put);
        [world, plain] = [applyChange(world, change), applyToRecords(plain, change)];
        assert.deepEqual(content(plain), content(world));
      }
    }),
    { numRuns: 100 },
  );
});

test('squashing is associative', () => {
  fc.assert(
    fc.property(puts, (all) => {
      const { changes } = history(all);
      const left = changes.reduce(squashChanges, {});
      const right = changes.reduceRight((sofar, change) => squashChanges(change, sofar), {});
      assert.deepEqual(content(applyChange(worldOf({}), left)), content(applyChange(worldOf({}), right)));
    }),
    { numRuns: 50 },
  );
});

test('the change between two worlds leads from one to the other', () => {
  fc.assert(
    fc.property(puts, puts, (earlier, later) => {
      const before = history(earlier).worlds.at(-1)!;
      const after = later.reduce((world, put) => applyChange(world, changeTo(world, put)), before);
      assert.deepEqual(content(applyChange(before, changeBetween(before, after))), content(after));
      assert.ok(isEmptyChange(changeBetween(after, after)));
    }),
    { numRuns: 100 },
  );
});

test('a change that does not start from the world is refused, and so is one that moves an id', () => {
  const first = eni('eni-1', { groups: ['sg-1'] });
  const other = eni('eni-1', { groups: ['sg-2'] });
  const world = worldOf({ enis: [first] });
  const misfits: readonly Change[] = [
    recordChange('enis', undefined, other), // adds what is there
    recordChange('enis', eni('eni-2'), undefined), // removes what is not there
    recordChange('enis', eni('eni-2'), eni('eni-2', { groups: ['sg-1'] })), // updates what is not there
    recordChange('enis', other, eni('eni-1')), // updates another state than the world's
    recordChange('enis', { ...first, attachment: { deviceIndex: 0 } }, undefined), // removes one with a field more
    recordChange('enis', other, undefined), // removes another state than the world's
    { enis: { added: [], updated: [[first, eni('eni-9')]], removed: [] } }, // would leave eni-1 holding eni-9
  ];
  for (const change of misfits)
    for (const apply of [applyChange, applyToRecords])
      assert.throws(() => apply(world, change), /change does not fit the world: enis eni-/);
});

test('a change that was written down and read back still fits', () => {
  const world = worldOf({ enis: [eni('eni-1', { groups: ['sg-1'], addresses: ['10.0.0.1'] })] });
  const change = recordChange('enis', getRecord(world, 'enis', 'eni-1'), eni('eni-1', { groups: ['sg-2'] }));
  const after = applyChange(world, structuredClone(change));
  assert.deepEqual([...indexedIds(after, 'enisByGroup', 'sg-1')], []);
  assert.deepEqual([...indexedIds(after, 'enisByGroup', 'sg-2')], ['eni-1']);
});

test('a record that names one key twice is filed once and goes without a trace', () => {
  const twice = group('sg-1', 'vpc-1', ['sg-2', '10.0.0.0/8', 'sg-2', 'pl-1', 'pl-1']);
  const world = worldOf({ groups: [twice], peerings: [peering('pcx-1', 'vpc-1', 'vpc-1')] });
  assert.deepEqual([...indexedIds(world, 'groupsByReference', 'sg-2')], ['sg-1']);
  assert.equal(indexedCount(world, 'groupsByReference', 'pl-1'), 1);
  assert.equal(indexedCount(world, 'peeringsByVpc', 'vpc-1'), 1);
  const without = applyChange(world, recordChange('groups', twice, undefined));
  assert.equal(indexedCount(without, 'groupsByReference', 'sg-2'), 0);
  assert.deepEqual(without.indexes.groupsByReference, worldOf({}).indexes.groupsByReference);
});

test('an old world stays as it was', () => {
  const before = worldOf({ enis: [eni('eni-1', { groups: ['sg-1'] })] });
  const after = applyChange(before, recordChange('enis', getRecord(before, 'enis', 'eni-1'), undefined));
  assert.equal(before.revision, 0);
  assert.deepEqual([...indexedIds(before, 'enisByGroup', 'sg-1')], ['eni-1']);
  assert.equal(getRecord(after, 'enis', 'eni-1'), undefined);
  assert.equal(indexedId(after, 'enisByGroup', 'sg-1'), undefined);
});

test('missing kinds stay missing through changes', () => {
  const world = worldOf({}, ['acls']);
  const after = applyChange(world, recordChange('enis', undefined, eni('eni-1')));
  assert.deepEqual([...after.missing], ['acls']);
});

test('an ENI is found by each of its addresses and by those of its delegated prefixes, in its own VPC only', () => {
  const world = worldOf({
    enis: [
      eni('eni-1', {
        addresses: ['10.0.0.5', '10.0.0.6', '2001:db8::5'],
        prefixes: ['10.0.0.64/28', '2001:db8:0:0:7::/80'],
      }),
      eni('eni-2', { vpc: 'vpc-2', addresses: ['10.0.0.5'] }),
    ],
  });
  const at = (home: string, text: string): string | undefined => eniAt(world, asId(home), address(text))?.id;
  for (const text of ['10.0.0.5', '10.0.0.6', '2001:db8::5', '10.0.0.64', '10.0.0.79', '2001:db8::7:ffff:ffff:ffff'])
    assert.equal(at('vpc-1', text), 'eni-1', text);
  for (const text of ['10.0.0.7', '10.0.0.63', '10.0.0.80', '2001:db8::8:0:0:0'])
    assert.equal(at('vpc-1', text), undefined, text);
  assert.equal(at('vpc-2', '10.0.0.5'), 'eni-2');
  assert.equal(at('vpc-2', '10.0.0.64'), undefined);
});

test('public addresses and NAT gateways are found by the addresses that stand for them', () => {
  const world = worldOf({
    enis: [eni('eni-1', { addresses: ['10.0.0.5', '2001:db8::5'], public: '198.51.100.10' })],
    natGateways: [nat('nat-1', 'vpc-1', ['10.0.0.9', '10.0.0.10'])],
  });
  assert.equal(indexedId(world, 'enisByPublicAddress', '198.51.100.10'), 'eni-1');
  assert.equal(indexedId(world, 'enisByPublicAddress', '2001:db8::5'), 'eni-1');
  assert.equal(indexedId(world, 'enisByPublicAddress', '10.0.0.5'), undefined);
  assert.equal(indexedId(world, 'natGatewaysByAddress', 'vpc-1 10.0.0.10'), 'nat-1');
  assert.equal(indexedId(world, 'natGatewaysByAddress', '198.51.100.7'), 'nat-1');
});

test('one change in a world of 100,000 ENIs makes few nodes, and all else is shared', () => {
  const enis = Array.from({ length: 100_000 }, (_, index) =>
    eni(`eni-${index}`, {
      subnet: `subnet-${index % 500}`,
      groups: [`sg-${index % 1000}`],
      addresses: [`10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`],
    }),
  );
  const world = worldOf({ enis });
  const after = applyChange(
    world,
    recordChange('enis', enis[70_000], { ...enis[70_000]!, groups: [asId('sg-1'), asId('sg-2')] }),
  );
  assert.equal(freshTables(world.records, after.records), 1);
  assert.equal(freshTables(world.indexes, after.indexes), 1);
  assert.ok(freshNodes(world.records.enis.root, after.records.enis.root) <= 5);
  assert.ok(freshIndexNodes(world.indexes.enisByGroup, after.indexes.enisByGroup) <= 20);
  for (const name of Object.keys(INDEXES) as IndexName[])
    if (name !== 'enisByGroup') assert.equal(after.indexes[name], world.indexes[name]);
});

type Node = Table<unknown>['root'];

/** How many of the tables are not the very same. */
function freshTables(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): number {
  return Object.keys(after).filter((name) => before[name] !== after[name]).length;
}

/** Nodes of `after` that `before` does not have at the same place. */
function freshNodes(before: Node | undefined, after: Node | undefined): number {
  if (after === undefined || before === after) return 0;
  if (!('children' in after)) return 1;
  const old = before !== undefined && 'children' in before ? before.children : [];
  return after.children.reduce((sum, child, slot) => sum + freshNodes(old[slot], child), 1);
}

/** Fresh nodes of an index and of the buckets in it. */
function freshIndexNodes(before: Table<Table<true>>, after: Table<Table<true>>): number {
  return changedKeys(before, after).reduce(
    (sum, key) => sum + freshNodes(tableGet(before, key)?.root, tableGet(after, key)?.root),
    freshNodes(before.root, after.root),
  );
}
