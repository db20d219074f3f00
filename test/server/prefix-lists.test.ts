// Managed prefix lists through AWS's client: versions, sizes, what refers to them, and the lists that AWS keeps.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { parseAddress } from '../../src/core/net/address.ts';
import { parseCidr } from '../../src/core/net/cidr.ts';
import { packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { RouteTable } from '../../src/core/model/route-table.ts';
import { recordsOf } from '../../src/server/control/estate.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { REALM, refusedWith, type TestApi, testApi } from './api-client.ts';
import { authorize, freshApi, makeGroup, tcp } from './groups-client.ts';
import { storeOf, THREE_VPCS, VPC } from './seed.ts';

async function makeList(
  { client }: TestApi,
  more: Partial<ec2.CreateManagedPrefixListRequest> = {},
): Promise<ec2.ManagedPrefixList> {
  const made = await client.send(
    new ec2.CreateManagedPrefixListCommand({
      PrefixListName: 'offices',
      AddressFamily: 'IPv4',
      MaxEntries: 10,
      ...more,
    }),
  );
  return made.PrefixList ?? assert.fail();
}

async function change({ client }: TestApi, input: ec2.ModifyManagedPrefixListRequest): Promise<ec2.ManagedPrefixList> {
  return (await client.send(new ec2.ModifyManagedPrefixListCommand(input))).PrefixList ?? assert.fail();
}

async function entries({ client }: TestApi, PrefixListId: string, TargetVersion?: number): Promise<readonly string[]> {
  const input = { PrefixListId, ...(TargetVersion === undefined ? {} : { TargetVersion }) };
  const found = await client.send(new ec2.GetManagedPrefixListEntriesCommand(input));
  return (found.Entries ?? []).map(({ Cidr, Description }) =>
    Description === undefined ? `${Cidr}` : `${Cidr} ${Description}`,
  );
}

async function lists(
  { client }: TestApi,
  input: ec2.DescribeManagedPrefixListsRequest = {},
): Promise<readonly ec2.ManagedPrefixList[]> {
  return (await client.send(new ec2.DescribeManagedPrefixListsCommand(input))).PrefixLists ?? assert.fail();
}

async function named(api: TestApi, name: string): Promise<ec2.ManagedPrefixList> {
  return (await lists(api, { Filters: [{ Name: 'prefix-list-name', Values: [name] }] }))[0] ?? assert.fail(name);
}

async function remove({ client }: TestApi, PrefixListId: string): Promise<ec2.ManagedPrefixList | undefined> {
  return (await client.send(new ec2.DeleteManagedPrefixListCommand({ PrefixListId }))).PrefixList;
}

function cidrs(count: number): ec2.AddPrefixListEntry[] {
  return Array.from({ length: count }, (_, index) => ({ Cidr: `10.${Math.floor(index / 256)}.${index % 256}.0/24` }));
}

/** A hundred entries with descriptions as long as they may be. */
function wordy(from: number): ec2.AddPrefixListEntry[] {
  return cidrs(1000)
    .slice(from, from + 100)
    .map((entry) => ({ ...entry, Description: '語'.repeat(255) }));
}

function ruleOn(PrefixListId: string, port = 22): ec2.IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, PrefixListIds: [{ PrefixListId }] };
}

const CLOUDFRONT = 'com.amazonaws.global.cloudfront.origin-facing';

