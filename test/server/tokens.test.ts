// Client tokens: the same request again is answered as before and does nothing more; another under the same token is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { refusedWith, type TestApi } from './api-client.ts';
import { freshApi } from './groups-client.ts';
import { VPC } from './seed.ts';

async function makeAcl({ client }: TestApi, ClientToken: string, VpcId: string = VPC.id): Promise<string | undefined> {
  const made = await client.send(new ec2.CreateNetworkAclCommand({ VpcId, ClientToken }));
  return made.NetworkAcl?.NetworkAclId;
}

test('a request that is sent again is answered as the first time, and does nothing', async () => {
  const api = await freshApi();
  const first = await makeAcl(api, 'token-1');
  const count = api.estate().world.records.acls.size;
  assert.equal(await makeAcl(api, 'token-1'), first);
  assert.equal(api.estate().world.records.acls.size, count);
  assert.notEqual(await makeAcl(api, 'token-2'), first);
});

test('another request under a token that was used is refused', async () => {
  const api = await freshApi();
  await makeAcl(api, 'token-1');
  await refusedWith(makeAcl(api, 'token-1', 'vpc-0aaaaaaaaaaaaaaa2'), 'IdempotentParameterMismatch');
  await refusedWith(makeAcl(api, 't'.repeat(65)), 'InvalidParameterValue');
});

test('a request that was refused may be sent again under its token; a day later a token is new', async () => {
  const api = await freshApi();
  await refusedWith(makeAcl(api, 'token-1', 'vpc-0123456789'), 'InvalidVpcID.NotFound');
  const first = await makeAcl(api, 'token-1');
  api.advance(86_400_001);
  await makeAcl(api, 'token-2');
  assert.notEqual(await makeAcl(api, 'token-1'), first);
});

test('times come back the same from an answer that was kept', async () => {
  const api = await freshApi();
  const { client } = api;
  const make = async (): Promise<ec2.LaunchTemplate | undefined> =>
    (
      await client.send(
        new ec2.CreateLaunchTemplateCommand({
          LaunchTemplateName: 'web',
          ClientToken: 'token-1',
          LaunchTemplateData: { InstanceType: 't3.micro' },
        }),
      )
    ).LaunchTemplate;
  const first = await make();
  assert.ok(first?.CreateTime instanceof Date);
  assert.deepEqual(await make(), first);
});
