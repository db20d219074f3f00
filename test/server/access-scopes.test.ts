// Access scopes through AWS's client: what they find and leave out, in pages, and that findings outlive the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, testApi } from './api-client.ts';
import { givePublicAddress, makeEni, makeNet, type Net, open, steps } from './insights-net.ts';

type ScopeRequest = Partial<ec2.CreateNetworkInsightsAccessScopeRequest>;

async function makeScope({ api: { client } }: Net, input: ScopeRequest): Promise<string> {
  const { NetworkInsightsAccessScope: scope } = await client.send(
    new ec2.CreateNetworkInsightsAccessScopeCommand(input),
  );
  return scope?.NetworkInsightsAccessScopeId ?? assert.fail();
}

type Found = {
  readonly analysis: ec2.NetworkInsightsAccessScopeAnalysis;
  readonly findings: readonly ec2.AccessScopeAnalysisFinding[];
};

async function findIn(net: Net, NetworkInsightsAccessScopeId: string): Promise<Found> {
  const { client } = net.api;
  const started = await client.send(
    new ec2.StartNetworkInsightsAccessScopeAnalysisCommand({ NetworkInsightsAccessScopeId }),
  );
  const { NetworkInsightsAccessScopeAnalysisId: id = '', Status } = started.NetworkInsightsAccessScopeAnalysis ?? {};
  assert.equal(Status, 'running');
  await net.runner.settled();
  const { NetworkInsightsAccessScopeAnalyses: all } = await client.send(
    new ec2.DescribeNetworkInsightsAccessScopeAnalysesCommand({ NetworkInsightsAccessScopeAnalysisIds: [id] }),
  );
  const got = await client.send(
    new ec2.GetNetworkInsightsAccessScopeAnalysisFindingsCommand({ NetworkInsightsAccessScopeAnalysisId: id }),
  );
  assert.equal(got.AnalysisStatus, all?.[0]?.Status);
  return { analysis: all?.[0] ?? assert.fail(), findings: got.AnalysisFindings ?? [] };
}

function arrivingWith(PacketHeaderStatement: ec2.PacketHeaderStatementRequest): ec2.AccessScopePathRequest {
  return { Destination: { PacketHeaderStatement } };
}

const FROM_INTERNET: ec2.AccessScopePathRequest = {
  Source: { ResourceStatement: { ResourceTypes: ['AWS::EC2::InternetGateway'] } },
};

