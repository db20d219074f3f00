// Security groups through AWS's client: the cases A1–A62 of the API, by their numbers, and what lies around them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { REALM, refusedWith, testApi } from './api-client.ts';
import { authorize, freshApi, groupShape, list, makeGroup, modify, rulesOf, tcp } from './groups-client.ts';
import { DEFAULT_VPC, DUAL_VPC, PEERING, storeOf, VPC } from './seed.ts';

describe('creating groups', () => {
  test('A1 a new group lets all IPv4 out and nothing in', async () => {
    const api = await freshApi();
    const group = await groupShape(api, await makeGroup(api));
    assert.deepEqual(group.IpPermissions, []);
    assert.deepEqual(group.IpPermissionsEgress, [
      {
        IpProtocol: '-1',
        IpRanges: [{ CidrIp: '0.0.0.0/0' }],
        Ipv6Ranges: [],
        PrefixListIds: [],
        UserIdGroupPairs: [],
      },
    ]);
    assert.equal(group.OwnerId, REALM.accountId);
  });

  test('A2 in a VPC with IPv6 the one egress permission has both families', async () => {
    const api = await freshApi();
    const group = await groupShape(api, await makeGroup(api, 'web', DUAL_VPC.id));
    assert.equal(group.IpPermissionsEgress?.length, 1);
    assert.deepEqual(group.IpPermissionsEgress[0]?.IpRanges, [{ CidrIp: '0.0.0.0/0' }]);
    assert.deepEqual(group.IpPermissionsEgress[0].Ipv6Ranges, [{ CidrIpv6: '::/0' }]);
  });

  test('A4 the answer has the id and the ARN, and tags only when there are some', async () => {
    const { client } = await freshApi();
    const plain = await client.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'a', Description: 'd', VpcId: VPC.id }),
    );
    assert.match(plain.GroupId ?? '', /^sg-0[0-9a-f]{16}$/);
    assert.equal(plain.SecurityGroupArn, `arn:aws:ec2:eu-west-1:111122223333:security-group/${plain.GroupId}`);
    assert.ok(!('Tags' in plain));
    const TagSpecifications: ec2.TagSpecification[] = [
      { ResourceType: 'security-group', Tags: [{ Key: 'Name', Value: 'b' }] },
    ];
    const tagged = await client.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'b', Description: 'd', VpcId: VPC.id, TagSpecifications }),
    );
    assert.deepEqual(tagged.Tags, [{ Key: 'Name', Value: 'b' }]);
  });

  test('A5 names are one whatever their case; another VPC may have the name again', async () => {
    const api = await freshApi();
    await makeGroup(api, 'web');
    await refusedWith(makeGroup(api, 'WEB'), 'InvalidGroup.Duplicate', /'WEB' already exists for VPC 'vpc-0a+1'/);
    await makeGroup(api, 'web', DUAL_VPC.id);
  });

  test('A7 trailing blanks of a name do not count', async () => {
    const api = await freshApi();
    assert.equal((await groupShape(api, await makeGroup(api, 'web  '))).GroupName, 'web');
  });

  test('A8, A10, A11 names and descriptions that AWS refuses', async () => {
    const { client } = await freshApi();
    const refused = async (
      [GroupName, Description]: readonly [string, string],
      code: string,
      message: RegExp,
    ): Promise<void> =>
      await refusedWith(
        client.send(new ec2.CreateSecurityGroupCommand({ GroupName, Description, VpcId: VPC.id })),
        code,
        message,
      );
    await refused(['sg-web', 'd'], 'InvalidParameterValue', /may not be in the format sg-\*\.$/);
    await refused(['default', 'd'], 'InvalidParameterValue', /reserved security group name: default/);
    await refused(['web', 'a — b'], 'InvalidParameterValue', /Character sets beyond ASCII are not supported\.$/);
    await refused(
      ['web', "it's"],
      'InvalidParameterValue',
      /^Invalid security group description\. .* set: {2}a-zA-Z0-9\./,
    );
    await refused(['w'.repeat(256), 'd'], 'InvalidParameterValue', /^Invalid security group name\./);
    await refused(['web', ''], 'MissingParameter', /GroupDescription/);
    await refused(['', 'd'], 'MissingParameter', /GroupName/);
  });

  test('without a VPC the group is of the default one; an unknown VPC is refused', async () => {
    const api = await freshApi();
    const made = await api.client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'x', Description: 'd' }));
    assert.equal((await groupShape(api, made.GroupId ?? '')).VpcId, DEFAULT_VPC.id);
    await refusedWith(
      makeGroup(api, 'web', 'vpc-0123'),
      'InvalidVpcID.NotFound',
      "The vpc ID 'vpc-0123' does not exist",
    );
    const none = await testApi({ store: await storeOf({ vpcs: [VPC] }) });
    await refusedWith(
      none.client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'x', Description: 'd' })),
      'VPCIdNotSpecified',
    );
  });
});

