import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { bytesToSign, type CertificateUse, certificateOf } from './certificate.ts';

/** A key that signs certificates, and its own certificate. */
export type Authority = {
  /** As PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  readonly name: string;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly validTo: number;
};

/** A certificate that was just made. Serial and fingerprint (SHA-256) are lower-case hexadecimal digits, times milliseconds since 1970. */
export type Issued = {
  readonly certificate: string;
  readonly fingerprint: string;
  readonly serial: string;
  readonly validFrom: number;
  readonly validTo: number;
};

const DAY_MS = 86_400_000;
/** Ten years: whoever trusts an authority has to be told of the next one by hand. */
const AUTHORITY_MS = 3650 * DAY_MS;
/** Clocks of two machines differ; a certificate is good from a little before it was made. */
const EARLIER_MS = 300_000;

/** A new authority as text for a file of its owner alone: its private key and its certificate, as PEM. `now` is in milliseconds. */
export function newAuthorityText(now: number): string {
  const { privateKey, publicKey } = newKeyPair();
  const name = nameFor(publicKey);
  const { certificate } = issue(
    { name, key: privateKey, publicKey, validTo: now + AUTHORITY_MS },
    { subject: name, publicKey, use: { kind: 'authority' }, now, lifeMs: AUTHORITY_MS },
  );
  return privatePem(privateKey) + certificate;
}

/** Reads what `newAuthorityText` wrote. Messages hold nothing of the key. */
export function authorityOf(text: string, now: number): Result<Authority> {
  const certificate = attempt(() => new X509Certificate(text));
  const key = attempt(() => createPrivateKey(text));
  if (certificate === undefined || key === undefined)
    return fail('it must hold a private key and a certificate, as PEM');
  if (!certificate.ca || !certificate.checkPrivateKey(key) || !isP256(key))
    return fail('its key and its certificate are not those of one authority');
  const validTo = certificate.validToDate.getTime();
  if (validTo <= now) return fail(`its certificate was good until ${certificate.validToDate.toISOString()}`);
  const publicKey = createPublicKey(key);
  return ok({
    certificate: certificate.toString(),
    fingerprint: fingerprintOf(certificate),
    name: nameFor(publicKey),
    key,
    publicKey,
    validTo,
  });
}

/** A certificate for a key of P-256. It ends with its authority at the latest. */
export function issue(
  authority: Pick<Authority, 'name' | 'key' | 'publicKey' | 'validTo'>,
  wanted: {
    readonly subject: string;
    readonly publicKey: KeyObject;
    readonly use: CertificateUse;
    readonly now: number;
    readonly lifeMs: number;
  },
): Issued {
  const { subject, publicKey, use, now, lifeMs } = wanted;
  const serial = randomBytes(16);
  // Positive and never short: a number of 126 bits that begins with 01.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const validFrom = wholeSeconds(now - EARLIER_MS);
  const validTo = wholeSeconds(Math.min(now + lifeMs, authority.validTo));
  const toSign = bytesToSign({
    serial,
    issuer: authority.name,
    subject,
    validFrom,
    validTo,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    keyId: keyIdOf(publicKey),
    issuerKeyId: keyIdOf(authority.publicKey),
    use,
  });
  const made = new X509Certificate(certificateOf(toSign, sign('sha256', toSign, authority.key)));
  return {
    certificate: made.toString(),
    fingerprint: fingerprintOf(made),
    serial: serial.toString('hex'),
    validFrom,
    validTo,
  };
}

/** A new key of P-256. */
export function newKeyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** A private key as PEM text (PKCS#8). */
export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Whether a key is one of P-256: certificates are for no others. */
export function isP256({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** SHA-256 of a certificate, as lower-case hexadecimal digits. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Names a key by what it is: 160 bits of the SHA-256 of its point (RFC 7093 2, method 1). */
function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha256').update(pointOf(publicKey)).digest().subarray(0, 20);
}

/** The name of an authority follows from its key, so that no two of one name exist: OpenSSL looks issuers up by name first. */
function nameFor(publicKey: KeyObject): string {
  return `Crenel authority ${keyIdOf(publicKey).toString('hex').slice(0, 16)}`;
}

/** The point of a key of P-256, not compressed (SEC 1 2.3.3). */
function pointOf(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
