// The thread that answers questions about all pairs, so that the server's own goes on answering requests. It holds a copy of the worlds.
import { parentPort } from 'node:worker_threads';
import { fail } from '../../core/net/result.ts';
import type { Kind, Records } from '../../core/model/records.ts';
import { type RecordLists, type World, worldOf } from '../../core/model/world.ts';
import { answerHeavy } from '../../server/native/heavy-questions.ts';
import type { PairCounts } from '../../server/native/counts.ts';
import { pairCounts, warmRows, type WarmWorld, warmWorld } from '../../server/native/pair-counts.ts';
import { followSteps } from '../../server/native/world-steps.ts';
import type { FromThread, ToThread } from './analyst-protocol.ts';

/** How long rows are made before messages are looked at again, in milliseconds. */
const SLICE_MS = 5;
/** How long a world must stand still before rows are made for it, in milliseconds: while changes come one after another, each would be in vain. */
const STILL_MS = 200;
/** For so many times as long as comparing two worlds for a count took, no others of the realm are compared for one: answers wait little in sum. */
const REST = 30;
/** And at most so long, in milliseconds. */
const MAX_REST_MS = 1000;

const worlds = new Map<string, World>();
const parts = new Map<string, Map<Kind, Records[Kind][]>>();
/** Of one realm alone: rows take more room than worlds. */
let warm: { readonly realm: string; readonly made: WarmWorld; readonly rest: Iterator<void> } | undefined;
let timer: NodeJS.Timeout | undefined;

/** Until when worlds of a realm are not compared for counts. */
const pauses = new Map<string, number>();

class OutOfTime extends Error {}

parentPort?.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'part':
      takePart(message);
      break;
    case 'steps':
      worlds.set(message.realm, followSteps(worldFor(message.realm), message.steps));
      warmSoon(message.realm);
      break;
    case 'count':
      say({ type: 'counted', id: message.id, counts: count(message) });
      break;
    case 'ask': {
      const world = worldFor(message.realm);
      const { id, question } = message;
      const follow = (steps: Parameters<typeof followSteps>[1]): World => followSteps(world, steps);
      const answer = answerHeavy(question, { world, follow, decode, onProgress: () => undefined });
      say({ type: 'answered', id, answer: answer.ok ? answer : fail(answer.error) });
      break;
    }
  }
});

function say(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: there is no origin
  parentPort?.postMessage(message);
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}

function worldFor(realm: string): World {
  return worlds.get(realm) ?? worldOf({});
}

function takePart({ realm, kind, records, isFirst, isLast }: Extract<ToThread, { type: 'part' }>): void {
  const lists = isFirst ? new Map<Kind, Records[Kind][]>() : (parts.get(realm) ?? new Map<Kind, Records[Kind][]>());
  parts.set(realm, lists);
  const known = lists.get(kind);
  if (known === undefined) lists.set(kind, [...records]);
  else for (const record of records) known.push(record);
  if (!isLast) return;
  parts.delete(realm);
  const byKind: RecordLists = Object.fromEntries(lists);
  worlds.set(realm, worldOf(byKind));
  warmSoon(realm);
}

function count({ realm, steps, ms }: Extract<ToThread, { type: 'count' }>): PairCounts | undefined {
  const world = worldFor(realm);
  const until = performance.now() + ms;
  const isPaused = (pauses.get(realm) ?? 0) > performance.now();
  const work = { isCompared: false };
  const ready = warm?.made.world === world ? warm.made : undefined;
  const start = performance.now();
  const onProgress = (): void => {
    work.isCompared = true;
    if (isPaused || performance.now() > until) throw new OutOfTime();
  };
  try {
    return pairCounts(world, steps, { warm: ready, onProgress });
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return undefined;
  } finally {
    const now = performance.now();
    if (work.isCompared && !isPaused) pauses.set(realm, now + Math.min(MAX_REST_MS, REST * (now - start)));
  }
}

/** Gets ready for the next change of a realm, between messages. */
function warmSoon(realm: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const made = warmWorld(worldFor(realm));
    warm = { realm, made, rest: warmRows(made) };
    goOn();
  }, STILL_MS);
}

function goOn(): void {
  if (warm === undefined || warm.made.world !== worlds.get(warm.realm)) return;
  const until = performance.now() + SLICE_MS;
  while (performance.now() < until) if (warm.rest.next().done === true) return;
  setImmediate(goOn);
}