describe('deleting groups', () => {
  test('A13 a group that another names stays, and the answer says which', async () => {
    const api = await freshApi();
    const [web, db] = [await makeGroup(api, 'web'), await makeGroup(api, 'db')];
    await authorize(api, db, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: web }] });
    await refusedWith(
      api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: web })),
      'DependencyViolation',
      `resource ${web} has a dependent object`,
    );
    const answer = await api.send(`Action=DeleteSecurityGroup&Version=2016-11-15&GroupId=${web}`);
    assert.equal(answer.headers['x-crenel-held-by'], db);
    assert.deepEqual(answer.log?.['heldBy'], [db]);
  });

  test('A14 a group that names only itself goes; A16 twice is once too often', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    await authorize(api, web, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: web }] });
    const gone = await api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: web }));
    assert.equal(gone.Return, true);
    assert.equal(gone.GroupId, web);
    const text = `The security group '${web}' does not exist`;
    await refusedWith(
      api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: web })),
      'InvalidGroup.NotFound',
      text,
    );
    await refusedWith(groupShape(api, web), 'InvalidGroup.NotFound', text);
  });

  test('the default group stays', async () => {
    const { client } = await freshApi();
    await refusedWith(
      client.send(new ec2.DeleteSecurityGroupCommand({ GroupName: 'default' })),
      'CannotDelete',
      /name: "default" cannot be deleted by a user$/,
    );
  });
});

