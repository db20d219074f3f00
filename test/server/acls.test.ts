// Network ACLs through AWS's client: the cases N of semantics by their numbers, and what lies around them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { formatTraffic } from '../../src/core/net/traffic.ts';
import { getRecord } from '../../src/core/model/world.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { REALM, refusedWith, type TestApi, testApi } from './api-client.ts';

type Scene = TestApi & { readonly vpcId: string; readonly subnetId: string };

/** A VPC with one subnet, made through the API. */
async function scene(
  more: Partial<ec2.CreateVpcRequest> = {},
  limits: Parameters<typeof testApi>[0]['limits'] = {},
): Promise<Scene> {
  const api = await testApi({ store: new MemoryStore(), limits });
  const { Vpc: vpc } = await api.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...more }));
  const vpcId = vpc?.VpcId ?? assert.fail();
  const { Subnet: subnet } = await api.client.send(
    new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.1.0/24' }),
  );
  return { ...api, vpcId, subnetId: subnet?.SubnetId ?? assert.fail() };
}

async function makeAcl({ client, vpcId }: Scene): Promise<string> {
  const { NetworkAcl: made } = await client.send(new ec2.CreateNetworkAclCommand({ VpcId: vpcId }));
  return made?.NetworkAclId ?? assert.fail();
}

async function acls({ client }: Scene, Filters: readonly ec2.Filter[] = []): Promise<readonly ec2.NetworkAcl[]> {
  const found = await client.send(new ec2.DescribeNetworkAclsCommand({ Filters: [...Filters] }));
  return found.NetworkAcls ?? assert.fail();
}

async function acl({ client }: Scene, id: string): Promise<ec2.NetworkAcl> {
  const found = await client.send(new ec2.DescribeNetworkAclsCommand({ NetworkAclIds: [id] }));
  return found.NetworkAcls?.[0] ?? assert.fail();
}

async function defaultAcl(api: Scene): Promise<ec2.NetworkAcl> {
  return (await acls(api, [{ Name: 'default', Values: ['true'] }]))[0] ?? assert.fail();
}

const ENTRY = { RuleNumber: 100, Protocol: '-1', RuleAction: 'allow', Egress: false, CidrBlock: '0.0.0.0/0' } as const;

async function enter(
  { client }: Scene,
  NetworkAclId: string,
  entry: Partial<ec2.CreateNetworkAclEntryRequest> = {},
): Promise<unknown> {
  return await client.send(new ec2.CreateNetworkAclEntryCommand({ ...ENTRY, NetworkAclId, ...entry }));
}

/** The one entry that is not implied. */
async function onlyEntry(api: Scene, id: string): Promise<ec2.NetworkAclEntry> {
  const numbered = ((await acl(api, id)).Entries ?? []).filter(({ RuleNumber = 0 }) => RuleNumber < 32_767);
  assert.equal(numbered.length, 1);
  return numbered[0] ?? assert.fail();
}

