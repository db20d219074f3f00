// AWS's command line and boto3, unchanged, against a server of ours. Where they are not installed the tests are skipped and say so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Server, startServer } from './server-process.ts';

const BOTO3 = fileURLToPath(new URL('boto3-client.py', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'crenel-clients-'));
let server: Server;
before(async () => {
  server = await startServer('--memory', '--default-vpc', '--keys', keysFile());
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function policy(Action: string): object {
  return { Statement: { Effect: 'Allow', Action, Resource: '*' } };
}

/** Two keys: one that may do everything, one that may only look. */
function keysFile(): string {
  const path = join(folder, 'keys.json');
  const key = { accountId: '111122223333', secretAccessKey: 'a-secret-for-tests-alone' };
  const keys = [
    { ...key, accessKeyId: 'AKIAEXAMPLEADMIN0001', policies: [policy('*')] },
    { ...key, accessKeyId: 'AKIAEXAMPLEREADER001', userName: 'reader', policies: [policy('ec2:Describe*')] },
  ];
  writeFileSync(path, JSON.stringify({ keys }), { mode: 0o600 });
  return path;
}

type Run = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  // No configuration of whoever runs the tests comes in.
  const clean = {
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...clean, ...server.env, ...env } });
}

function isMissing(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status !== 0;
}

function aws(words: string, env: Readonly<Record<string, string>> = {}): Run {
  return run('aws', ['--endpoint-url', server.url, '--output', 'json', ...words.split(' ')], env);
}

test('the AWS CLI makes a group in the default VPC, opens a port, reads it back and is refused as on AWS', (t) => {
  if (isMissing('aws', '--version')) return t.skip('the AWS CLI is not installed');
  const made = aws('ec2 create-security-group --group-name web --description web');
  assert.equal(made.status, 0, made.stderr);
  const { GroupId: id } = JSON.parse(made.stdout) as { readonly GroupId: string };
  assert.equal(
    aws(`ec2 authorize-security-group-ingress --group-id ${id} --protocol tcp --port 443 --cidr 0.0.0.0/0`).status,
    0,
  );
  const again = aws(`ec2 authorize-security-group-ingress --group-id ${id} --protocol tcp --port 443 --cidr 0.0.0.0/0`);
  assert.match(again.stderr, /\(InvalidPermission\.Duplicate\).*peer: 0\.0\.0\.0\/0, TCP, from port: 443/);
  const rules = aws(
    `ec2 describe-security-group-rules --filters Name=group-id,Values=${id} --query SecurityGroupRules[?IsEgress==\`false\`].CidrIpv4`,
  );
  assert.deepEqual(JSON.parse(rules.stdout), ['0.0.0.0/0']);
  const dry = aws('ec2 create-vpc --cidr-block 10.0.0.0/16 --dry-run');
  assert.match(dry.stderr, /\(DryRunOperation\)/);
  const pages = aws('ec2 describe-security-groups --page-size 5 --query length(SecurityGroups)');
  assert.equal(pages.stdout.trim(), '2');
  const reader = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEREADER001' };
  assert.equal(aws('ec2 describe-vpcs', reader).status, 0);
  assert.match(
    aws(`ec2 delete-security-group --group-id ${id}`, reader).stderr,
    /\(UnauthorizedOperation\).*ec2:DeleteSecurityGroup/,
  );
  assert.equal(aws(`ec2 delete-security-group --group-id ${id}`).status, 0);
  return undefined;
});

function text(words: string): string {
  const done = aws(words);
  assert.equal(done.status, 0, done.stderr);
  return String(JSON.parse(done.stdout));
}

test('the AWS CLI asks for a path and reads what stands in its way', (t) => {
  if (isMissing('aws', '--version')) return t.skip('the AWS CLI is not installed');
  const subnet = text('ec2 describe-subnets --query Subnets[0].SubnetId');
  const gateway = text('ec2 describe-internet-gateways --query InternetGateways[0].InternetGatewayId');
  const eni = text(`ec2 create-network-interface --subnet-id ${subnet} --query NetworkInterface.NetworkInterfaceId`);
  const path = text(
    `ec2 create-network-insights-path --source ${gateway} --destination ${eni} --protocol tcp --filter-at-source DestinationPortRange={FromPort=22,ToPort=22} --query NetworkInsightsPath.NetworkInsightsPathId`,
  );
  const id = text(
    `ec2 start-network-insights-analysis --network-insights-path-id ${path} --query NetworkInsightsAnalysis.NetworkInsightsAnalysisId`,
  );
  const answer = (): Run =>
    aws(
      `ec2 describe-network-insights-analyses --network-insights-analysis-ids ${id} --query NetworkInsightsAnalyses[0].[Status,NetworkPathFound,Explanations[].ExplanationCode]`,
    );
  let seen = answer();
  for (let turn = 0; turn < 20 && seen.stdout.includes('running'); turn += 1) seen = answer();
  assert.deepEqual(JSON.parse(seen.stdout), [
    'succeeded',
    false,
    ['IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS', 'ENI_SG_RULES_MISMATCH'],
  ]);
  return undefined;
});

test('boto3 makes a VPC with a group, pages through its rules and reads errors', (t) => {
  if (isMissing('python3', '-c', 'import boto3')) return t.skip('boto3 is not installed');
  const done = run('python3', [BOTO3]);
  assert.equal(done.status, 0, done.stderr);
  assert.deepEqual(JSON.parse(done.stdout), {
    tags: [{ Key: 'Name', Value: 'boto & <co>' }],
    rules: 3,
    error: 'DependencyViolation',
    // Each of the two interfaces reaches the other: SSH by the group, HTTPS as everybody.
    findings: [0, 1].map(() => [
      [
        { From: 22, To: 22 },
        { From: 443, To: 443 },
      ],
    ]),
    found: true,
    hops: ['eni', 'sg', 'sg', 'eni'],
    open: ['web'],
    account: '111122223333',
    request: 36,
  });
  return undefined;
});
