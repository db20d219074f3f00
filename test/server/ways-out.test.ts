// Elastic addresses, NAT gateways and peering connections through AWS's client, with the traffic that they carry.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { ask } from '../../src/analysis/ask.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { REALM, refusedWith, type TestApi, testApi } from './api-client.ts';

type Net = { readonly api: TestApi; readonly vpcId: string; readonly subnetId: string };

async function makeNet(api: TestApi, octet: number): Promise<Net> {
  const { client } = api;
  const vpc = await client.send(new ec2.CreateVpcCommand({ CidrBlock: `10.${octet}.0.0/16` }));
  const VpcId = vpc.Vpc?.VpcId ?? assert.fail();
  const subnet = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: `10.${octet}.1.0/24` }));
  return { api, vpcId: VpcId, subnetId: subnet.Subnet?.SubnetId ?? assert.fail() };
}

async function freshNet(): Promise<Net> {
  return await makeNet(await testApi({ store: new MemoryStore() }), 0);
}

async function attachGateway({ api: { client }, vpcId: VpcId }: Net): Promise<string> {
  const { InternetGateway: gateway } = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const InternetGatewayId = gateway?.InternetGatewayId ?? assert.fail();
  await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  return InternetGatewayId;
}

async function allocate({
  api: { client },
}: Net): Promise<{ readonly AllocationId: string; readonly PublicIp: string }> {
  const { AllocationId = '', PublicIp = '' } = await client.send(new ec2.AllocateAddressCommand({}));
  return { AllocationId, PublicIp };
}

async function makeEni({ api: { client }, subnetId: SubnetId }: Net): Promise<string> {
  const { NetworkInterface: eni } = await client.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId }));
  return eni?.NetworkInterfaceId ?? assert.fail();
}

async function mainTable({ api: { client }, vpcId }: Net): Promise<ec2.RouteTable> {
  const { RouteTables: tables } = await client.send(
    new ec2.DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }),
  );
  return tables?.[0] ?? assert.fail();
}

function verdict({ api }: Net, from: string, to: string, traffic: string): string {
  return expectOk(ask(api.estate().world, { from, to, traffic, family: 'ipv4' })).verdict;
}

describe('Elastic addresses', () => {
  test('are allocated, put before an interface, moved, taken away and released', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const [{ AllocationId, PublicIp }, one, two] = [await allocate(net), await makeEni(net), await makeEni(net)];
    assert.match(PublicIp, /^198\.18\./);
    const associate = async (
      NetworkInterfaceId: string,
      more: Partial<ec2.AssociateAddressRequest> = {},
    ): Promise<string> =>
      (await client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId, ...more })))
        .AssociationId ?? assert.fail();
    await refusedWith(
      associate(one),
      'Gateway.NotAttached',
      `Network ${net.vpcId} is not attached to any internet gateway`,
    );
    const InternetGatewayId = await attachGateway(net);
    const first = await associate(one);
    assert.equal(await associate(one), first);
    const [shown] = (await client.send(new ec2.DescribeAddressesCommand({ PublicIps: [PublicIp] }))).Addresses ?? [];
    assert.equal(shown?.NetworkInterfaceId, one);
    assert.equal(shown.PrivateIpAddress, '10.0.1.4');
    await refusedWith(client.send(new ec2.ReleaseAddressCommand({ AllocationId })), 'InvalidIPAddress.InUse');
    await refusedWith(
      client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: net.vpcId })),
      'DependencyViolation',
      /mapped public address/,
    );
    await refusedWith(associate(two, { AllowReassociation: false }), 'Resource.AlreadyAssociated');
    const second = await associate(two);
    assert.notEqual(second, first);
    const { NetworkInterfaces: enis } = await client.send(
      new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [one, two] }),
    );
    const publics = new Map(enis?.map((eni) => [eni.NetworkInterfaceId, eni.Association?.PublicIp]));
    assert.deepEqual([publics.get(one), publics.get(two)], [undefined, PublicIp]);
    await client.send(new ec2.DisassociateAddressCommand({ AssociationId: second }));
    await refusedWith(
      client.send(new ec2.DisassociateAddressCommand({ AssociationId: second })),
      'InvalidAssociationID.NotFound',
    );
    await refusedWith(
      client.send(new ec2.ReleaseAddressCommand({ AllocationId, NetworkBorderGroup: 'us-east-1' })),
      'InvalidParameterValue',
    );
    await client.send(new ec2.ReleaseAddressCommand({ AllocationId, NetworkBorderGroup: REALM.region }));
    await refusedWith(client.send(new ec2.ReleaseAddressCommand({ AllocationId })), 'InvalidAllocationID.NotFound');
  });

  test('an address, a gateway and a route let an interface out, and in where its group allows', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const [GatewayId, { AllocationId }, eni] = [await attachGateway(net), await allocate(net), await makeEni(net)];
    const { RouteTableId } = await mainTable(net);
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'blocked');
    await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }));
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'blocked');
    await client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId: eni }));
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'allowed');
    assert.equal(verdict(net, 'internet', eni, 'tcp/443'), 'blocked');
  });
});

