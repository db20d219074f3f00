import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Secret, SignatureFault, SignedRequest, Signer } from './signature.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** How far the clocks of client and server may be apart. */
const SKEW_SECONDS = 300;
/** AWS signs URLs for seven days at most. */
const MAX_EXPIRES_SECONDS = 604_800;
const MAX_CACHED_KEYS = 1000;

const NOT_BELIEVED: SignatureFault = {
  code: 'AuthFailure',
  message: 'AWS was not able to validate the provided access credentials',
  status: 401,
};
const EXPIRED: SignatureFault = { code: 'RequestExpired', message: 'Request has expired.', status: 400 };

/** What a signature says of itself, from the header or from the query of a presigned URL. */
type Claim = {
  readonly accessKeyId: string;
  readonly scope: readonly [date: string, region: string, service: string];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly time: string;
  readonly token: string | undefined;
  /** For a presigned URL: how long it is good. */
  readonly expiresSeconds?: number;
};

/**
 * Checks Signature Version 4 (AWS's signing of API requests). The body is hashed here, whatever the client says of it; signatures are
 * compared in constant time; derived keys are kept, bounded in number. A wrong key, secret and token are one answer: which it was is nobody's
 * business.
 */
export class SignatureVerifier {
  readonly #secretOf: (accessKeyId: string) => Secret | undefined;
  readonly #keys = new Map<string, { readonly secret: string; readonly key: Buffer }>();

  constructor(secretOf: (accessKeyId: string) => Secret | undefined) {
    this.#secretOf = secretOf;
  }

