// A VPC with a way to the internet, and what answers questions about it.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { type AskAside, InsightsRunner } from '../../src/server/ec2/insights/runner.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { type TestApi, testApi } from './api-client.ts';

/** A VPC with what is tried in it. */
export type Net = {
  readonly api: TestApi;
  readonly runner: InsightsRunner;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupId: string;
  readonly tableId: string;
  readonly aclId: string;
  readonly gatewayId: string;
};

/** What answers the analyses of an API; faults of the program fail the test. */
export function runnerOf(api: TestApi, askAside?: AskAside): InsightsRunner {
  return new InsightsRunner({
    control: api.control,
    now: () => Date.UTC(2026, 0, 2),
    defer: setImmediate,
    onFault: (error) => assert.fail(String(error)),
    ...(askAside === undefined ? {} : { askAside, tripsHere: 0 }),
  });
}

/** A VPC with a way to the internet, and a group with nothing but the egress rule that groups are born with. */
export async function makeNet(t: TestContext, store: MemoryStore = new MemoryStore()): Promise<Net> {
  const api = await testApi({ store });
  const runner = runnerOf(api);
  t.after(async () => await runner.close());
  const { client } = api;
  const vpc = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = vpc.Vpc?.VpcId ?? assert.fail();
  const subnet = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.1.0/24' }));
  const group = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'web', Description: 'web', VpcId }));
  const gateway = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const GatewayId = gateway.InternetGateway?.InternetGatewayId ?? assert.fail();
  await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId }));
  const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
  const { RouteTables: tables } = await client.send(new ec2.DescribeRouteTablesCommand({ Filters }));
  const { NetworkAcls: acls } = await client.send(new ec2.DescribeNetworkAclsCommand({ Filters }));
  const RouteTableId = tables?.[0]?.RouteTableId ?? assert.fail();
  await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }));
  return {
    api,
    runner,
    vpcId: VpcId,
    subnetId: subnet.Subnet?.SubnetId ?? assert.fail(),
    groupId: group.GroupId ?? assert.fail(),
    tableId: RouteTableId,
    aclId: acls?.[0]?.NetworkAclId ?? assert.fail(),
    gatewayId: GatewayId,
  };
}

/** An interface in the subnet with the group. */
export async function makeEni({ api: { client }, subnetId, groupId }: Net): Promise<string> {
  const { NetworkInterface: eni } = await client.send(
    new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [groupId] }),
  );
  return eni?.NetworkInterfaceId ?? assert.fail();
}

/** Puts an Elastic address before an interface. */
export async function givePublicAddress({ api: { client } }: Net, NetworkInterfaceId: string): Promise<string> {
  const { AllocationId, PublicIp } = await client.send(new ec2.AllocateAddressCommand({}));
  await client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  return PublicIp ?? assert.fail();
}

/** Lets TCP to a port in. */
export async function open(
  { api: { client }, groupId: GroupId }: Net,
  { port, cidr }: { readonly port: number; readonly cidr: string },
): Promise<void> {
  await client.send(
    new ec2.AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      CidrIp: cidr,
    }),
  );
}

/** What components are of, by the prefixes of their ids. */
export function steps(components: readonly ec2.PathComponent[] | undefined): readonly string[] {
  return (components ?? []).map(({ Component: one }) => /^[a-z]+/.exec(one?.Id ?? '')?.[0] ?? '?');
}
