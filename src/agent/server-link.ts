import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { fail, ok, type Result } from '../core/net/result.ts';
import { type Credentials, signedHeaders } from '../server/access/sign.ts';
import { isLoopback, listenAddress } from '../server/http/may-listen.ts';

/** A server and how to be believed by it. */
export type ServerLink = {
  readonly endpoint: URL;
  readonly region: string;
  /** Absent for a server that believes everybody. */
  readonly credentials?: Credentials;
  /** Certificates, as PEM, that vouch for the server instead of those that the system knows. */
  readonly ca?: string;
};

/** Where an agent posts, under the endpoint. */
export type AgentPath = '/crenel/v1/agent/stream' | '/crenel/v1/agent/report';

/** The longest refusal that is read of a server, in characters. */
const MAX_REFUSAL = 2000;

/**
 * The endpoint of a server, refused where anybody on the way could say what rules a host has: a signature proves who asks, and only TLS proves
 * who answers, so without TLS the server must be this machine.
 */
export function endpointOf(text: string): Result<URL> {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/')
    return fail(`${JSON.stringify(text)} is no URL of a server, as https://crenel.example:4700 is`);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  return url.protocol === 'https:' || isLoopback(host)
    ? ok(url)
    : fail(`${url.origin} is another machine, and its answers could be forged on the way: use https`);
}

/**
 * Posts a message and gives the answer when its head is there; the rest comes as a stream. Fails with the server's own words when it refuses.
 * Silence of `silentMs` ends the connection with an error, before the head and after.
 */
export async function post(
  link: ServerLink,
  { path, body }: { readonly path: AgentPath; readonly body: string },
  { signal, silentMs }: { readonly signal: AbortSignal; readonly silentMs: number },
): Promise<Result<IncomingMessage>> {
  const url = new URL(path, link.endpoint);
  const { region, credentials, ca } = link;
  const signed =
    credentials === undefined ? {} : signedHeaders(url, credentials, { method: 'POST', region, now: Date.now(), body });
  const options = {
    method: 'POST',
    signal,
    hostname: listenAddress(url.hostname.replaceAll(/^\[|\]$/g, '')),
    headers: { ...signed, 'content-length': Buffer.byteLength(body), host: url.host },
    agent: false,
    timeout: silentMs,
  } as const;
  const { promise, resolve } = Promise.withResolvers<Result<IncomingMessage>>();
  const sent =
    url.protocol === 'https:'
      ? secureRequest(url, { ...options, hostname: options.hostname, ...(ca === undefined ? {} : { ca }) })
      : plainRequest(url, options);
  sent.once('response', (answer) => resolve(ok(answer)));
  sent.on('timeout', () => sent.destroy(new Error(`nothing was heard for ${silentMs / 1000} seconds`)));
  sent.on('error', (error) => resolve(fail(`cannot reach ${url.origin}: ${error.message}`)));
  sent.end(body);
  const answered = await promise;
  if (!answered.ok || answered.value.statusCode === 200) return answered;
  return fail(`${url.origin} answers ${answered.value.statusCode}: ${await refusalIn(answered.value)}`);
}

async function refusalIn(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const piece of answer as AsyncIterable<string>) {
      text += piece;
      if (text.length > MAX_REFUSAL) break;
    }
  } catch {
    // What came until then is all that there is to tell.
  }
  const said = /"message": ?"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
  return said.slice(0, 300).replaceAll(/[^\x20-\x7e]/g, ' ');
}
