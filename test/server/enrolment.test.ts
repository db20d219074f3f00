// Hosts are let in by tokens and believed by certificates, over real sockets: what works, and everything that must not.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { enrol, renew } from '../../src/agent/enrol.ts';
import { type HostIdentity, lifeOf, readState, writeState } from '../../src/agent/identity.ts';
import { Renewal } from '../../src/agent/renewal.ts';
import { Reporter } from '../../src/agent/report.ts';
import { ask, post, type ServerLink } from '../../src/agent/server-link.ts';
import { asId } from '../../src/core/model/ids.ts';
import { expectOk, ok } from '../../src/core/net/result.ts';
import { Draft } from '../../src/server/control/draft.ts';
import { fingerprintOf, issue, newKeyPair, privatePem } from '../../src/server/enrolment/authority.ts';
import { decodeEnrol } from '../../src/server/enrolment/messages.ts';
import { provenKey, sha256, shortDigest } from '../../src/server/enrolment/proof.ts';
import { registerOf } from '../../src/server/enrolment/register-text.ts';
import { encodeLine } from '../../src/server/sync/codec.ts';
import {
  CLERK,
  type EnrolmentServer,
  enrolIn,
  enrolmentServer,
  folderOf,
  linkOf,
  newAuthority,
  serverIdentity,
  streamAs,
} from './enrolment-server.ts';
import { until } from './listener.ts';
import { ADMIN, hello, holding, REALM } from './sync-server.ts';
import { eni } from './sync-worlds.ts';

const DAY_MS = 86_400_000;
const BOUNDS = { signal: new AbortController().signal, silentMs: 10_000 } as const;
const STREAM = '/crenel/v1/agent/stream';

/** Why a host may not stream; `streams` when it may. */
async function streamOf(link: ServerLink, host: string, enis: readonly string[] = ['eni-1']): Promise<string> {
  const answer = await post(link, { path: STREAM, body: encodeLine({ ...hello(holding(enis)), host }) }, BOUNDS);
  if (answer.ok) answer.value.destroy();
  return answer.ok ? 'streams' : answer.error;
}

const condition = (server: EnrolmentServer, host: string): string | undefined =>
  server.hosts().hosts.find((one) => one.host === host)?.condition;

async function commit(server: EnrolmentServer): Promise<void> {
  await server.control.submit(REALM, (estate) => {
    const draft = new Draft(estate);
    draft.put('enis', eni(new Random(server.control.revision), 'eni-1', [asId('sg-1')]));
    return ok({ estate: draft.estate, value: undefined });
  });
}

const refusal = async (t: Parameters<typeof folderOf>[0], server: EnrolmentServer, token: string): Promise<string> => {
  const tried = await enrolIn(folderOf(t), server, token);
  return tried.ok ? 'let in' : tried.error;
};

async function letIn(t: Parameters<typeof folderOf>[0], server: EnrolmentServer, host: string): Promise<HostIdentity> {
  return expectOk(await enrolIn(folderOf(t), server, server.invite(host)));
}

const invitation = (host: string, enis: readonly string[]): object => ({
  host,
  holds: holding(enis),
  expiresSeconds: 60,
});

/** A certificate for the key that was asked for, and another host's name. */
function mirrored(authority: ReturnType<typeof newAuthority>, body: string): string {
  const asked = expectOk(decodeEnrol(body));
  const publicKey = createPublicKey({ key: Buffer.from(asked.publicKey, 'base64'), format: 'der', type: 'spki' });
  const use = { kind: 'host', uri: 'urn:x' } as const;
  const { certificate } = issue(authority, { subject: 'rack-2', publicKey, use, now: Date.now(), lifeMs: DAY_MS });
  return JSON.stringify({ version: 1, host: 'rack-2', certificate });
}