describe('making prefix lists', () => {
  test('a new list is complete, at version 1; host bits are cleared', async () => {
    const api = await freshApi();
    const list = await makeList(api, {
      Entries: [{ Cidr: '10.0.0.7/24', Description: 'berlin' }, { Cidr: '10.1.0.0/24' }],
      TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'Name', Value: 'x' }] }],
    });
    const id = list.PrefixListId ?? assert.fail();
    assert.match(id, /^pl-0[0-9a-f]{16}$/);
    assert.deepEqual(list, {
      PrefixListId: id,
      AddressFamily: 'IPv4',
      State: 'create-complete',
      PrefixListArn: `arn:aws:ec2:eu-west-1:${REALM.accountId}:prefix-list/${id}`,
      PrefixListName: 'offices',
      MaxEntries: 10,
      Version: 1,
      Tags: [{ Key: 'Name', Value: 'x' }],
      OwnerId: REALM.accountId,
    });
    assert.deepEqual(await entries(api, id), ['10.0.0.0/24 berlin', '10.1.0.0/24']);
    assert.deepEqual(await lists(api, { PrefixListIds: [id] }), [list]);
    assert.deepEqual(await lists(api, { Filters: [{ Name: 'owner-id', Values: [REALM.accountId] }] }), [list]);
    assert.deepEqual(await lists(api, { Filters: [{ Name: 'tag:Name', Values: ['x'] }] }), [list]);
    await refusedWith(lists(api, { PrefixListIds: ['pl-0123'] }), 'InvalidPrefixListID.NotFound');
    await refusedWith(lists(api, { PrefixListIds: ['x'] }), 'InvalidPrefixListId.Malformed');
  });

  test('what a list must be', async () => {
    const api = await freshApi();
    const before = api.estate();
    const refused = async (
      more: Partial<ec2.CreateManagedPrefixListRequest>,
      code: string,
      message?: RegExp | string,
    ): Promise<void> => await refusedWith(makeList(api, more), code, message);
    const bad = 'InvalidParameterValue';
    await refused({ PrefixListName: 'com.amazonaws.x' }, bad, /cannot begin with/);
    await refused({ PrefixListName: '' }, 'MissingParameter');
    await refused({ PrefixListName: 'n'.repeat(256) }, bad);
    await refused({ AddressFamily: 'ipv4' }, bad, /AddressFamily/);
    await refused({ MaxEntries: 0 }, bad, 'Must specify a max size between 1 and 1000');
    await refused({ MaxEntries: 1001 }, bad, 'Must specify a max size between 1 and 1000');
    await refused({ MaxEntries: 200, Entries: cidrs(101) }, bad, /exceeds limit \(100\)/);
    await refused({ MaxEntries: 2, Entries: cidrs(3) }, 'PrefixListMaxEntriesExceeded');
    await refused({ Entries: [{ Cidr: '10.0.0.0/24' }, { Cidr: '10.0.0.9/24' }] }, bad, /more than once/);
    await refused({ Entries: [{ Cidr: '10.0.0.0' }] }, bad, /10\.0\.0\.0/);
    await refused({ Entries: [{ Cidr: '2001:db8::/32' }] }, bad, /IPv4/);
    await refused({ AddressFamily: 'IPv6', Entries: [{ Cidr: '10.0.0.0/8' }] }, bad, /IPv6/);
    await refused({ Entries: [{ Cidr: '10.0.0.0/8', Description: 'd'.repeat(256) }] }, bad, /255/);
    assert.equal(api.estate(), before);
    await makeList(api, {
      PrefixListName: 'com.amazonaws-probe',
      AddressFamily: 'IPv6',
      Entries: [{ Cidr: 'FD00::1/8' }],
    });
  });

  test('a realm has only so many lists of its own', async () => {
    const api = await testApi({ store: await storeOf(THREE_VPCS), limits: { prefixListsPerRegion: 2 } });
    const { PrefixListId: aws = '' } = await named(api, CLOUDFRONT);
    await authorize(api, await makeGroup(api), ruleOn(aws));
    await makeList(api);
    await makeList(api);
    await refusedWith(makeList(api), 'PrefixListLimitExceeded');
  });
});

