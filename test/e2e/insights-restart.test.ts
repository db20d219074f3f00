// Network insights outlive their server: it is killed, started again on the same store, and has what was kept, word for word.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Server, startServer } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'crenel-insights-'));
after(() => rmSync(folder, { recursive: true }));

async function call({ url }: Server, action: string, form: Readonly<Record<string, string>> = {}): Promise<string> {
  const body = new URLSearchParams({ Version: '2016-11-15', Action: action, ...form }).toString();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  // Each answer has an id of its own.
  return text.replace(/<requestId>.*?<\/requestId>/, '');
}

function idIn(text: string, name: string): string {
  return new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1] ?? assert.fail(`no ${name} in ${text}`);
}

/** Everything that the server has of network insights. */
async function everything(server: Server, analysis: string): Promise<readonly string[]> {
  const all = ['Paths', 'Analyses', 'AccessScopes', 'AccessScopeAnalyses'].map(
    async (what) => await call(server, `DescribeNetworkInsights${what}`),
  );
  const findings = call(server, 'GetNetworkInsightsAccessScopeAnalysisFindings', {
    NetworkInsightsAccessScopeAnalysisId: analysis,
  });
  return await Promise.all([...all, findings]);
}

async function settled(server: Server): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    const states = await Promise.all(
      ['Analyses', 'AccessScopeAnalyses'].map(async (what) => await call(server, `DescribeNetworkInsights${what}`)),
    );
    if (!states.join('').includes('<status>running<')) return;
    await sleep(50);
  }
  assert.fail('analyses are still running');
}

test(
  'paths, scopes, their analyses and findings are there after a kill, and what was running is answered',
  { timeout: 120_000 },
  async () => {
    const args = ['--anonymous', '--default-vpc', '--data', folder];
    let server = await startServer(...args);
    const subnet = idIn(await call(server, 'DescribeSubnets'), 'subnetId');
    const gateway = idIn(await call(server, 'DescribeInternetGateways'), 'internetGatewayId');
    const eni = idIn(await call(server, 'CreateNetworkInterface', { SubnetId: subnet }), 'networkInterfaceId');
    const group = idIn(await call(server, 'DescribeSecurityGroups'), 'groupId');
    const address = idIn(await call(server, 'AllocateAddress', { Domain: 'vpc' }), 'allocationId');
    await call(server, 'AssociateAddress', { AllocationId: address, NetworkInterfaceId: eni });
    const rule = { IpProtocol: 'tcp', FromPort: '443', ToPort: '443', 'IpRanges.1.CidrIp': '0.0.0.0/0' };
    const permission = Object.fromEntries(
      Object.entries(rule).map(([name, value]) => [`IpPermissions.1.${name}`, value]),
    );
    await call(server, 'AuthorizeSecurityGroupIngress', { GroupId: group, ...permission });
    const path = idIn(
      await call(server, 'CreateNetworkInsightsPath', {
        Source: gateway,
        Destination: eni,
        Protocol: 'tcp',
        DestinationPort: '443',
        ClientToken: 'path',
      }),
      'networkInsightsPathId',
    );
    const scope = idIn(
      await call(server, 'CreateNetworkInsightsAccessScope', {
        'MatchPath.1.Source.ResourceStatement.ResourceType.1': 'AWS::EC2::InternetGateway',
        ClientToken: 'scope',
      }),
      'networkInsightsAccessScopeId',
    );
    const startPath = { NetworkInsightsPathId: path };
    const startScope = { NetworkInsightsAccessScopeId: scope };
    await call(server, 'StartNetworkInsightsAnalysis', { ...startPath, ClientToken: 'one' });
    const begun = await call(server, 'StartNetworkInsightsAccessScopeAnalysis', { ...startScope, ClientToken: 'one' });
    const analysis = idIn(begun, 'networkInsightsAccessScopeAnalysisId');
    await settled(server);
    const before = await everything(server, analysis);
    assert.match(before[1] ?? '', /<networkPathFound>true</);
    assert.match(before[3] ?? '', /<findingsFound>true</);
    assert.match(before[4] ?? '', /<findingId>/);

    server.child.kill('SIGKILL');
    server = await startServer(...args);
    assert.deepEqual(await everything(server, analysis), before);

    // One that begins as the server goes is answered by the next, whether or not it had an answer already.
    const last = idIn(
      await call(server, 'StartNetworkInsightsAnalysis', { ...startPath, ClientToken: 'two' }),
      'networkInsightsAnalysisId',
    );
    server.child.kill('SIGKILL');
    server = await startServer(...args);
    await settled(server);
    const answered = await call(server, 'DescribeNetworkInsightsAnalyses', { 'NetworkInsightsAnalysisId.1': last });
    assert.match(answered, /<status>succeeded<.*<networkPathFound>true</s);
    await server.stop();
  },
);
