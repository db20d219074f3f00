import type { IncomingMessage } from 'node:http';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Connection } from './connection.ts';
import type { HttpRequest, HttpRefusal } from './exchange.ts';

/** Headers whose second copy would leave open which one was signed or checked. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type', 'expect', 'origin']);

/** What stands before the body of a request. */
export type Head = {
  readonly request: Omit<HttpRequest, 'body'>;
  readonly hasBody: boolean;
  /** As announced; undefined for a body in chunks. */
  readonly announcedBytes: number | undefined;
};

/** Reads what stands before the body, and refuses what is ambiguous. No part of it is percent-decoded. */
export function readHead(incoming: IncomingMessage, connection: Connection): Result<Head, HttpRefusal> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const name = (incoming.rawHeaders[index] ?? '').toLowerCase();
    const value = decodeHeader(incoming.rawHeaders[index + 1] ?? '');
    const before = headers.get(name);
    if (before !== undefined && SINGLE_HEADERS.has(name)) return malformed(`there are two headers ${name}`);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  const target = readTarget(incoming.url ?? '', headers.get('host'));
  if (!target.ok) return target;
  if (!headers.has('host') && incoming.httpVersion !== '1.0') return malformed('there is no header host');
  const coding = headers.get('transfer-encoding')?.trim().toLowerCase();
  if (coding !== undefined && coding !== 'chunked')
    return fail({ reason: 'transfer-encoding', status: 501, message: 'the only transfer-encoding here is chunked' });
  const length = headers.get('content-length');
  const announcedBytes = coding === undefined ? Number(length ?? 0) : undefined;
  const { remoteAddress, isSecure, clientCertificate } = connection;
  const shown = clientCertificate === undefined ? {} : { clientCertificate };
  return ok({
    request: { method: incoming.method ?? '', ...target.value, headers, remoteAddress, isSecure, ...shown },
    hasBody: announcedBytes !== 0,
    announcedBytes,
  });
}

/** Why the body of a request must not be read at all. */
export function refuseUnread(head: Head, maxBytes: number): HttpRefusal | undefined {
  const encoding = head.request.headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity')
    return { reason: 'content-encoding', status: 415, message: 'the only content-encoding here is identity' };
  return (head.announcedBytes ?? 0) > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** Reads a body of at most `maxBytes`. `take` is asked for every part of it, before it is kept; when it refuses, the server is busy. */
export async function readBody(
  incoming: IncomingMessage,
  connection: Connection,
  bounds: { readonly maxBytes: number; readonly take: (bytes: number) => boolean },
): Promise<Result<Uint8Array, HttpRefusal | 'gone'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  const body = await connection.until<Result<Uint8Array, HttpRefusal | 'gone'>>(
    (settle) => {
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > bounds.maxBytes) settle(fail(tooLarge(bounds.maxBytes)));
        else if (!bounds.take(chunk.length)) settle(fail(BUSY));
        else chunks.push(chunk);
      });
      incoming.once('end', () => settle(ok(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks))));
    },
    // Rubbish behind a body that is complete is not this request's.
    (why) => (why !== 'gone' && incoming.complete ? undefined : fail(why)),
  );
  incoming.removeAllListeners('data');
  return body;
}

/** More is going on than the server takes at once. */
export const BUSY: HttpRefusal = {
  reason: 'busy',
  status: 503,
  message: 'the server is busy: try again in a moment',
  headers: { 'retry-after': '1' },
};

/** The body of a request that has none. */
export const NOTHING: Uint8Array = new Uint8Array();

/** What the request is for: a path, or for proxies a whole URL, whose host must then be the Host header's. */
function readTarget(
  target: string,
  host: string | undefined,
): Result<{ readonly path: string; readonly query: string }, HttpRefusal> {
  const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (authority !== undefined && authority.toLowerCase() !== host?.toLowerCase())
    return malformed('the URL of the request and its header host disagree');
  const origin = authority === undefined ? target : `${rest?.startsWith('/') === true ? '' : '/'}${rest}`;
  if (origin.includes('#')) return malformed('the path holds a #');
  if (!origin.startsWith('/') && origin !== '*') return malformed('the path does not begin with /');
  const mark = origin.indexOf('?');
  if (mark < 0) return ok({ path: origin, query: '' });
  return ok({ path: origin.slice(0, mark), query: origin.slice(mark + 1) });
}

/** Node gives a header one character per byte; clients write and sign UTF-8. */
function decodeHeader(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value;
}

function tooLarge(maxBytes: number): HttpRefusal {
  return { reason: 'body-too-large', status: 413, message: `a body may have ${maxBytes} bytes at most` };
}

function malformed(what: string): { readonly ok: false; readonly error: HttpRefusal } {
  return fail({ reason: 'malformed', status: 400, message: `this is not a request: ${what}` });
}
