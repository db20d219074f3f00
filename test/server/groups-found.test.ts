// Finding security groups, using them in further VPCs, and what every call of the API has.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { REALM, refusedWith } from './api-client.ts';
import { authorize, freshApi, makeGroup, tcp } from './groups-client.ts';
import { DEFAULT_VPC, DUAL_VPC, VPC } from './seed.ts';

describe('finding groups and rules', () => {
  test('A47 two filters over rules may be met by different rules; A49 an unknown filter is refused', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    await authorize(api, web, tcp(22, '10.0.0.0/8'), tcp(80, '0.0.0.0/0'));
    const found = async (Filters: ec2.Filter[]): Promise<readonly (string | undefined)[]> => {
      const { SecurityGroups: groups } = await api.client.send(new ec2.DescribeSecurityGroupsCommand({ Filters }));
      return (groups ?? []).map((group) => group.GroupId);
    };
    const byPort = { Name: 'ip-permission.from-port', Values: ['22'] };
    assert.deepEqual(await found([byPort, { Name: 'ip-permission.cidr', Values: ['0.0.0.0/0'] }]), [web]);
    assert.deepEqual(await found([byPort, { Name: 'ip-permission.cidr', Values: ['192.0.2.0/24'] }]), []);
    assert.deepEqual(await found([{ Name: 'egress.ip-permission.cidr', Values: ['0.0.0.*'] }]), [web]);
    assert.deepEqual(await found([{ Name: 'group-name', Values: ['w?b?'] }]), [web]);
    assert.deepEqual(await found([{ Name: 'group-name', Values: ['w\\?b', 'WEB'] }]), []);
    await refusedWith(
      found([{ Name: 'fake', Values: ['x'] }]),
      'InvalidParameterValue',
      "The filter 'fake' is invalid",
    );
  });

  test('A62 rules are tagged at birth and found by tag', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    await authorize(api, web, tcp(22, '10.0.0.0/8'));
    await api.client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupId: web,
        IpPermissions: [tcp(80, '10.0.0.0/8')],
        TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'k', Value: 'v' }] }],
      }),
    );
    const { SecurityGroupRules: rules } = await api.client.send(
      new ec2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'tag:k', Values: ['v'] }] }),
    );
    assert.deepEqual(
      rules?.map((rule) => [rule.FromPort, rule.Tags]),
      [[80, [{ Key: 'k', Value: 'v' }]]],
    );
    const inGroup = async (value: string): Promise<number | undefined> =>
      (
        await api.client.send(
          new ec2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [value] }] }),
        )
      ).SecurityGroupRules?.length;
    assert.equal(await inGroup('sg-00000000000000000'), 0);
    await refusedWith(inGroup('foobar'), 'InvalidGroupId.Malformed', "The security group ID 'foobar' is malformed");
  });

  test('pages follow one another and lose nothing', async () => {
    const api = await freshApi();
    const made = new Set<string | undefined>();
    for (let at = 0; at < 12; at += 1) made.add(await makeGroup(api, `group-${at}`));
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page: ec2.DescribeSecurityGroupsResult = await api.client.send(
        new ec2.DescribeSecurityGroupsCommand({
          MaxResults: 5,
          NextToken,
          Filters: [{ Name: 'vpc-id', Values: [VPC.id] }],
        }),
      );
      assert.ok((page.SecurityGroups?.length ?? 0) <= 5);
      seen.push(...(page.SecurityGroups ?? []).map((group) => group.GroupId));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    assert.deepEqual(new Set(seen), made);
    assert.equal(seen.length, 12);
    await refusedWith(
      api.client.send(new ec2.DescribeSecurityGroupsCommand({ MaxResults: 4 })),
      'InvalidParameterValue',
    );
    await refusedWith(
      api.client.send(new ec2.DescribeSecurityGroupsCommand({ MaxResults: 5, NextToken: 'x' })),
      'InvalidNextToken',
    );
  });
});

describe('groups in further VPCs', () => {
  test('A58 neither a default group nor the default VPC; A59 not while an interface lives on it', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const associate = async (GroupId: string, VpcId: string): Promise<string | undefined> =>
      (await api.client.send(new ec2.AssociateSecurityGroupVpcCommand({ GroupId, VpcId }))).State;
    await refusedWith(associate('sg-0ddddddddddddddd3', VPC.id), 'InvalidParameterValue');
    await refusedWith(associate(web, DEFAULT_VPC.id), 'InvalidParameterValue');
    assert.equal(await associate(web, DUAL_VPC.id), 'associated');
    const usable = await api.client.send(new ec2.GetSecurityGroupsForVpcCommand({ VpcId: DUAL_VPC.id }));
    assert.deepEqual(
      usable.SecurityGroupForVpcs?.map((group) => [group.GroupId, group.PrimaryVpcId]),
      [[web, VPC.id]],
    );
    await refusedWith(api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: web })), 'DependencyViolation');
    const described = await api.client.send(new ec2.DescribeSecurityGroupVpcAssociationsCommand({}));
    assert.deepEqual(described.SecurityGroupVpcAssociations, [
      {
        GroupId: web,
        VpcId: DUAL_VPC.id,
        State: 'associated',
        GroupOwnerId: REALM.accountId,
        VpcOwnerId: REALM.accountId,
      },
    ]);
    await api.client.send(new ec2.DisassociateSecurityGroupVpcCommand({ GroupId: web, VpcId: DUAL_VPC.id }));
    await api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: web }));
  });
});

describe('what every call has', () => {
  test('A61 a dry run changes nothing and says so', async () => {
    const api = await freshApi();
    const input = { GroupName: 'web', Description: 'd', VpcId: VPC.id, DryRun: true };
    await refusedWith(
      api.client.send(new ec2.CreateSecurityGroupCommand(input)),
      'DryRunOperation',
      'Request would have succeeded, but DryRun flag is set.',
    );
    await makeGroup(api, 'web');
    await refusedWith(api.client.send(new ec2.CreateSecurityGroupCommand(input)), 'InvalidGroup.Duplicate');
  });

  test('actions that are not there, versions and parameters that are wrong', async () => {
    const api = await freshApi();
    const body = async (form: string): Promise<string> => String((await api.send(form)).body);
    assert.match(
      await body('Action=RunScheduledInstances&Version=2016-11-15'),
      /<Code>InvalidAction<\/Code>.*RunScheduledInstances/,
    );
    assert.match(await body('Version=2016-11-15'), /<Code>MissingAction</);
    assert.match(await body('Action=__proto__'), /<Code>InvalidAction</);
    assert.match(await body('Action=DescribeSecurityGroups&Version=2010-01-01'), /<Code>NoSuchVersion</);
    assert.match(await body('Action=DescribeSecurityGroups&Fake=1'), /<Code>UnknownParameter</);
    assert.match(await body('Action=CreateSecurityGroup&GroupName=x'), /<Code>MissingParameter</);
    const got = await api.send('Action=DescribeSecurityGroups&Version=2016-11-15', 'GET');
    assert.equal(got.status, 200);
    assert.equal(got.headers['x-amzn-requestid'], /<requestId>(.*?)</.exec(String(got.body))?.[1]);
  });
});