  /** Who signed the request. `nowSeconds` is the server's clock, in seconds since 1970. */
  verify(request: SignedRequest, nowSeconds: number): Result<Signer, SignatureFault> {
    const claim = claimOf(request);
    if (!claim.ok) return claim;
    const { accessKeyId, scope, time, signedHeaders, token } = claim.value;
    const stale = timeFault(claim.value, nowSeconds);
    if (stale !== undefined) return fail(stale);
    if (!signedHeaders.includes('host')) return incomplete('the host header must be signed');
    const bodyHash = sha256(request.body);
    const claimedHash = request.headers.get('x-amz-content-sha256');
    if (claimedHash !== undefined && claimedHash !== bodyHash)
      return fail({ code: 'SignatureDoesNotMatch', message: 'The body is not the one that was signed.', status: 403 });
    const secret = this.#secretOf(accessKeyId);
    if (secret === undefined || secret.sessionToken !== token) return fail(NOT_BELIEVED);
    const canonical = canonicalRequest(request, signedHeaders, bodyHash);
    if (canonical === undefined) return incomplete('a signed header is not in the request');
    const credentialScope = [...scope, 'aws4_request'].join('/');
    const text = [ALGORITHM, time, credentialScope, sha256(canonical)].join('\n');
    const expected = hmac(this.#keyOf(accessKeyId, secret.secretAccessKey, scope), text);
    const given = Buffer.from(claim.value.signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return fail(NOT_BELIEVED);
    const [, region, service] = scope;
    return ok({ accessKeyId, region, service });
  }

  #keyOf(accessKeyId: string, secret: string, scope: Claim['scope']): Buffer {
    const name = [accessKeyId, ...scope].join('/');
    const known = this.#keys.get(name);
    if (known?.secret === secret) return known.key;
    const seed = Buffer.from(`AWS4${secret}`);
    const key = [...scope, 'aws4_request'].reduce<Buffer>((previous, part) => hmac(previous, part), seed);
    if (this.#keys.size >= MAX_CACHED_KEYS) this.#keys.clear();
    this.#keys.set(name, { secret, key });
    return key;
  }
}

function claimOf(request: SignedRequest): Result<Claim, SignatureFault> {
  const header = request.headers.get('authorization');
  const query = new URLSearchParams(request.query);
  if (header !== undefined) return headerClaim(request, header);
  if (query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm')) return queryClaim(query);
  return fail({ code: 'MissingAuthenticationToken', message: 'Request is missing Authentication Token', status: 403 });
}

function headerClaim(request: SignedRequest, header: string): Result<Claim, SignatureFault> {
  const [, rest] = header.split(`${ALGORITHM} `);
  if (rest === undefined) return incomplete(`the Authorization header must begin with ${ALGORITHM}`);
  const fields = new Map(
    rest.split(',').map((field) => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()];
    }),
  );
  return claimFrom({
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    time: request.headers.get('x-amz-date'),
    token: request.headers.get('x-amz-security-token'),
  });
}

function queryClaim(query: URLSearchParams): Result<Claim, SignatureFault> {
  const field = (name: string): string | undefined => query.get(name) ?? undefined;
  if (field('X-Amz-Algorithm') !== ALGORITHM) return incomplete(`X-Amz-Algorithm must be ${ALGORITHM}`);
  const expires = field('X-Amz-Expires') ?? '';
  if (!/^[0-9]{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > MAX_EXPIRES_SECONDS)
    return incomplete(`X-Amz-Expires must be 1 to ${MAX_EXPIRES_SECONDS} seconds`);
  const claim = claimFrom({
    credential: field('X-Amz-Credential'),
    signedHeaders: field('X-Amz-SignedHeaders'),
    signature: field('X-Amz-Signature'),
    time: field('X-Amz-Date'),
    token: field('X-Amz-Security-Token'),
  });
  return claim.ok ? ok({ ...claim.value, expiresSeconds: Number(expires) }) : claim;
}

type Fields = { readonly [K in 'credential' | 'signedHeaders' | 'signature' | 'time' | 'token']: string | undefined };

function claimFrom({ credential, signedHeaders, signature, time, token }: Fields): Result<Claim, SignatureFault> {
  const [accessKeyId = '', date = '', region = '', service = '', ending, ...more] = (credential ?? '').split('/');
  if (accessKeyId === '' || ending !== 'aws4_request' || more.length > 0 || region === '' || service === '')
    return incomplete('Credential must be <key>/<date>/<region>/<service>/aws4_request');
  if (time === undefined || !/^[0-9]{8}T[0-9]{6}Z$/.test(time))
    return incomplete('X-Amz-Date must be like 20150830T123600Z');
  if (!time.startsWith(date) || date.length !== 8)
    return incomplete('the date of the Credential is not that of X-Amz-Date');
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature))
    return incomplete('Signature must be 64 hexadecimal digits');
  const names = (signedHeaders ?? '').split(';');
  if (names.some((name) => !/^[a-z0-9-]{1,100}$/.test(name)) || names.length > 100)
    return incomplete('SignedHeaders must be names in lower case');
  return ok({ accessKeyId, scope: [date, region, service], signedHeaders: names, signature, time, token });
}

function timeFault({ time, expiresSeconds }: Claim, nowSeconds: number): SignatureFault | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const signedSeconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000;
  const isFuture = !(signedSeconds <= nowSeconds + SKEW_SECONDS);
  const isPast = nowSeconds > signedSeconds + (expiresSeconds ?? SKEW_SECONDS);
  return isFuture || isPast ? EXPIRED : undefined;
}

/** The request as it was signed; undefined when it lacks a header that the signature names. */
function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
): string | undefined {
  const headers: string[] = [];
  for (const name of signedHeaders) {
    const value = request.headers.get(name);
    if (value === undefined) return undefined;
    headers.push(`${name}:${value.trim().replaceAll(/ +/g, ' ')}\n`);
  }
  return [
    request.method,
    request.path,
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].filter(([name]) => name !== 'X-Amz-Signature');
  return pairs
    .map(([name, value]) => ({ name: encode(name), value: encode(value) }))
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

/** By code points, as AWS sorts: never by a locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986 unreserved characters stand for themselves, everything else as bytes of UTF-8. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function incomplete(what: string): { readonly ok: false; readonly error: SignatureFault } {
  return fail({
    code: 'IncompleteSignature',
    message: `The request signature does not conform: ${what}.`,
    status: 400,
  });
}
