// VPCs and subnets through AWS's client: what they are born with, what IPv6 does to them, what they refuse.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Records } from '../../src/core/model/records.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, REALM, type TestApi, testApi } from './api-client.ts';
import { makeGroup } from './groups-client.ts';

async function emptyApi(): Promise<TestApi> {
  return await testApi({ store: new MemoryStore() });
}

async function makeVpc(
  { client }: TestApi,
  CidrBlock = '10.0.0.0/16',
  more: Partial<ec2.CreateVpcRequest> = {},
): Promise<ec2.Vpc> {
  const { Vpc: vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock, ...more }));
  return vpc ?? assert.fail();
}

async function makeSubnet({ client }: TestApi, input: ec2.CreateSubnetRequest): Promise<ec2.Subnet> {
  const { Subnet: subnet } = await client.send(new ec2.CreateSubnetCommand(input));
  return subnet ?? assert.fail();
}

describe('VPCs', () => {
  test('a VPC is born with a default group, a default NACL and a main route table', async () => {
    const api = await emptyApi();
    const vpc = await makeVpc(api, '10.0.0.7/16', {
      TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'Name', Value: 'shop' }] }],
    });
    assert.equal(vpc.CidrBlock, '10.0.0.0/16');
    assert.deepEqual(vpc.Tags, [{ Key: 'Name', Value: 'shop' }]);
    assert.match(vpc.CidrBlockAssociationSet?.[0]?.AssociationId ?? '', /^vpc-cidr-assoc-0[0-9a-f]{16}$/);
    const { world } = api.estate();
    const { SecurityGroups: groups } = await api.client.send(new ec2.DescribeSecurityGroupsCommand({}));
    assert.equal(groups?.length, 1);
    const [group] = groups;
    assert.equal(group?.GroupName, 'default');
    assert.equal(group.Description, 'default VPC security group');
    assert.deepEqual(group.IpPermissions?.[0]?.UserIdGroupPairs, [{ GroupId: group.GroupId, UserId: REALM.accountId }]);
    assert.equal(world.records.acls.size, 1);
    assert.equal(world.records.routeTables.size, 1);
    await api.client.send(new ec2.DeleteVpcCommand({ VpcId: vpc.VpcId }));
    for (const kind of ['vpcs', 'groups', 'acls', 'routeTables'] as const)
      assert.equal(api.estate().world.records[kind].size, 0, kind);
  });

  test('what holds a VPC is told', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api);
    const subnet = await makeSubnet(api, { VpcId, CidrBlock: '10.0.1.0/24' });
    const group = await makeGroup(api, 'web', VpcId);
    await refusedWith(
      api.client.send(new ec2.DeleteVpcCommand({ VpcId })),
      'DependencyViolation',
      `The vpc '${VpcId}' has dependencies and cannot be deleted.`,
    );
    const answer = await api.send(`Action=DeleteVpc&VpcId=${VpcId}`);
    assert.equal(answer.headers['x-crenel-held-by'], `${subnet.SubnetId}, ${group}`);
  });

  test('CIDRs that no VPC may have', async () => {
    const api = await emptyApi();
    for (const cidr of ['10.0.0.0/15', '10.0.0.0/29', '127.0.0.0/16', '224.0.0.0/16', '169.254.1.0/24', '0.0.0.0/16'])
      await refusedWith(makeVpc(api, cidr), 'InvalidVpc.Range', `The CIDR '${cidr}' is invalid.`);
    for (const cidr of ['10.0.0.0', 'x', '10.0.0.0/33', '2001:db8::/56'])
      await refusedWith(makeVpc(api, cidr), 'InvalidParameterValue', /is not a valid CIDR block/);
    await refusedWith(
      makeVpc(api, '10.0.0.0/16', { Ipv4IpamPoolId: 'ipam-pool-1' }),
      'UnsupportedOperation',
      /Ipv4IpamPoolId/,
    );
    for (let count = 0; count < 5; count += 1) await makeVpc(api);
    await refusedWith(makeVpc(api), 'VpcLimitExceeded');
  });

  test('attributes are read and changed one at a time', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api);
    const read = async (Attribute: ec2.VpcAttributeName): Promise<ec2.DescribeVpcAttributeResult> =>
      await api.client.send(new ec2.DescribeVpcAttributeCommand({ VpcId, Attribute }));
    assert.equal((await read('enableDnsSupport')).EnableDnsSupport?.Value, true);
    assert.equal((await read('enableDnsHostnames')).EnableDnsHostnames?.Value, false);
    await api.client.send(new ec2.ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
    assert.equal((await read('enableDnsHostnames')).EnableDnsHostnames?.Value, true);
    const both = { VpcId, EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } };
    await refusedWith(api.client.send(new ec2.ModifyVpcAttributeCommand(both)), 'InvalidParameterCombination');
  });

  test('the default VPC has a subnet in each zone and a way out', async () => {
    const api = await emptyApi();
    const { Vpc: vpc } = await api.client.send(new ec2.CreateDefaultVpcCommand({}));
    assert.equal(vpc?.IsDefault, true);
    const { Subnets: subnets } = await api.client.send(
      new ec2.DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
    );
    assert.deepEqual(subnets?.map((subnet) => subnet.CidrBlock).toSorted(), [
      '172.31.0.0/20',
      '172.31.16.0/20',
      '172.31.32.0/20',
    ]);
    assert.ok(subnets.every((subnet) => subnet.MapPublicIpOnLaunch));
    assert.equal(api.estate().world.records.internetGateways.size, 1);
    await refusedWith(api.client.send(new ec2.CreateDefaultVpcCommand({})), 'DefaultVpcAlreadyExists');
    await refusedWith(
      api.client.send(new ec2.CreateDefaultSubnetCommand({ AvailabilityZone: 'eu-west-1a' })),
      'DefaultSubnetAlreadyExistsInAvailabilityZone',
    );
    const gone = subnets[0]?.SubnetId ?? '';
    await api.client.send(new ec2.DeleteSubnetCommand({ SubnetId: gone }));
    const again = await api.client.send(
      new ec2.CreateDefaultSubnetCommand({ AvailabilityZone: subnets[0]?.AvailabilityZone }),
    );
    assert.equal(again.Subnet?.CidrBlock, subnets[0]?.CidrBlock);
  });
});

