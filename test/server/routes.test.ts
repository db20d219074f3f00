// Route tables and gateways through AWS's client: cases G1–G13 as far as the API goes, associations, black holes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, type TestApi, testApi } from './api-client.ts';

type Net = { readonly api: TestApi; readonly vpcId: string; readonly subnetId: string; readonly mainId: string };

async function freshNet(): Promise<Net> {
  const api = await testApi({ store: new MemoryStore() });
  const vpc = await api.client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  const vpcId = vpc.Vpc?.VpcId ?? assert.fail();
  const subnet = await api.client.send(new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.1.0/24' }));
  const [main] = await tables(api);
  return {
    api,
    vpcId,
    subnetId: subnet.Subnet?.SubnetId ?? assert.fail(),
    mainId: main?.RouteTableId ?? assert.fail(),
  };
}

async function tables({ client }: TestApi, Filters: ec2.Filter[] = []): Promise<readonly ec2.RouteTable[]> {
  return (await client.send(new ec2.DescribeRouteTablesCommand({ Filters }))).RouteTables ?? [];
}

async function makeTable({ api, vpcId }: Net): Promise<string> {
  const made = await api.client.send(new ec2.CreateRouteTableCommand({ VpcId: vpcId }));
  return made.RouteTable?.RouteTableId ?? assert.fail();
}

async function makeGateway({ api, vpcId }: Net, isAttached = true): Promise<string> {
  const made = await api.client.send(new ec2.CreateInternetGatewayCommand({}));
  const id = made.InternetGateway?.InternetGatewayId ?? assert.fail();
  if (isAttached) await api.client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId }));
  return id;
}

async function route(net: Net, input: Partial<ec2.CreateRouteRequest>): Promise<unknown> {
  return await net.api.client.send(new ec2.CreateRouteCommand({ RouteTableId: net.mainId, ...input }));
}

describe('route tables', () => {
  test('a table is born with the local routes; the main one is told apart', async () => {
    const net = await freshNet();
    const [main] = await tables(net.api, [{ Name: 'association.main', Values: ['true'] }]);
    assert.equal(main?.RouteTableId, net.mainId);
    assert.equal(main.Associations?.[0]?.Main, true);
    const id = await makeTable(net);
    const [made] = await tables(net.api, [{ Name: 'route-table-id', Values: [id] }]);
    assert.deepEqual(made?.Routes, [
      { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
      { DestinationIpv6CidrBlock: '2001:db8::/56', GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
    ]);
    assert.deepEqual(made.Associations, []);
    await net.api.client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: id }));
    await refusedWith(
      net.api.client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: net.mainId })),
      'DependencyViolation',
    );
    await refusedWith(
      net.api.client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: id })),
      'InvalidRouteTableID.NotFound',
    );
  });

  test('a subnet has one table; replacing gives a new association id; the main one can be replaced, not taken away', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const [one, two] = [await makeTable(net), await makeTable(net)];
    const first = await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId: one, SubnetId: net.subnetId }));
    await refusedWith(
      client.send(new ec2.AssociateRouteTableCommand({ RouteTableId: two, SubnetId: net.subnetId })),
      'Resource.AlreadyAssociated',
    );
    await refusedWith(client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: one })), 'DependencyViolation');
    const second = await client.send(
      new ec2.ReplaceRouteTableAssociationCommand({ AssociationId: first.AssociationId, RouteTableId: two }),
    );
    assert.notEqual(second.NewAssociationId, first.AssociationId);
    await refusedWith(
      client.send(new ec2.DisassociateRouteTableCommand({ AssociationId: first.AssociationId })),
      'InvalidAssociationID.NotFound',
    );
    await client.send(new ec2.DisassociateRouteTableCommand({ AssociationId: second.NewAssociationId }));
    const [main] = await tables(net.api, [{ Name: 'association.main', Values: ['true'] }]);
    const AssociationId = main?.Associations?.[0]?.RouteTableAssociationId;
    await refusedWith(client.send(new ec2.DisassociateRouteTableCommand({ AssociationId })), 'InvalidParameterValue');
    await client.send(new ec2.ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: two }));
    const [now] = await tables(net.api, [{ Name: 'association.main', Values: ['true'] }]);
    assert.equal(now?.RouteTableId, two);
  });
});

