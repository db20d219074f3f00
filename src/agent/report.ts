import { setTimeout as sleep } from 'node:timers/promises';
import { encodeLine } from '../server/sync/codec.ts';
import { type Report, SYNC_VERSION } from '../server/sync/messages.ts';
import type { HitTotals } from './hit-totals.ts';
import { post, type ServerLink } from './server-link.ts';

/** What a host has to say of itself. */
export type HostNews = Omit<Report, 'version' | 'host' | 'run' | 'counters'>;

export type ReporterSetup = {
  readonly link: ServerLink;
  readonly host: string;
  /** That of the stream. */
  readonly run?: string;
  /** What was counted, told bit by bit beside the news. */
  readonly totals?: HitTotals;
  /** Called with why a report did not arrive, each time. */
  readonly onTrouble: (why: string) => void;
  /** Called each time that one did. */
  readonly onHeard?: () => void;
  /** How often the newest report is sent again, in milliseconds: the server takes a silent host for dead. */
  readonly everyMs?: number;
};

/** How often a report is sent when there is no news. */
const EVERY_MS = 10_000;
/** How long to wait for the server's answer. */
const ANSWER_MS = 10_000;
/** How long the last report may take. */
const LAST_MS = 2000;
/** Text of counters in one report, in characters: half of what the server's listener takes. */
const COUNTERS_LENGTH = 500_000;

/**
 * Tells the server what the host enforces: news at once, the same again every ten seconds. One report is on its way at a time; news that
 * come meanwhile are told together. A report that fails is not kept: the next one says more.
 */
export class Reporter {
  readonly #setup: ReporterSetup;
  readonly #over = new AbortController();
  #isStopping = false;
  #news: HostNews = {};
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(setup: ReporterSetup) {
    this.#setup = setup;
  }

  /** Begins to report; once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Tells news: members that are given take the place of what they were; one given as undefined is taken back. */
  tell(news: { readonly [M in keyof HostNews]?: HostNews[M] | undefined }): void {
    const entries = Object.entries({ ...this.#news, ...news }).filter(([, value]) => value !== undefined);
    this.#news = Object.fromEntries(entries);
    this.#wake.abort();
  }

  /** Tells everything anew, at once: the server may know nothing of it. */
  again(): void {
    this.#setup.totals?.forgetTold();
    this.#wake.abort();
  }

  /** Ends reporting after one more report, if it ever began and the server answers soon; resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake.abort();
    const timer = setTimeout(() => this.#over.abort(), LAST_MS);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { everyMs = EVERY_MS } = this.#setup;
    for (;;) {
      this.#wake = new AbortController();
      const isLast = this.#isStopping;
      if (await this.#send()) continue;
      if (isLast) return;
      try {
        await sleep(everyMs, undefined, { signal: this.#wake.signal });
      } catch {
        // Woken early: there are news, or it is over.
      }
    }
  }

  /** Gives whether there is more to tell than went into one report. */
  async #send(): Promise<boolean> {
    const { link, host, run, totals, onTrouble, onHeard } = this.#setup;
    const untold = totals?.untold(COUNTERS_LENGTH);
    const counters = untold === undefined ? {} : { counters: untold.counters };
    const body = encodeLine({
      version: SYNC_VERSION,
      host,
      ...(run === undefined ? {} : { run }),
      ...this.#news,
      ...counters,
    });
    const { signal } = this.#over;
    const answer = await post(link, { path: '/crenel/v1/agent/report', body }, { signal, silentMs: ANSWER_MS });
    if (answer.ok) {
      answer.value.on('error', () => undefined).resume();
      onHeard?.();
    } else if (!signal.aborted) onTrouble(answer.error);
    return answer.ok && untold !== undefined && totals?.told(untold) === true;
  }
}