describe('rules', () => {
  test('A17 prefixes lose their host bits; the same again is a duplicate', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    await authorize(api, web, tcp(22, '100.68.0.18/18'));
    await refusedWith(
      authorize(api, web, tcp(22, '100.68.0.0/18')),
      'InvalidPermission.Duplicate',
      'the specified rule "peer: 100.68.0.0/18, TCP, from port: 22, to port: 22, ALLOW" already exists',
    );
    assert.deepEqual((await groupShape(api, web)).IpPermissions?.[0]?.IpRanges, [{ CidrIp: '100.68.0.0/18' }]);
  });

  test('A19, A20 a request with a double or a known rule stores nothing', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    await refusedWith(
      authorize(api, web, tcp(80, '10.0.0.0/8'), tcp(22, '10.0.0.0/8', '10.0.0.0/8')),
      'InvalidParameterValue',
      'The same permission must not appear multiple times',
    );
    await authorize(api, web, tcp(22, '10.0.0.0/8'));
    await refusedWith(authorize(api, web, tcp(80, '10.0.0.0/8'), tcp(22, '10.0.0.0/8')), 'InvalidPermission.Duplicate');
    assert.equal((await groupShape(api, web)).IpPermissions?.length, 1);
  });

  test('A22 ports beside −1 do not count: groups show none, rules show −1', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [rule] = await authorize(api, web, { ...tcp(80, '10.0.0.0/8'), IpProtocol: '-1' });
    assert.equal(rule?.FromPort, -1);
    assert.equal(rule.ToPort, -1);
    const permission = (await groupShape(api, web)).IpPermissions?.[0] ?? assert.fail();
    assert.equal(permission.IpProtocol, '-1');
    assert.ok(!('FromPort' in permission) && !('ToPort' in permission));
  });

  test('A23 Modify refuses what Authorize lets pass: −1 with ports', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [rule] = await authorize(api, web, { ...tcp(0, '10.0.0.0/8'), IpProtocol: '-1' });
    const SecurityGroupRule = { IpProtocol: '-1', FromPort: 0, ToPort: 0, CidrIpv4: '10.0.0.0/8' };
    await refusedWith(
      modify(api, web, [[rule?.SecurityGroupRuleId, SecurityGroupRule]]),
      'InvalidParameterValue',
      /^You may not specify all protocols and specific ports\./,
    );
  });

  test('A25, A26, A28, A29 protocols and ports', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [upper] = await authorize(api, web, { ...tcp(443, '10.0.0.0/8'), IpProtocol: 'TCP' });
    assert.equal(upper?.IpProtocol, 'tcp');
    const refused = async (permission: ec2.IpPermission, message: RegExp): Promise<void> =>
      await refusedWith(
        authorize(api, web, { IpRanges: [{ CidrIp: '10.0.0.0/8' }], ...permission }),
        'InvalidParameterValue',
        message,
      );
    await refused(
      { IpProtocol: 'tcp' },
      /^Invalid value for portRange\. Must specify both from and to ports with TCP\/UDP\.$/,
    );
    await refused({ IpProtocol: 'all' }, /^Invalid value 'all' for IP protocol\. Unknown protocol\.$/);
    await refused({ IpProtocol: '256' }, /Unknown protocol/);
    await refused({}, /^Invalid value 'null' for protocol\./);
    await refused({ IpProtocol: 'tcp', FromPort: -1, ToPort: 80 }, /^TCP\/UDP \(from\) port \(-1\) out of range/);
    await refused({ IpProtocol: 'udp', FromPort: 1, ToPort: 65_536 }, /^TCP\/UDP \(to\) port \(65536\) out of range/);
    await refused({ IpProtocol: 'tcp', FromPort: 81, ToPort: 80 }, /port range/);
    await refused({ IpProtocol: 'icmp', FromPort: -1, ToPort: 0 }, /ICMP/);
    await refused({ IpProtocol: 'icmp', FromPort: 3, ToPort: 65_535 }, /^ICMP code \(65535\) out of range/);
    await refused(
      { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: '2001:db8::/32' }] },
      /^CIDR block 2001:db8::\/32 is malformed$/,
    );
    await authorize(api, web, { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, IpRanges: [{ CidrIp: '10.0.0.0/8' }] });
    const [v6] = await authorize(api, web, { IpProtocol: 'icmpv6', Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] });
    assert.deepEqual([v6?.FromPort, v6?.ToPort], [-1, -1]);
    const [esp] = await authorize(api, web, { ...tcp(1, '10.0.0.0/8'), IpProtocol: '50' });
    assert.deepEqual([esp?.IpProtocol, esp?.FromPort, esp?.ToPort], ['50', -1, -1]);
  });

  test('A31 one permission of many sources is a rule each and comes back as one', async () => {
    const api = await freshApi({ prefixLists: [list('pl-0bbbbbbbbbbbbbbb1', 10)] });
    const [web, app] = [await makeGroup(api, 'web'), await makeGroup(api, 'app')];
    const rules = await authorize(api, web, {
      ...tcp(22, '10.0.0.0/8', '192.0.2.0/24'),
      Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32', Description: 'six' }],
      PrefixListIds: [{ PrefixListId: 'pl-0bbbbbbbbbbbbbbb1' }],
      UserIdGroupPairs: [{ GroupId: app }],
    });
    assert.equal(rules.length, 5);
    const permissions = (await groupShape(api, web)).IpPermissions ?? [];
    assert.equal(permissions.length, 1);
    assert.deepEqual(permissions[0], {
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.0.2.0/24' }],
      Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32', Description: 'six' }],
      PrefixListIds: [{ PrefixListId: 'pl-0bbbbbbbbbbbbbbb1' }],
      UserIdGroupPairs: [{ GroupId: app, UserId: REALM.accountId }],
    });
  });

  test('A32 a group that names itself is told by id and owner', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [rule] = await authorize(api, web, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: web }] });
    assert.deepEqual(rule?.ReferencedGroupInfo, { GroupId: web, UserId: REALM.accountId });
  });

  test('a group of a VPC that is not connected is refused; over a peering it carries the peering', async () => {
    const apart = await freshApi();
    const [web, far] = [await makeGroup(apart), await makeGroup(apart, 'far', DUAL_VPC.id)];
    const permission = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: far }] };
    await refusedWith(
      authorize(apart, web, permission),
      'InvalidGroup.NotFound',
      'You have specified two resources that belong to different networks.',
    );
    const api = await freshApi({ peerings: [PEERING] });
    const [near, other] = [await makeGroup(api), await makeGroup(api, 'far', DUAL_VPC.id)];
    await authorize(api, near, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: other }] });
    assert.deepEqual((await groupShape(api, near)).IpPermissions?.[0]?.UserIdGroupPairs, [
      {
        GroupId: other,
        UserId: REALM.accountId,
        VpcId: DUAL_VPC.id,
        VpcPeeringConnectionId: PEERING.id,
        PeeringStatus: 'active',
      },
    ]);
    const references = await api.client.send(new ec2.DescribeSecurityGroupReferencesCommand({ GroupId: [other] }));
    assert.deepEqual(references.SecurityGroupReferenceSet, [
      { GroupId: other, ReferencingVpcId: VPC.id, VpcPeeringConnectionId: PEERING.id },
    ]);
    // Deleting the named group is allowed from the other side: the rule goes stale.
    await api.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: other }));
    const stale = await api.client.send(new ec2.DescribeStaleSecurityGroupsCommand({ VpcId: VPC.id }));
    assert.equal(stale.StaleSecurityGroupSet?.[0]?.GroupId, near);
    assert.equal(stale.StaleSecurityGroupSet[0].StaleIpPermissions?.[0]?.UserIdGroupPairs?.[0]?.GroupId, other);
  });

  test('A34, A35, A38 revoking matches whole rules; the default VPC forgives misses', async () => {
    const api = await freshApi();
    for (const [vpcId, forgives] of [
      [VPC.id, false],
      [DEFAULT_VPC.id, true],
    ] as const) {
      const web = await makeGroup(api, 'web', vpcId);
      const range = { IpProtocol: 'tcp', FromPort: 80, ToPort: 100, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
      await authorize(api, web, range, tcp(22, '10.0.0.0/8'));
      const IpPermissions = [{ ...range, ToPort: 90 }, tcp(22, '10.0.0.0/8')];
      const asked = api.client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId: web, IpPermissions }));
      if (forgives) {
        const done = await asked;
        assert.equal(done.UnknownIpPermissions?.[0]?.ToPort, 90);
        assert.equal(done.RevokedSecurityGroupRules?.[0]?.FromPort, 22);
      } else {
        await refusedWith(
          asked,
          'InvalidPermission.NotFound',
          'The specified rule does not exist in this security group',
        );
      }
      const left = (await groupShape(api, web)).IpPermissions?.map((permission) => permission.FromPort);
      assert.deepEqual(left, forgives ? [80] : [80, 22]);
    }
  });

  test('A37 revoking by rule id takes that rule alone; A46 ids that are none', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [first] = await authorize(api, web, tcp(22, '10.0.0.0/8', '192.0.2.0/24'));
    const revoke = async (id: string): Promise<unknown> =>
      await api.client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId: web, SecurityGroupRuleIds: [id] }));
    await revoke(first?.SecurityGroupRuleId ?? '');
    assert.deepEqual((await groupShape(api, web)).IpPermissions?.[0]?.IpRanges, [{ CidrIp: '192.0.2.0/24' }]);
    await refusedWith(
      revoke('sgr-xyz'),
      'InvalidSecurityGroupRuleId.NotFound',
      "The security group rule ID 'sgr-xyz' does not exist",
    );
    for (const id of ['SGR-0123', `sgr-${'0'.repeat(18)}`, 'not-a-rule-id'])
      await refusedWith(revoke(id), 'InvalidSecurityGroupRuleId.Malformed');
  });

  test('A40 to A43 modifying rules', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const [one, two] = await authorize(api, web, tcp(22, '10.0.0.0/8'), tcp(80, '10.0.0.0/8'));
    const [first, second] = [one?.SecurityGroupRuleId ?? '', two?.SecurityGroupRuleId ?? ''];
    await refusedWith(
      modify(api, 'sg-00000000', [[first, to(1)]]),
      'InvalidGroup.NotFound',
      "The security group 'sg-00000000' does not exist",
    );
    await refusedWith(modify(api, web, [['sgr-00000000', to(1)]]), 'InvalidSecurityGroupRuleId.NotFound');
    await refusedWith(modify(api, web, [[first, to(80)]]), 'InvalidPermission.Duplicate');
    await refusedWith(
      modify(api, web, [
        [first, to(1)],
        [first, to(2)],
      ]),
      'InvalidParameterValue',
      /must not appear multiple times\.$/,
    );
    await refusedWith(modify(api, web, [[first, to(1, {})]]), 'MissingParameter', /exactly one of: cidrIp/);
    await refusedWith(
      modify(api, web, [[first, to(1, { CidrIpv4: '10.0.0.0/8', CidrIpv6: '::/0' })]]),
      'InvalidParameterCombination',
    );
    await refusedWith(
      modify(api, web, [[first, to(1, { CidrIpv6: '::/0' })]]),
      'InvalidParameterValue',
      /^Invalid rule type .* You may not specify CidrIpv6 for an existing IPv4 CIDR rule\.$/,
    );
    await modify(api, web, [
      [first, to(80)],
      [second, to(22)],
    ]);
    const egress = (await rulesOf(api, web)).find((rule) => rule.IsEgress) ?? assert.fail();
    await modify(api, web, [
      [first, to(8080, { CidrIpv4: '10.0.0.1/8', Description: 'new' })],
      [egress.SecurityGroupRuleId, { IpProtocol: 'udp', FromPort: 53, ToPort: 53, CidrIpv4: '0.0.0.0/0' }],
    ]);
    const after = new Map((await rulesOf(api, web)).map((rule) => [rule.SecurityGroupRuleId, rule]));
    assert.deepEqual(
      [after.get(first)?.FromPort, after.get(first)?.CidrIpv4, after.get(first)?.Description],
      [8080, '10.0.0.0/8', 'new'],
    );
    assert.equal(after.get(second)?.FromPort, 22);
    assert.deepEqual(
      [after.get(egress.SecurityGroupRuleId)?.IpProtocol, after.get(egress.SecurityGroupRuleId)?.IsEgress],
      ['udp', true],
    );
  });

  test('A44 updating without a description takes it away', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };
    const [rule] = await authorize(api, web, {
      ...permission,
      IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'ssh' }],
    });
    assert.equal(rule?.Description, 'ssh');
    const update = async (
      input: Omit<ec2.UpdateSecurityGroupRuleDescriptionsIngressRequest, 'GroupId'>,
    ): Promise<unknown> =>
      await api.client.send(new ec2.UpdateSecurityGroupRuleDescriptionsIngressCommand({ GroupId: web, ...input }));
    await update({ IpPermissions: [{ ...permission, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }] });
    assert.ok(!('Description' in ((await rulesOf(api, web)).find((one) => !one.IsEgress) ?? {})));
    const byId = (Description: string): ec2.SecurityGroupRuleDescription[] => [
      { SecurityGroupRuleId: rule.SecurityGroupRuleId ?? '', Description },
    ];
    await update({ SecurityGroupRuleDescriptions: byId('again') });
    assert.equal((await rulesOf(api, web)).find((one) => !one.IsEgress)?.Description, 'again');
    await refusedWith(
      update({ SecurityGroupRuleDescriptions: byId('it’s') }),
      'InvalidParameterValue',
      /^Invalid rule description\./,
    );
    await refusedWith(update({}), 'MissingParameter');
    await refusedWith(
      update({ IpPermissions: [{ ...permission, IpRanges: [{ CidrIp: '9.0.0.0/8' }] }] }),
      'InvalidPermission.NotFound',
    );
  });

  test('A50 the quota is of each direction and family by itself', async () => {
    const api = await freshApi();
    const web = await makeGroup(api);
    const many = Array.from({ length: 60 }, (_, host) => `192.0.2.${host}/32`);
    await authorize(api, web, tcp(22, ...many));
    await refusedWith(
      authorize(api, web, tcp(22, '192.0.2.99/32')),
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    );
    await authorize(api, web, { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, Ipv6Ranges: [{ CidrIpv6: '::/0' }] });
  });

  test('A52 a prefix list counts with its weight', async () => {
    const api = await freshApi({ prefixLists: [list('pl-0bbbbbbbbbbbbbbb1', 55)] });
    const web = await makeGroup(api);
    await authorize(api, web, { IpProtocol: '-1', PrefixListIds: [{ PrefixListId: 'pl-0bbbbbbbbbbbbbbb1' }] });
    for (const host of [1, 2, 3, 4, 5]) await authorize(api, web, tcp(22, `192.0.2.${host}/32`));
    await refusedWith(authorize(api, web, tcp(22, '192.0.2.6/32')), 'RulesPerSecurityGroupLimitExceeded');
  });

  test('the short form: one rule, or all of three protocols from a group', async () => {
    const api = await freshApi();
    await makeGroup(api, 'front', DEFAULT_VPC.id);
    const back = await makeGroup(api, 'back', DEFAULT_VPC.id);
    const one = await api.client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupName: 'back',
        IpProtocol: 'tcp',
        FromPort: 1,
        ToPort: 2,
        CidrIp: '10.0.0.0/8',
      }),
    );
    assert.deepEqual(
      one.SecurityGroupRules?.map((rule) => [rule.GroupId, rule.FromPort, rule.ToPort]),
      [[back, 1, 2]],
    );
    const three = await api.client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({ GroupName: 'back', SourceSecurityGroupName: 'front' }),
    );
    assert.deepEqual(
      three.SecurityGroupRules?.map((rule) => rule.IpProtocol),
      ['tcp', 'udp', 'icmp'],
    );
    const egress = { GroupId: back, IpProtocol: 'tcp', FromPort: 1, ToPort: 2, CidrIp: '10.0.0.0/8' };
    await refusedWith(
      api.client.send(new ec2.AuthorizeSecurityGroupEgressCommand(egress)),
      'InvalidParameterCombination',
    );
    await refusedWith(
      api.client.send(
        new ec2.AuthorizeSecurityGroupIngressCommand({ GroupName: 'none', SourceSecurityGroupName: 'front' }),
      ),
      'InvalidGroup.NotFound',
      `The security group 'none' does not exist in default VPC '${DEFAULT_VPC.id}'`,
    );
  });
});

/** TCP to a port, from 10.0.0.0/8 where nothing else is said. */
function to(port: number, source?: ec2.SecurityGroupRuleRequest): ec2.SecurityGroupRuleRequest {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...(source ?? { CidrIpv4: '10.0.0.0/8' }) };
}
