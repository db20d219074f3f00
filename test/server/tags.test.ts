// Tags on every kind of record through AWS's client.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { expectOk } from '../../src/core/net/result.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { asId } from '../../src/core/model/ids.ts';
import { AWS_OWNER } from '../../src/core/model/limits.ts';
import type { EstateKind, EstateRecords } from '../../src/server/control/estate.ts';
import { TAGGABLE } from '../../src/server/control/tags/taggable.ts';
import { REALM, refusedWith, type TestApi, testApi } from './api-client.ts';
import { authorize, list, makeGroup, tcp } from './groups-client.ts';
import { PEERING, storeOf, VPC } from './seed.ts';

/** One record of every kind that can be tagged, but for groups and rules. */
const ALL_KINDS: { readonly [K in EstateKind]?: readonly EstateRecords[K][] } = {
  vpcs: [VPC],
  subnets: [
    {
      id: asId('subnet-0a1'),
      vpcId: VPC.id,
      cidrs: [],
      mapPublicIpOnLaunch: false,
      assignIpv6OnCreation: false,
      tags: [],
    },
  ],
  routeTables: [{ id: asId('rtb-0a1'), vpcId: VPC.id, routes: [], tags: [] }],
  internetGateways: [{ id: asId('igw-0a1'), tags: [] }],
  egressOnlyGateways: [{ id: asId('eigw-0a1'), tags: [] }],
  natGateways: [
    {
      id: asId('nat-0a1'),
      vpcId: VPC.id,
      subnetId: asId('subnet-0a1'),
      connectivity: 'private',
      state: 'available',
      addresses: [],
      tags: [],
    },
  ],
  elasticAddresses: [{ id: asId('eipalloc-0a1'), public: expectOk(parseAddress('198.51.100.1')), tags: [] }],
  peerings: [{ ...PEERING, id: asId('pcx-0a1'), status: 'pending-acceptance' }],
  enis: [
    {
      id: asId('eni-0a1'),
      vpcId: VPC.id,
      subnetId: asId('subnet-0a1'),
      ownerId: REALM.accountId,
      groups: [],
      addresses: [],
      prefixes: [],
      sourceDestCheck: true,
      interfaceType: 'nat_gateway',
      status: 'in-use',
      description: '',
      timeouts: {},
      tags: [],
    },
  ],
  instances: [{ id: asId('i-0a1'), state: 'running', tags: [] }],
  acls: [{ id: asId('acl-0a1'), vpcId: VPC.id, isDefault: false, entries: [], tags: [] }],
  prefixLists: [list('pl-0a1', 5), { ...list('pl-0a2', 5), ownerId: AWS_OWNER }],
  keyPairs: [{ id: 'key-0a1', name: 'k', fingerprint: '', type: 'ed25519', publicKey: '', createTime: '', tags: [] }],
  insightsPaths: [{ id: 'nip-0a1', source: 'eni-0a1', protocol: 'tcp', createTime: '', tags: [] }],
  insightsAnalyses: [{ id: 'nia-0a1', pathId: 'nip-0a1', startTime: '', filterIn: [], filterOut: [], tags: [] }],
  accessScopes: [{ id: 'nis-0a1', createTime: '', match: [], exclude: [], tags: [] }],
  accessScopeAnalyses: [{ id: 'nisa-0a1', scopeId: 'nis-0a1', startTime: '', tags: [] }],
  volumes: [{ id: 'vol-0a1', size: 8, type: 'gp3', isEncrypted: false, createTime: '', tags: [] }],
  launchTemplates: [
    { id: 'lt-0a1', name: 't', createTime: '', createdBy: '', defaultVersion: 1, latestVersion: 1, tags: [] },
  ],
};

async function seeded(): Promise<TestApi> {
  return await testApi({ store: await storeOf(ALL_KINDS) });
}

async function tag({ client }: TestApi, Resources: string[], tags: Readonly<Record<string, string>>): Promise<unknown> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return await client.send(new ec2.CreateTagsCommand({ Resources, Tags }));
}

async function tagsIn({ client }: TestApi, ...Filters: ec2.Filter[]): Promise<readonly ec2.TagDescription[]> {
  return (await client.send(new ec2.DescribeTagsCommand({ Filters }))).Tags ?? assert.fail();
}

async function pairsOf(api: TestApi, id: string): Promise<Readonly<Record<string, string>>> {
  const found = await tagsIn(api, { Name: 'resource-id', Values: [id] });
  return Object.fromEntries(found.map(({ Key = '', Value = '' }) => [Key, Value]));
}

async function remove({ client }: TestApi, Resources: string[], Tags?: ec2.Tag[]): Promise<unknown> {
  return await client.send(new ec2.DeleteTagsCommand({ Resources, ...(Tags === undefined ? {} : { Tags }) }));
}

/** Tags `k<from>` up to, but without, `k<to>`. */
function numbered(from: number, to: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`k${from + index}`, '']));
}