describe('a host that has a token', { timeout: 60_000 }, () => {
  test('comes in, streams, reports, and comes again without it', async (t) => {
    const server = await enrolmentServer(t);
    const folder = folderOf(t);
    const token = server.invite('rack-1');
    assert.equal(condition(server, 'rack-1'), 'invited');
    const identity = expectOk(await enrolIn(folder, server, token));
    assert.equal(condition(server, 'rack-1'), 'gone');
    const { seen, receiver } = streamAs(t, linkOf(identity), 'rack-1');
    await until(() => seen.view !== undefined);
    const reporter = new Reporter({ link: linkOf(identity), host: 'rack-1', onTrouble: (why) => assert.fail(why) });
    t.after(async () => await reporter.stop());
    reporter.tell({ applied: { epoch: seen.epoch, revision: seen.view?.revision ?? 0 } });
    reporter.start();
    await until(() => condition(server, 'rack-1') === 'enforcing');
    const { enrolment } = server.hosts().hosts.find(({ host }) => host === 'rack-1') ?? {};
    assert.equal(enrolment?.certificate?.serial, new X509Certificate(identity.certificate).serialNumber.toLowerCase());
    assert.deepEqual(enrolment.holds, holding(['eni-1']));
    await receiver.stop();
    await reporter.stop();
    const kept = expectOk(readState(folder)).current;
    assert.deepEqual(kept, identity);
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams');
  });

  test('is known to a server that begins anew with what was written', async (t) => {
    const first = await enrolmentServer(t);
    const identity = expectOk(await enrolIn(folderOf(t), first, first.invite('rack-1')));
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams');
    const second = await enrolmentServer(t, {
      authority: first.authority,
      register: expectOk(registerOf(first.disk.text)),
    });
    assert.equal(await streamOf({ ...linkOf(identity), endpoint: new URL(second.url) }, 'rack-1'), 'streams');
    const forgetful = await enrolmentServer(t, { authority: first.authority });
    assert.match(
      await streamOf({ ...linkOf(identity), endpoint: new URL(forgetful.url) }, 'rack-1'),
      /401.*not, or no longer/,
    );
  });

  test('keeps key and certificate where nobody else reads them, and the server keeps neither token nor key', async (t) => {
    const server = await enrolmentServer(t);
    const folder = folderOf(t);
    const token = server.invite('rack-1');
    const identity = expectOk(await enrolIn(folder, server, token));
    assert.equal(statSync(join(folder, 'identity.json')).mode & 0o777, 0o600);
    const secret = token.slice(token.lastIndexOf(':') + 1);
    const key = identity.key.split('\n')[1] ?? '';
    server.listener.logged('request');
    for (const text of [server.disk.text, ...server.listener.lines, JSON.stringify(server.hosts())])
      assert.ok(!text.includes(secret) && !text.includes(key), text);
    assert.ok(server.disk.text.includes(sha256(token)));
    assert.ok(!readFileSync(join(folder, 'identity.json'), 'utf8').includes(secret));
  });

  test('may ask again with its key when the answer was lost, until its certificate was used', async (t) => {
    const server = await enrolmentServer(t);
    const folder = folderOf(t);
    const token = server.invite('rack-1');
    const lost = expectOk(await enrolIn(folder, server, token));
    writeState(folder, { pending: { tokenHash: lost.tokenHash, key: lost.key } });
    const again = expectOk(await enrolIn(folder, server, token));
    assert.equal(again.key, lost.key);
    assert.match(await streamOf(linkOf(lost), 'rack-1'), /401/);
    assert.equal(await streamOf(linkOf(again), 'rack-1'), 'streams');
    writeState(folder, { pending: { tokenHash: lost.tokenHash, key: lost.key } });
    const late = await enrolIn(folder, server, token);
    assert.match(late.ok ? '' : late.error, /403: the token was used/);
    assert.equal(await streamOf(linkOf(again), 'rack-1'), 'streams', 'and nothing has changed');
  });

  test('may be let in anew: the machine that was it until then is it no longer', async (t) => {
    const server = await enrolmentServer(t);
    const old = expectOk(await enrolIn(folderOf(t), server, server.invite('rack-1')));
    const { seen } = streamAs(t, linkOf(old), 'rack-1');
    await until(() => seen.view !== undefined);
    const token = server.invite('rack-1', ['eni-1', 'eni-2']);
    assert.equal(seen.troubles.length, 0, 'a token that nobody used changes nothing');
    assert.match(await streamOf(linkOf(old), 'rack-1', ['eni-2']), /403/);
    const fresh = expectOk(await enrolIn(folderOf(t), server, token));
    await until(() => seen.troubles.some((why) => why.includes('401')));
    assert.equal(await streamOf(linkOf(fresh), 'rack-1', ['eni-2']), 'streams');
  });
});

