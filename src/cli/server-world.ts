import { fail, ok, type Result } from '../core/net/result.ts';
import { DescribeReader, type Export } from '../formats/describe.ts';
import { NATIVE_PATH } from '../server/native/paths.ts';
import type { LoadError } from './io.ts';
import { headersFor, messageIn, reasonOf, type ServerOptions } from './server-source.ts';
import { readChunks } from './world-source.ts';

/** The world of a server at one revision. Signed with the keys of the environment, where there are some. */
export async function readServer(
  endpoint: string,
  { env, onProgress }: ServerOptions,
): Promise<Result<Export, LoadError>> {
  const url = URL.parse(`${NATIVE_PATH}world`, endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return fail({ kind: 'absent', message: `${endpoint} is no URL of a server, as http://127.0.0.1:4700 is` });
  onProgress?.(`asking ${url.origin}`);
  try {
    const response = await fetch(url, { headers: headersFor(url, 'GET', env), redirect: 'error' });
    if (!response.ok || response.body === null)
      return fail({
        kind: 'io',
        message: `${url.origin} answers ${response.status}: ${messageIn(await response.text())}`,
      });
    const revision = response.headers.get('x-crenel-revision') ?? '';
    if (!/^\d{1,15}$/u.test(revision))
      return fail({ kind: 'malformed', message: `${url.origin} does not say of which revision its world is` });
    const reader = new DescribeReader();
    const read = await readChunks(reader, url.href, response.body);
    if (!read.ok) return read;
    const made = reader.finish();
    if (!made.ok) return fail({ kind: 'malformed', message: `${url.origin}: ${made.error}` });
    const { world, ...beside } = made.value;
    return ok({ world: { ...world, revision: Number(revision) }, ...beside });
  } catch (error) {
    return fail({ kind: 'io', message: `cannot reach ${url.origin}: ${reasonOf(error, url)}` });
  }
}
