// Certificates of clients, and a server whose own is changed while it runs: what a handler learns, and who is let go on.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { Agent, request as secureRequest } from 'node:https';
import { describe, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { fingerprintOf, issue, newKeyPair, privatePem } from '../../src/server/enrolment/authority.ts';
import type { ClientCertificate } from '../../src/server/http/exchange.ts';
import { newAuthority, serverIdentity } from './enrolment-server.ts';
import { answer, root, start } from './listener.ts';

const authority = newAuthority();

/** A certificate for a client, of an authority, good for so long from so long ago. */
function client(by = authority, ago = 0, lifeMs = 60_000): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = newKeyPair();
  const use = { kind: 'host', uri: 'urn:x' } as const;
  const { certificate } = issue(by, { subject: 'x', publicKey, use, now: Date.now() - ago, lifeMs });
  return { cert: certificate, key: privatePem(privateKey) };
}

type Asked = { readonly agent?: Agent; readonly cert?: string; readonly key?: string; readonly maxVersion?: 'TLSv1.2' };

type Got = { readonly body: string; readonly serial: string | undefined; readonly isResumed: boolean };

/** What is answered, the number of the server's certificate, and whether the session is one of before. */
async function ask(port: number, options: Asked = {}): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const sent = secureRequest(
    { host: '127.0.0.1', port, method: 'POST', ca: authority.certificate, agent: false, ...options },
    (got) => {
      const { socket } = got;
      assert.ok(socket instanceof TLSSocket);
      const [serial, isResumed] = [socket.getPeerX509Certificate()?.serialNumber, socket.isSessionReused()];
      let body = '';
      got.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      got.on('end', () => resolve({ body, serial, isResumed }));
    },
  );
  sent.on('error', reject);
  sent.end();
  return await promise;
}

const numberOf = ({ cert }: { readonly cert: string }): string => new X509Certificate(cert).serialNumber;

describe('a server over TLS', { timeout: 20_000 }, () => {
  const seen: (ClientCertificate | undefined)[] = [];
  const watch = root(async ({ clientCertificate }) => {
    seen.push(clientCertificate);
    return await Promise.resolve(answer('served'));
  });
  const last = (): ClientCertificate | undefined => seen.at(-1);

  for (const maxVersion of [undefined, 'TLSv1.2'] as const)
    test(`tells handlers what a client showed (${maxVersion ?? 'the newest TLS'})`, async (t) => {
      const { port } = await start(t, {
        tls: serverIdentity(authority),
        clientAuthority: authority.certificate,
        routes: [watch],
      });
      const version = maxVersion === undefined ? {} : { maxVersion };
      const by = async (shown: { readonly cert?: string; readonly key?: string }): Promise<string> =>
        (await ask(port, { ...shown, ...version })).body;
      assert.equal(await by({}), 'served');
      assert.equal(last(), undefined);
      const own = client();
      assert.equal(await by(own), 'served');
      assert.deepEqual(last(), { fingerprint: fingerprintOf(new X509Certificate(own.cert)) });
      // It is for the handler to say no, in words: the connection works.
      for (const [shown, fault] of [
        [client(newAuthority()), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
        [client(authority, 3_600_000, 1000), 'CERT_HAS_EXPIRED'],
        [serverIdentity(authority), 'INVALID_PURPOSE'],
      ] as const) {
        assert.equal(await by(shown), 'served');
        assert.equal(last()?.fault, fault);
      }
    });

  test('that was told of no authority asks nobody for a certificate', async (t) => {
    const { port } = await start(t, { tls: serverIdentity(authority), routes: [watch] });
    assert.equal((await ask(port, client())).body, 'served');
    assert.equal(last(), undefined);
  });

  test('asks each connection anew: what a resumed session shows is what it showed at first', async (t) => {
    const { port } = await start(t, {
      tls: serverIdentity(authority),
      clientAuthority: authority.certificate,
      routes: [watch],
    });
    const own = client();
    const agent = new Agent({ maxCachedSessions: 10, keepAlive: false });
    t.after(() => agent.destroy());
    for (let turn = 0; turn < 3; turn += 1) {
      const { isResumed } = await ask(port, { agent, ...own });
      assert.equal(isResumed, turn > 0);
      assert.equal(last()?.fingerprint, fingerprintOf(new X509Certificate(own.cert)));
    }
    await ask(port, { agent });
    assert.equal(last(), undefined, 'and who shows none is nobody');
  });

  test('shows another certificate of its own without an end, and refuses what is none', async (t) => {
    const [one, two] = [serverIdentity(authority), serverIdentity(authority)];
    const { listener, port } = await start(t, { tls: one, clientAuthority: authority.certificate, routes: [watch] });
    assert.equal((await ask(port)).serial, numberOf(one));
    assert.match(failure(listener.useTls({ ...two, key: one.key })), /not the one of the certificate/);
    assert.equal((await ask(port)).serial, numberOf(one));
    assert.equal(failure(listener.useTls(two)), '');
    assert.equal((await ask(port)).serial, numberOf(two));
    const own = client();
    await ask(port, own);
    assert.deepEqual(last(), { fingerprint: fingerprintOf(new X509Certificate(own.cert)) }, 'clients are still asked');
    const plain = await start(t, { routes: [watch] });
    assert.match(failure(plain.listener.useTls(two)), /does not speak TLS/);
  });
});

function failure(done: { readonly ok: boolean; readonly error?: string }): string {
  return done.error ?? '';
}