describe('IPv6 comes to a VPC', () => {
  test('N19 groups and directions of the default NACL that nobody changed open to it; all tables route it', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api);
    const [plain, edited] = [await makeGroup(api, 'plain', VpcId), await makeGroup(api, 'edited', VpcId)];
    const egress = { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
    await api.client.send(new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId: edited, IpPermissions: [egress] }));
    const done = await api.client.send(
      new ec2.AssociateVpcCidrBlockCommand({ VpcId, AmazonProvidedIpv6CidrBlock: true }),
    );
    assert.equal(done.Ipv6CidrBlockAssociation?.Ipv6CidrBlock, '2001:db8::/56');
    const { SecurityGroups: groups } = await api.client.send(new ec2.DescribeSecurityGroupsCommand({}));
    const opened = groups?.filter((group) => (group.IpPermissionsEgress?.[0]?.Ipv6Ranges ?? []).length > 0);
    assert.deepEqual(opened?.map((group) => group.GroupName).toSorted(), ['default', 'plain']);
    assert.ok(opened.some((group) => group.GroupId === plain));
    const { world } = api.estate();
    const acl = expectOne(world, 'acls');
    assert.deepEqual(
      acl.entries.map((entry) => `${entry.direction} ${entry.number}`),
      ['egress 100', 'egress 101', 'ingress 100', 'ingress 101'],
    );
    assert.equal(expectOne(world, 'routeTables').routes.length, 2);
    // And away again: the routes go, rules and entries stay.
    const AssociationId = done.Ipv6CidrBlockAssociation.AssociationId ?? '';
    const subnet = await makeSubnet(api, { VpcId, CidrBlock: '10.0.1.0/24', Ipv6CidrBlock: '2001:db8::/64' });
    await refusedWith(
      api.client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId })),
      'DependencyViolation',
    );
    await api.client.send(
      new ec2.DisassociateSubnetCidrBlockCommand({
        AssociationId: subnet.Ipv6CidrBlockAssociationSet?.[0]?.AssociationId ?? '',
      }),
    );
    await api.client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId }));
    assert.equal(expectOne(api.estate().world, 'routeTables').routes.length, 1);
  });

  test('a second VPC gets the next block', async () => {
    const api = await emptyApi();
    const six = { AmazonProvidedIpv6CidrBlock: true };
    assert.equal(
      (await makeVpc(api, '10.0.0.0/16', six)).Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock,
      '2001:db8::/56',
    );
    assert.equal(
      (await makeVpc(api, '10.1.0.0/16', six)).Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock,
      '2001:db8:0:100::/56',
    );
  });
});

