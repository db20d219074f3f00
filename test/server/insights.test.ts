// Network insights through AWS's client: paths, what analyses of them answer, and that they outlive the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { arnOf } from '../../src/server/control/env.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { REALM, refusedWith, testApi } from './api-client.ts';
import { givePublicAddress, makeEni, makeNet, type Net, open, runnerOf, steps } from './insights-net.ts';

async function makePath(
  { api: { client } }: Net,
  input: Partial<ec2.CreateNetworkInsightsPathRequest>,
): Promise<string> {
  const { NetworkInsightsPath: path } = await client.send(
    new ec2.CreateNetworkInsightsPathCommand({ Protocol: 'tcp', Source: undefined, ...input }),
  );
  return path?.NetworkInsightsPathId ?? assert.fail();
}

async function analyse(
  net: Net,
  NetworkInsightsPathId: string,
  more: Partial<ec2.StartNetworkInsightsAnalysisRequest> = {},
): Promise<ec2.NetworkInsightsAnalysis> {
  const { client } = net.api;
  const started = await client.send(new ec2.StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId, ...more }));
  assert.equal(started.NetworkInsightsAnalysis?.Status, 'running');
  await net.runner.settled();
  const id = started.NetworkInsightsAnalysis.NetworkInsightsAnalysisId ?? assert.fail();
  const { NetworkInsightsAnalyses: found } = await client.send(
    new ec2.DescribeNetworkInsightsAnalysesCommand({ NetworkInsightsAnalysisIds: [id] }),
  );
  return found?.[0] ?? assert.fail();
}

function codes({ Explanations: all }: ec2.NetworkInsightsAnalysis): readonly string[] {
  return (all ?? []).map((one) => one.ExplanationCode ?? '').toSorted();
}