describe('tagging', () => {
  test('every kind is tagged by the prefix of its id, rules inside their groups', async () => {
    const api = await seeded();
    const group = await makeGroup(api);
    const [rule] = await authorize(api, group, tcp(22, '10.0.0.0/8'), tcp(23, '10.0.0.0/8'));
    const ruleId = rule?.SecurityGroupRuleId ?? assert.fail();
    const ids = [...TAGGABLE.keys()]
      .filter((prefix) => !['vpc', 'sg', 'sgr'].includes(prefix))
      .map((prefix) => `${prefix}-0a1`);
    const all = [...ids, VPC.id, group, ruleId];
    await tag(api, all, { Name: 'x' });
    const found = await tagsIn(api);
    assert.deepEqual(new Set(found.map(({ ResourceId }) => ResourceId)), new Set(all));
    assert.deepEqual(
      new Set(found.map(({ ResourceType }) => ResourceType)),
      new Set([...TAGGABLE.values()].map(({ type }) => type)),
    );
    const { SecurityGroupRules: rules } = await api.client.send(
      new ec2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'tag:Name', Values: ['x'] }] }),
    );
    assert.deepEqual(
      rules?.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId),
      [ruleId],
    );
    const { Vpcs: vpcs } = await api.client.send(
      new ec2.DescribeVpcsCommand({ Filters: [{ Name: 'tag-key', Values: ['Name'] }] }),
    );
    assert.equal(vpcs?.length, 1);
  });

  test('a key that is there gets the new value, the others stay', async () => {
    const api = await seeded();
    await tag(api, [VPC.id], { a: '1', b: '2' });
    await tag(api, [VPC.id, VPC.id], { b: '3', c: '' });
    assert.deepEqual(await pairsOf(api, VPC.id), { a: '1', b: '3', c: '' });
  });

  test('all or none: one unknown id and nothing is tagged', async () => {
    const api = await seeded();
    const before = api.estate();
    const refused = async (id: string, code: string, message?: RegExp | string): Promise<void> =>
      await refusedWith(tag(api, [VPC.id, id], { a: '1' }), code, message);
    await refused('sg-0123', 'InvalidGroup.NotFound', "The security group 'sg-0123' does not exist");
    await refused('sgr-0123', 'InvalidSecurityGroupRuleId.NotFound');
    await refused('vpc-0123', 'InvalidVpcID.NotFound');
    await refused('subnet-0123', 'InvalidSubnetID.NotFound');
    await refused('rtb-0123', 'InvalidRouteTableID.NotFound');
    await refused('igw-0123', 'InvalidInternetGatewayID.NotFound');
    await refused('nat-0123', 'NatGatewayNotFound');
    await refused('eipalloc-0123', 'InvalidAllocationID.NotFound');
    await refused('pcx-0123', 'InvalidVpcPeeringConnectionID.NotFound');
    await refused('eni-0123', 'InvalidNetworkInterfaceID.NotFound');
    await refused('i-0123', 'InvalidInstanceID.NotFound', "The instance ID 'i-0123' does not exist");
    await refused('acl-0123', 'InvalidNetworkAclID.NotFound');
    await refused('pl-0123', 'InvalidPrefixListID.NotFound');
    await refused('pl-0a2', 'OperationNotPermitted');
    for (const id of ['ami-0123', 'x', '-', 'vpc-cidr-assoc-01', 'i-eCHmOTcEW0OZ9KbNe', '198.51.100.1', '__proto__-1'])
      await refused(id, 'InvalidID', `The ID '${id}' is not valid`);
    assert.equal(api.estate(), before);
  });

  test('what tags may be', async () => {
    const api = await seeded();
    const refused = async (key: string, value: string, code: string, message?: RegExp): Promise<void> =>
      await refusedWith(tag(api, [VPC.id], { [key]: value }), code, message);
    await tag(api, [VPC.id], { ['k'.repeat(128)]: '😀'.repeat(256) });
    await refused('k'.repeat(129), '', 'InvalidParameterValue', /128 characters/);
    await refused(
      'k',
      'v'.repeat(257),
      'InvalidParameterValue',
      /^Tag value exceeds the maximum length of 256 characters$/,
    );
    await refused('', '', 'InvalidParameterValue', /Tag key cannot be null or empty/);
    await refused(
      'aws:x',
      '',
      'InvalidParameterValue',
      /^Tag keys starting with 'aws:' are reserved for internal use$/,
    );
    await refused('AWS:x', '', 'InvalidParameterValue');
    await refusedWith(tag(api, [VPC.id], {}), 'MissingParameter');
    await refusedWith(tag(api, [], { a: '1' }), 'MissingParameter');
    const twice = await api.send(
      `Action=CreateTags&ResourceId.1=${VPC.id}&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=a&Tag.2.Value=2`,
    );
    assert.match(String(twice.body), /Duplicate tag key/);
  });

  test('fifty tags and no more, counted with those that are there', async () => {
    const api = await seeded();
    await tag(api, [VPC.id], numbered(0, 49));
    await refusedWith(tag(api, [VPC.id], numbered(49, 51)), 'TagLimitExceeded');
    await tag(api, [VPC.id], numbered(0, 50));
    await refusedWith(tag(api, ['igw-0a1'], numbered(0, 51)), 'TagLimitExceeded');
    await refusedWith(tag(api, ['igw-0a1', VPC.id], { more: '' }), 'TagLimitExceeded');
    assert.deepEqual(await pairsOf(api, 'igw-0a1'), {});
  });

  test('what no store takes is refused, and the requests beside it are not', async () => {
    const api = await seeded();
    const group = await makeGroup(api);
    const rules = await authorize(api, group, ...Array.from({ length: 30 }, (_, port) => tcp(port, '10.0.0.0/8')));
    const ids = rules.map(({ SecurityGroupRuleId = '' }) => SecurityGroupRuleId);
    const long = Object.fromEntries(Object.keys(numbered(0, 50)).map((key) => [key, '語'.repeat(256)]));
    await Promise.all([
      refusedWith(tag(api, ids, long), 'ResourceLimitExceeded', new RegExp(group)),
      tag(api, [VPC.id], { a: '1' }),
    ]);
    assert.deepEqual(await pairsOf(api, VPC.id), { a: '1' });
    assert.equal((await tagsIn(api)).length, 1);
  });

  test('a request names at most 1000 resources', async () => {
    const api = await seeded();
    const ids = Array.from({ length: 1001 }, (_, index) => `vpc-${(index + 1).toString(16)}`);
    await refusedWith(tag(api, ids, { a: '1' }), 'InvalidParameterValue');
  });
});

