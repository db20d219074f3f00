import { fail, ok, type Result } from '../core/net/result.ts';
import { reachFault } from '../agent/tls-hint.ts';
import { signedHeaders } from '../server/access/sign.ts';
import { NATIVE_PATH } from '../server/native/paths.ts';
import { isObject } from '../server/sync/shape.ts';
import type { LoadError } from './io.ts';

export type ServerOptions = {
  /** Credentials and region by the names that the AWS CLI gives them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: ((text: string) => void) | undefined;
};

/** A copy of a store, on the server's machine, and the files of what hosts are believed by that stand beside it. */
export type BackupMade = { readonly path: string; readonly beside: readonly string[] };

/** Lets a server copy its store, and what hosts are believed by. */
export async function backupServer(
  endpoint: string,
  env: ServerOptions['env'],
): Promise<Result<BackupMade, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}backup`, endpoint);
  if (url === null) return fail({ kind: 'absent', message: `${endpoint} is no URL of a server` });
  try {
    const response = await fetch(url, { method: 'POST', headers: headersFor(url, 'POST', env), redirect: 'error' });
    const text = await response.text();
    if (!response.ok)
      return fail({ kind: 'io', message: `${url.origin} answers ${response.status}: ${messageIn(text)}` });
    const made = backupIn(text);
    return made === undefined
      ? fail({ kind: 'io', message: `${url.origin} does not say where the copy is` })
      : ok(made);
  } catch (error) {
    return fail({ kind: 'io', message: `cannot reach ${url.origin}: ${reasonOf(error, url)}` });
  }
}

function backupIn(text: string): BackupMade | undefined {
  const document: unknown = JSON.parse(text);
  if (!isObject(document) || typeof document['path'] !== 'string') return undefined;
  const beside = Array.isArray(document['beside']) ? document['beside'] : [];
  return { path: document['path'], beside: beside.filter((name): name is string => typeof name === 'string') };
}

/** What a server answers to a question, as JSON. Signed with the keys of the environment, where there are some. */
export async function askServer(
  endpoint: string,
  path: string,
  env: ServerOptions['env'],
): Promise<Result<unknown, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}${path}`, endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return fail({ kind: 'absent', message: `${endpoint} is no URL of a server, as http://127.0.0.1:4700 is` });
  try {
    const response = await fetch(url, { headers: headersFor(url, 'GET', env), redirect: 'error' });
    const text = await response.text();
    if (!response.ok)
      return fail({ kind: 'io', message: `${url.origin} answers ${response.status}: ${messageIn(text)}` });
    const document: unknown = JSON.parse(text);
    return ok(document);
  } catch (error) {
    return fail({ kind: 'io', message: `cannot ask ${url.origin}: ${reasonOf(error, url)}` });
  }
}

/** The headers of a request: signed where the environment has keys. */
export function headersFor(
  url: URL,
  method: 'GET' | 'POST',
  env: ServerOptions['env'],
  body = '',
): Readonly<Record<string, string>> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  const credentials = { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) };
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'eu-west-1';
  return signedHeaders(url, credentials, { method, region, now: Date.now(), body });
}

/** What the server says of its refusal; whatever else is there is clipped. */
export function messageIn(text: string): string {
  const message = /"message": ?"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return (message ?? text).slice(0, 300);
}

/** Why a request failed, in words. */
export function reasonOf(error: unknown, { protocol }: URL): string {
  return reachFault(error instanceof Error && error.cause instanceof Error ? error.cause : error, protocol, 'person');
}