describe('routes', () => {
  test('G7, G13 destinations that no route may have, and routes that are not there', async () => {
    const net = await freshNet();
    const GatewayId = await makeGateway(net);
    await refusedWith(route(net, { DestinationCidrBlock: '10.0.0.0/16', GatewayId }), 'RouteAlreadyExists');
    await refusedWith(route(net, { DestinationCidrBlock: '10.0.1.0/24', GatewayId }), 'InvalidParameterValue');
    await refusedWith(route(net, { DestinationCidrBlock: '169.254.169.0/24', GatewayId }), 'InvalidParameterValue');
    await refusedWith(route(net, { DestinationIpv6CidrBlock: 'fd00:ec2::/64', GatewayId }), 'InvalidParameterValue');
    await refusedWith(route(net, { DestinationCidrBlock: 'x', GatewayId }), 'InvalidParameterValue');
    await refusedWith(route(net, { GatewayId }), 'InvalidParameterCombination');
    await refusedWith(route(net, { DestinationCidrBlock: '0.0.0.0/0' }), 'InvalidParameterCombination');
    await refusedWith(
      route(net, { DestinationCidrBlock: '0.0.0.0/0', GatewayId, TransitGatewayId: 'tgw-1' }),
      'UnsupportedOperation',
      /TransitGatewayId/,
    );
    const remove = async (DestinationCidrBlock: string): Promise<unknown> =>
      await net.api.client.send(new ec2.DeleteRouteCommand({ RouteTableId: net.mainId, DestinationCidrBlock }));
    await refusedWith(remove('10.0.0.0/16'), 'InvalidParameterValue');
    await refusedWith(
      remove('0.0.0.0/0'),
      'InvalidRoute.NotFound',
      `no route with destination-cidr-block 0.0.0.0/0 in route table ${net.mainId}`,
    );
    await route(net, { DestinationCidrBlock: '0.0.0.0/0', GatewayId });
    await refusedWith(route(net, { DestinationCidrBlock: '0.0.0.0/0', GatewayId }), 'RouteAlreadyExists');
    await remove('0.0.0.0/0');
  });

  test('a gateway of another VPC, or of another family, carries nothing', async () => {
    const net = await freshNet();
    const GatewayId = await makeGateway(net, false);
    await refusedWith(route(net, { DestinationCidrBlock: '0.0.0.0/0', GatewayId }), 'InvalidParameterValue');
    const made = await net.api.client.send(new ec2.CreateEgressOnlyInternetGatewayCommand({ VpcId: net.vpcId }));
    const EgressOnlyInternetGatewayId = made.EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId;
    await refusedWith(
      route(net, { DestinationCidrBlock: '0.0.0.0/0', EgressOnlyInternetGatewayId }),
      'InvalidParameterValue',
    );
    await route(net, { DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId });
  });

  test('what led to a target that is gone is a black hole until it is led elsewhere', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const first = await makeGateway(net);
    await route(net, { DestinationCidrBlock: '0.0.0.0/0', GatewayId: first });
    await refusedWith(
      client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: first })),
      'DependencyViolation',
    );
    await client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId: first, VpcId: net.vpcId }));
    await client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: first }));
    const state = async (): Promise<string | undefined> =>
      (await tables(net.api))[0]?.Routes?.find((one) => one.DestinationCidrBlock === '0.0.0.0/0')?.State;
    assert.equal(await state(), 'blackhole');
    const second = await makeGateway(net);
    await client.send(
      new ec2.ReplaceRouteCommand({ RouteTableId: net.mainId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: second }),
    );
    assert.equal(await state(), 'active');
  });
});

describe('gateways', () => {
  test('one internet gateway a VPC, one VPC a gateway', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const [one, two] = [await makeGateway(net), await makeGateway(net, false)];
    const attach = async (InternetGatewayId: string): Promise<unknown> =>
      await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: net.vpcId }));
    await refusedWith(attach(one), 'Resource.AlreadyAssociated');
    await refusedWith(attach(two), 'InvalidParameterValue', /already has an internet gateway attached/);
    await refusedWith(
      client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId: two, VpcId: net.vpcId })),
      'Gateway.NotAttached',
    );
    await refusedWith(client.send(new ec2.DeleteVpcCommand({ VpcId: net.vpcId })), 'DependencyViolation');
    const found = await client.send(
      new ec2.DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [net.vpcId] }] }),
    );
    assert.deepEqual(
      found.InternetGateways?.map(({ InternetGatewayId, Attachments }) => [InternetGatewayId, Attachments]),
      [[one, [{ VpcId: net.vpcId, State: 'available' }]]],
    );
  });

  test('egress-only gateways are made, told and deleted', async () => {
    const net = await freshNet();
    const { client } = net.api;
    const made = await client.send(new ec2.CreateEgressOnlyInternetGatewayCommand({ VpcId: net.vpcId }));
    const id = made.EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId ?? '';
    const found = await client.send(
      new ec2.DescribeEgressOnlyInternetGatewaysCommand({ EgressOnlyInternetGatewayIds: [id] }),
    );
    assert.equal(found.EgressOnlyInternetGateways?.[0]?.Attachments?.[0]?.VpcId, net.vpcId);
    await client.send(new ec2.DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId: id }));
    await refusedWith(
      client.send(new ec2.DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId: id })),
      'InvalidGatewayID.NotFound',
    );
  });
});