describe('untagging', () => {
  test('without a value any goes, with one only that; what is not there is no error', async () => {
    const api = await seeded();
    await tag(api, [VPC.id, 'igw-0a1'], { a: '1', b: '2', c: '' });
    await remove(api, [VPC.id], [{ Key: 'a', Value: '9' }, { Key: 'b', Value: '2' }, { Key: 'zzz' }]);
    assert.deepEqual(await pairsOf(api, VPC.id), { a: '1', c: '' });
    await remove(
      api,
      [VPC.id],
      [
        { Key: 'a', Value: '' },
        { Key: 'c', Value: '' },
      ],
    );
    assert.deepEqual(await pairsOf(api, VPC.id), { a: '1' });
    await remove(api, [VPC.id], [{ Key: 'a' }]);
    assert.deepEqual(await pairsOf(api, VPC.id), {});
    assert.deepEqual(await pairsOf(api, 'igw-0a1'), { a: '1', b: '2', c: '' });
  });

  test('without tags all go, of rules too', async () => {
    const api = await seeded();
    const [rule] = await authorize(api, await makeGroup(api), tcp(22, '10.0.0.0/8'));
    const ids = [VPC.id, rule?.SecurityGroupRuleId ?? assert.fail()];
    await tag(api, ids, { a: '1', b: '2' });
    await refusedWith(remove(api, [...ids, 'i-0123']), 'InvalidInstanceID.NotFound');
    assert.equal((await tagsIn(api)).length, 4);
    await refusedWith(remove(api, ids, [{ Key: 'aws:x' }]), 'InvalidParameterValue');
    await remove(api, ids);
    assert.deepEqual(await tagsIn(api), []);
  });
});

describe('finding tags', () => {
  test('every filter of DescribeTags', async () => {
    const api = await seeded();
    await tag(api, [VPC.id], { Owner: 'TeamA', Stack: 'prod' });
    await tag(api, ['i-0a1'], { Owner: 'TeamB' });
    const finds = async (Name: string, value: string, ...wanted: readonly string[]): Promise<void> => {
      const found = await tagsIn(api, { Name, Values: [value] });
      assert.deepEqual(new Set(found.map(({ ResourceId, Key }) => `${ResourceId} ${Key}`)), new Set(wanted), Name);
    };
    const [owner, stack, other] = [`${VPC.id} Owner`, `${VPC.id} Stack`, 'i-0a1 Owner'];
    await finds('key', 'Owner', owner, other);
    await finds('key', 'S*', stack);
    await finds('value', 'TeamB', other);
    await finds('resource-id', VPC.id, owner, stack);
    await finds('resource-type', 'instance', other);
    await finds('tag:Owner', 'TeamA', owner);
    await refusedWith(tagsIn(api, { Name: 'fake', Values: [''] }), 'InvalidParameterValue');
    assert.deepEqual(await tagsIn(api, { Name: 'value', Values: ['TeamB'] }), [
      { ResourceId: 'i-0a1', ResourceType: 'instance', Key: 'Owner', Value: 'TeamB' },
    ]);
  });

  test('pages hold every tag once, whatever characters keys have', async () => {
    const api = await seeded();
    const keys = Array.from({ length: 13 }, (_, index) => `ключ 😀 ${'x'.repeat(110)} ${index}`);
    await tag(api, [VPC.id], Object.fromEntries(keys.map((key) => [key, ''])));
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page: ec2.DescribeTagsCommandOutput = await api.client.send(
        new ec2.DescribeTagsCommand({ MaxResults: 5, ...(NextToken === undefined ? {} : { NextToken }) }),
      );
      assert.ok((page.Tags?.length ?? 0) <= 5);
      for (const { Key = '' } of page.Tags ?? []) seen.push(Key);
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    assert.equal(seen.length, 13);
    assert.deepEqual(new Set(seen), new Set(keys));
  });
});