describe('NACLs', () => {
  test('N1 a fresh NACL denies everything, outbound listed first, and filters no subnet', async () => {
    const api = await scene();
    const made = await api.client.send(
      new ec2.CreateNetworkAclCommand({
        VpcId: api.vpcId,
        ClientToken: 'once',
        TagSpecifications: [{ ResourceType: 'network-acl', Tags: [{ Key: 'Name', Value: 'guard' }] }],
      }),
    );
    const deny = { CidrBlock: '0.0.0.0/0', Protocol: '-1', RuleAction: 'deny', RuleNumber: 32_767 };
    assert.deepEqual(made.NetworkAcl, {
      NetworkAclId: made.NetworkAcl?.NetworkAclId,
      VpcId: api.vpcId,
      OwnerId: REALM.accountId,
      IsDefault: false,
      Associations: [],
      Entries: [
        { ...deny, Egress: true },
        { ...deny, Egress: false },
      ],
      Tags: [{ Key: 'Name', Value: 'guard' }],
    });
    assert.equal(made.ClientToken, 'once');
    const again = await api.client.send(
      new ec2.CreateNetworkAclCommand({
        VpcId: api.vpcId,
        ClientToken: 'once',
        TagSpecifications: [{ ResourceType: 'network-acl', Tags: [{ Key: 'Name', Value: 'guard' }] }],
      }),
    );
    assert.equal(again.NetworkAcl?.NetworkAclId, made.NetworkAcl.NetworkAclId);
    assert.equal((await acls(api)).length, 2);
  });

  test('with IPv6 in the VPC there are two implied denies each way', async () => {
    const api = await scene({ AmazonProvidedIpv6CidrBlock: true });
    const id = await makeAcl(api);
    assert.deepEqual(
      (await acl(api, id)).Entries?.map(({ Egress, RuleNumber, CidrBlock, Ipv6CidrBlock }) => [
        Egress,
        RuleNumber,
        CidrBlock ?? Ipv6CidrBlock,
      ]),
      [
        [true, 32_767, '0.0.0.0/0'],
        [true, 32_768, '::/0'],
        [false, 32_767, '0.0.0.0/0'],
        [false, 32_768, '::/0'],
      ],
    );
    const { Entries: open } = await defaultAcl(api);
    assert.deepEqual(
      open?.map(({ RuleNumber }) => RuleNumber),
      [100, 101, 32_767, 32_768, 100, 101, 32_767, 32_768],
    );
  });

  test('a NACL needs its VPC, and a VPC has only so many', async () => {
    const api = await scene({}, { aclsPerVpc: 2 });
    await makeAcl(api);
    await refusedWith(makeAcl(api), 'NetworkAclLimitExceeded');
    const create = async (VpcId: string): Promise<unknown> =>
      await api.client.send(new ec2.CreateNetworkAclCommand({ VpcId }));
    await refusedWith(create('vpc-0123'), 'InvalidVpcID.NotFound');
    await refusedWith(create('x'), 'InvalidVpcID.Malformed');
  });

  test('N17 the default NACL stays, so does one that filters a subnet, and the answer says which', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    const { NetworkAclId: ofVpc = '', Associations: links } = await defaultAcl(api);
    const remove = async (NetworkAclId: string): Promise<unknown> =>
      await api.client.send(new ec2.DeleteNetworkAclCommand({ NetworkAclId }));
    await refusedWith(remove(ofVpc), 'InvalidParameterValue', `cannot delete default network ACL ${ofVpc}`);
    await api.client.send(
      new ec2.ReplaceNetworkAclAssociationCommand({
        AssociationId: links?.[0]?.NetworkAclAssociationId,
        NetworkAclId: id,
      }),
    );
    await refusedWith(
      remove(id),
      'DependencyViolation',
      `The networkAcl '${id}' has dependencies and cannot be deleted.`,
    );
    const answer = await api.send(`Action=DeleteNetworkAcl&NetworkAclId=${id}`);
    assert.equal(answer.headers['x-crenel-held-by'], api.subnetId);
    await api.client.send(new ec2.DeleteSubnetCommand({ SubnetId: api.subnetId }));
    await remove(id);
    await refusedWith(remove(id), 'InvalidNetworkAclID.NotFound');
    await refusedWith(remove('x'), 'InvalidNetworkAclId.Malformed');
  });
});

describe('associations of NACLs', () => {
  test('N16 replacing gives a new association, and the old id is gone', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    const before = (await defaultAcl(api)).Associations?.[0]?.NetworkAclAssociationId ?? '';
    const replace = async (AssociationId: string, NetworkAclId: string): Promise<string> => {
      const done = await api.client.send(new ec2.ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }));
      return done.NewAssociationId ?? assert.fail();
    };
    const after = await replace(before, id);
    assert.match(after, /^aclassoc-0[0-9a-f]{16}$/);
    assert.notEqual(after, before);
    assert.deepEqual((await acl(api, id)).Associations, [
      { NetworkAclAssociationId: after, NetworkAclId: id, SubnetId: api.subnetId },
    ]);
    assert.deepEqual((await defaultAcl(api)).Associations, []);
    assert.equal(getRecord(api.estate().world, 'subnets', api.subnetId)?.networkAcl?.aclId, id);
    await refusedWith(replace(before, id), 'InvalidAssociationID.NotFound');
    assert.equal(await replace(after, id), after, 'the same again changes nothing');
    await refusedWith(replace(after, 'acl-0123'), 'InvalidNetworkAclID.NotFound');
    await refusedWith(replace('x', id), 'InvalidAssociationID.Malformed');
  });

  test('a NACL of another VPC cannot filter the subnet', async () => {
    const api = await scene();
    const { Vpc: other } = await api.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const foreign = await makeAcl({ ...api, vpcId: other?.VpcId ?? assert.fail() });
    const [link] =
      (await acls(api, [{ Name: 'association.subnet-id', Values: [api.subnetId] }]))[0]?.Associations ?? [];
    await refusedWith(
      api.client.send(
        new ec2.ReplaceNetworkAclAssociationCommand({
          AssociationId: link?.NetworkAclAssociationId,
          NetworkAclId: foreign,
        }),
      ),
      'InvalidParameterValue',
      /belong to different networks/,
    );
  });
});

