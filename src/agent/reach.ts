import { setTimeout as sleep } from 'node:timers/promises';
import { fail, type Result } from '../core/net/result.ts';
import { answers, type ServerLink } from './server-link.ts';

/** How long one try may take, and how long after it the next one begins: a lost packet is sent again after a second. */
const TRY_MS = 3000;
const BETWEEN_MS = 250;

/** Whether the server is reached by a new connection; tries until it is, or until the signal. */
export async function reach(link: ServerLink, signal: AbortSignal): Promise<Result<void>> {
  let why = `${link.endpoint.origin} did not answer in time`;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const answered = await answers(link, { signal, silentMs: TRY_MS });
    if (answered.ok) return answered;
    if (!isOver()) why = answered.error;
    await sleep(BETWEEN_MS, undefined, { signal }).catch(() => undefined);
  }
  return fail(why);
}
