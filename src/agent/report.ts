import { setTimeout } from 'node:timers/promises';
import { encodeLine } from '../server/sync/codec.ts';
import { type Report, SYNC_VERSION } from '../server/sync/messages.ts';
import { post, type ServerLink } from './server-link.ts';

/** What a host has to say of itself. */
export type HostNews = Omit<Report, 'version' | 'host'>;

export type ReporterSetup = {
  readonly link: ServerLink;
  readonly host: string;
  /** Called with why a report did not arrive, each time. */
  readonly onTrouble: (why: string) => void;
  /** How often the newest report is sent again, in milliseconds: the server takes a silent host for dead. */
  readonly everyMs?: number;
};

/** How often a report is sent when there is no news. */
const EVERY_MS = 10_000;
/** How long to wait for the server's answer. */
const ANSWER_MS = 10_000;

/**
 * Tells the server what the host enforces: news at once, the same again every ten seconds. One report is on its way at a time; news that
 * come meanwhile are told together. A report that fails is not kept: the next one says more.
 */
export class Reporter {
  readonly #setup: ReporterSetup;
  readonly #over = new AbortController();
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

  /** Ends reporting; resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs = EVERY_MS } = this.#setup;
    while (!this.#over.signal.aborted) {
      this.#wake = new AbortController();
      await this.#send();
      try {
        await setTimeout(everyMs, undefined, { signal: this.#wake.signal });
      } catch {
        // Woken early: there are news, or it is over.
      }
    }
  }

  async #send(): Promise<void> {
    const { link, host, onTrouble } = this.#setup;
    const body = encodeLine({ version: SYNC_VERSION, host, ...this.#news });
    const { signal } = this.#over;
    const answer = await post(link, { path: '/crenel/v1/agent/report', body }, { signal, silentMs: ANSWER_MS });
    if (answer.ok) answer.value.on('error', () => undefined).resume();
    else if (!signal.aborted) onTrouble(answer.error);
  }
}
