import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { isP256 } from './authority.ts';
import { type ProvenKey, proofText } from './messages.ts';

/** A word that a proof is bound to, and for what. */
type Binding = { readonly purpose: 'enrol' | 'renew'; readonly word: string };

/** A key of P-256 by the name of its curve, with its point not compressed (RFC 5480 2): one form, so that certificates have one. */
const P256_BYTES = 91;

/** SHA-256 as lower-case hexadecimal digits. A token is found by it: a comparison in steps tells nothing of the token itself. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** 256 random bits as base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A digest of hexadecimal digits as base64url, which is shorter. */
export function shortDigest(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

/** A key with the proof that its owner wants a certificate for it. */
export function provenKey(
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  { purpose, word }: Binding,
): ProvenKey {
  const encoded = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    publicKey: encoded,
    proof: sign('sha256', Buffer.from(proofText(purpose, word, encoded)), privateKey).toString('base64'),
  };
}

/** The key, when it is one of P-256 and its owner signed for this. */
export function readProvenKey({ publicKey, proof }: ProvenKey, { purpose, word }: Binding): Result<KeyObject> {
  const der = Buffer.from(publicKey, 'base64');
  const key = der.length === P256_BYTES ? readKey(der) : undefined;
  if (key === undefined || !isP256(key)) return fail('publicKey must be a key of P-256, as base64 of its DER');
  const signed = Buffer.from(proofText(purpose, word, publicKey));
  return isSignedBy(key, signed, proof) ? ok(key) : fail('proof is not a signature by that key');
}

function readKey(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function isSignedBy(key: KeyObject, signed: Buffer, proof: string): boolean {
  try {
    return verify('sha256', signed, key, Buffer.from(proof, 'base64'));
  } catch {
    return false;
  }
}