describe('changing prefix lists', () => {
  test('entries make a version, a name or a size does not', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { Entries: cidrs(2) });
    const changed = await change(api, {
      PrefixListId,
      CurrentVersion: 1,
      PrefixListName: 'depots',
      AddEntries: [{ Cidr: '10.9.0.0/16', Description: 'new' }],
      RemoveEntries: [{ Cidr: '10.0.0.99/24' }],
    });
    assert.equal(changed.Version, 2);
    assert.equal(changed.State, 'modify-complete');
    assert.equal(changed.PrefixListName, 'depots');
    assert.deepEqual(await entries(api, PrefixListId), ['10.0.1.0/24', '10.9.0.0/16 new']);
    assert.deepEqual(await entries(api, PrefixListId, 1), ['10.0.0.0/24', '10.0.1.0/24']);
    assert.equal((await change(api, { PrefixListId, PrefixListName: 'shops' })).Version, 2);
    const larger = await change(api, { PrefixListId, MaxEntries: 20, CurrentVersion: 2 });
    assert.equal(larger.Version, 2);
    assert.equal(larger.MaxEntries, 20);
    // The same prefix with other words is the same entry.
    const again = await change(api, {
      PrefixListId,
      CurrentVersion: 2,
      AddEntries: [{ Cidr: '10.9.0.0/16', Description: 'old' }],
    });
    assert.equal(again.Version, 3);
    assert.deepEqual(await entries(api, PrefixListId), ['10.0.1.0/24', '10.9.0.0/16 old']);
  });

  test('what a change must be', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { Entries: cidrs(3), MaxEntries: 4 });
    const before = api.estate();
    const refused = async (
      input: Partial<ec2.ModifyManagedPrefixListRequest>,
      code: string,
      message?: RegExp | string,
    ): Promise<void> => await refusedWith(change(api, { PrefixListId, ...input }), code, message);
    const fresh = { Cidr: '10.9.0.0/16' };
    await refused(
      { CurrentVersion: 2, AddEntries: [fresh] },
      'PrefixListVersionMismatch',
      'The prefix list has the incorrect version number.',
    );
    await refused(
      { CurrentVersion: 1, AddEntries: [fresh], MaxEntries: 9 },
      'InvalidParameterCombination',
      'You cannot modify the entries and the maximum entries for the prefix list in the same request.',
    );
    await refused({}, 'InvalidRequest');
    await refused({ CurrentVersion: 1, AddEntries: [fresh, { Cidr: '10.8.0.0/16' }] }, 'PrefixListMaxEntriesExceeded');
    await refused(
      { CurrentVersion: 1, AddEntries: [{ Cidr: '10.0.0.0/24' }] },
      'InvalidPrefixListModification',
      /\(10\.0\.0\.0\/24\).* already exists\.$/,
    );
    await refused({ CurrentVersion: 1, RemoveEntries: [fresh] }, 'InvalidPrefixListModification', /does not exist\.$/);
    await refused(
      { CurrentVersion: 1, AddEntries: [{ Cidr: '10.0.0.0/24' }], RemoveEntries: [{ Cidr: '10.0.0.0/24' }] },
      'InvalidParameterValue',
      /in both AddPrefixListEntries and RemovePrefixListEntries/,
    );
    await refused(
      { CurrentVersion: 1, AddEntries: cidrs(101) },
      'InvalidParameterValue',
      /more than 100 entry additions/,
    );
    await refused({ CurrentVersion: 1, AddEntries: [fresh, fresh] }, 'InvalidParameterValue');
    await refused({ MaxEntries: 2 }, 'InvalidPrefixListModification');
    await refused({ MaxEntries: 1001 }, 'InvalidParameterValue');
    await refused({ PrefixListName: 'com.aws.x' }, 'InvalidParameterValue');
    await refused(
      { IpamPrefixListResolverSyncEnabled: true },
      'UnsupportedOperation',
      /IpamPrefixListResolverSyncEnabled/,
    );
    await refused({ PrefixListId: 'pl-0123', PrefixListName: 'x' }, 'InvalidPrefixListID.NotFound');
    assert.equal(api.estate(), before);
  });

  test('restoring makes the entries of an earlier version a new one', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { Entries: cidrs(3) });
    await change(api, { PrefixListId, CurrentVersion: 1, RemoveEntries: cidrs(2).map(({ Cidr }) => ({ Cidr })) });
    const restore = async (PreviousVersion: number, CurrentVersion: number): Promise<ec2.ManagedPrefixList> => {
      const input = { PrefixListId, PreviousVersion, CurrentVersion };
      const done = await api.client.send(new ec2.RestoreManagedPrefixListVersionCommand(input));
      return done.PrefixList ?? assert.fail();
    };
    await refusedWith(restore(1, 1), 'PrefixListVersionMismatch');
    await refusedWith(restore(7, 2), 'InvalidParameterValue');
    const restored = await restore(1, 2);
    assert.equal(restored.State, 'restore-complete');
    assert.equal(restored.Version, 3);
    assert.equal((await entries(api, PrefixListId)).length, 3);
    assert.deepEqual(await entries(api, PrefixListId, 2), ['10.0.2.0/24']);
    await change(api, { PrefixListId, CurrentVersion: 3, RemoveEntries: [{ Cidr: '10.0.0.0/24' }] });
    await change(api, { PrefixListId, MaxEntries: 2 });
    await refusedWith(restore(1, 4), 'PrefixListMaxEntriesExceeded');
  });

  test('of versions only the newest are kept, in records of their own', async () => {
    const api = await testApi({ store: await storeOf(THREE_VPCS), limits: { versionsPerPrefixList: 3 } });
    const { PrefixListId = '' } = await makeList(api);
    for (const [version, entry] of cidrs(4).entries())
      await change(api, { PrefixListId, CurrentVersion: version + 1, AddEntries: [entry] });
    await refusedWith(entries(api, PrefixListId, 2), 'InvalidParameterValue');
    assert.equal((await entries(api, PrefixListId, 3)).length, 2);
    const kept = [...recordsOf(api.estate(), 'prefixListVersions')];
    assert.deepEqual(new Set(kept.map(({ id }) => id)), new Set([`${PrefixListId}/3`, `${PrefixListId}/4`]));
    await remove(api, PrefixListId);
    assert.deepEqual([...recordsOf(api.estate(), 'prefixListVersions')], []);
  });

  test('descriptions beyond what one record holds are refused, and nothing is lost', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { MaxEntries: 1000 });
    let version = 1;
    for (; version <= 8; version += 1)
      await change(api, { PrefixListId, CurrentVersion: version, AddEntries: wordy(version * 100 - 100) });
    await refusedWith(
      change(api, { PrefixListId, CurrentVersion: version, AddEntries: wordy(800) }),
      'ResourceLimitExceeded',
      /768 KiB/,
    );
    assert.equal((await entries(api, PrefixListId)).length, 800);
  });

  test('entries come in pages', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { MaxEntries: 20, Entries: cidrs(7) });
    const first = await api.client.send(new ec2.GetManagedPrefixListEntriesCommand({ PrefixListId, MaxResults: 4 }));
    assert.equal(first.Entries?.length, 4);
    const second = await api.client.send(
      new ec2.GetManagedPrefixListEntriesCommand({ PrefixListId, MaxResults: 4, NextToken: first.NextToken }),
    );
    assert.equal(second.NextToken, undefined);
    assert.deepEqual(
      new Set([...first.Entries, ...(second.Entries ?? [])].map(({ Cidr }) => Cidr)),
      new Set(cidrs(7).map(({ Cidr }) => Cidr)),
    );
  });
});