describe('a token', { timeout: 60_000 }, () => {
  test('works once, for its time, and not beside a newer one or for a host that was removed', async (t) => {
    const server = await enrolmentServer(t);
    const used = server.invite('rack-1');
    assert.equal(await refusal(t, server, used), 'let in');
    assert.match(await refusal(t, server, used), /403: the token was used: it works once/);
    const old = server.invite('rack-2');
    const newer = server.invite('rack-2');
    assert.match(await refusal(t, server, old), /403: no such token is out/);
    assert.equal(await refusal(t, server, newer), 'let in');
    const late = server.invite('rack-3', ['eni-1'], 60_000);
    server.advance(60_001);
    assert.match(await refusal(t, server, late), /403: the token was good until .*ask for another/);
    const removed = server.invite('rack-4');
    expectOk(server.enrolment.remove(REALM, 'rack-4'));
    assert.match(await refusal(t, server, removed), /403: no such token is out/);
    const again = server.invite('rack-4');
    expectOk(server.enrolment.remove(REALM, 'rack-4'));
    assert.match(await refusal(t, server, again), /403: no such token is out/);
    assert.equal(server.enrolment.remove(REALM, 'rack-4').ok, false);
  });

  test('is for the host that it names: with another name in it, it is another token', async (t) => {
    const server = await enrolmentServer(t);
    const token = server.invite('rack-1');
    assert.match(await refusal(t, server, token.replace('rack-1', 'rack-2')), /403: no such token/);
    assert.match(await refusal(t, server, token.slice(0, -1)), /not whole/);
    const identity = expectOk(await enrolIn(folderOf(t), server, token));
    assert.equal(new X509Certificate(identity.certificate).subject, 'CN=rack-1');
  });

  test('is sent to no server but its own', async (t) => {
    const [own, other] = [await enrolmentServer(t), await enrolmentServer(t)];
    const token = own.invite('rack-1');
    assert.match(await refusal(t, other, token), /is not the server that the token is of.*so the token was not sent/);
    // It shows the certificate that the token names, which is no secret, behind one of its own making.
    const { privateKey, publicKey } = newKeyPair();
    const { certificate } = issue(newAuthority(), {
      subject: 'server',
      publicKey,
      use: { kind: 'server', names: ['127.0.0.1'] },
      now: Date.now(),
      lifeMs: 60_000,
    });
    const heard: string[] = [];
    const thief = createServer(
      { cert: certificate + own.authority.certificate, key: privatePem(privateKey) },
      (request, answer) => {
        heard.push(request.url ?? '');
        answer.end();
      },
    );
    await new Promise<void>((resolve) => {
      thief.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => thief.close());
    const url = `https://127.0.0.1:${(thief.address() as AddressInfo).port}`;
    const tried = await enrolIn(folderOf(t), { url }, token);
    assert.ok(!tried.ok);
    assert.deepEqual(heard, []);
    assert.equal(await refusal(t, own, token), 'let in');
  });

  test('that does not name a server goes to one that is vouched for, and to no other', async (t) => {
    const server = await enrolmentServer(t);
    const [start = '', version = '', host = '', , secret = ''] = server.invite('rack-1').split(':');
    const token = [start, version, host, '', secret].join(':');
    const unknown = await enrolIn(folderOf(t), server, token);
    assert.match(unknown.ok ? '' : unknown.error, /self-signed certificate/);
    const setup = { token, endpoint: new URL(server.url), folder: folderOf(t), state: { version: 1 } };
    const known = await enrol({ ...setup, ca: [server.authority.certificate] });
    // It reached the server, which never gave out such a token.
    assert.match(known.ok ? '' : known.error, /403: no such token/);
  });

  test('is worth nothing without the key, and a signature is for one token and one key', async (t) => {
    const server = await enrolmentServer(t);
    const token = server.invite('rack-1');
    const link: ServerLink = { endpoint: new URL(server.url), region: '', ca: [server.authority.certificate] };
    const own = newKeyPair();
    const good = provenKey(own, { purpose: 'enrol', word: sha256(token) });
    const attempt = async (more: object): Promise<string> => {
      const body = JSON.stringify({ version: 1, token, ...good, ...more });
      const answer = await ask(link, { path: '/crenel/v1/agent/enrol', body }, BOUNDS);
      return answer.ok ? 'let in' : answer.error;
    };
    const others = provenKey(newKeyPair(), { purpose: 'enrol', word: sha256(token) });
    assert.match(await attempt({ publicKey: others.publicKey }), /400: proof is not a signature/);
    assert.match(await attempt(provenKey(own, { purpose: 'enrol', word: sha256('x') })), /400: proof is not/);
    assert.match(await attempt(provenKey(own, { purpose: 'renew', word: sha256(token) })), /400: proof is not/);
    assert.match(await attempt({ proof: '' }), /400: proof is not/);
    assert.match(await attempt({ publicKey: 'AAAA' }), /400: publicKey must be a key of P-256/);
    assert.match(await attempt({ extra: 1 }), /400: message has a member that is not known/);
    assert.match(await attempt({ version: 2 }), /400: message\.version/);
    assert.equal(await attempt({}), 'let in');
  });

  test('gets a host nothing that is not its own certificate, whatever the server says', async (t) => {
    const own = newAuthority();
    const { publicKey } = newKeyPair();
    const use = { kind: 'host', uri: 'urn:x' } as const;
    const { certificate } = issue(own, { subject: 'rack-1', publicKey, use, now: Date.now(), lifeMs: DAY_MS });
    let says = '';
    const server = createServer(serverIdentity(own), (request, answer) => {
      let body = '';
      request.on('data', (piece: Buffer) => {
        body += piece.toString();
      });
      request.on('end', () => answer.end(says === 'mirror' ? mirrored(own, body) : says));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = `crenel-enrol:1:rack-1:${shortDigest(own.fingerprint)}:${'a'.repeat(43)}`;
    const tried = async (answer: string): Promise<string> => {
      says = answer;
      const folder = folderOf(t);
      const done = await enrolIn(folder, { url }, token);
      assert.equal(expectOk(readState(folder)).current !== undefined, done.ok);
      return done.ok ? 'let in' : done.error;
    };
    assert.match(await tried('yes'), /answers what is no certificate: the message is no JSON/);
    assert.match(await tried('x'.repeat(100_000)), /answers more than was asked for/);
    const other = { version: 1, host: 'rack-1', certificate };
    assert.match(await tried(JSON.stringify(other)), /not for this host and key/);
    assert.match(await tried(JSON.stringify({ ...other, certificate: 'x' })), /not for this host and key/);
    assert.match(await tried('mirror'), /not for this host and key/);
  });

  test('that could not be marked as used on disk was not used', async (t) => {
    const server = await enrolmentServer(t);
    const token = server.invite('rack-1');
    server.disk.isFull = true;
    assert.match(await refusal(t, server, token), /500: the server cannot write its list of hosts/);
    assert.ok(!server.enrolment.invite(REALM, { host: 'rack-2', holds: holding([]), lifeMs: 60_000 }).ok);
    assert.equal(condition(server, 'rack-2'), undefined);
    server.disk.isFull = false;
    assert.equal(await refusal(t, server, token), 'let in');
  });
});

describe('the certificate of a host', { timeout: 60_000 }, () => {
  test('is for its own host, for what it may hold, and for enforcing alone', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    await letIn(t, server, 'rack-2');
    const link = linkOf(identity);
    assert.match(
      await streamOf(link, 'rack-2'),
      /403: crenel:Enforce is not allowed: the certificate is that of rack-1/,
    );
    assert.match(await streamOf(link, 'rack-1', ['eni-1', 'eni-2']), /403: .*not let in with eni-2/);
    const report = async (host: string): Promise<string> => {
      const answer = await ask(
        link,
        { path: '/crenel/v1/agent/report', body: encodeLine({ version: 1, host }) },
        BOUNDS,
      );
      return answer.ok ? 'heard' : answer.error;
    };
    assert.equal(await streamOf(link, 'rack-1'), 'streams');
    assert.equal(await report('rack-1'), 'heard');
    assert.match(await report('rack-2'), /403/);
    const path = '/crenel/v1/hosts/add' as '/crenel/v1/agent/enrol';
    const body = JSON.stringify({ host: 'rack-3', holds: holding([]), expiresSeconds: 60 });
    const added = await ask(link, { path, body }, BOUNDS);
    assert.match(added.ok ? '' : added.error, /403: crenel:EnrolHost is not allowed: .*for crenel:Enforce alone/);
  });

  test('follows what `host allow` says, at once', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    const { seen } = streamAs(t, linkOf(identity), 'rack-1');
    await until(() => seen.view !== undefined);
    const allow = async (enis: readonly string[]): Promise<number> =>
      (await server.post('/crenel/v1/hosts/allow', { host: 'rack-1', holds: holding(enis) })).status;
    assert.equal(await allow(['eni-2']), 200);
    await until(() => seen.troubles.some((why) => why.includes('403')));
    const { begun } = seen;
    assert.equal(await allow(['eni-1', 'eni-2']), 200);
    await until(() => seen.begun > begun);
    assert.equal((await server.post('/crenel/v1/hosts/allow', { host: 'rack-9', holds: holding([]) })).status, 404);
  });

  test('ends with its host: the stream is cut, and nothing that it sends is believed', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    const { seen } = streamAs(t, linkOf(identity), 'rack-1');
    await until(() => seen.view !== undefined);
    const { view } = seen;
    assert.equal((await server.post('/crenel/v1/hosts/remove', { host: 'rack-1' })).status, 200);
    await until(() => seen.troubles.some((why) => why.includes('401: the host rack-1 was removed at 20')));
    assert.equal(seen.troubles[0], 'the server ended the stream');
    assert.equal(seen.view, view, 'what it heard last stays');
    const troubles: string[] = [];
    const reporter = new Reporter({ link: linkOf(identity), host: 'rack-1', onTrouble: (why) => troubles.push(why) });
    reporter.start();
    await until(() => troubles.length > 0);
    await reporter.stop();
    assert.match(troubles[0] ?? '', /401/);
    const renewed = await renew(linkOf(identity), identity, { folder: folderOf(t), signal: BOUNDS.signal });
    assert.match(renewed.ok ? '' : renewed.error, /401/);
    assert.equal(condition(server, 'rack-1'), 'removed');
    assert.match(server.disk.text, /"removedAt"/);
    assert.equal((await server.post('/crenel/v1/hosts/remove', { host: 'rack-1' })).status, 404);
    assert.equal(await streamOf(linkOf(await letIn(t, server, 'rack-1')), 'rack-1'), 'streams', 'it may come back');
    assert.match(await streamOf(linkOf(identity), 'rack-1'), /401/);
  });

  test('cannot be made by others', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams');
    const { privateKey, publicKey } = newKeyPair();
    const wanted = {
      subject: 'rack-1',
      publicKey,
      use: { kind: 'host', uri: `arn:aws:crenel:eu-west-1:${REALM.accountId}:host/rack-1` },
      now: Date.now(),
      lifeMs: DAY_MS,
    } as const;
    const as = async (certificate: string, key = privatePem(privateKey)): Promise<string> =>
      await streamOf({ ...linkOf(identity), identity: () => ({ certificate, key }) }, 'rack-1');
    assert.match(await as(issue(newAuthority(), wanted).certificate), /401/, 'of another authority');
    const { name, publicKey: named } = server.authority;
    const twin = { ...newAuthority(), name, publicKey: named };
    assert.match(await as(issue(twin, wanted).certificate), /401/, 'signed by a key that goes by the same names');
    assert.match(await as(issue(server.authority, wanted).certificate), /401/, 'never given to a host');
    const ownKey = createPrivateKey(identity.key);
    const below = { name: 'rack-1', key: ownKey, publicKey: createPublicKey(ownKey), validTo: Date.now() + DAY_MS };
    const child = issue(below, { ...wanted, subject: 'rack-9' }).certificate;
    assert.match(await as(child + identity.certificate), /401/, 'by a host’s own key');
    const faults = server.shown.slice(-4).map((one) => one?.fault);
    const unsigned = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_SIGNATURE_FAILURE'];
    assert.deepEqual(faults, [...unsigned, undefined, 'UNSPECIFIED']);
    // The certificate itself is no secret; without its key the handshake fails.
    assert.match(await as(identity.certificate), /key values mismatch/);
    const { enrolment } = server;
    // Nor is a fingerprint believed where TLS did not vouch for the certificate.
    const fingerprint = fingerprintOf(new X509Certificate(identity.certificate));
    assert.ok(enrolment.callerOf({ fingerprint }).ok);
    assert.ok(!enrolment.callerOf({ fingerprint, fault: 'CERT_SIGNATURE_FAILURE' }).ok);
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams');
  });

  test('does not make its host a server that others believe', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    const fake = createServer(
      { cert: identity.certificate + server.authority.certificate, key: identity.key },
      (_, answer) => {
        answer.end();
      },
    );
    await new Promise<void>((resolve) => {
      fake.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => fake.close());
    const url = `https://127.0.0.1:${(fake.address() as AddressInfo).port}`;
    const other = await letIn(t, server, 'rack-2');
    assert.match(
      await streamOf({ ...linkOf(other), endpoint: new URL(url) }, 'rack-2'),
      /unsuitable certificate purpose/,
    );
    const token = server.invite('rack-3');
    const tried = await enrolIn(folderOf(t), { url }, token);
    assert.match(tried.ok ? '' : tried.error, /unsuitable certificate purpose/);
  });

  test('is over when its time is: no stream goes on, and no other begins', async (t) => {
    const server = await enrolmentServer(t);
    const identity = await letIn(t, server, 'rack-1');
    const { seen } = streamAs(t, linkOf(identity), 'rack-1');
    await until(() => seen.view !== undefined);
    server.advance(30 * DAY_MS);
    await commit(server);
    await until(() => seen.troubles.some((why) => /401: the certificate was good until 20.*new token/.test(why)));
    assert.equal(seen.troubles[0], 'the server ended the stream');
  });

  test('that is over for OpenSSL is refused, too', async (t) => {
    const server = await enrolmentServer(t, { ahead: -31 * DAY_MS });
    const identity = await letIn(t, server, 'rack-1');
    assert.match(await streamOf(linkOf(identity), 'rack-1'), /401: the certificate is not believed: CERT_HAS_EXPIRED/);
  });
});

