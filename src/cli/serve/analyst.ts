import { Worker } from 'node:worker_threads';
import { fail, type Result } from '../../core/net/result.ts';
import { type Kind, KINDS, type Records } from '../../core/model/records.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import type { HeavyFault, HeavyQuestion } from '../../server/native/heavy-questions.ts';
import { idleCounts, type PairCounts } from '../../server/native/counts.ts';
import { worldSteps } from '../../server/native/world-steps.ts';
import type { FromThread, ToThread } from './analyst-protocol.ts';

/** What questions may take: milliseconds, records, megabytes. */
export type AnalystLimits = {
  /** How long the answer to a change waits for its counts. */
  readonly countMs: number;
  /** How many changes wait for their counts at once. */
  readonly counting: number;
  /** How long after the first change the thread begins, if no question made it begin before. */
  readonly beginMs: number;
  /** How long a question about all pairs may take. */
  readonly answerMs: number;
  readonly memoryMb: number;
};

/**
 * - 25 ms: what a person who signs a call by hand does not see; of rules in a world that stood still it takes well under one.
 * - 1 s: making a thread takes as long as many calls, and a server that is told everything at once need not do both.
 * - 30 s: ten times what all pairs of 10,000 interfaces take.
 * - 2 GiB: all pairs of 100,000 interfaces take one.
 */
export const ANALYST_LIMITS: AnalystLimits = {
  countMs: 25,
  counting: 4,
  beginMs: 1000,
  answerMs: 30_000,
  memoryMb: 2048,
};

/** Records that are copied before other work is done. */
const PART = 1000;
/** A world that differs by more is copied anew, part by part. */
const MAX_STEPS = 2000;

/** How often one who waits for others looks whether it is its turn, in milliseconds. */
const TURN_MS = 100;

/** Why a change has no counts. */
export type NotCounted = 'busy' | 'not ready in time' | 'failed';

type Waiting = { readonly settle: (message: FromThread | NotCounted) => void; readonly timer: NodeJS.Timeout };

/**
 * Questions about all pairs, answered on a thread of their own that holds copies of the worlds: one at a time, with bounded time and memory.
 * A thread that takes too much of either is ended, and the next question begins another.
 */
export class Analyst {
  readonly #limits: AnalystLimits;
  readonly #onFault: (error: Error) => void;
  #thread: Worker | undefined;
  /** What the thread holds of each realm. */
  #told = new Map<string, World>();
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #counting = 0;
  /** Counts that nobody waits for any more and that the thread has not answered: it is busy with one. */
  readonly #late = new Set<number>();
  #isAsked = false;
  #isClosed = false;
  #beginning: NodeJS.Timeout | undefined;
  /** Copying of a world that goes on part by part. */
  #copying: Promise<void> | undefined;

  /** `onFault` hears why a thread ended by itself. */
  constructor(onFault: (error: Error) => void, limits: AnalystLimits = ANALYST_LIMITS) {
    this.#limits = limits;
    this.#onFault = onFault;
  }

