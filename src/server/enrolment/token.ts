import { fail, ok, type Result } from '../../core/net/result.ts';
import { isHostName } from '../sync/codec.ts';

/** What lets one host in, once. Whoever has it may become that host until it is used or over: it is a secret. */
export type EnrolmentToken = {
  readonly host: string;
  /** SHA-256 of the certificate that vouches for the server, as base64url; undefined where the host must know the server by itself. */
  readonly anchor: string | undefined;
  /** 256 random bits, as base64url. */
  readonly secret: string;
};

/** With what every token begins, so that people and scanners know one when they see it. */
export const TOKEN_START = 'crenel-enrol:1:';

/** 32 bytes as base64url. */
const BITS_256 = /^[A-Za-z0-9_-]{43}$/;
const MAX_LENGTH = 300;

/** The token as one word. */
export function tokenText({ host, anchor = '', secret }: EnrolmentToken): string {
  return `${TOKEN_START}${host}:${anchor}:${secret}`;
}

/** Reads a token. The fault never repeats what was given: it may be a secret with a slip in it. */
export function readToken(text: string): Result<EnrolmentToken> {
  if (!text.startsWith(TOKEN_START) || text.length > MAX_LENGTH)
    return fail(`that is no enrolment token: one begins with ${TOKEN_START} and is one word`);
  const [host = '', anchor = '', secret = '', ...more] = text.slice(TOKEN_START.length).split(':');
  if (more.length > 0 || !isHostName(host) || !BITS_256.test(secret) || (anchor !== '' && !BITS_256.test(anchor)))
    return fail('the enrolment token is not whole: copy it again, to its end');
  return ok({ host, anchor: anchor === '' ? undefined : anchor, secret });
}
