// Certificates as OpenSSL reads them: it shares no code with what writes them.
import assert from 'node:assert/strict';
import { createPublicKey, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectOk } from '../../core/net/result.ts';
import { authorityOf, isP256, issue, newAuthorityText, newKeyPair } from './authority.ts';
import { bytesToSign, certificateOf, type CertificateFields } from './certificate.ts';
import { integer, namedBits, objectIdentifier } from './der.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const authority = expectOk(authorityOf(newAuthorityText(NOW), NOW));
const own = newKeyPair();
const spki = own.publicKey.export({ type: 'spki', format: 'der' });

function read(fields: Partial<CertificateFields>): X509Certificate {
  const toSign = bytesToSign({
    serial: Uint8Array.of(1),
    issuer: authority.name,
    subject: 'rack-7',
    validFrom: NOW,
    validTo: NOW + 1000,
    publicKey: spki,
    keyId: Uint8Array.of(1, 2, 3),
    issuerKeyId: Uint8Array.of(4, 5, 6),
    use: { kind: 'host', uri: 'arn:aws:crenel:eu-west-1:111122223333:host/rack-7' },
    ...fields,
  });
  return new X509Certificate(certificateOf(toSign, sign('sha256', toSign, authority.key)));
}

/** BasicConstraints, critical: empty for ends, an authority above ends alone for the other (RFC 5280 4.2.1.9). */
function constraints(certificate: X509Certificate): string | undefined {
  return /0603551d130101ff04(.{20})/.exec(certificate.raw.toString('hex'))?.[1];
}

test('what is written is what OpenSSL reads', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .-]{0,200}$/).filter((text) => text === text.trim());
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
  const address = fc.oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::5:0:1', 'fe80::a:b:c:d'));
  // From the first second to the last that both forms of a time can write.
  const second = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000 }).map((count) => count * 1000);
  const near2050 = fc.integer({ min: -2, max: 2 }).map((count) => Date.UTC(2050, 0, 1) + count * 1000);
  const time = fc.oneof(second, near2050);
  fc.assert(
    fc.property(
      fc.record({ subject: name, issuer: name, validFrom: time, validTo: time }),
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      fc.array(fc.oneof(label, address), { minLength: 1, maxLength: 30 }),
      (fields, serial, names) => {
        const made = read({ ...fields, serial, use: { kind: 'server', names } });
        assert.equal(made.subject, `CN=${fields.subject}`);
        assert.equal(made.issuer, `CN=${fields.issuer}`);
        assert.equal(BigInt(`0x${made.serialNumber}`), BigInt(`0x${Buffer.from(serial).toString('hex')}`));
        assert.equal(made.validFromDate.getTime(), fields.validFrom);
        assert.equal(made.validToDate.getTime(), fields.validTo);
        for (const one of names)
          assert.ok((/[.:]/.test(one) ? made.checkIP(one) : made.checkHost(one)) !== undefined, one);
        assert.equal(made.subjectAltName?.split(', ').length, names.length);
        assert.ok(made.verify(authority.publicKey));
        assert.ok(made.publicKey.equals(own.publicKey));
      },
    ),
    { numRuns: 300 },
  );
});

test('each kind of certificate is for its own purpose and no other', () => {
  const host = read({});
  assert.equal(host.ca, false);
  assert.deepEqual(host.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(host.subjectAltName, 'URI:arn:aws:crenel:eu-west-1:111122223333:host/rack-7');
  const server = read({ use: { kind: 'server', names: ['crenel.example'] } });
  assert.equal(server.ca, false);
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  for (const end of [host, server]) assert.match(constraints(end) ?? '', /^023000/);
  const top = new X509Certificate(authority.certificate);
  assert.equal(top.ca, true);
  assert.match(constraints(top) ?? '', /^0830060101ff020100/);
  assert.ok(top.checkIssued(top) && top.verify(top.publicKey));
});

test('numbers are as short as DER wants them', () => {
  assert.deepEqual([...integer(Uint8Array.of(0, 0))], [2, 1, 0]);
  assert.deepEqual([...integer(Uint8Array.of(0, 0x7f))], [2, 1, 0x7f]);
  assert.deepEqual([...integer(Uint8Array.of(0x80))], [2, 2, 0, 0x80]);
  assert.deepEqual([...objectIdentifier('1.2.840.10045')], [6, 5, 0x2a, 0x86, 0x48, 0xce, 0x3d]);
  assert.deepEqual([...namedBits([0])], [3, 2, 7, 0x80]);
  assert.deepEqual([...namedBits([5, 6])], [3, 2, 1, 0x06]);
});

test('an authority is read back; what is none, is another’s or is over is refused without its key', () => {
  const text = newAuthorityText(NOW);
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text)?.[0] ?? '';
  const other = newAuthorityText(NOW);
  const certificate = text.slice(text.indexOf('-----BEGIN CERTIFICATE'));
  assert.match(expectOk(authorityOf(text, NOW)).name, /^Crenel authority [0-9a-f]{16}$/);
  const host = issue(authority, {
    subject: 'rack-7',
    publicKey: own.publicKey,
    use: { kind: 'host', uri: 'urn:x' },
    now: NOW,
    lifeMs: 1000,
  });
  const wrong: readonly (readonly [RegExp, string, number])[] = [
    [/must hold a private key and a certificate/, '', NOW],
    [/must hold a private key and a certificate/, certificate, NOW],
    [/must hold a private key and a certificate/, key, NOW],
    [/not those of one authority/, other.slice(0, other.indexOf('-----BEGIN CERTIFICATE')) + certificate, NOW],
    [
      /not those of one authority/,
      own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() + host.certificate,
      NOW,
    ],
    [/was good until 2036/, text, NOW + 3651 * 86_400_000],
  ];
  for (const [message, given, now] of wrong) {
    const opened = authorityOf(given, now);
    assert.ok(!opened.ok);
    assert.match(opened.error, message);
    for (const line of key.split('\n').slice(1, -1)) assert.ok(!opened.error.includes(line));
  }
});

test('certificates have numbers of their own, and none outlives its authority', () => {
  const wanted = { subject: 'x', publicKey: own.publicKey, use: { kind: 'host', uri: 'urn:x' }, now: NOW } as const;
  const made = Array.from({ length: 50 }, () => issue(authority, { ...wanted, lifeMs: 1000 }));
  assert.equal(new Set(made.map(({ serial }) => serial)).size, 50);
  assert.ok(
    made.every(({ serial, certificate }) => new X509Certificate(certificate).serialNumber.toLowerCase() === serial),
  );
  assert.ok(issue(authority, { ...wanted, lifeMs: 10 ** 15 }).validTo <= authority.validTo);
});

test('keys of other kinds are told apart', () => {
  assert.ok(isP256(own.publicKey));
  const ed = createPublicKey(
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----',
  );
  assert.ok(!isP256(ed));
});