/** A table of VPC with a route to a list, in a world before the API has actions for it. */
function tableWith(prefixListId: string, staticRoutes: number): RouteTable {
  return {
    id: asId('rtb-0a1'),
    vpcId: VPC.id,
    routes: [
      {
        destination: { kind: 'prefix-list', prefixListId: asId(prefixListId) },
        target: { kind: 'internet-gateway', id: asId('igw-0a1') },
        state: 'active',
        origin: 'static',
      },
      ...Array.from({ length: staticRoutes }, (_, index): RouteTable['routes'][number] => ({
        destination: { kind: 'cidr', cidr: expectOk(parseCidr(`198.51.${index}.0/24`)) },
        target: { kind: 'internet-gateway', id: asId('igw-0a1') },
        state: 'active',
        origin: 'static',
      })),
    ],
    tags: [],
  };
}

describe('what refers to prefix lists', () => {
  test('a list in use stays, and the answer says who uses it', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api);
    const group = await makeGroup(api);
    const [rule] = await authorize(api, group, ruleOn(PrefixListId));
    const { PrefixListAssociations: found } = await api.client.send(
      new ec2.GetManagedPrefixListAssociationsCommand({ PrefixListId }),
    );
    assert.deepEqual(found, [{ ResourceId: group, ResourceOwner: REALM.accountId }]);
    await refusedWith(remove(api, PrefixListId), 'DependencyViolation', /has dependencies and cannot be deleted\.$/);
    const answer = await api.send(`Action=DeleteManagedPrefixList&PrefixListId=${PrefixListId}`);
    assert.equal(answer.headers['x-crenel-held-by'], group);
    await api.client.send(
      new ec2.RevokeSecurityGroupIngressCommand({
        GroupId: group,
        SecurityGroupRuleIds: [rule?.SecurityGroupRuleId ?? assert.fail()],
      }),
    );
    assert.equal((await remove(api, PrefixListId))?.State, 'delete-complete');
    await refusedWith(remove(api, PrefixListId), 'InvalidPrefixListID.NotFound');
  });

  test('a size for which a group has no room is refused and names it; what was as large before is not', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await makeList(api, { MaxEntries: 10 });
    const [full, roomy] = [await makeGroup(api, 'full'), await makeGroup(api, 'roomy')];
    await authorize(api, full, ruleOn(PrefixListId), tcp(80, ...cidrs(45).map(({ Cidr = '' }) => Cidr)));
    await authorize(api, roomy, ruleOn(PrefixListId));
    assert.equal((await change(api, { PrefixListId, MaxEntries: 15 })).MaxEntries, 15);
    await refusedWith(change(api, { PrefixListId, MaxEntries: 16 }), 'PrefixListMaxEntriesExceeded', new RegExp(full));
    const answer = await api.send(`Action=ModifyManagedPrefixList&PrefixListId=${PrefixListId}&MaxEntries=16`);
    assert.equal(answer.headers['x-crenel-held-by'], full);
    assert.equal((await lists(api, { PrefixListIds: [PrefixListId] }))[0]?.MaxEntries, 15);
    await change(api, { PrefixListId, MaxEntries: 1 });
  });

  test('a route table counts as a group does', async () => {
    const seed = await freshApi();
    const { PrefixListId = '' } = await makeList(seed, { MaxEntries: 2 });
    const list = seed.estate().world.records.prefixLists;
    assert.equal(list.size, 1);
    const [record] = [...recordsOf(seed.estate(), 'prefixLists')];
    const store = await storeOf({
      ...THREE_VPCS,
      prefixLists: record === undefined ? [] : [record],
      routeTables: [tableWith(PrefixListId, 3)],
    });
    const api = await testApi({ store, limits: { routesPerTable: 6 } });
    await change(api, { PrefixListId, MaxEntries: 3 });
    await refusedWith(change(api, { PrefixListId, MaxEntries: 4 }), 'PrefixListMaxEntriesExceeded', /rtb-0a1/);
    await refusedWith(remove(api, PrefixListId), 'DependencyViolation');
  });

  test('M23 traffic follows the list, with no rule edited', async () => {
    const api = await testApi({ store: await storeOf(twoInterfaces()) });
    const { PrefixListId = '' } = await makeList(api, { Entries: [{ Cidr: '10.0.1.0/25' }] });
    await authorize(api, GROUP, ruleOn(PrefixListId));
    const outcome = (): string => {
      const { world } = api.estate();
      const packet = packetOf(expectOk(parseAddress('10.0.1.10')), expectOk(parseAddress('10.0.1.200')), {
        kind: 'tcp',
        sourcePort: 40_000,
        destinationPort: 22,
      });
      return evaluate(world, { kind: 'eni', eni: SENDER }, expectOk(packet)).outcome;
    };
    assert.equal(outcome(), 'allow');
    await change(api, { PrefixListId, CurrentVersion: 1, RemoveEntries: [{ Cidr: '10.0.1.0/25' }] });
    assert.equal(outcome(), 'deny');
    await change(api, { PrefixListId, CurrentVersion: 2, AddEntries: [{ Cidr: '10.0.1.8/29' }] });
    assert.equal(outcome(), 'allow');
    await api.client.send(
      new ec2.RestoreManagedPrefixListVersionCommand({ PrefixListId, CurrentVersion: 3, PreviousVersion: 2 }),
    );
    assert.equal(outcome(), 'deny');
  });
});

