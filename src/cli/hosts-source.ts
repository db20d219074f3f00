import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostsDocument } from '../server/native/agent-api.ts';
import { NATIVE_PATH } from '../server/native/paths.ts';
import type { LoadError } from './io.ts';
import { askServer, headersFor, messageIn, reasonOf, type ServerOptions } from './server-source.ts';

/** What the hosts of a server enforce. Signed with the keys of the environment, where there are some. */
export async function readHosts(
  endpoint: string,
  env: ServerOptions['env'],
): Promise<Result<HostsDocument, LoadError>> {
  const answer = await askServer(endpoint, 'hosts', env);
  if (!answer.ok) return answer;
  return isHosts(answer.value)
    ? ok(answer.value)
    : fail({ kind: 'malformed', message: `${endpoint} answers what is no list of hosts` });
}

/**
 * Has a server do something to its hosts: `add`, `allow` or `remove`; gives what it answers, as JSON text; `absent`: it knows no such
 * host. Signed as questions are.
 */
export async function changeHosts(
  endpoint: string,
  env: ServerOptions['env'],
  { act, message }: { readonly act: 'add' | 'allow' | 'remove'; readonly message: object },
): Promise<Result<string, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}hosts/${act}`, endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return fail({ kind: 'malformed', message: `${endpoint} is no URL of a server, as https://crenel.example:4700 is` });
  const body = JSON.stringify(message);
  try {
    const headers = headersFor(url, 'POST', env, body);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error' });
    const text = await response.text();
    if (response.status === 404) return fail({ kind: 'absent', message: messageIn(text) });
    if (!response.ok)
      return fail({ kind: 'io', message: `${url.origin} answers ${response.status}: ${messageIn(text)}` });
    return ok(text);
  } catch (error) {
    return fail({ kind: 'io', message: `cannot ask ${url.origin}: ${reasonOf(error, url)}` });
  }
}

function isHosts(document: unknown): document is HostsDocument {
  if (typeof document !== 'object' || document === null || !('revision' in document) || !('hosts' in document))
    return false;
  const { revision, hosts } = document;
  const times = ['at' in document ? document.at : '', 'startedAt' in document ? document.startedAt : ''];
  return (
    typeof revision === 'number' &&
    times.every((time) => typeof time === 'string' && !Number.isNaN(Date.parse(time))) &&
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