describe('renewal', { timeout: 60_000 }, () => {
  test('gives a new key and certificate when two thirds are over; the old one ends when the new one is used', async (t) => {
    // Given out 25 days ago, for 30.
    const server = await enrolmentServer(t, { ahead: -25 * DAY_MS });
    const folder = folderOf(t);
    const identity = expectOk(await enrolIn(folder, server, server.invite('rack-1')));
    server.advance(25 * DAY_MS);
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams');
    const said: string[] = [];
    const renewal = new Renewal({
      link: { endpoint: new URL(server.url), region: '', ca: [server.authority.certificate] },
      identity,
      folder,
      log: (level, message) => said.push(`${level} ${message}`),
    });
    renewal.start();
    await until(() => said.length > 0);
    await renewal.stop();
    assert.match(said[0] ?? '', /^info the certificate of this host is renewed, until 20/);
    const kept = expectOk(readState(folder)).current ?? assert.fail('nothing is kept');
    assert.notEqual(kept.key, identity.key);
    assert.deepEqual(renewal.current, kept);
    assert.ok(lifeOf(kept).to > Date.now() + 29 * DAY_MS);
    assert.equal(await streamOf(linkOf(identity), 'rack-1'), 'streams', 'the answer might have been lost');
    assert.equal(await streamOf(linkOf(kept), 'rack-1'), 'streams');
    assert.match(await streamOf(linkOf(identity), 'rack-1'), /401/);
    assert.equal(kept.tokenHash, identity.tokenHash);
  });

  test('waits for its time, goes on asking when it fails, and says so', async (t) => {
    const server = await enrolmentServer(t);
    const folder = folderOf(t);
    const fresh = expectOk(await enrolIn(folder, server, server.invite('rack-1')));
    const said: string[] = [];
    const hasRenewed = (): boolean => said.some((line) => line.startsWith('info'));
    const link = { endpoint: new URL(server.url), region: '', ca: [server.authority.certificate] };
    const log = (level: string, message: string): number => said.push(`${level} ${message}`);
    const early = new Renewal({ link, identity: fresh, folder, log, everyMs: 1 });
    early.start();
    await streamOf(linkOf(fresh), 'rack-1');
    await early.stop();
    assert.deepEqual(said, []);
    const renewals = server.listener.logged('request').filter((line) => JSON.stringify(line).includes('AgentRenew'));
    assert.deepEqual(renewals, []);
    const old = await enrolmentServer(t, { ahead: -25 * DAY_MS });
    const due = expectOk(await enrolIn(folder, old, old.invite('rack-1')));
    old.advance(25 * DAY_MS);
    old.disk.isFull = true;
    const again = new Renewal({
      link: { ...link, endpoint: new URL(old.url), ca: [old.authority.certificate] },
      identity: due,
      folder,
      log,
      everyMs: 5,
    });
    again.start();
    await until(() => said.length >= 2);
    assert.match(said.join('\n'), /^warn the certificate of this host, good until 20.*, is not renewed yet: .*500/);
    old.disk.isFull = false;
    await until(hasRenewed);
    await again.stop();
  });
});