const GROUP = 'sg-0ddddddddddddddd1';

function eni(id: string, address: string): Eni {
  return {
    id: asId(id),
    vpcId: VPC.id,
    subnetId: asId('subnet-0a1'),
    ownerId: REALM.accountId,
    groups: [asId(GROUP)],
    addresses: [{ address: expectOk(parseAddress(address)), isPrimary: true }],
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    timeouts: {},
    tags: [],
  };
}

const SENDER = eni('eni-0a1', '10.0.1.10');

/** Two interfaces of one subnet and one group that lets all out. */
function twoInterfaces(): Parameters<typeof storeOf>[0] {
  const any = expectOk(parseCidr('0.0.0.0/0'));
  const table: RouteTable = {
    id: asId('rtb-0a1'),
    vpcId: VPC.id,
    routes: VPC.cidrs.map((cidr) => ({
      destination: { kind: 'cidr', cidr },
      target: { kind: 'local' },
      state: 'active',
      origin: 'local',
    })),
    tags: [],
  };
  return {
    vpcs: [{ ...VPC, mainRouteTable: { associationId: 'rtbassoc-0a1', routeTableId: table.id } }],
    routeTables: [table],
    subnets: [
      {
        id: asId<Eni['subnetId']>('subnet-0a1'),
        vpcId: VPC.id,
        cidrs: [expectOk(parseCidr('10.0.1.0/24'))],
        mapPublicIpOnLaunch: false,
        assignIpv6OnCreation: false,
        tags: [],
      },
    ],
    groups: [
      {
        id: asId<Eni['groups'][number]>(GROUP),
        vpcId: VPC.id,
        ownerId: REALM.accountId,
        name: 'all',
        description: 'all',
        rules: [
          {
            id: asId('sgr-0a1'),
            direction: 'egress',
            traffic: { kind: 'all' },
            peer: { kind: 'cidr', cidr: any },
            tags: [],
          },
        ],
        tags: [],
      },
    ],
    enis: [SENDER, eni('eni-0a2', '10.0.1.200')],
  };
}

