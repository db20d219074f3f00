// The listener as AWS's own client sees it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { Route } from '../../src/server/http/exchange.ts';
import { answer, latch, root, start, until } from './listener.ts';

const REGIONS =
  '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><regionInfo><item>' +
  '<regionName>eu-west-1</regionName></item></regionInfo></DescribeRegionsResponse>';

function clientOf(port: number, maxAttempts: number): EC2Client {
  return new EC2Client({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    maxAttempts,
  });
}

const inXml: Partial<Route> = {
  refuse: ({ status, reason, message }) =>
    answer(
      `<Response><Errors><Error><Code>${reason}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
      { status, headers: { 'content-type': 'text/xml' } },
    ),
};

describe('the SDK', { timeout: 30_000 }, () => {
  for (const [form, more] of [
    ['plain text', {}],
    ['XML', inXml],
  ] as const)
    test(`comes back when the server is busy, told in ${form}`, async (t) => {
      const release = latch();
      const route = root(async () => {
        await release.opened;
        return answer(REGIONS, { headers: { 'content-type': 'text/xml', 'x-amzn-requestid': 'r' } });
      }, more);
      const server = await start(t, { routes: [route], limits: { running: 1, waiting: 1 } });
      const client = clientOf(server.port, 3);
      t.after(() => client.destroy());
      const calls = [1, 2, 3].map(async () => await client.send(new DescribeRegionsCommand({})));
      await until(async () => (await server.metric('crenel_http_refused_total{reason="busy"}')) === 1);
      release.open();
      for (const { Regions, $metadata } of await Promise.all(calls)) {
        assert.equal(Regions?.[0]?.RegionName, 'eu-west-1');
        assert.equal($metadata.requestId, 'r');
      }
    });

  test('reads a refusal in the form of the route as an error of EC2', async (t) => {
    const server = await start(t, { routes: [root(async () => await Promise.reject(new Error('no')), inXml)] });
    const client = clientOf(server.port, 1);
    t.after(() => client.destroy());
    await assert.rejects(client.send(new DescribeRegionsCommand({})), {
      name: 'fault',
      message: /failed at this request/,
    });
  });

  test('keeps its connections, and survives the server closing them', async (t) => {
    const route = root(async () => await Promise.resolve(answer(REGIONS, { headers: { 'content-type': 'text/xml' } })));
    const server = await start(t, { routes: [route] });
    const client = clientOf(server.port, 2);
    t.after(() => client.destroy());
    for (let call = 0; call < 3; call += 1) await client.send(new DescribeRegionsCommand({}));
    assert.equal(await server.metric('crenel_http_connections'), 1);
    assert.deepEqual(await server.listener.close(60_000), { cut: 0 });
    await assert.rejects(client.send(new DescribeRegionsCommand({})), /ECONNREFUSED/);
  });
});
