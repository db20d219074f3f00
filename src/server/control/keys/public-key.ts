import { ok, type Result } from '../../../core/net/result.ts';
import type { KeyMaker, KeyType } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { base64Bytes, base64Text } from '../base64.ts';
import { keyLength, keyMalformed } from './key-refusals.ts';

/** A public key that was read: what SSH writes on the wire, and AWS's fingerprint of it. */
export type PublicKey = { readonly type: KeyType; readonly blob: Uint8Array; readonly fingerprint: string };

/** The name of each type in SSH. */
const SSH_NAMES: Readonly<Record<KeyType, string>> = { rsa: 'ssh-rsa', ed25519: 'ssh-ed25519' };

/** Documented are 1,024, 2,048 and 4,096; OpenSSH makes keys of 3,072 by itself, and AWS takes them. */
const RSA_BITS: ReadonlySet<number> = new Set([1024, 2048, 3072, 4096]);

/** A public key as one line of OpenSSH, with the key's name as comment. */
export function openSshLine(type: KeyType, blob: Uint8Array, name: string): string {
  return `${SSH_NAMES[type]} ${base64Text(blob)} ${name}`;
}

/**
 * Reads one line of OpenSSH's public keys: `ssh-rsa AAAA… comment`. Every byte counts: what another reader would take for another key is
 * refused. Of AWS's three formats this is the one that is supported (API ImportKeyPair).
 */
export function parsePublicKey(bytes: Uint8Array, keys: KeyMaker): Result<PublicKey, Refusal> {
  if (bytes.length > 4096) return keyMalformed();
  const text = String.fromCharCode(...bytes).trim();
  const [, name, body = ''] = /^(ssh-rsa|ssh-ed25519)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+[^\r\n]*)?$/.exec(text) ?? [];
  const blob = base64Bytes(body);
  const parts = blob === undefined ? undefined : sshParts(blob);
  if (blob === undefined || parts === undefined || asciiOf(parts[0]) !== name) return keyMalformed();
  return name === 'ssh-rsa' ? rsaKey(blob, parts, keys) : ed25519Key(blob, parts, keys);
}

function ed25519Key(blob: Uint8Array, parts: readonly Uint8Array[], keys: KeyMaker): Result<PublicKey, Refusal> {
  if (parts.length !== 2 || parts[1]?.length !== 32) return keyMalformed();
  return ok({ type: 'ed25519', blob, fingerprint: base64Text(keys.digest('sha256', blob)) });
}

function rsaKey(blob: Uint8Array, parts: readonly Uint8Array[], keys: KeyMaker): Result<PublicKey, Refusal> {
  const [, exponent, modulus] = parts;
  if (parts.length !== 3 || exponent === undefined || modulus === undefined) return keyMalformed();
  if (!isPositive(exponent) || !isPositive(modulus)) return keyMalformed();
  const first = modulus[0] === 0 ? 1 : 0;
  const bits = (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
  if (!RSA_BITS.has(bits)) return keyLength(bits);
  const digest = keys.digest('md5', derOf(modulus, exponent));
  const fingerprint = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(':');
  return ok({ type: 'rsa', blob, fingerprint });
}

/** The parts of what SSH writes on the wire, each after its length; undefined when the lengths do not end with the bytes. */
function sshParts(blob: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length || parts.length === 3) return undefined;
    const end = at + 4 + view.getUint32(at);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** Whether bytes are a number of SSH above zero, in the one way in which it may be written. */
function isPositive(bytes: Uint8Array): boolean {
  const [first, second = 0] = bytes;
  if (first === undefined || first >= 0x80) return false;
  return first !== 0 || second >= 0x80;
}

function asciiOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : String.fromCharCode(...bytes);
}

/** The object identifier of RSA with its null, in DER. */
const RSA_ALGORITHM = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/** An RSA key as SubjectPublicKeyInfo in DER: what AWS takes the fingerprint of an imported key from (E2:verify-keys). */
function derOf(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const numbers = derItem(0x30, [...derItem(0x02, [...modulus]), ...derItem(0x02, [...exponent])]);
  const bits = derItem(0x03, [0, ...numbers]);
  return Uint8Array.from(derItem(0x30, [...RSA_ALGORITHM, ...bits]));
}

function derItem(tag: number, content: readonly number[]): readonly number[] {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return [tag, ...size, ...content];
}