describe('NAT gateways', () => {
  test('carry a private subnet out; deleted ones give everything back and are shown for an hour', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const GatewayId = await attachGateway(net);
    const { AllocationId } = await allocate(net);
    const create = async (input: Partial<ec2.CreateNatGatewayRequest> = {}): Promise<ec2.NatGateway> =>
      (await client.send(new ec2.CreateNatGatewayCommand({ SubnetId: net.subnetId, ...input }))).NatGateway ??
      assert.fail();
    await refusedWith(create(), 'MissingParameter', /AllocationId/);
    const nat = await create({ AllocationId });
    await refusedWith(create({ AllocationId }), 'Resource.AlreadyAssociated');
    assert.equal(nat.State, 'available');
    const eniId = nat.NatGatewayAddresses?.[0]?.NetworkInterfaceId ?? '';
    await refusedWith(
      client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: eniId })),
      /^(?:InvalidParameterValue|OperationNotPermitted|InvalidNetworkInterface\.InUse)$/,
    );
    // The NAT gateway's subnet goes out by the main table; a private one has a table of its own.
    const { RouteTableId } = await mainTable(net);
    await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }));
    const inner = await client.send(new ec2.CreateSubnetCommand({ VpcId: net.vpcId, CidrBlock: '10.0.2.0/24' }));
    const table = await client.send(new ec2.CreateRouteTableCommand({ VpcId: net.vpcId }));
    const privateTable = table.RouteTable?.RouteTableId;
    await client.send(
      new ec2.AssociateRouteTableCommand({ RouteTableId: privateTable, SubnetId: inner.Subnet?.SubnetId }),
    );
    const eni = await makeEni({ ...net, subnetId: inner.Subnet?.SubnetId ?? '' });
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'blocked');
    await client.send(
      new ec2.CreateRouteCommand({
        RouteTableId: privateTable,
        DestinationCidrBlock: '0.0.0.0/0',
        NatGatewayId: nat.NatGatewayId,
      }),
    );
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'allowed');
    await client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId: nat.NatGatewayId }));
    assert.equal(verdict(net, eni, '192.0.2.1', 'tcp/443'), 'blocked');
    await client.send(new ec2.ReleaseAddressCommand({ AllocationId }));
    const state = async (): Promise<string | undefined> =>
      (await client.send(new ec2.DescribeNatGatewaysCommand({ NatGatewayIds: [nat.NatGatewayId ?? ''] })))
        .NatGateways?.[0]?.State;
    assert.equal(await state(), 'deleted');
    net.api.advance(3_700_000);
    await allocate(net);
    await refusedWith(state(), 'NatGatewayNotFound');
  });
});

