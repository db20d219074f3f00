// What `crenel serve` makes of its TLS options: an authority once for a folder, certificates by its names, and what tokens name.
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openHosts } from '../../src/cli/serve/host-file.ts';
import { openTls, type ServerTls } from '../../src/cli/serve/server-tls.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { isCertificateName } from '../../src/server/enrolment/certificate.ts';
import { folderOf, newAuthority, serverIdentity } from '../server/enrolment-server.ts';

const DAY_MS = 86_400_000;
const REALM = { accountId: '111122223333', region: 'eu-west-1' };

function opened(folder: string | undefined, host = '127.0.0.1', names: readonly string[] = []): ServerTls {
  return expectOk(openTls({ tls: { names }, folder, host }, Date.now)) ?? assert.fail('no TLS');
}

const certificateOf = (tls: ServerTls): X509Certificate => new X509Certificate(tls.identity.cert);

function refusal(folder: string): string {
  const tls = openTls({ tls: { names: [] }, folder, host: '127.0.0.1' }, Date.now);
  return tls.ok ? 'opened' : tls.error;
}

test('an authority is made once for a folder, for its owner alone; its certificate is for everybody', (t) => {
  const folder = folderOf(t);
  const [first, second] = [opened(folder), opened(folder)];
  assert.equal(first.authority.certificate, second.authority.certificate);
  assert.notEqual(first.identity.key, second.identity.key);
  assert.equal(first.anchor, first.authority.fingerprint);
  assert.equal(statSync(join(folder, 'authority.pem')).mode & 0o777, 0o600);
  assert.equal(readFileSync(first.caPath ?? '', 'utf8'), first.authority.certificate);
  assert.notEqual(opened(undefined).authority.certificate, opened(undefined).authority.certificate);
  assert.equal(expectOk(openTls({ tls: undefined, folder, host: '127.0.0.1' }, Date.now)), undefined);
});

test('a certificate of it names the machine, where it listens, and what was asked for', (t) => {
  const folder = folderOf(t);
  const here = certificateOf(opened(folder, '127.0.0.1', ['crenel.example', '192.0.2.7']));
  for (const name of ['localhost', 'crenel.example', hostname()])
    if (isCertificateName(name)) assert.ok(here.checkHost(name) !== undefined, name);
  for (const address of ['127.0.0.1', '::1', '192.0.2.7']) assert.ok(here.checkIP(address) !== undefined, address);
  assert.equal(here.checkIP('192.0.2.8'), undefined);
  assert.ok(certificateOf(opened(folder, '192.0.2.9')).checkIP('192.0.2.9') !== undefined);
  assert.ok(certificateOf(opened(folder, '::')).checkIP('127.0.0.1') !== undefined);
});

test('it is renewed with another key, by the same authority, before it is over', (t) => {
  const { identity, authority, renewal } = opened(folderOf(t));
  assert.ok(renewal !== undefined);
  const old = new X509Certificate(identity.cert);
  assert.ok(old.validToDate.getTime() > Date.now() + renewal.afterMs + 20 * DAY_MS);
  const next = renewal.renew();
  const fresh = new X509Certificate(next.cert);
  assert.ok(fresh.verify(authority.publicKey) && fresh.checkPrivateKey(createPrivateKey(next.key)));
  assert.notEqual(next.key, identity.key);
  assert.equal(fresh.subjectAltName, old.subjectAltName);
});

test('tokens name who vouches for a server only where that is in its chain', (t) => {
  const folder = folderOf(t);
  const authority = newAuthority();
  const { cert, key } = serverIdentity(authority);
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(keyPath, key);
  const anchorWith = (chain: string): string | undefined => {
    writeFileSync(certPath, chain);
    const tls = expectOk(openTls({ tls: { certPath, keyPath }, folder, host: '127.0.0.1' }, Date.now));
    assert.notEqual(tls?.authority.certificate, authority.certificate, 'hosts are signed by another');
    return tls?.anchor;
  };
  const leaf = cert.slice(0, cert.length - authority.certificate.length);
  assert.equal(anchorWith(cert), authority.fingerprint);
  assert.equal(anchorWith(leaf), undefined);
  assert.equal(anchorWith(authority.certificate), authority.fingerprint, 'one that vouches for itself');
  assert.equal(anchorWith('no certificate'), undefined);
  assert.match(String(openTls({ tls: { certPath: '/nowhere', keyPath }, folder, host: '::1' }, Date.now).ok), /false/);
});

test('an authority that others may read, or that is none, is refused with its place', (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'authority.pem');
  opened(folder);
  chmodSync(path, 0o644);
  assert.match(refusal(folder), /others may read or change .*authority\.pem: run chmod 600/);
  writeFileSync(path, 'nothing');
  chmodSync(path, 0o600);
  assert.match(refusal(folder), /authority\.pem: it must hold a private key and a certificate/);
});

test('hosts are kept in the folder, and a file of hosts that is none is refused', (t: TestContext) => {
  const folder = folderOf(t);
  const tls = opened(folder);
  const hosts = expectOk(openHosts(folder, tls, Date.now));
  const wanted = { host: 'rack-1', holds: { enis: [], instances: [] }, lifeMs: 60_000 };
  expectOk(hosts.invite(REALM, wanted));
  assert.equal(statSync(join(folder, 'hosts.json')).mode & 0o777, 0o600);
  const again = expectOk(openHosts(folder, undefined, Date.now));
  assert.deepEqual(again.list(REALM), hosts.list(REALM));
  assert.deepEqual(again.list({ ...REALM, region: 'us-east-1' }), []);
  assert.ok(!again.invite(REALM, wanted).ok, 'nobody is let in without TLS');
  assert.ok(again.remove(REALM, 'rack-1').ok, 'but hosts can be kept out');
  writeFileSync(join(folder, 'hosts.json'), '{"version":1}');
  const broken = openHosts(folder, tls, Date.now);
  assert.match(broken.ok ? '' : broken.error, /hosts\.json: hosts\.hosts must be a list/);
});
