// The cases of the API, each against an empty account: in this process, and through one server over sockets with signatures, a region for each.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EC2Client } from '@aws-sdk/client-ec2';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { runApiCase } from '../cases/api-case.ts';
import { type ApiCase, readApiCases } from '../cases/read-cases.ts';
import { type Server, startServer } from '../e2e/server-process.ts';
import { testApi } from './api-client.ts';

const CASES = readApiCases();

test('there are cases enough, each with a name of its own', () => {
  assert.ok(CASES.length >= 50);
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});

describe('conformance: API', () => {
  for (const one of CASES)
    test(`${one.file} ${one.name}: ${one.says}`, async () => {
      const { client } = await testApi({ store: new MemoryStore() });
      await runApiCase(one, client);
    });
});

describe('conformance: API over sockets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-cases-'));
  let server: Server;
  before(async () => {
    server = await startServer('--data', folder);
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const clientFor = (region: string): EC2Client =>
    new EC2Client({
      endpoint: server.url,
      region,
      credentials: {
        accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
      maxAttempts: 1,
    });

  // Realms are apart: every case has an account that is empty in its region.
  const runOver = async (one: ApiCase): Promise<void> => {
    const client = clientFor(`eu-case-${CASES.indexOf(one) + 1}`);
    await runApiCase(one, client);
    client.destroy();
  };
  for (const one of CASES) test(`${one.file} ${one.name}: ${one.says}`, async () => await runOver(one));
});

test('a case whose expectation is wrong fails', async () => {
  const { client } = await testApi({ store: new MemoryStore() });
  const call = { call: 'DescribeVpcs', input: {} };
  await runApiCase({ steps: [{ ...call, expect: { Vpcs: [] } }] }, client);
  await assert.rejects(runApiCase({ steps: [{ ...call, expect: { Vpcs: [{}] } }] }, client));
  await assert.rejects(runApiCase({ steps: [{ ...call, expect: { Vpcs: null } }] }, client));
  await assert.rejects(runApiCase({ steps: [{ ...call, error: { code: 'InvalidVpcID.NotFound' } }] }, client));
  const refused = { call: 'DescribeVpcs', input: { VpcIds: ['vpc-01'] } };
  await assert.rejects(runApiCase({ steps: [{ ...refused, error: { code: 'Other' } }] }, client));
  await assert.rejects(
    runApiCase({ steps: [{ ...refused, error: { code: 'InvalidVpcID.NotFound', message: 'x' } }] }, client),
  );
});