describe('operators', { timeout: 60_000 }, () => {
  test('let in what a policy lets them, and nothing else', async (t) => {
    const server = await enrolmentServer(t);
    const add = async (message: object, credentials = CLERK): Promise<number> =>
      (await server.post('/crenel/v1/hosts/add', message, credentials)).status;
    assert.equal(await add(invitation('rack-1', ['eni-1'])), 200);
    assert.equal(await add(invitation('rack-2', ['eni-1'])), 403);
    assert.equal(await add(invitation('rack-1', ['eni-1', 'eni-2'])), 403);
    assert.equal(await add({ host: 'rack-1', holds: holding([], ['i-1']), expiresSeconds: 60 }), 403);
    assert.equal((await server.post('/crenel/v1/hosts/remove', { host: 'rack-1' }, CLERK)).status, 403);
    assert.equal(await add(invitation('rack-1', ['eni-1']), { ...CLERK, secretAccessKey: 'guessed-by-somebody' }), 401);
    for (const message of [
      invitation('rack 1', []),
      { ...invitation('rack-1', []), expiresSeconds: 1 },
      { host: 'rack-1' },
      [],
    ])
      assert.equal(await add(message, ADMIN), 400);
  });

  test('are told where hosts cannot prove who they are', async (t) => {
    const server = await enrolmentServer(t, { withTls: false });
    const added = await server.post('/crenel/v1/hosts/add', invitation('rack-1', ['eni-1']));
    assert.equal(added.status, 409);
    assert.match(added.text, /start it with --tls/);
    const proven = provenKey(newKeyPair(), { purpose: 'enrol', word: 'x' });
    const tried = await server.post('/crenel/v1/agent/enrol', { version: 1, token: 'x', ...proven });
    assert.equal(tried.status, 403);
    assert.match(tried.text, /over TLS alone/);
    const local = await enrolIn(folderOf(t), server, `crenel-enrol:1:rack-1::${'a'.repeat(43)}`);
    assert.match(local.ok ? '' : local.error, /over TLS alone/);
  });
});