describe('Access scopes', () => {
  test('find what the internet reaches, and leave out what is excluded', async (t) => {
    const net = await makeNet(t);
    const eni = await makeEni(net);
    const scope = await makeScope(net, { MatchPaths: [FROM_INTERNET] });
    const nothing = await findIn(net, scope);
    assert.deepEqual([nothing.analysis.FindingsFound, nothing.analysis.AnalyzedEniCount], ['false', 1]);
    await givePublicAddress(net, eni);
    await open(net, { port: 443, cidr: '0.0.0.0/0' });
    await open(net, { port: 22, cidr: '203.0.113.0/24' });
    const { analysis, findings } = await findIn(net, scope);
    assert.equal(analysis.FindingsFound, 'true');
    assert.match(analysis.StatusMessage ?? '', /^Answered at revision \d+\.$/);
    const headers = findings.map(({ FindingComponents: [first] = [] }) => first?.InboundHeader);
    assert.deepEqual(
      new Set(headers.map((header) => JSON.stringify(header?.DestinationPortRanges))),
      new Set(['[{"From":443,"To":443}]', '[{"From":22,"To":22},{"From":443,"To":443}]']),
    );
    const narrow = headers.find((header) => header?.DestinationPortRanges?.length === 2);
    assert.deepEqual(narrow?.SourceAddresses, ['203.0.113.0/24']);
    assert.deepEqual(steps(findings[0]?.FindingComponents), ['igw', 'acl', 'sg', 'eni']);
    const https = { PacketHeaderStatement: { DestinationPorts: ['443'] } };
    const others = await makeScope(net, { MatchPaths: [FROM_INTERNET], ExcludePaths: [{ Destination: https }] });
    const left = await findIn(net, others);
    assert.deepEqual(
      left.findings.map((one) => one.FindingComponents?.[0]?.InboundHeader?.DestinationPortRanges),
      [[{ From: 22, To: 22 }]],
    );
    const through = { ResourceStatement: { Resources: [net.gatewayId] } };
    const none = await makeScope(net, { MatchPaths: [FROM_INTERNET], ExcludePaths: [{ ThroughResources: [through] }] });
    assert.equal((await findIn(net, none)).analysis.FindingsFound, 'false');
    const content = await net.api.client.send(
      new ec2.GetNetworkInsightsAccessScopeContentCommand({ NetworkInsightsAccessScopeId: others }),
    );
    assert.deepEqual(content.NetworkInsightsAccessScopeContent, {
      NetworkInsightsAccessScopeId: others,
      MatchPaths: [FROM_INTERNET],
      ExcludePaths: [{ Destination: https }],
    });
  });

  test('findings come in pages and outlive the server; they go with their analysis, and it with its scope', async (t) => {
    const store = new MemoryStore();
    const net = await makeNet(t, store);
    const { client } = net.api;
    for (let count = 0; count < 6; count += 1) await makeEni(net);
    const UserIdGroupPairs = [{ GroupId: net.groupId }];
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, UserIdGroupPairs }];
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: net.groupId, IpPermissions }));
    const types = { ResourceStatement: { ResourceTypes: ['AWS::EC2::NetworkInterface'] } };
    const scope = await makeScope(net, { MatchPaths: [{ Source: types, Destination: types }] });
    const { analysis, findings } = await findIn(net, scope);
    // Each of six reaches the five others: 30, in two records.
    assert.equal(findings.length, 30);
    assert.equal(new Set(findings.map(({ FindingId }) => FindingId)).size, 30);
    const NetworkInsightsAccessScopeAnalysisId = analysis.NetworkInsightsAccessScopeAnalysisId ?? assert.fail();
    const later = await testApi({ store });
    const page = async (NextToken?: string): Promise<ec2.GetNetworkInsightsAccessScopeAnalysisFindingsResult> =>
      await later.client.send(
        new ec2.GetNetworkInsightsAccessScopeAnalysisFindingsCommand({
          NetworkInsightsAccessScopeAnalysisId,
          MaxResults: 20,
          NextToken,
        }),
      );
    const first = await page();
    const second = await page(first.NextToken);
    assert.deepEqual([...(first.AnalysisFindings ?? []), ...(second.AnalysisFindings ?? [])], findings);
    const NetworkInsightsAccessScopeId = scope;
    await refusedWith(
      client.send(new ec2.DeleteNetworkInsightsAccessScopeCommand({ NetworkInsightsAccessScopeId })),
      'AnalysisExistsForNetworkInsightsAccessScope',
    );
    await client.send(
      new ec2.DeleteNetworkInsightsAccessScopeAnalysisCommand({ NetworkInsightsAccessScopeAnalysisId }),
    );
    await client.send(new ec2.DeleteNetworkInsightsAccessScopeCommand({ NetworkInsightsAccessScopeId }));
    assert.equal(net.api.estate().details.accessScopeFindings.size, 0);
  });

  test('what is wrong is refused with codes of AWS', async (t) => {
    const net = await makeNet(t);
    const { client } = net.api;
    const refused = async (path: ec2.AccessScopePathRequest | undefined, code: string): Promise<void> => {
      await refusedWith(makeScope(net, { MatchPaths: path === undefined ? [] : [path] }), code);
    };
    await refused(undefined, 'MissingParameter');
    await refused(
      { Source: { ResourceStatement: { ResourceTypes: ['AWS::EC2::TransitGateway'] } } },
      'UnsupportedOperation',
    );
    await refused({ Source: { ResourceStatement: { Resources: ['tgw-0123'] } } }, 'UnsupportedOperation');
    await refused(arrivingWith({ DestinationPorts: ['90-80'] }), 'InvalidParameterValue');
    await refused(arrivingWith({ SourceAddresses: ['10.0.0.0/33'] }), 'InvalidParameterValue');
    await refusedWith(makeScope(net, { MatchPaths: [FROM_INTERNET], DryRun: true }), 'DryRunOperation');
    const start = client.send(
      new ec2.StartNetworkInsightsAccessScopeAnalysisCommand({ NetworkInsightsAccessScopeId: 'nis-0f' }),
    );
    await refusedWith(start, 'InvalidNetworkInsightsAccessScopeId.NotFound');
    const NetworkInsightsAccessScopeAnalysisId = 'nisa-0f';
    await refusedWith(
      client.send(
        new ec2.GetNetworkInsightsAccessScopeAnalysisFindingsCommand({ NetworkInsightsAccessScopeAnalysisId }),
      ),
      'InvalidNetworkInsightsAccessScopeAnalysisId.NotFound',
    );
    const scope = await makeScope(net, { MatchPaths: [arrivingWith({ SourcePrefixLists: ['pl-0123456789abcdef0'] })] });
    const { analysis } = await findIn(net, scope);
    assert.deepEqual([analysis.Status, analysis.FindingsFound], ['failed', undefined]);
    assert.match(analysis.StatusMessage ?? '', /pl-0123456789abcdef0/);
  });
});