describe('entries of NACLs', () => {
  test('N11 host bits are cleared, ports and protocol come back as they are', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    await enter(api, id, { Protocol: '6', CidrBlock: '100.68.0.18/18', PortRange: { From: 22, To: 80 }, Egress: true });
    assert.deepEqual(await onlyEntry(api, id), {
      CidrBlock: '100.68.0.0/18',
      Egress: true,
      PortRange: { From: 22, To: 80 },
      Protocol: '6',
      RuleAction: 'allow',
      RuleNumber: 100,
    });
  });

  test('N10 ICMPv6 beside an IPv4 CIDR is every type; beside an IPv6 one type and code are needed', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    await enter(api, id, { Protocol: '58', IcmpTypeCode: { Type: 128, Code: 0 } });
    const [stored] = getRecord(api.estate().world, 'acls', id)?.entries ?? [];
    assert.equal(stored === undefined ? undefined : formatTraffic(stored.traffic), 'icmpv6');
    const ipv6 = { Protocol: '58', RuleNumber: 101, CidrBlock: undefined, Ipv6CidrBlock: '2001:db8::/32' };
    await refusedWith(enter(api, id, ipv6), 'MissingParameter', /IcmpTypeCode/);
    await enter(api, id, { ...ipv6, IcmpTypeCode: { Type: 128, Code: -1 } });
    const entry = (await acl(api, id)).Entries?.find(({ RuleNumber }) => RuleNumber === 101);
    assert.deepEqual(entry?.IcmpTypeCode, { Type: 128, Code: -1 });
    assert.equal(entry.Ipv6CidrBlock, '2001:db8::/32');
  });

  test('other protocols and all traffic have no ports, whatever was sent', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    await enter(api, id, { Protocol: '-1', PortRange: { From: 1, To: 2 } });
    await enter(api, id, { Protocol: '50', RuleNumber: 110, PortRange: { From: 1, To: 2 } });
    for (const entry of (await acl(api, id)).Entries ?? []) assert.ok(!('PortRange' in entry));
  });

  test('what an entry must be', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    const before = api.estate();
    const refused = async (
      entry: Partial<ec2.CreateNetworkAclEntryRequest>,
      code: string,
      message?: RegExp,
    ): Promise<void> => await refusedWith(enter(api, id, entry), code, message);
    await refused({ Protocol: '6' }, 'MissingParameter', /PortRange/);
    await refused({ Protocol: '17', PortRange: { From: 1 } }, 'MissingParameter', /PortRange/);
    await refused({ Protocol: '6', PortRange: { From: -1, To: 3 } }, 'InvalidParameterValue', /portRange\.from/);
    await refused({ Protocol: '6', PortRange: { From: 9, To: 3 } }, 'InvalidParameterValue', /portRange/);
    await refused({ Protocol: '1' }, 'MissingParameter', /IcmpTypeCode/);
    await refused({ Protocol: '1', IcmpTypeCode: { Type: 300, Code: 0 } }, 'InvalidParameterValue');
    await refused({ Protocol: '1', IcmpTypeCode: { Type: -1, Code: 0 } }, 'InvalidParameterValue');
    await refused({ Protocol: 'tcp' }, 'InvalidParameterValue', /Unknown protocol/);
    await refused({ Protocol: '256' }, 'InvalidParameterValue', /Unknown protocol/);
    await refused({ CidrBlock: '10.0.0.0' }, 'InvalidParameterValue', /cidrBlock/);
    await refused({ CidrBlock: '::/0' }, 'InvalidParameterValue', /cidrBlock/);
    await refused({ CidrBlock: undefined }, 'MissingParameter', /CidrBlock/);
    await refused({ Ipv6CidrBlock: '::/0' }, 'InvalidParameterCombination');
    await refused({ NetworkAclId: 'acl-0123' }, 'InvalidNetworkAclID.NotFound');
    const answer = await api.send(
      `Action=CreateNetworkAclEntry&NetworkAclId=${id}&RuleNumber=1&Protocol=-1&RuleAction=log&Egress=false&CidrBlock=0.0.0.0/0`,
    );
    assert.equal(answer.status, 400);
    assert.equal(api.estate(), before);
  });

  test('N13 numbers end at 32766, for every call', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    const text = 'Value (32767) for parameter ruleNumber is invalid. Rulenumber must be in range 1..32766';
    await refusedWith(enter(api, id, { RuleNumber: 32_767 }), 'InvalidParameterValue', text);
    await refusedWith(enter(api, id, { RuleNumber: 0 }), 'InvalidParameterValue');
    const entry = { NetworkAclId: id, RuleNumber: 32_767, Egress: false };
    await refusedWith(api.client.send(new ec2.DeleteNetworkAclEntryCommand(entry)), 'InvalidParameterValue', text);
    await enter(api, id, { RuleNumber: 32_766 });
  });

  test('a number is taken once each way; replacing and deleting need it', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    await enter(api, id);
    await refusedWith(
      enter(api, id, { CidrBlock: '10.0.0.0/8' }),
      'NetworkAclEntryAlreadyExists',
      'The network acl entry identified by 100 already exists.',
    );
    await enter(api, id, { Egress: true });
    const replace = async (entry: Partial<ec2.ReplaceNetworkAclEntryRequest>): Promise<unknown> =>
      await api.client.send(new ec2.ReplaceNetworkAclEntryCommand({ ...ENTRY, NetworkAclId: id, ...entry }));
    await refusedWith(replace({ RuleNumber: 110 }), 'InvalidNetworkAclEntry.NotFound');
    await replace({ RuleAction: 'deny', CidrBlock: undefined, Ipv6CidrBlock: 'fd00::1/8' });
    const changed = (await acl(api, id)).Entries?.filter(({ RuleNumber }) => RuleNumber === 100);
    assert.deepEqual(
      changed?.map(({ Egress, RuleAction, CidrBlock, Ipv6CidrBlock }) => [
        Egress,
        RuleAction,
        CidrBlock ?? Ipv6CidrBlock,
      ]),
      [
        [true, 'allow', '0.0.0.0/0'],
        [false, 'deny', 'fd00::/8'],
      ],
    );
    const remove = async (Egress: boolean): Promise<unknown> =>
      await api.client.send(new ec2.DeleteNetworkAclEntryCommand({ NetworkAclId: id, RuleNumber: 100, Egress }));
    await remove(false);
    await refusedWith(remove(false), 'InvalidNetworkAclEntry.NotFound');
    assert.equal((await onlyEntry(api, id)).Egress, true);
  });

  test('N14 twenty entries each way and family, the implied ones not counted', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    for (let number = 1; number <= 20; number += 1) await enter(api, id, { RuleNumber: number });
    await refusedWith(
      enter(api, id, { RuleNumber: 21 }),
      'NetworkAclEntryLimitExceeded',
      'The maximum number of network acl entries has been reached',
    );
    await enter(api, id, { RuleNumber: 1, Egress: true });
    await enter(api, id, { RuleNumber: 21, CidrBlock: undefined, Ipv6CidrBlock: '::/0' });
    await refusedWith(
      api.client.send(new ec2.ReplaceNetworkAclEntryCommand({ ...ENTRY, NetworkAclId: id, RuleNumber: 21 })),
      'NetworkAclEntryLimitExceeded',
    );
  });
});

