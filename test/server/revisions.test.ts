// Each answer names the revision that it holds at, and whoever follows the commits hears of that one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshApi } from './groups-client.ts';
import { VPC } from './seed.ts';

test('a change is answered with its revision, a question with the newest, a refusal with none', async () => {
  const api = await freshApi();
  const heard: number[] = [];
  const stop = api.control.subscribe(({ revision, realms }) => {
    assert.equal(api.control.revision, revision, 'it is durable by then');
    for (const { before, after } of realms.values()) assert.notEqual(before, after);
    heard.push(revision);
  });
  const before = api.control.revision;
  const made = await api.send(`Action=CreateNetworkAcl&Version=2016-11-15&VpcId=${VPC.id}`);
  assert.equal(made.headers['x-crenel-revision'], String(before + 1));
  const read = await api.send('Action=DescribeNetworkAcls&Version=2016-11-15');
  assert.equal(read.headers['x-crenel-revision'], String(before + 1));
  const refused = await api.send('Action=CreateNetworkAcl&Version=2016-11-15&VpcId=vpc-0aaaaaaaaaaaaaaaa');
  assert.equal(refused.headers['x-crenel-revision'], undefined);
  assert.deepEqual(heard, [before + 1]);
  stop();
  await api.send(`Action=CreateNetworkAcl&Version=2016-11-15&VpcId=${VPC.id}`);
  assert.deepEqual(heard, [before + 1], 'nothing is heard any more');
});