describe("AWS's lists", () => {
  test('they are there for everyone, owned by AWS, the same each time, without version or size', async () => {
    const [one, two] = [await freshApi(), await freshApi()];
    const aws = await lists(one, { Filters: [{ Name: 'owner-id', Values: ['AWS'] }] });
    assert.deepEqual(aws, await lists(two));
    assert.ok(aws.length >= 10);
    const s3 = await named(one, 'com.amazonaws.eu-west-1.s3');
    assert.deepEqual(s3, {
      PrefixListId: s3.PrefixListId,
      AddressFamily: 'IPv4',
      State: 'create-complete',
      PrefixListArn: `arn:aws:ec2:eu-west-1:aws:prefix-list/${s3.PrefixListId}`,
      PrefixListName: 'com.amazonaws.eu-west-1.s3',
      Tags: [],
      OwnerId: 'AWS',
    });
    assert.equal((await named(one, 'com.amazonaws.global.ipv6.cloudfront.origin-facing')).AddressFamily, 'IPv6');
    assert.equal(one.estate().world.records.prefixLists.size, 0, 'reading stores nothing');
  });

  test('A52 CloudFront weighs 55: five rules beside it, the sixth is refused', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await named(api, CLOUDFRONT);
    const group = await makeGroup(api);
    await authorize(api, group, ruleOn(PrefixListId));
    await authorize(api, group, tcp(80, ...cidrs(5).map(({ Cidr = '' }) => Cidr)));
    await refusedWith(authorize(api, group, tcp(81, '10.0.0.0/8')), 'RulesPerSecurityGroupLimitExceeded');
    assert.equal((await named(api, CLOUDFRONT)).PrefixListId, PrefixListId);
    assert.equal(
      new Set((await lists(api)).map(({ PrefixListName }) => PrefixListName)).size,
      (await lists(api)).length,
    );
  });

  test('nobody changes them, and what is not known of them is said so', async () => {
    const api = await freshApi();
    const { PrefixListId = '' } = await named(api, CLOUDFRONT);
    await refusedWith(remove(api, PrefixListId), 'OperationNotPermitted');
    await refusedWith(change(api, { PrefixListId, PrefixListName: 'mine' }), 'OperationNotPermitted');
    await refusedWith(entries(api, PrefixListId), 'UnsupportedOperation', /not known here/);
    const { PrefixListAssociations: none } = await api.client.send(
      new ec2.GetManagedPrefixListAssociationsCommand({ PrefixListId }),
    );
    assert.deepEqual(none, []);
  });

  test('DescribePrefixLists shows those of gateway endpoints', async () => {
    const api = await freshApi();
    await makeList(api);
    const services = async (input: ec2.DescribePrefixListsRequest): Promise<readonly string[]> => {
      const found = await api.client.send(new ec2.DescribePrefixListsCommand(input));
      return (found.PrefixLists ?? []).map(({ PrefixListName = '' }) => PrefixListName);
    };
    const name = 'com.amazonaws.eu-west-1.s3';
    assert.deepEqual(
      new Set(await services({})),
      new Set([name, 'com.amazonaws.eu-west-1.s3express', 'com.amazonaws.eu-west-1.dynamodb']),
    );
    assert.deepEqual(await services({ Filters: [{ Name: 'prefix-list-name', Values: [name] }] }), [name]);
    const { PrefixListId = '' } = await named(api, name);
    assert.deepEqual(await services({ PrefixListIds: [PrefixListId] }), [name]);
    await refusedWith(services({ PrefixListIds: ['pl-0123'] }), 'InvalidPrefixListID.NotFound');
  });
});
