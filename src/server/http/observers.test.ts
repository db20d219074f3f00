import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';
import { metricsRoute } from './observers.ts';

test('metrics for loopback are not there for clients of other machines', async () => {
  const request = {
    method: 'GET',
    path: '/metrics',
    query: '',
    headers: new Map(),
    body: new Uint8Array(),
    isSecure: false,
  };
  const statusFor = async (audience: 'loopback' | 'everybody', remoteAddress: string): Promise<number> =>
    (await metricsRoute(new Metrics(false), audience).handle({ ...request, remoteAddress })).status;
  for (const address of ['127.0.0.1', '127.0.0.2', '::1'])
    assert.equal(await statusFor('loopback', address), 200, address);
  for (const address of ['10.0.0.1', '128.0.0.1', '::2', ''])
    assert.equal(await statusFor('loopback', address), 404, address);
  assert.equal(await statusFor('everybody', '10.0.0.1'), 200);
});