  /** What a change opens and closes, exactly, or why that is not known. Takes at most as long as the limits say. */
  async count(realm: string, before: World, after: World): Promise<PairCounts | NotCounted> {
    if (this.#isClosed) return 'failed';
    const steps = worldSteps(before, after);
    const idle = idleCounts(before, steps);
    if (idle !== undefined) return idle;
    if (this.#isAsked || this.#counting >= this.#limits.counting || this.#copying !== undefined) {
      return 'busy';
    }
    if (this.#late.size > 0) return 'not ready in time';
    if (this.#thread === undefined) {
      this.#beginning ??= setTimeout(() => this.#begin(), this.#limits.beginMs).unref();
      return 'not ready in time';
    }
    if (!this.#tell(realm, before)) return 'not ready in time';
    if (steps.length > MAX_STEPS) return 'not ready in time';
    this.#counting += 1;
    const { countMs: ms } = this.#limits;
    const said = await this.#call({ type: 'count', id: this.#next, realm, steps, ms }, ms, () => {
      this.#tell(realm, after);
    });
    this.#counting -= 1;
    if (typeof said === 'string') return said;
    return said.type === 'counted' ? (said.counts ?? 'not ready in time') : 'failed';
  }

  /** The answer to a question of a world, made when the thread holds that; 503 where it is busy or takes too much. */
  async ask(realm: string, world: World, questionOf: () => HeavyQuestion): Promise<Result<string, HeavyFault>> {
    if (this.#isAsked) return unavailable('another question about all pairs is being answered: try again in a moment');
    if (this.#isClosed) return unavailable('the server is ending');
    this.#isAsked = true;
    try {
      await this.#copying;
      if (!this.#tell(realm, world)) await this.#copying;
      if (this.#told.get(realm) !== world) return ENDED;
      const { answerMs } = this.#limits;
      const said = await this.#call({ type: 'ask', id: this.#next, realm, question: questionOf() }, answerMs);
      if (said === 'not ready in time') {
        this.#end();
        return unavailable(
          `the answer takes longer than ${answerMs / 1000} s: ask for less, or let the command line ask, with --endpoint`,
        );
      }
      if (typeof said === 'string')
        return unavailable(
          'the question ended the thread that answers, as one that takes too much memory does: ask for less',
        );
      return said.type === 'answered' ? said.answer : unavailable('there was no answer');
    } finally {
      this.#isAsked = false;
    }
  }

  /** The answer to a question that may wait until others are answered. */
  async askInTurn(realm: string, world: World, questionOf: () => HeavyQuestion): Promise<Result<string, HeavyFault>> {
    while (this.#isAsked) {
      await new Promise((resume) => {
        setTimeout(resume, TURN_MS);
      });
    }
    return await this.ask(realm, world, questionOf);
  }

  /** Makes the thread, so that the next change need not wait for that. */
  #begin(): void {
    this.#beginning = undefined;
    if (!this.#isClosed) this.#started();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#beginning);
    const thread = this.#thread;
    this.#end();
    await thread?.terminate();
  }

  /** Sends a question and waits for what comes of it. `then` is done when it is sent. */
  async #call(
    message: ToThread & { readonly id: number },
    ms: number,
    then?: () => void,
  ): Promise<FromThread | NotCounted> {
    const id = message.id;
    this.#next += 1;
    return await new Promise((settle) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        if (message.type === 'count') this.#late.add(id);
        settle('not ready in time');
      }, ms);
      this.#waiting.set(id, { settle, timer });
      this.#send(message);
      then?.();
    });
  }

  /** Brings the thread's copy of a realm to a world; false where that goes on, part by part. */
  #tell(realm: string, world: World): boolean {
    const thread = this.#started();
    const told = this.#told.get(realm);
    const steps = told === undefined ? undefined : worldSteps(told, world);
    if (steps === undefined || steps.length > MAX_STEPS) {
      const size = KINDS.reduce((sum, kind) => sum + world.records[kind].size, 0);
      if (size > MAX_STEPS) {
        this.#copying = this.#copy(thread, realm, world);
        return false;
      }
      for (const part of partsOf(realm, world)) post(thread, part);
    } else if (steps.length > 0) post(thread, { type: 'steps', realm, steps });
    this.#told.set(realm, world);
    return true;
  }

  /** What is asked meanwhile waits, or hears that the thread is busy: it holds no world of the realm until the last part is there. */
  async #copy(thread: Worker, realm: string, world: World): Promise<void> {
    this.#told.delete(realm);
    for (const part of partsOf(realm, world)) {
      // A thread that ended took everything with it.
      if (thread !== this.#thread) break;
      post(thread, part);
      await new Promise((resume) => {
        setImmediate(resume);
      });
    }
    if (thread === this.#thread) this.#told.set(realm, world);
    this.#copying = undefined;
  }

  #send(message: ToThread): void {
    if (!this.#isClosed) post(this.#started(), message);
  }

  #started(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    // A published package holds JavaScript, a clone TypeScript.
    const file = import.meta.url.endsWith('.ts') ? './analyst-thread.ts' : './analyst-thread.js';
    const thread = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb },
      env: {},
      stdin: false,
    });
    thread.unref();
    thread.on('message', (message: FromThread) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      this.#late.delete(message.id);
      clearTimeout(waiting?.timer);
      waiting?.settle(message);
    });
    // Out of memory, or a fault of the program: whoever waits hears of it, and the next question begins anew.
    thread.on('error', (error: Error) => {
      this.#onFault(error);
      if (this.#thread === thread) this.#end();
    });
    this.#thread = thread;
    this.#told = new Map();
    return thread;
  }

  #end(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#told = new Map();
    for (const { settle, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      settle('failed');
    }
    this.#waiting.clear();
    this.#late.clear();
    void thread?.terminate();
  }
}

function post(thread: Worker, message: ToThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: there is no origin
  thread.postMessage(message);
}

/** A whole world as messages. */
function partsOf(realm: string, world: World): readonly ToThread[] {
  const chunks = KINDS.flatMap((kind) => chunksOf(kind, [...listRecords(world, kind)]));
  return chunks.map((chunk, at) => ({
    type: 'part',
    realm,
    ...chunk,
    isFirst: at === 0,
    isLast: at === chunks.length - 1,
  }));
}

type Chunk = { readonly kind: Kind; readonly records: readonly Records[Kind][] };

function chunksOf(kind: Kind, records: readonly Records[Kind][]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at === 0 || at < records.length; at += PART)
    chunks.push({ kind, records: records.slice(at, at + PART) });
  return chunks;
}

const ENDED = unavailable(
  'the question ended the thread that answers, as one that takes too much memory does: ask for less, or let the command line ask, with --endpoint',
);

function unavailable(message: string): { readonly ok: false; readonly error: HeavyFault } {
  return fail({ status: 503, message });
}
