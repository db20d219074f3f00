// What tests of instances do all the time, through AWS's client.
import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Limits } from '../../src/core/model/limits.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { type TestApi, testApi } from './api-client.ts';

/** An API with a VPC of two families, a subnet of its own, and the default VPC. */
export type Place = {
  readonly api: TestApi;
  readonly vpcId: string;
  readonly subnetId: string;
  /** The default group of the VPC. */
  readonly groupId: string;
};

export async function place(limits: Partial<Limits> = {}): Promise<Place> {
  const api = await testApi({ store: new MemoryStore(), limits });
  const { client } = api;
  await client.send(new ec2.CreateDefaultVpcCommand({}));
  const { Vpc: vpc } = await client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  const vpcId = vpc?.VpcId ?? assert.fail();
  const block = vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? assert.fail();
  const { Subnet: subnet } = await client.send(
    new ec2.CreateSubnetCommand({
      VpcId: vpcId,
      CidrBlock: '10.0.1.0/24',
      Ipv6CidrBlock: block.replace('/56', '/64'),
      AvailabilityZone: 'eu-west-1b',
    }),
  );
  const { SecurityGroups: groups } = await client.send(
    new ec2.DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }),
  );
  return { api, vpcId, subnetId: subnet?.SubnetId ?? assert.fail(), groupId: groups?.[0]?.GroupId ?? assert.fail() };
}

export async function launch(
  { client }: TestApi,
  input: Partial<ec2.RunInstancesRequest> = {},
): Promise<readonly ec2.Instance[]> {
  const asked = { ImageId: 'ami-12345678', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...input } as const;
  return (await client.send(new ec2.RunInstancesCommand(asked))).Instances ?? assert.fail();
}

export async function launchOne(api: TestApi, input: Partial<ec2.RunInstancesRequest> = {}): Promise<ec2.Instance> {
  const [instance, ...others] = await launch(api, input);
  assert.deepEqual(others, []);
  return instance ?? assert.fail();
}

export async function instancesOf(
  { client }: TestApi,
  input: ec2.DescribeInstancesRequest = {},
): Promise<readonly ec2.Instance[]> {
  const { Reservations: reservations } = await client.send(new ec2.DescribeInstancesCommand(input));
  return reservations?.flatMap(({ Instances }) => Instances ?? assert.fail()) ?? assert.fail();
}

export async function instanceAt(api: TestApi, id: string): Promise<ec2.Instance> {
  const [instance] = await instancesOf(api, { InstanceIds: [id] });
  return instance ?? assert.fail();
}
