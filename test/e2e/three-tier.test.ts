// The three-tier example built from nothing by API calls, as a person does, then asked: the answers are those of the example's files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import { MAIN, type Server, startServer } from './server-process.ts';

type Ids = { readonly [name: string]: string };

function present(value: string | undefined): string {
  return value ?? assert.fail('an answer without an id');
}

function named(type: ec2.ResourceType, Value: string): ec2.TagSpecification[] {
  return [{ ResourceType: type, Tags: [{ Key: 'Name', Value }] }];
}

/** VPC, gateways, subnets and their route tables. */
async function buildNetwork(client: ec2.EC2Client): Promise<Ids> {
  const vpc = await client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: named('vpc', 'shop') }),
  );
  const VpcId = present(vpc.Vpc?.VpcId);
  const gateway = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const GatewayId = present(gateway.InternetGateway?.InternetGatewayId);
  await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId }));
  const subnet = async (CidrBlock: string, name: string): Promise<string> =>
    present(
      (await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock, TagSpecifications: named('subnet', name) })))
        .Subnet?.SubnetId,
    );
  const [open, app, db] = [
    await subnet('10.0.1.0/24', 'public'),
    await subnet('10.0.11.0/24', 'app'),
    await subnet('10.0.21.0/24', 'db'),
  ];
  await client.send(new ec2.ModifySubnetAttributeCommand({ SubnetId: open, MapPublicIpOnLaunch: { Value: true } }));
  const table = async (target: Partial<ec2.CreateRouteRequest>, ...subnets: readonly string[]): Promise<void> => {
    const made = await client.send(new ec2.CreateRouteTableCommand({ VpcId }));
    const RouteTableId = present(made.RouteTable?.RouteTableId);
    await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', ...target }));
    for (const SubnetId of subnets) await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  };
  await table({ GatewayId }, open);
  const { AllocationId } = await client.send(new ec2.AllocateAddressCommand({}));
  const nat = await client.send(new ec2.CreateNatGatewayCommand({ SubnetId: open, AllocationId }));
  await table({ NatGatewayId: present(nat.NatGateway?.NatGatewayId) }, app, db);
  return { VpcId, open, app, db };
}

function tcp(port: number, source: Partial<ec2.IpPermission>): ec2.IpPermission {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...source };
}

function from(GroupId: string): Partial<ec2.IpPermission> {
  return { UserIdGroupPairs: [{ GroupId }] };
}

/** The groups of the tiers, with rules that name one another. */
async function buildGroups(client: ec2.EC2Client, VpcId: string): Promise<Ids> {
  const group = async (GroupName: string): Promise<string> =>
    present(
      (
        await client.send(
          new ec2.CreateSecurityGroupCommand({ GroupName, Description: `the tier ${GroupName}`, VpcId }),
        )
      ).GroupId,
    );
  const [web, app, db, bastion] = [await group('web'), await group('app'), await group('db'), await group('bastion')];
  const world = { IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  const allow = async (GroupId: string, ...IpPermissions: ec2.IpPermission[]): Promise<unknown> =>
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  await allow(web, tcp(80, world), tcp(443, world));
  await allow(app, tcp(8443, from(web)), tcp(9100, { IpRanges: [{ CidrIp: '10.0.0.0/16' }] }));
  await allow(db, tcp(5432, from(app)));
  await allow(bastion, tcp(22, world));
  const everything = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await client.send(new ec2.RevokeSecurityGroupEgressCommand({ GroupId: db, IpPermissions: everything }));
  return { web, app, db, bastion };
}

/** A NACL on the public subnet that keeps one address out. */
async function buildAcl(client: ec2.EC2Client, { VpcId, open }: Ids): Promise<void> {
  const made = await client.send(new ec2.CreateNetworkAclCommand({ VpcId }));
  const NetworkAclId = present(made.NetworkAcl?.NetworkAclId);
  const entry = async (
    RuleNumber: number,
    Egress: boolean,
    RuleAction: 'allow' | 'deny',
    CidrBlock: string,
  ): Promise<unknown> =>
    await client.send(
      new ec2.CreateNetworkAclEntryCommand({ NetworkAclId, RuleNumber, Egress, RuleAction, CidrBlock, Protocol: '-1' }),
    );
  await entry(50, false, 'deny', '203.0.113.66/32');
  for (const egress of [false, true]) await entry(100, egress, 'allow', '0.0.0.0/0');
  const { NetworkAcls: acls } = await client.send(
    new ec2.DescribeNetworkAclsCommand({ Filters: [{ Name: 'association.subnet-id', Values: [present(open)] }] }),
  );
  const association = acls?.[0]?.Associations?.find(({ SubnetId }) => SubnetId === open);
  await client.send(
    new ec2.ReplaceNetworkAclAssociationCommand({
      AssociationId: association?.NetworkAclAssociationId,
      NetworkAclId,
    }),
  );
}

type Launch = { readonly name: string; readonly subnet: string | undefined; readonly group: string | undefined };

async function launch(client: ec2.EC2Client, { name, subnet, group }: Launch): Promise<void> {
  const { Instances: instances } = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: present(subnet),
      SecurityGroupIds: [present(group)],
      TagSpecifications: named('instance', name),
    }),
  );
  assert.equal(instances?.length, 1);
}

