// What reads tokens, keys, messages and files of enrolment, with whatever may come: never a throw, and no secret in what is said.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { readState, writeState } from '../../src/agent/identity.ts';
import { asId } from '../../src/core/model/ids.ts';
import { expectOk, ok } from '../../src/core/net/result.ts';
import { authorityOf, issue, newAuthorityText, newKeyPair, privatePem } from '../../src/server/enrolment/authority.ts';
import { Enrolment } from '../../src/server/enrolment/enrolment.ts';
import {
  decodeAllow,
  decodeCertificate,
  decodeEnrol,
  decodeInvitation,
  decodeInvite,
  decodeRemove,
  decodeRenew,
} from '../../src/server/enrolment/messages.ts';
import { provenKey, readProvenKey, sha256 } from '../../src/server/enrolment/proof.ts';
import { registerOf } from '../../src/server/enrolment/register-text.ts';
import { readSecretFile, writeSecretFile } from '../../src/server/enrolment/secret-file.ts';
import { checks } from '../property/checks.ts';
import { REALM } from './sync-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'crenel-fuzz-'));
after(() => rmSync(folder, { recursive: true }));

const authority = expectOk(authorityOf(newAuthorityText(Date.now()), Date.now()));
const pair = newKeyPair();
const proven = provenKey(pair, { purpose: 'enrol', word: 'w' });
const saved: string[] = [];
const enrolment = new Enrolment({
  authority,
  register: new Map(),
  now: Date.now,
  save: (text) => {
    saved.push(text);
    return ok(undefined);
  },
});
const { token } = expectOk(
  enrolment.invite(REALM, { host: 'rack-1', holds: { enis: [asId('eni-1')], instances: [] }, lifeMs: 60_000 }),
);

/** A text with a few characters changed, cut, doubled or put in. */
function worn(text: string): fc.Arbitrary<string> {
  const change = fc.tuple(
    fc.nat(text.length),
    fc.nat(3),
    fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.constantFrom('"', '{', '\0', '-', '9'.repeat(400))),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((now, [at, gone, put]) => now.slice(0, at) + put + now.slice(at + gone), text));
}

const json = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'null', '[]', '{}', '['.repeat(3000)),
);

test('messages are read or refused', () => {
  const good = [
    JSON.stringify({ version: 1, token, ...proven }),
    JSON.stringify({ version: 1, ...proven }),
    JSON.stringify({ version: 1, host: 'rack-1', certificate: authority.certificate }),
    JSON.stringify({ host: 'rack-1', holds: { enis: ['eni-1'], instances: [] }, expiresSeconds: 60 }),
    JSON.stringify({ host: 'rack-1', token, expiresAt: 'x', isPinned: true }),
  ];
  const readers = [
    decodeEnrol,
    decodeRenew,
    decodeCertificate,
    decodeInvite,
    decodeInvitation,
    decodeAllow,
    decodeRemove,
  ];
  for (const [index, text] of good.entries()) assert.ok(readers[index]?.(text).ok, text);
  const secret = token.slice(-40);
  fc.assert(
    fc.property(fc.oneof(json, ...good.map(worn)), (text) => {
      for (const decode of readers) {
        const read = decode(text);
        if (!read.ok) assert.ok(/^(?:the )?message/.test(read.error) && !read.error.includes(secret), read.error);
      }
    }),
    { numRuns: checks(3000) },
  );
  assert.match(failure(decodeEnrol(' '.repeat(5000))), /longer than 4096/);
});

test('a key is believed only as it was proven', () => {
  const der = Buffer.from(proven.publicKey, 'base64');
  const changed = fc
    .tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => Buffer.from(der.map((byte, index) => (index === at ? byte ^ flip : byte))).toString('base64'));
  const text = fc.oneof(fc.string(), fc.base64String(), changed, worn(proven.publicKey), fc.constant(proven.publicKey));
  const proof = fc.oneof(fc.string(), fc.base64String(), worn(proven.proof), fc.constant(proven.proof));
  const word = fc.constantFrom('w', 'v', '');
  assert.ok(readProvenKey(proven, { purpose: 'enrol', word: 'w' }).ok);
  fc.assert(
    fc.property(
      text,
      proof,
      word,
      fc.constantFrom('enrol' as const, 'renew' as const),
      (publicKey, signed, about, purpose) => {
        const read = readProvenKey({ publicKey, proof: signed }, { purpose, word: about });
        const isOwn = publicKey === proven.publicKey && about === 'w' && purpose === 'enrol';
        // Base64 of the same signature may be written in other ways.
        const isSame = Buffer.from(signed, 'base64').equals(Buffer.from(proven.proof, 'base64'));
        assert.equal(read.ok, isOwn && isSame);
      },
    ),
    { numRuns: checks(3000) },
  );
});

