import type { Limits } from '../../core/model/limits.ts';

/** One account in one region: a world of its own, apart from all others. */
export type Realm = { readonly accountId: string; readonly region: string };

export type KeyType = 'rsa' | 'ed25519';

/** A new key: the private one as a PEM file, the public one as SSH writes it on the wire (RFC 4253), AWS's fingerprint of the pair. */
export type NewKeyPair = {
  readonly privateKey: string;
  readonly publicKey: Uint8Array;
  readonly fingerprint: string;
};

/** Cryptography, which the pure rooms are given from outside. */
export type KeyMaker = {
  readonly newKeyPair: (type: KeyType) => NewKeyPair;
  readonly digest: (algorithm: 'md5' | 'sha256', bytes: Uint8Array) => Uint8Array;
};

/** What a command may use beside the estate: whose it is, what it may hold, what time it is, and chance. */
export type Env = {
  readonly realm: Realm;
  readonly limits: Limits;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** So many random bytes, as lower-case hexadecimal digits: `randomHex(8)` has 16 digits. */
  readonly randomHex: (bytes: number) => string;
  readonly keys: KeyMaker;
};

/** A new id: AWS's prefix and 17 digits (`sg-0…`). Chance makes it new: 64 bits. */
export function newId(env: Env, prefix: string): string {
  return `${prefix}-0${env.randomHex(8)}`;
}

/** An id that a text leads to, the same each time: for what has no record of its own. Prefix and 17 digits, by FNV-1a of two seeds. */
export function derivedId(prefix: string, text: string): string {
  const digits = [0x811c_9dc5, 0x9e37_79b9].map((seed) => {
    let hash = seed;
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
    return (hash >>> 0).toString(16).padStart(8, '0');
  });
  return `${prefix}-0${digits.join('')}`;
}

/** The present as ISO 8601 text, for records. */
export function nowText(env: Env): string {
  return new Date(env.now).toISOString();
}

/** `arn:aws:ec2:<region>:<account>:<type>/<id>` */
export function arnOf({ accountId, region }: Realm, type: string, id: string): string {
  return `arn:aws:ec2:${region}:${accountId}:${type}/${id}`;
}

/** The zones of a region: three, as most regions have (`eu-west-1a`, `b`, `c`). */
export function zonesOf(region: string): readonly { readonly name: string; readonly id: string }[] {
  const [area = '', side = '', number = ''] = region.split('-');
  return ['a', 'b', 'c'].map((letter, index) => ({
    name: `${region}${letter}`,
    id: `${area}${side.slice(0, 1)}${number}-az${index + 1}`,
  }));
}
