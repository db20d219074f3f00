// What tests of groups do all the time, through AWS's client.
import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import { asId } from '../../src/core/model/ids.ts';
import type { PrefixList } from '../../src/core/model/prefix-list.ts';
import { REALM, type TestApi, testApi } from './api-client.ts';
import { storeOf, THREE_VPCS, VPC } from './seed.ts';

export async function freshApi(extra: Parameters<typeof storeOf>[0] = {}): Promise<TestApi> {
  return await testApi({ store: await storeOf({ ...THREE_VPCS, ...extra }) });
}

export async function makeGroup({ client }: TestApi, name = 'web', vpcId: string = VPC.id): Promise<string> {
  const made = await client.send(
    new ec2.CreateSecurityGroupCommand({ GroupName: name, Description: `the group ${name}`, VpcId: vpcId }),
  );
  return made.GroupId ?? assert.fail();
}

export async function groupShape({ client }: TestApi, id: string): Promise<ec2.SecurityGroup> {
  const { SecurityGroups: groups } = await client.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [id] }));
  return groups?.[0] ?? assert.fail();
}

export function tcp(port: number, ...cidrs: readonly string[]): ec2.IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) };
}

export async function authorize(
  { client }: TestApi,
  GroupId: string,
  ...IpPermissions: ec2.IpPermission[]
): Promise<readonly ec2.SecurityGroupRule[]> {
  const done = await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  return done.SecurityGroupRules ?? assert.fail();
}

export async function modify(
  { client }: TestApi,
  GroupId: string,
  updates: readonly (readonly [string | undefined, ec2.SecurityGroupRuleRequest])[],
): Promise<unknown> {
  return await client.send(
    new ec2.ModifySecurityGroupRulesCommand({
      GroupId,
      SecurityGroupRules: updates.map(([SecurityGroupRuleId, SecurityGroupRule]) => ({
        SecurityGroupRuleId,
        SecurityGroupRule,
      })),
    }),
  );
}

export async function rulesOf({ client }: TestApi, group: string): Promise<readonly ec2.SecurityGroupRule[]> {
  const found = await client.send(
    new ec2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [group] }] }),
  );
  return found.SecurityGroupRules ?? [];
}

export function list(id: string, weight: number): PrefixList {
  return {
    id: asId(id),
    name: 'offices',
    ownerId: REALM.accountId,
    family: 'ipv4',
    entries: [],
    versions: [],
    version: 1,
    weight,
    state: 'create-complete',
    tags: [],
  };
}