describe('finding NACLs', () => {
  test('every filter of DescribeNetworkAcls', async () => {
    const api = await scene();
    const id = await makeAcl(api);
    await enter(api, id, { Protocol: '6', PortRange: { From: 22, To: 23 }, CidrBlock: '10.1.0.0/16', RuleNumber: 7 });
    await enter(api, id, { Protocol: '1', IcmpTypeCode: { Type: 8, Code: 3 }, RuleNumber: 8 });
    await enter(api, id, { Ipv6CidrBlock: 'fd00::/8', CidrBlock: undefined, RuleNumber: 9 });
    const { NetworkAclId: other = '', Associations: links } = await defaultAcl(api);
    const finds = async (Name: string, value: string, ...wanted: readonly string[]): Promise<void> => {
      const found = (await acls(api, [{ Name, Values: [value] }])).map(({ NetworkAclId = '' }) => NetworkAclId);
      assert.deepEqual(new Set(found), new Set(wanted), `${Name}=${value}`);
    };
    await finds('association.association-id', links?.[0]?.NetworkAclAssociationId ?? '', other);
    await finds('association.network-acl-id', other, other);
    await finds('association.network-acl-id', id);
    await finds('association.subnet-id', api.subnetId, other);
    await finds('default', 'false', id);
    await finds('entry.cidr', '10.1.0.0/16', id);
    await finds('entry.ipv6-cidr', 'fd00::/8', id);
    await finds('entry.egress', 'true', id, other);
    await finds('entry.icmp.type', '8', id);
    await finds('entry.icmp.code', '3', id);
    await finds('entry.port-range.from', '22', id);
    await finds('entry.port-range.to', '23', id);
    await finds('entry.protocol', 'tcp', id);
    await finds('entry.protocol', '6', id);
    await finds('entry.rule-action', 'allow', id, other);
    await finds('entry.rule-number', '7', id);
    await finds('entry.rule-number', '32767', id, other);
    await finds('network-acl-id', id, id);
    await finds('owner-id', REALM.accountId, id, other);
    await finds('vpc-id', api.vpcId, id, other);
    await finds('vpc-id', 'vpc-0');
    await refusedWith(acls(api, [{ Name: 'fake', Values: ['x'] }]), 'InvalidParameterValue');
    await refusedWith(acl(api, 'acl-0123'), 'InvalidNetworkAclID.NotFound');
  });
});
