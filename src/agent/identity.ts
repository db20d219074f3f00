import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/net/result.ts';
import { readSecretFile, writeSecretFile } from '../server/enrolment/secret-file.ts';
import { HOST } from '../server/sync/codec.ts';
import { conform, integer, object, optional, type Shape, text } from '../server/sync/shape.ts';

/** What a host is by: a certificate, its key and what it takes to find and believe the server. Keys and certificates are PEM. */
export type HostIdentity = {
  readonly host: string;
  /** Where the server is. */
  readonly endpoint: string;
  readonly key: string;
  readonly certificate: string;
  /** What vouches for the server, where the token said so. */
  readonly anchor?: string;
  /** SHA-256 of the token that it came from: the same token is not used again. */
  readonly tokenHash: string;
};

/** What a host keeps, in a file that only its agent may read. */
export type HostState = {
  readonly version: number;
  readonly current?: HostIdentity;
  /**
   * A key that a certificate was asked for, by the SHA-256 of the token. The answer may have been lost: asking again with the same key is no
   * second use of the token.
   */
  readonly pending?: { readonly tokenHash: string; readonly key: string };
};

const VERSION = 1;
const PEM: Shape<string> = text(8000);
const STATE: Shape<HostState> = object<HostState>({
  version: integer(VERSION, VERSION),
  current: optional(
    object<HostIdentity>({
      host: HOST,
      endpoint: text(2000),
      key: PEM,
      certificate: PEM,
      anchor: optional(PEM),
      tokenHash: text(64),
    }),
  ),
  pending: optional(object({ tokenHash: text(64), key: PEM })),
});

/** What a folder keeps; nothing where no host ever enrolled. Fails, without a word of any key, for what cannot be used. */
export function readState(folder: string): Result<HostState> {
  const path = join(folder, 'identity.json');
  const content = readSecretFile(path);
  if (!content.ok) return content;
  if (content.value === undefined) return ok({ version: VERSION });
  const value = jsonOf(content.value);
  const state = value.ok ? conform(STATE, value.value, 'it') : value;
  if (!state.ok) return fail(`${path} is no identity of a host: ${state.error}`);
  const { current, pending } = state.value;
  const fits =
    (current === undefined || isOf(current.certificate, current.key)) &&
    (current?.anchor === undefined || isCertificate(current.anchor)) &&
    (pending === undefined || isKey(pending.key));
  return fits ? state : fail(`${path} is no identity of a host: a key or a certificate in it cannot be used`);
}

/** Keeps a state: the old one or the new one is there at any time, whole. */
export function writeState(folder: string, state: Omit<HostState, 'version'>): Result<void> {
  return writeSecretFile(
    join(folder, 'identity.json'),
    `${JSON.stringify({ version: VERSION, ...state }, undefined, 2)}\n`,
  );
}

/** From when to when the certificate of an identity is good, in milliseconds since 1970. */
export function lifeOf({ certificate }: HostIdentity): { readonly from: number; readonly to: number } {
  const read = new X509Certificate(certificate);
  return { from: read.validFromDate.getTime(), to: read.validToDate.getTime() };
}

/** Whether a certificate, as PEM, is for a private key, as PEM. */
export function isOf(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function jsonOf(content: string): Result<unknown> {
  try {
    return ok(JSON.parse(content));
  } catch {
    return fail('it is no JSON');
  }
}
