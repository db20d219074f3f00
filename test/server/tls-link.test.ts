// How an agent tells its server from others, over real sockets: by whom the server's certificate was signed, for which names, and until when.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Receiver } from '../../src/agent/receive.ts';
import { post } from '../../src/agent/server-link.ts';
import type { TlsIdentity } from '../../src/server/http/tls.ts';
import { encodeLine } from '../../src/server/sync/codec.ts';
import { newAuthority, serverIdentity } from './enrolment-server.ts';
import { until } from './listener.ts';
import { ADMIN, holding, REALM } from './sync-server.ts';

const DAY_MS = 86_400_000;
const authority = newAuthority();
const other = newAuthority();
const certificate = readFileSync(fileURLToPath(new URL('fixtures/test-only-certificate.pem', import.meta.url)), 'utf8');

type Fake = { readonly port: number; readonly bodies: string[] };

/** A server that says yes to everything, and writes down what it heard. */
async function fakeServer(t: TestContext, identity: TlsIdentity, say = 'yes'): Promise<Fake> {
  const bodies: string[] = [];
  const server = createServer(identity, (request, answer) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      bodies.push(`${request.headers.authorization ?? ''} ${body}`);
      answer.end(say);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, bodies };
}

async function tell(endpoint: string, ca: readonly string[] | undefined): Promise<string> {
  const link = {
    endpoint: new URL(endpoint),
    region: REALM.region,
    credentials: ADMIN,
    ...(ca === undefined ? {} : { ca }),
  };
  const bounds = { signal: new AbortController().signal, silentMs: 10_000 };
  const answer = await post(link, { path: '/crenel/v1/agent/report', body: 'secret' }, bounds);
  if (answer.ok) answer.value.destroy();
  return answer.ok ? 'told' : answer.error;
}

describe('a server is believed', { timeout: 20_000 }, () => {
  test('by its authority and its names', async (t) => {
    const { port, bodies } = await fakeServer(t, serverIdentity(authority));
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST'])
      assert.equal(await tell(`https://${host}:${port}`, [authority.certificate]), 'told', host);
    assert.equal(await tell(`https://localhost:${port}`, [other.certificate, authority.certificate]), 'told');
    assert.equal(bodies.length, 4);
    assert.match(bodies[0] ?? '', /^AWS4-HMAC-SHA256 .* secret$/);
  });

  test('not by another authority, by none, or by what is no certificate; and hears nothing then', async (t) => {
    const { port, bodies } = await fakeServer(t, serverIdentity(authority));
    const url = `https://127.0.0.1:${port}`;
    assert.match(
      await tell(url, [other.certificate]),
      /^cannot reach .*self-signed certificate in certificate chain: it is not the server .*--enrol, or --ca/,
    );
    assert.match(await tell(url, undefined), /^cannot reach .*self-signed certificate/);
    assert.match(await tell(url, [certificate]), /^cannot reach/);
    assert.match(await tell(url, []), /^cannot reach/);
    assert.match(await tell(url, ['no certificate']), /^cannot/);
    assert.match(await tell(url, ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']), /^cannot/);
    assert.deepEqual(bodies, []);
  });

  test('not under a name that its certificate does not have', async (t) => {
    const named = await fakeServer(t, serverIdentity(authority, { names: ['crenel.example', '127.0.0.2', '*.local'] }));
    for (const host of ['127.0.0.1', 'localhost'])
      assert.match(await tell(`https://${host}:${named.port}`, [authority.certificate]), /altnames/);
    assert.deepEqual(named.bodies, []);
  });

  test('not before its time, and not after', async (t) => {
    const over = await fakeServer(t, serverIdentity(authority, { now: Date.now() - DAY_MS, lifeMs: DAY_MS / 2 }));
    assert.match(await tell(`https://127.0.0.1:${over.port}`, [authority.certificate]), /certificate has expired/);
    const early = await fakeServer(t, serverIdentity(authority, { now: Date.now() + DAY_MS }));
    assert.match(await tell(`https://127.0.0.1:${early.port}`, [authority.certificate]), /not yet valid/);
    assert.deepEqual([over.bodies, early.bodies], [[], []]);
  });

  test('or its stream is not read: no view comes of it', async (t) => {
    const begin = encodeLine({ type: 'begin', version: 1, epoch: 'e', from: 'nothing' });
    const lines = `${begin}${encodeLine({ type: 'mark', revision: 4 })}`;
    const { port } = await fakeServer(t, serverIdentity(authority), lines);
    const views = async (ca: readonly string[]): Promise<number> => {
      let [count, troubles] = [0, 0];
      const receiver = new Receiver({
        link: { endpoint: new URL(`https://127.0.0.1:${port}`), region: REALM.region, ca },
        host: 'host-1',
        mode: 'tap',
        holds: holding([]),
        onView: () => {
          count += 1;
        },
        onState: (trouble) => {
          if (trouble !== undefined) troubles += 1;
        },
        patience: { first: 1, most: 2, silent: 5000 },
      });
      receiver.start();
      await until(() => troubles >= 2);
      await receiver.stop();
      return count;
    };
    assert.ok((await views([authority.certificate])) >= 2);
    assert.equal(await views([other.certificate]), 0);
  });
});