describe('further IPv4 CIDRs', () => {
  test('up to five, apart from one another, of one private range', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api);
    const associate = async (CidrBlock: string): Promise<string> =>
      (await api.client.send(new ec2.AssociateVpcCidrBlockCommand({ VpcId, CidrBlock }))).CidrBlockAssociation
        ?.AssociationId ?? '';
    await refusedWith(associate('10.0.128.0/17'), 'InvalidVpc.Range', /conflicts/);
    await refusedWith(
      associate('192.168.0.0/16'),
      'InvalidVpc.Range',
      /^The CIDR '192\.168\.0\.0\/16' is restricted\./,
    );
    const first = await associate('10.1.0.0/16');
    for (const cidr of ['10.2.0.0/16', '10.3.0.0/16', '100.64.0.0/16']) await associate(cidr);
    await refusedWith(
      associate('10.4.0.0/16'),
      'CidrLimitExceeded',
      `This network ${VpcId} has met its maximum number of allowed CIDRs: 5`,
    );
    await makeSubnet(api, { VpcId, CidrBlock: '10.1.1.0/24' });
    await refusedWith(
      api.client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId: first })),
      'DependencyViolation',
    );
    const { Vpcs: vpcs } = await api.client.send(new ec2.DescribeVpcsCommand({ VpcIds: [VpcId] }));
    const primary = vpcs?.[0]?.CidrBlockAssociationSet?.[0]?.AssociationId ?? '';
    await refusedWith(
      api.client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId: primary })),
      'OperationNotPermitted',
      /It is the primary IPv4 CIDR block of the VPC$/,
    );
  });
});

