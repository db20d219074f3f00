import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

/**
 * Makes keys as CreateKeyPair gives them out: RSA of 2,048 bits as PKCS#1, ED25519 as OpenSSH writes it, both without a passphrase. Takes
 * some hundredths of a second for RSA.
 */
export const KEY_MAKER: KeyMaker = { newKeyPair, digest };

/** What the control plane takes as its maker of keys. */
type KeyMaker = {
  readonly newKeyPair: (type: 'rsa' | 'ed25519') => Made;
  readonly digest: (algorithm: 'md5' | 'sha256', bytes: Uint8Array) => Uint8Array;
};

type Made = { readonly privateKey: string; readonly publicKey: Uint8Array; readonly fingerprint: string };

function newKeyPair(type: 'rsa' | 'ed25519'): Made {
  return type === 'rsa' ? newRsa() : newEd25519();
}

function digest(algorithm: 'md5' | 'sha256', bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

/** The fingerprint is the SHA-1 of the private key in DER (API CreateKeyPair; E2:verify-keys: PKCS#8). */
function newRsa(): Made {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const digits = createHash('sha1').update(der).digest('hex');
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs1' }).toString().trim(),
    publicKey: Buffer.concat([sshText('ssh-rsa'), sshNumber(e), sshNumber(n)]),
    fingerprint: digits.match(/../g)?.join(':') ?? '',
  };
}

/** The fingerprint is OpenSSH's: base64 of the SHA-256 of the public key (API CreateKeyPair). */
function newEd25519(): Made {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const publicKey = Buffer.concat([sshText('ssh-ed25519'), sshBytes(point)]);
  return {
    privateKey: opensshFile(publicKey, sshBytes(Buffer.concat([seed, point]))),
    publicKey,
    fingerprint: createHash('sha256').update(publicKey).digest('base64'),
  };
}

/** OpenSSH's own file of one private key that is not encrypted (PROTOCOL.key of OpenSSH). */
function opensshFile(publicKey: Buffer, secret: Buffer): string {
  const check = randomBytes(4);
  const plain = Buffer.concat([check, check, publicKey, secret, sshText('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (plain.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    sshText('none'),
    sshText('none'),
    sshText(''),
    Buffer.from([0, 0, 0, 1]),
    sshBytes(publicKey),
    sshBytes(Buffer.concat([plain, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n');
}

function sshBytes(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sshText(text: string): Buffer {
  return sshBytes(Buffer.from(text));
}

/** A number of SSH: a leading zero keeps it positive. */
function sshNumber(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return sshBytes((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
