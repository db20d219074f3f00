import { fail, ok, type Result } from '../../core/net/result.ts';
import { HOLDS, HOST } from '../sync/codec.ts';
import type { Holds } from '../sync/messages.ts';
import { conform, FLAG, holding, integer, object, type Shape, text } from '../sync/shape.ts';
import { readToken } from './token.ts';

/** The one version of these messages. */
export const ENROLMENT_VERSION = 1;

/** A new key of an agent: the DER of its SubjectPublicKeyInfo and a signature of `proofText` by it, both as base64. */
export type ProvenKey = { readonly publicKey: string; readonly proof: string };

/** What an agent posts to be let in. */
export type EnrolRequest = ProvenKey & { readonly version: number; readonly token: string };
/** What a host posts, over TLS with its certificate, for the next one. */
export type RenewRequest = ProvenKey & { readonly version: number };
/** What both get. */
export type CertificateAnswer = {
  readonly version: number;
  readonly host: string;
  /** As PEM. */
  readonly certificate: string;
};
/** The same, and of which realm the host is. */
export type NewCertificate = {
  readonly answer: CertificateAnswer;
  readonly accountId: string;
  readonly region: string;
};

/** Why something was not done, with the status of HTTP. */
export type EnrolmentFault = { readonly status: 400 | 401 | 403 | 404 | 409 | 500; readonly message: string };

/** What an operator posts to let a host in. */
export type InviteRequest = { readonly host: string; readonly holds: Holds; readonly expiresSeconds: number };
/** What the operator gets. */
export type InviteAnswer = {
  readonly host: string;
  readonly token: string;
  /** As ISO 8601. */
  readonly expiresAt: string;
  /** Whether the token tells the host which server to believe. */
  readonly isPinned: boolean;
};
/** What an operator posts to say what a host may hold from now on. */
export type AllowRequest = { readonly host: string; readonly holds: Holds };
/** What an operator posts so that a host is not believed any more. */
export type RemoveRequest = { readonly host: string };
/** What the operator gets: `cameIn` tells whether the host ever used a token, so that it may have rules. */
export type RemoveAnswer = { readonly host: string; readonly cameIn: boolean };

/** A token lives a week at most, and a minute at least. */
export const TOKEN_SECONDS = { least: 60, usual: 3600, most: 604_800 } as const;

/** The largest message about keys, in characters: a key, a signature and a token have 600. */
const MOST_KEY_MESSAGE = 4096;
const MOST_HOLDS_MESSAGE = 1_048_576;

const VERSION: Shape<number> = integer(ENROLMENT_VERSION, ENROLMENT_VERSION);
const ENROL: Shape<EnrolRequest> = object<EnrolRequest>({
  version: VERSION,
  token: text(300),
  publicKey: text(1000),
  proof: text(200),
});
const RENEW: Shape<RenewRequest> = object<RenewRequest>({ version: VERSION, publicKey: text(1000), proof: text(200) });
const ANSWER: Shape<CertificateAnswer> = object<CertificateAnswer>({
  version: VERSION,
  host: HOST,
  certificate: text(4000),
});
const INVITE: Shape<InviteRequest> = object<InviteRequest>({
  host: HOST,
  holds: HOLDS,
  expiresSeconds: integer(TOKEN_SECONDS.least, TOKEN_SECONDS.most),
});
const INVITATION: Shape<InviteAnswer> = object<InviteAnswer>({
  host: HOST,
  token: holding(text(300), (token) => readToken(token).ok, 'must be a token'),
  expiresAt: text(40),
  isPinned: FLAG,
});
const ALLOW: Shape<AllowRequest> = object<AllowRequest>({ host: HOST, holds: HOLDS });
const REMOVE: Shape<RemoveRequest> = object<RemoveRequest>({ host: HOST });
const REMOVED: Shape<RemoveAnswer> = object<RemoveAnswer>({ host: HOST, cameIn: FLAG });

/**
 * What the owner of a new key signs with it: for what, on whose word (the hash of a token, or the fingerprint of the certificate that is
 * renewed) and for which key. So nobody gets a certificate for a key that is not theirs, and no signature serves twice.
 */
export function proofText(purpose: 'enrol' | 'renew', word: string, publicKey: string): string {
  return ['crenel enrolment 1', purpose, word, publicKey].join('\n');
}

/** Reads what an agent posts to be let in. */
export function decodeEnrol(body: string): Result<EnrolRequest> {
  return decoded(ENROL, body, MOST_KEY_MESSAGE);
}

/** Reads what an agent posts to renew its certificate. */
export function decodeRenew(body: string): Result<RenewRequest> {
  return decoded(RENEW, body, MOST_KEY_MESSAGE);
}

/** Reads what a server answers to both. */
export function decodeCertificate(body: string): Result<CertificateAnswer> {
  return decoded(ANSWER, body, 2 * MOST_KEY_MESSAGE);
}

/** Reads an invitation. */
export function decodeInvite(body: string): Result<InviteRequest> {
  return decoded(INVITE, body, MOST_HOLDS_MESSAGE);
}

/** Reads what a server answers to it. */
export function decodeInvitation(body: string): Result<InviteAnswer> {
  return decoded(INVITATION, body, MOST_KEY_MESSAGE);
}

/** Reads what a host may hold from now on. */
export function decodeAllow(body: string): Result<AllowRequest> {
  return decoded(ALLOW, body, MOST_HOLDS_MESSAGE);
}

/** Reads which host is to be removed. */
export function decodeRemove(body: string): Result<RemoveRequest> {
  return decoded(REMOVE, body, MOST_KEY_MESSAGE);
}

/** Reads what a server answers to it. */
export function decodeRemoved(body: string): Result<RemoveAnswer> {
  return decoded(REMOVED, body, MOST_KEY_MESSAGE);
}

function decoded<T>(shape: Shape<T>, body: string, most: number): Result<T> {
  if (body.length > most) return fail(`the message is longer than ${most} characters`);
  const value = jsonOf(body);
  return value.ok ? conform(shape, value.value, 'message') : value;
}

function jsonOf(body: string): Result<unknown> {
  try {
    return ok(JSON.parse(body));
  } catch {
    return fail('the message is no JSON');
  }
}