describe('subnets', () => {
  test('lie inside their VPC, apart from one another, under the default NACL', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api);
    const subnet = await makeSubnet(api, { VpcId, CidrBlock: '10.0.1.9/24', AvailabilityZone: 'eu-west-1b' });
    assert.equal(subnet.CidrBlock, '10.0.1.0/24');
    assert.equal(subnet.AvailableIpAddressCount, 251);
    assert.equal(subnet.AvailabilityZoneId, 'euw1-az2');
    assert.match(expectOne(api.estate().world, 'subnets').networkAcl?.associationId ?? '', /^aclassoc-0/);
    const refused = async (input: Partial<ec2.CreateSubnetRequest>, code: string, message?: RegExp): Promise<void> =>
      await refusedWith(makeSubnet(api, { VpcId, ...input }), code, message);
    await refused(
      { CidrBlock: '10.0.1.128/25' },
      'InvalidSubnet.Conflict',
      /^The CIDR '10\.0\.1\.128\/25' conflicts with another subnet$/,
    );
    await refused({ CidrBlock: '10.1.0.0/24' }, 'InvalidSubnet.Range');
    await refused({ CidrBlock: '10.0.2.0/29' }, 'InvalidSubnet.Range');
    await refused({ CidrBlock: '10.0.2.0' }, 'InvalidParameterValue');
    await refused({}, 'MissingParameter', /CidrBlock/);
    await refused(
      { CidrBlock: '10.0.2.0/24', AvailabilityZone: 'eu-west-1z' },
      'InvalidParameterValue',
      /eu-west-1a, eu-west-1b, eu-west-1c/,
    );
    await refused({ CidrBlock: '10.0.2.0/24', Ipv6CidrBlock: '2001:db8::/64' }, 'InvalidSubnet.Range');
    await refused({ CidrBlock: '10.0.2.0/24', Ipv6Native: true }, 'InvalidParameterCombination', /ipv6Native/);
    await refused(
      { Ipv6Native: true },
      'MissingParameter',
      /^Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided\.$/,
    );
    await refusedWith(makeSubnet(api, { VpcId: 'vpc-01', CidrBlock: '10.0.0.0/24' }), 'InvalidVpcID.NotFound');
  });

  test('attributes change one at a time; IPv6 ones need IPv6', async () => {
    const api = await emptyApi();
    const { VpcId = '' } = await makeVpc(api, '10.0.0.0/16', { AmazonProvidedIpv6CidrBlock: true });
    const { SubnetId = '' } = await makeSubnet(api, { VpcId, CidrBlock: '10.0.1.0/24' });
    const modify = async (input: Omit<ec2.ModifySubnetAttributeRequest, 'SubnetId'>): Promise<unknown> =>
      await api.client.send(new ec2.ModifySubnetAttributeCommand({ SubnetId, ...input }));
    await modify({ MapPublicIpOnLaunch: { Value: true } });
    await refusedWith(modify({ AssignIpv6AddressOnCreation: { Value: true } }), 'InvalidParameterValue');
    await api.client.send(new ec2.AssociateSubnetCidrBlockCommand({ SubnetId, Ipv6CidrBlock: '2001:db8:0:1::/64' }));
    await modify({ AssignIpv6AddressOnCreation: { Value: true } });
    await modify({ PrivateDnsHostnameTypeOnLaunch: 'resource-name' });
    await refusedWith(modify({}), 'InvalidParameterCombination');
    const { Subnets: subnets } = await api.client.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
    const [subnet] = subnets ?? [];
    assert.equal(subnet?.MapPublicIpOnLaunch, true);
    assert.equal(subnet.AssignIpv6AddressOnCreation, true);
    assert.equal(subnet.PrivateDnsNameOptionsOnLaunch?.HostnameType, 'resource-name');
    assert.equal(subnet.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock, '2001:db8:0:1::/64');
  });
});

test('regions, zones, account and DHCP options are told', async () => {
  const { client } = await emptyApi();
  const { Regions: regions } = await client.send(new ec2.DescribeRegionsCommand({}));
  assert.ok(regions?.some((region) => region.RegionName === 'eu-west-1'));
  const zones = await client.send(new ec2.DescribeAvailabilityZonesCommand({ ZoneNames: ['eu-west-1c'] }));
  assert.deepEqual(
    zones.AvailabilityZones?.map((zone) => zone.ZoneId),
    ['euw1-az3'],
  );
  await refusedWith(
    client.send(new ec2.DescribeAvailabilityZonesCommand({ ZoneNames: ['us-east-1a'] })),
    'InvalidParameterValue',
  );
  const account = await client.send(new ec2.DescribeAccountAttributesCommand({ AttributeNames: ['default-vpc'] }));
  assert.deepEqual(account.AccountAttributes, [
    { AttributeName: 'default-vpc', AttributeValues: [{ AttributeValue: 'none' }] },
  ]);
  const options = await client.send(new ec2.DescribeDhcpOptionsCommand({}));
  assert.match(options.DhcpOptions?.[0]?.DhcpOptionsId ?? '', /^dopt-0[0-9a-f]{16}$/);
});

function expectOne<K extends 'acls' | 'routeTables' | 'subnets'>(
  world: ReturnType<TestApi['estate']>['world'],
  kind: K,
): Records[K] {
  const records = [...listRecords(world, kind)];
  assert.equal(records.length, 1);
  return records[0] ?? assert.fail();
}