const QUESTIONS: readonly (readonly [from: string, to: string, traffic: string])[] = [
  ['web-1', 'app-1', 'tcp/8443'],
  ['web-1', 'app-1', 'tcp/22'],
  ['web-1', 'db-1', 'tcp/5432'],
  ['app-1', 'db-1', 'tcp/5432'],
  ['db-1', '192.0.2.80', 'tcp/443'],
  ['web-1', '192.0.2.80', 'tcp/443'],
  ['internet', 'bastion', 'tcp/22'],
  ['internet', 'db-1', 'tcp/5432'],
  ['203.0.113.66', 'web-1', 'tcp/443'],
  ['203.0.113.67', 'web-1', 'tcp/443'],
];

/** The exit status of `crenel why`: 0 allowed, 1 blocked. */
function verdict(question: readonly string[], where: readonly string[], server?: Server): number | null {
  const run = spawnSync(process.execPath, [MAIN, 'why', ...question, '--family', 'ipv4', ...where], {
    encoding: 'utf8',
    env: { ...process.env, ...server?.env },
  });
  assert.ok(run.status === 0 || run.status === 1, `${question.join(' ')}: ${run.stderr}`);
  return run.status;
}

test('the three tiers, built by calls, answer as the example’s files do', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-tiers-'));
  const server = await startServer('--data', folder);
  const client = new ec2.EC2Client({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: {
      accessKeyId: present(server.env['AWS_ACCESS_KEY_ID']),
      secretAccessKey: present(server.env['AWS_SECRET_ACCESS_KEY']),
    },
  });
  try {
    const network = await buildNetwork(client);
    const groups = await buildGroups(client, present(network['VpcId']));
    await buildAcl(client, network);
    await launch(client, { name: 'web-1', subnet: network['open'], group: groups['web'] });
    await launch(client, { name: 'bastion', subnet: network['open'], group: groups['bastion'] });
    await launch(client, { name: 'app-1', subnet: network['app'], group: groups['app'] });
    await launch(client, { name: 'db-1', subnet: network['db'], group: groups['db'] });
    const files = fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url));
    const statuses = QUESTIONS.map((question) => ({
      question: question.join(' '),
      built: verdict(question, ['--endpoint', server.url], server),
      files: verdict(question, ['--world', files]),
    }));
    assert.deepEqual(
      statuses.filter(({ built, files: expected }) => built !== expected),
      [],
    );
    assert.ok(new Set(statuses.map(({ built }) => built)).size === 2, 'the story has both verdicts');
  } finally {
    client.destroy();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});