describe('peering connections', () => {
  test('carry traffic once accepted and routed on both sides; ended ones leave black holes', async () => {
    const near = await freshNet();
    const far = await makeNet(near.api, 9);
    const { client } = near.api;
    const create = async (
      input: Partial<ec2.CreateVpcPeeringConnectionRequest> = {},
    ): Promise<ec2.VpcPeeringConnection> =>
      (
        await client.send(
          new ec2.CreateVpcPeeringConnectionCommand({ VpcId: near.vpcId, PeerVpcId: far.vpcId, ...input }),
        )
      ).VpcPeeringConnection ?? assert.fail();
    await refusedWith(create({ PeerOwnerId: '999988887777' }), 'UnsupportedOperation', /another account/);
    await refusedWith(create({ PeerVpcId: near.vpcId }), 'InvalidParameterValue');
    const { VpcPeeringConnectionId = '', Status: status } = await create();
    assert.equal(status?.Code, 'pending-acceptance');
    await refusedWith(create(), 'VpcPeeringConnectionAlreadyExists');
    const route = async (net: Net, DestinationCidrBlock: string): Promise<unknown> => {
      const { RouteTableId } = await mainTable(net);
      return await client.send(
        new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId }),
      );
    };
    await refusedWith(route(near, '10.9.0.0/16'), 'InvalidVpcPeeringConnectionID.NotFound');
    await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
    const [one, two] = [await makeEni(near), await makeEni(far)];
    const { NetworkInterfaces: enis } = await client.send(
      new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [two] }),
    );
    await client.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupId: enis?.[0]?.Groups?.[0]?.GroupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/16' }] }],
      }),
    );
    await route(near, '10.9.0.0/16');
    assert.equal(verdict(near, one, two, 'tcp/22'), 'blocked');
    await route(far, '10.0.0.0/16');
    assert.equal(verdict(near, one, two, 'tcp/22'), 'allowed');
    const options = await client.send(
      new ec2.ModifyVpcPeeringConnectionOptionsCommand({
        VpcPeeringConnectionId,
        RequesterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: true },
      }),
    );
    assert.equal(options.RequesterPeeringConnectionOptions?.AllowDnsResolutionFromRemoteVpc, true);
    await client.send(new ec2.DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
    assert.equal(verdict(near, one, two, 'tcp/22'), 'blocked');
    const routes = (await mainTable(near)).Routes?.map(({ State }) => State);
    assert.deepEqual(routes, ['active', 'blackhole']);
    await refusedWith(
      client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId })),
      'InvalidStateTransition',
    );
  });

  test('of VPCs with common addresses fail; rejected and forgotten ones cannot be accepted', async () => {
    const one = await freshNet();
    const [same, far] = [await makeNet(one.api, 0), await makeNet(one.api, 9)];
    const { client } = one.api;
    const create = async (PeerVpcId: string): Promise<ec2.VpcPeeringConnection> =>
      (await client.send(new ec2.CreateVpcPeeringConnectionCommand({ VpcId: one.vpcId, PeerVpcId })))
        .VpcPeeringConnection ?? assert.fail();
    assert.equal((await create(same.vpcId)).Status?.Code, 'failed');
    const accept = async (VpcPeeringConnectionId = ''): Promise<unknown> =>
      await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
    const { VpcPeeringConnectionId: rejected } = await create(far.vpcId);
    await client.send(new ec2.RejectVpcPeeringConnectionCommand({ VpcPeeringConnectionId: rejected }));
    await refusedWith(accept(rejected), 'InvalidStateTransition');
    const { VpcPeeringConnectionId: late } = await create(far.vpcId);
    one.api.advance(8 * 86_400_000);
    await refusedWith(accept(late), 'InvalidStateTransition');
    await refusedWith(accept('pcx-0123456789'), 'InvalidVpcPeeringConnectionID.NotFound');
  });
});