test('no key of another kind gets a certificate', () => {
  const others = [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 1024 }),
  ];
  for (const { publicKey } of others) {
    const encoded = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const read = readProvenKey({ publicKey: encoded, proof: proven.proof }, { purpose: 'enrol', word: 'w' });
    assert.match(failure(read), /must be a key of P-256/);
  }
});

test('nobody is let in by anything but the token, and nothing is written then', () => {
  const before = saved.length;
  fc.assert(
    fc.property(fc.oneof(worn(token), fc.string({ unit: 'binary' })), (text) => {
      fc.pre(text !== token);
      const key = provenKey(pair, { purpose: 'enrol', word: sha256(text) });
      assert.match(failure(enrolment.enrol({ version: 1, token: text, ...key })), /no such token is out/);
      assert.ok(!enrolment.callerOf({ fingerprint: text }).ok);
    }),
    { numRuns: checks(300) },
  );
  assert.equal(saved.length, before);
  const key = provenKey(pair, { purpose: 'enrol', word: sha256(token) });
  assert.ok(enrolment.enrol({ version: 1, token, ...key }).ok);
});

test('a file of hosts is read whole or refused', () => {
  const text = saved.at(-1) ?? '';
  assert.ok(registerOf(text).ok);
  fc.assert(
    fc.property(fc.oneof(json, worn(text)), (given) => {
      const read = registerOf(given);
      if (!read.ok) assert.match(read.error, /^(?:it is no JSON|hosts|a host is there twice)/);
    }),
    { numRuns: checks(2000) },
  );
});

test('the state of a host is read whole or refused, without its key', () => {
  const { privateKey, publicKey } = newKeyPair();
  const key = privatePem(privateKey);
  const use = { kind: 'host', uri: 'urn:x' } as const;
  const { certificate } = issue(authority, { subject: 'rack-1', publicKey, use, now: Date.now(), lifeMs: 60_000 });
  const current = {
    host: 'rack-1',
    endpoint: 'https://localhost',
    key,
    certificate,
    anchor: authority.certificate,
    tokenHash: 'x',
  };
  const whole = { version: 1, current, pending: { tokenHash: 'y', key } };
  expectOk(writeState(folder, whole));
  assert.deepEqual(expectOk(readState(folder)), whole);
  const line = key.split('\n')[1] ?? '';
  fc.assert(
    fc.property(fc.oneof(json, worn(JSON.stringify(whole))), (text) => {
      writeFileSync(join(folder, 'identity.json'), text);
      const read = readState(folder);
      if (!read.ok) assert.ok(read.error.includes('is no identity of a host') && !read.error.includes(line));
    }),
    { numRuns: checks(400) },
  );
  const other = newKeyPair();
  for (const wrong of [
    { ...whole, current: { ...current, key: privatePem(other.privateKey) } },
    { ...whole, current: { ...current, anchor: 'x' } },
    { ...whole, pending: { tokenHash: 'y', key: 'x' } },
  ]) {
    expectOk(writeState(folder, wrong));
    assert.match(failure(readState(folder)), /cannot be used/);
  }
});

test('a secret that others may read, or that is somewhere else, is refused', () => {
  const path = join(folder, 'secret');
  expectOk(writeSecretFile(path, 'one'));
  assert.deepEqual(readSecretFile(path), ok('one'));
  for (const mode of [0o640, 0o604, 0o620, 0o660, 0o777]) {
    chmodSync(path, mode);
    assert.match(failure(readSecretFile(path)), /others may read or change .*chmod 600/);
  }
  expectOk(writeSecretFile(path, 'two'));
  assert.deepEqual(readSecretFile(path), ok('two'), 'a new file takes the place of the old one');
  symlinkSync(path, join(folder, 'link'));
  assert.match(failure(readSecretFile(join(folder, 'link'))), /cannot read/);
  assert.deepEqual(readSecretFile(join(folder, 'none')), ok(undefined));
  assert.match(failure(writeSecretFile(join(path, 'below'), 'x')), /cannot write/);
});

function failure(read: { readonly ok: boolean; readonly error?: string | { readonly message: string } }): string {
  if (read.error === undefined) return 'it was read';
  return typeof read.error === 'string' ? read.error : read.error.message;
}
