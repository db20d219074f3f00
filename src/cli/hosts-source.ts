import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostsDocument } from '../server/native/agent-api.ts';
import { NATIVE_PATH } from '../server/native/native-api.ts';
import type { LoadError } from './io.ts';
import { headersFor, messageIn, reasonOf, type ServerOptions } from './server-source.ts';

/** What the hosts of a server enforce. Signed with the keys of the environment, where there are some. */
export async function readHosts(
  endpoint: string,
  env: ServerOptions['env'],
): Promise<Result<HostsDocument, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}hosts`, endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return fail({ kind: 'absent', message: `${endpoint} is no URL of a server, as http://127.0.0.1:4700 is` });
  try {
    const response = await fetch(url, { headers: headersFor(url, 'GET', env), redirect: 'error' });
    const text = await response.text();
    if (!response.ok)
      return fail({ kind: 'io', message: `${url.origin} answers ${response.status}: ${messageIn(text)}` });
    const document: unknown = JSON.parse(text);
    return isHosts(document)
      ? ok(document)
      : fail({ kind: 'malformed', message: `${url.origin} answers what is no list of hosts` });
  } catch (error) {
    return fail({ kind: 'io', message: `cannot ask ${url.origin}: ${reasonOf(error)}` });
  }
}

/** Has a server do something to its hosts: `add`, `allow` or `remove`; gives what it answers, as JSON text. Signed as questions are. */
export async function changeHosts(
  endpoint: string,
  env: ServerOptions['env'],
  { act, message }: { readonly act: 'add' | 'allow' | 'remove'; readonly message: object },
): Promise<Result<string, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}hosts/${act}`, endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return fail({ kind: 'absent', message: `${endpoint} is no URL of a server, as https://crenel.example:4700 is` });
  const body = JSON.stringify(message);
  try {
    const headers = headersFor(url, 'POST', env, body);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error' });
    const text = await response.text();
    if (!response.ok)
      return fail({ kind: 'io', message: `${url.origin} answers ${response.status}: ${messageIn(text)}` });
    return ok(text);
  } catch (error) {
    return fail({ kind: 'io', message: `cannot ask ${url.origin}: ${reasonOf(error)}` });
  }
}

function isHosts(document: unknown): document is HostsDocument {
  if (typeof document !== 'object' || document === null || !('revision' in document) || !('hosts' in document))
    return false;
  const { revision, hosts } = document;
  return (
    typeof revision === 'number' &&
    Array.isArray(hosts) &&
    (hosts as readonly unknown[]).every(
      (one) =>
        typeof one === 'object' &&
        one !== null &&
        'host' in one &&
        typeof one.host === 'string' &&
        'condition' in one &&
        typeof one.condition === 'string',
    )
  );
}
