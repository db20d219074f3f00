import type { ClientRequest, IncomingMessage } from 'node:http';
import { fail, ok, type Result } from '../core/net/result.ts';
import { type Credentials, signedHeaders } from '../server/access/sign.ts';
import { isLoopback, listenAddress } from '../server/http/may-listen.ts';
import { reachFault } from './tls-hint.ts';

/** A server, how it is believed, and how to be believed by it. */
export type ServerLink = {
  readonly endpoint: URL;
  readonly region: string;
  /** Absent for a server that believes everybody. */
  readonly credentials?: Credentials;
  /** Certificates, as PEM, that vouch for the server instead of those that the system knows. */
  readonly ca?: readonly string[];
  /** The newest certificate of this host, and its key, as PEM; absent for a host that did not enrol. */
  readonly identity?: () => ClientIdentity;
};

/** By what a host proves who it is. */
export type ClientIdentity = { readonly certificate: string; readonly key: string };

/** Where an agent posts, under the endpoint. */
export type AgentPath = `/crenel/v1/agent/${'stream' | 'report' | 'enrol' | 'renew'}`;

/** The longest refusal, and the longest short answer, that are read of a server, in characters. */
const MAX_REFUSAL = 2000;
const MAX_ANSWER = 65_536;

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

/** A message, where it goes, and how long to wait for any word of the server, in milliseconds. */
export type Message = { readonly path: AgentPath; readonly body: string };
export type Bounds = { readonly signal: AbortSignal; readonly silentMs: number };

/**
 * Posts a message and gives the answer when its head is there; the rest comes as a stream. Fails with the server's own words when it refuses.
 * Silence of `silentMs` ends the connection with an error, before the head and after.
 */
export async function post(link: ServerLink, message: Message, bounds: Bounds): Promise<Result<IncomingMessage>> {
  const answered = await send(link, message, bounds);
  if (!answered.ok || answered.value.statusCode === 200) return answered;
  return fail(`${link.endpoint.origin} answers ${answered.value.statusCode}: ${await refusalIn(answered.value)}`);
}

/** Whether the server answers by a new connection, whatever it answers. Nothing is told that could come late and be taken for news. */
export async function answers(link: ServerLink, bounds: Bounds): Promise<Result<void>> {
  const answered = await send(link, { path: '/healthz', body: '' }, bounds);
  if (!answered.ok) return answered;
  answered.value.on('error', () => undefined).destroy();
  return ok(undefined);
}

/** Each message has a connection of its own. */
async function send(
  link: ServerLink,
  { path, body }: Message | { readonly path: '/healthz'; readonly body: '' },
  { signal, silentMs }: Bounds,
): Promise<Result<IncomingMessage>> {
  const url = new URL(path, link.endpoint);
  const { promise, resolve } = Promise.withResolvers<Result<IncomingMessage>>();
  const begun = begin(link, url, { body, signal, timeout: silentMs });
  if (!begun.ok) return begun;
  const sent = begun.value;
  sent.once('response', (answer) => resolve(ok(answer)));
  sent.on('timeout', () => sent.destroy(new Error(`nothing was heard for ${silentMs / 1000} seconds`)));
  sent.on('error', (error) => resolve(fail(`cannot reach ${url.origin}: ${reachFault(error, url.protocol, 'host')}`)));
  sent.end(body);
  return await promise;
}

/**
 * Opens the request. Fails where certificates or keys cannot be used, which Node says by throwing. An import of `node:http` would read whatever that
 * exports, and so load WebSockets, HTTP/2 and more, some 80 modules, which an agent would hold for as long as it lives; an import of `node:https`, TLS
 * where none is spoken.
 */
function begin(
  { region, credentials, ca, identity }: ServerLink,
  url: URL,
  { body, ...bounds }: { readonly body: string; readonly signal: AbortSignal; readonly timeout: number },
): Result<ClientRequest> {
  const shown = identity?.();
  const method = body === '' ? 'GET' : 'POST';
  const signed =
    credentials === undefined || shown !== undefined
      ? {}
      : signedHeaders(url, credentials, { method, region, now: Date.now(), body });
  const options = {
    ...bounds,
    method,
    hostname: listenAddress(url.hostname.replaceAll(/^\[|\]$/g, '')),
    headers: { ...signed, 'content-length': Buffer.byteLength(body), host: url.host },
    agent: false,
  } as const;
  if (url.protocol !== 'https:') return ok(process.getBuiltinModule('node:http').request(url, options));
  const tls = {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(shown === undefined ? {} : { cert: shown.certificate, key: shown.key }),
  } as const;
  try {
    return ok(process.getBuiltinModule('node:https').request(url, { ...options, ...tls }));
  } catch (error) {
    return fail(`cannot speak TLS: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Posts a message whose answer is short, and gives the answer. */
export async function ask(
  link: ServerLink,
  message: { readonly path: AgentPath; readonly body: string },
  bounds: { readonly signal: AbortSignal; readonly silentMs: number },
): Promise<Result<string>> {
  const answer = await post(link, message, bounds);
  if (!answer.ok) return answer;
  const text = await textOf(answer.value, MAX_ANSWER);
  return text.length > MAX_ANSWER ? fail(`${link.endpoint.origin} answers more than was asked for`) : ok(text);
}

/** What an answer says, until it ends or is longer than that. */
async function textOf(answer: IncomingMessage, most: number): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const piece of answer as AsyncIterable<string>) {
      text += piece;
      if (text.length > most) break;
    }
  } catch {
    // What came until then is all that there is to tell.
  }
  return text;
}

async function refusalIn(answer: IncomingMessage): Promise<string> {
  const text = await textOf(answer, MAX_REFUSAL);
  const said = /"message": ?"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
  return said.slice(0, 300).replaceAll(/[^\x20-\x7e]/g, ' ');
}