describe('Network insights', () => {
  test('a path from the internet: every blocker at once, then found hop by hop, there and back', async (t) => {
    const net = await makeNet(t);
    const eni = await makeEni(net);
    const path = await makePath(net, { Source: net.gatewayId, Destination: eni, DestinationPort: 443 });
    const blocked = await analyse(net, path);
    assert.equal(blocked.NetworkPathFound, false);
    assert.deepEqual(codes(blocked), ['IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS', 'SG_HAS_NO_RULES']);
    assert.match(blocked.StatusMessage ?? '', /^Answered at revision \d+\.$/);
    await open(net, { port: 80, cidr: '0.0.0.0/0' });
    const PublicIp = await givePublicAddress(net, eni);
    const mismatched = await analyse(net, path);
    assert.deepEqual(codes(mismatched), ['ENI_SG_RULES_MISMATCH']);
    const [why] = mismatched.Explanations ?? [];
    assert.equal(why?.Direction, 'ingress');
    assert.equal(why.NetworkInterface?.Id, eni);
    assert.deepEqual(
      why.SecurityGroups?.map(({ Id }) => Id),
      [net.groupId],
    );
    await open(net, { port: 443, cidr: '0.0.0.0/0' });
    const found = await analyse(net, path);
    assert.equal(found.Status, 'succeeded');
    assert.equal(found.NetworkPathFound, true);
    assert.deepEqual(steps(found.ForwardPathComponents), ['igw', 'acl', 'sg', 'eni']);
    assert.deepEqual(steps(found.ReturnPathComponents), ['eni', 'acl', 'rtb', 'igw']);
    const [gateway, acl, group, last] = found.ForwardPathComponents ?? [];
    assert.deepEqual(gateway?.InboundHeader?.DestinationAddresses, [`${PublicIp}/32`]);
    assert.deepEqual(gateway.OutboundHeader?.DestinationAddresses, ['10.0.1.4/32']);
    assert.deepEqual(gateway.OutboundHeader.DestinationPortRanges, [{ From: 443, To: 443 }]);
    assert.equal(gateway.OutboundHeader.Protocol, '6');
    assert.deepEqual([acl?.AclRule?.RuleNumber, acl?.AclRule?.RuleAction, acl?.AclRule?.Egress], [100, 'allow', false]);
    assert.deepEqual(group?.SecurityGroupRule, {
      Cidr: '0.0.0.0/0',
      Direction: 'ingress',
      PortRange: { From: 443, To: 443 },
      Protocol: 'tcp',
      SecurityGroupId: net.groupId,
    });
    assert.equal(last?.Subnet?.Id, net.subnetId);
    assert.equal(last.Vpc?.Id, net.vpcId);
    const [back] = (found.ReturnPathComponents ?? []).slice(-1);
    assert.deepEqual(back?.OutboundHeader?.SourceAddresses, [`${PublicIp}/32`]);
    assert.equal(found.ReturnPathComponents?.[2]?.RouteTableRoute?.GatewayId, net.gatewayId);
    // The answers before stand as they were.
    const { NetworkInsightsAnalyses: all } = await net.api.client.send(
      new ec2.DescribeNetworkInsightsAnalysesCommand({
        NetworkInsightsPathId: path,
        Filters: [{ Name: 'path-found', Values: ['false'] }],
      }),
    );
    assert.equal(all?.length, 2);
  });

  test('a path out: no route, no public address; a NACL that stops the answer is told as well', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const eni = await makeEni(net);
    const path = await makePath(net, {
      Source: eni,
      Destination: net.gatewayId,
      DestinationIp: '192.0.2.7',
      DestinationPort: 443,
    });
    assert.deepEqual(codes(await analyse(net, path)), ['IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS']);
    await givePublicAddress(net, eni);
    const found = await analyse(net, path);
    assert.deepEqual(steps(found.ForwardPathComponents), ['eni', 'sg', 'acl', 'rtb', 'igw']);
    assert.deepEqual(steps(found.ReturnPathComponents), ['igw', 'acl', 'eni']);
    await client.send(
      new ec2.CreateNetworkAclEntryCommand({
        NetworkAclId: net.aclId,
        RuleNumber: 50,
        Protocol: '6',
        RuleAction: 'deny',
        Egress: false,
        CidrBlock: '0.0.0.0/0',
        PortRange: { From: 0, To: 65_535 },
      }),
    );
    const stopped = await analyse(net, path);
    assert.deepEqual(codes(stopped), ['SUBNET_ACL_RESTRICTION']);
    assert.deepEqual(stopped.Explanations?.[0]?.AclRule?.RuleNumber, 50);
    assert.equal(stopped.Explanations[0].Acl?.Id, net.aclId);
    await client.send(new ec2.DeleteRouteCommand({ RouteTableId: net.tableId, DestinationCidrBlock: '0.0.0.0/0' }));
    const lost = await analyse(net, path);
    assert.deepEqual(codes(lost), ['NO_ROUTE_TO_DESTINATION']);
    assert.equal(lost.Explanations?.[0]?.RouteTable?.Id, net.tableId);
  });

  test('private addresses are told apart by arithmetic: 172.15 and 172.32 are public ones', async (t) => {
    const net = await makeNet(t);
    const eni = await makeEni(net);
    await givePublicAddress(net, eni);
    for (const [address, expected] of [
      ['172.15.0.1', []],
      ['172.16.0.1', ['IGW_EXPECTS_PUBLIC_ADDRESS']],
      ['172.31.255.255', ['IGW_EXPECTS_PUBLIC_ADDRESS']],
      ['172.32.0.1', []],
    ] as const) {
      const path = await makePath(net, { Source: eni, Destination: net.gatewayId, DestinationIp: address });
      assert.deepEqual(codes(await analyse(net, path)), expected, address);
      const bare = await makePath(net, { Source: eni, DestinationIp: address });
      assert.deepEqual(
        codes(await analyse(net, bare)),
        expected.length === 0 ? [] : ['IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS'],
        address,
      );
    }
    const shared = await makePath(net, { Source: eni, DestinationIp: '100.64.0.1' });
    assert.deepEqual(codes(await analyse(net, shared)), ['IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS']);
  });

  test('filters at both ends and components to traverse or not', async (t) => {
    const net = await makeNet(t);
    const eni = await makeEni(net);
    const PublicIp = await givePublicAddress(net, eni);
    await open(net, { port: 443, cidr: '203.0.113.0/24' });
    const from = async (
      FilterAtSource: ec2.PathRequestFilter,
      FilterAtDestination?: ec2.PathRequestFilter,
    ): Promise<readonly (string | undefined)[] | boolean> => {
      const path = await makePath(net, {
        Source: net.gatewayId,
        Destination: eni,
        FilterAtSource,
        ...(FilterAtDestination === undefined ? {} : { FilterAtDestination }),
      });
      const done = await analyse(net, path);
      return done.NetworkPathFound === true || codes(done);
    };
    const https = { FromPort: 443, ToPort: 443 };
    assert.equal(
      await from({ DestinationPortRange: https, SourceAddress: '203.0.113.9', DestinationAddress: PublicIp }),
      true,
    );
    assert.deepEqual(await from({ DestinationPortRange: https, SourceAddress: '192.0.2.1' }), [
      'ENI_SG_RULES_MISMATCH',
    ]);
    assert.deepEqual(await from({ DestinationAddress: '10.0.1.4' }), ['FILTER_AT_SOURCE_DESTINATION_ADDRESS']);
    assert.equal(await from({ SourcePortRange: { FromPort: 1, ToPort: 2 } }, { DestinationAddress: '10.0.1.4' }), true);
    assert.deepEqual(await from({}, { DestinationAddress: PublicIp }), ['FILTER_AT_DESTINATION_DESTINATION_ADDRESS']);
    assert.deepEqual(
      await from({ DestinationPortRange: https }, { DestinationPortRange: { FromPort: 1, ToPort: 2 } }),
      ['FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE'],
    );
    const path = await makePath(net, { Source: net.gatewayId, Destination: eni });
    const inSubnet = { FilterInArns: [arnOf(REALM, 'subnet', net.subnetId)] };
    assert.equal((await analyse(net, path, inSubnet)).NetworkPathFound, true);
    const inTable = { FilterInArns: [arnOf(REALM, 'route-table', net.tableId)] };
    assert.deepEqual(codes(await analyse(net, path, inTable)), ['COMPONENT_FILTER_RESTRICTION']);
    const around = { FilterOutArns: [arnOf(REALM, 'internet-gateway', net.gatewayId)] };
    assert.deepEqual(codes(await analyse(net, path, around)), ['COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT']);
  });

  test('a peering connection as an end has what is on this side of it', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const far = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const PeerVpcId = far.Vpc?.VpcId ?? assert.fail();
    const made = await client.send(new ec2.CreateVpcPeeringConnectionCommand({ VpcId: net.vpcId, PeerVpcId }));
    const id = made.VpcPeeringConnection?.VpcPeeringConnectionId ?? assert.fail();
    await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
    const eni = await makeEni(net);
    const path = await makePath(net, { Source: eni, Destination: id, DestinationPort: 22 });
    assert.deepEqual(codes(await analyse(net, path)), ['UNASSOCIATED_COMPONENT']);
    const subnet = await client.send(new ec2.CreateSubnetCommand({ VpcId: PeerVpcId, CidrBlock: '10.9.1.0/24' }));
    const SubnetId = subnet.Subnet?.SubnetId ?? assert.fail();
    await client.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId }));
    assert.ok(codes(await analyse(net, path)).includes('NO_ROUTE_TO_DESTINATION'));
    const { RouteTables: tables } = await client.send(
      new ec2.DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [PeerVpcId] }] }),
    );
    for (const [RouteTableId, DestinationCidrBlock] of [
      [net.tableId, '10.9.0.0/16'],
      [tables?.[0]?.RouteTableId ?? '', '10.0.0.0/16'],
    ])
      await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId: id }));
    // The group over there lets nothing in: that is behind the connection.
    const found = await analyse(net, path);
    assert.deepEqual(steps(found.ForwardPathComponents), ['eni', 'sg', 'acl', 'rtb', 'pcx']);
    const inward = await makePath(net, { Source: id, Destination: eni, DestinationPort: 22 });
    assert.deepEqual(codes(await analyse(net, inward)), ['SG_HAS_NO_RULES']);
  });

  test('what is wrong is refused with codes of AWS, and nothing is kept of it', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const eni = await makeEni(net);
    const create = async (input: Partial<ec2.CreateNetworkInsightsPathRequest>): Promise<string> =>
      await makePath(net, { Source: eni, Destination: net.gatewayId, ...input });
    await refusedWith(create({ Source: 'eni-0123456789abcdef0' }), 'NetworkInsightsSource.NotFound');
    await refusedWith(create({ Destination: 'i-0123456789abcdef0' }), 'NetworkInsightsDestination.NotFound');
    // Ids of imported worlds may be longer than AWS's 17 digits.
    await refusedWith(create({ Destination: 'i-03eb100000000000000' }), 'NetworkInsightsDestination.NotFound');
    await refusedWith(create({ Destination: 'tgw-0123456789abcdef0' }), 'UnsupportedOperation', /transit gateways/);
    await refusedWith(create({ Destination: 'vgw-0123456789abcdef0' }), 'UnsupportedOperation');
    await refusedWith(create({ Destination: 'rtb-0123456789abcdef0' }), 'InvalidParameterValue');
    await refusedWith(
      create({ Source: `arn:aws:ec2:${REALM.region}:999999999999:network-interface/${eni}` }),
      'UnsupportedOperation',
      /other accounts/,
    );
    await refusedWith(create({ Source: net.gatewayId }), 'UnsupportedOperation', /between two gateways/);
    await refusedWith(create({ Destination: undefined }), 'MissingParameter');
    await refusedWith(create({ DestinationIp: '10.0.0.999' }), 'InvalidParameterValue', /no IP address/);
    await refusedWith(create({ DestinationPort: 65_536 }), 'InvalidParameterValue');
    await refusedWith(
      create({ FilterAtSource: { SourceAddress: '10.0.1.4' }, DestinationPort: 1 }),
      'InvalidParameterCombination',
    );
    await refusedWith(
      create({ FilterAtDestination: { SourceAddress: '10.0.1.4' }, DestinationIp: '192.0.2.1' }),
      'InvalidParameterCombination',
    );
    await refusedWith(
      create({ FilterAtSource: { DestinationPortRange: { FromPort: 9, ToPort: 8 } } }),
      'InvalidParameterValue',
    );
    await refusedWith(create({ Protocol: 'icmp' as ec2.Protocol }), 'InvalidParameterValue');
    await refusedWith(create({ DryRun: true }), 'DryRunOperation');
    assert.deepEqual(
      (await client.send(new ec2.DescribeNetworkInsightsPathsCommand({}))).NetworkInsightsPaths ?? [],
      [],
    );
    const start = async (input: Partial<ec2.StartNetworkInsightsAnalysisRequest>): Promise<unknown> =>
      await client.send(
        new ec2.StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId: 'nip-0123456789abcdef0', ...input }),
      );
    await refusedWith(start({}), 'InvalidNetworkInsightsPathId.NotFound');
    await refusedWith(start({ AdditionalAccounts: ['999999999999'] }), 'UnsupportedOperation');
    await refusedWith(
      start({ FilterInArns: [`arn:aws:ec2:${REALM.region}:${REALM.accountId}:subnet/subnet-0f`] }),
      'InvalidParameterValue',
    );
    const describePaths = async (id: string): Promise<unknown> =>
      await client.send(new ec2.DescribeNetworkInsightsPathsCommand({ NetworkInsightsPathIds: [id] }));
    await refusedWith(describePaths('nip-0f'), 'InvalidNetworkInsightsPathId.NotFound');
    await refusedWith(describePaths('eni-0f'), 'InvalidNetworkInsightsPathId.Malformed');
    const describeAnalyses = async (id: string): Promise<unknown> =>
      await client.send(new ec2.DescribeNetworkInsightsAnalysesCommand({ NetworkInsightsAnalysisIds: [id] }));
    await refusedWith(describeAnalyses('nia-0f'), 'InvalidNetworkInsightsAnalysisId.NotFound');
    await refusedWith(describeAnalyses('nip-0f'), 'InvalidNetworkInsightsAnalysisId.Malformed');
    await refusedWith(
      client.send(new ec2.DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId: 'nia-0f' })),
      'InvalidNetworkInsightsAnalysisId.NotFound',
    );
  });

  test('paths: tokens, tags, filters, pages; one with analyses stays', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const eni = await makeEni(net);
    const ends = { Source: eni, Destination: net.gatewayId };
    const first = await makePath(net, { ...ends, ClientToken: 'once', DestinationPort: 1 });
    assert.equal(await makePath(net, { ...ends, ClientToken: 'once', DestinationPort: 1 }), first);
    await refusedWith(
      makePath(net, { ...ends, ClientToken: 'once', DestinationPort: 2 }),
      'IdempotentParameterMismatch',
    );
    const TagSpecifications: ec2.TagSpecification[] = [
      { ResourceType: 'network-insights-path', Tags: [{ Key: 'Name', Value: 'out' }] },
    ];
    const filter = { FilterAtSource: { DestinationPortRange: { FromPort: 80, ToPort: 90 } } };
    const second = await makePath(net, { ...ends, ...filter, TagSpecifications });
    const find = async (Name: string, value: string): Promise<readonly (string | undefined)[]> => {
      const { NetworkInsightsPaths: found } = await client.send(
        new ec2.DescribeNetworkInsightsPathsCommand({ Filters: [{ Name, Values: [value] }] }),
      );
      return (found ?? []).map((one) => one.NetworkInsightsPathId);
    };
    assert.deepEqual(await find('tag:Name', 'out'), [second]);
    assert.deepEqual(await find('filter-at-source.destination-port-range', '80-90'), [second]);
    assert.deepEqual(new Set(await find('source', eni)), new Set([first, second]));
    const page = await client.send(new ec2.DescribeNetworkInsightsPathsCommand({ MaxResults: 1 }));
    const next = await client.send(
      new ec2.DescribeNetworkInsightsPathsCommand({ MaxResults: 1, NextToken: page.NextToken }),
    );
    assert.deepEqual(
      new Set([page, next].map((one) => one.NetworkInsightsPaths?.[0]?.NetworkInsightsPathId)),
      new Set([first, second]),
    );
    assert.equal(next.NextToken, undefined);
    const done = await analyse(net, second);
    const NetworkInsightsPathId = second;
    await refusedWith(
      client.send(new ec2.DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId })),
      'AnalysisExistsForNetworkInsightsPath',
    );
    const { NetworkInsightsAnalysisId } = done;
    await client.send(new ec2.DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId }));
    await client.send(new ec2.DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId }));
    assert.deepEqual(await find('source', eni), [first]);
  });

  test('what was running when a server ended is answered by the next one; what was answered is kept', async (t) => {
    const store = new MemoryStore();
    const net = await makeNet(t, store);
    const eni = await makeEni(net);
    const path = await makePath(net, { Source: eni, Destination: net.gatewayId });
    const answered = await analyse(net, path);
    await net.runner.close();
    const begun = await net.api.client.send(
      new ec2.StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId: path }),
    );
    const id = begun.NetworkInsightsAnalysis?.NetworkInsightsAnalysisId ?? assert.fail();
    const later = await testApi({ store });
    const describeAll = async (): Promise<ReadonlyMap<string | undefined, ec2.NetworkInsightsAnalysis>> => {
      const { NetworkInsightsAnalyses: all } = await later.client.send(
        new ec2.DescribeNetworkInsightsAnalysesCommand({}),
      );
      return new Map((all ?? []).map((one) => [one.NetworkInsightsAnalysisId, one]));
    };
    assert.equal((await describeAll()).get(id)?.Status, 'running');
    const runner = runnerOf(later);
    await runner.settled();
    await runner.close();
    const all = await describeAll();
    assert.equal(all.get(id)?.Status, 'succeeded');
    assert.deepEqual(all.get(answered.NetworkInsightsAnalysisId), answered);
  });

  test('many addresses are tried aside; a thread that does not answer makes the analysis fail and say so', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const eni = await makeEni(net);
    await givePublicAddress(net, eni);
    await net.runner.close();
    const path = await makePath(net, { Source: net.gatewayId, Destination: eni, DestinationPort: 23 });
    await client.send(new ec2.StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId: path }));
    const asked: string[] = [];
    const runner = runnerOf(net.api, async (realm, _world, question) => {
      asked.push(`${realm} ${question.kind} ${question.revision === net.api.control.revision}`);
      return await Promise.resolve({ ok: false, error: { message: 'it took too long' } });
    });
    await runner.settled();
    await runner.close();
    const { NetworkInsightsAnalyses: found } = await client.send(new ec2.DescribeNetworkInsightsAnalysesCommand({}));
    assert.deepEqual([asked.length, found?.[0]?.Status, found?.[0]?.StatusMessage], [1, 'failed', 'it took too long']);
  });
});
