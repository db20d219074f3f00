import { setTimeout } from 'node:timers/promises';
import { renew } from './enrol.ts';
import { type HostIdentity, lifeOf } from './identity.ts';
import type { ClientIdentity, ServerLink } from './server-link.ts';

export type RenewalSetup = {
  /** How the server is reached; its identity is this one's. */
  readonly link: Omit<ServerLink, 'identity'>;
  readonly identity: HostIdentity;
  /** Where the identity is kept. */
  readonly folder: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** How often it is checked whether it is time, in milliseconds. */
  readonly everyMs?: number;
};

/** A machine may sleep, so the clock is looked at often, and not only when it should be time. */
const EVERY_MS = 3_600_000;

/** Renews the certificate of a host, with a new key, when two thirds of its life are over; tries again each hour until it has another. */
export class Renewal {
  readonly #setup: RenewalSetup;
  readonly #over = new AbortController();
  #identity: HostIdentity;
  #running: Promise<void> | undefined;

  constructor(setup: RenewalSetup) {
    this.#setup = setup;
    this.#identity = setup.identity;
  }

  /** The newest identity. */
  get current(): ClientIdentity {
    return this.#identity;
  }

  /** Begins to look; once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends; resolves when no request is on its way any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs = EVERY_MS } = this.#setup;
    while (!this.#over.signal.aborted) {
      await this.#look();
      try {
        await setTimeout(everyMs, undefined, { signal: this.#over.signal });
      } catch {
        // It is over.
      }
    }
  }

  async #look(): Promise<void> {
    const { from, to } = lifeOf(this.#identity);
    if (Date.now() < from + ((to - from) * 2) / 3) return;
    const { link, folder, log } = this.#setup;
    const renewed = await renew(link, this.#identity, { folder, signal: this.#over.signal });
    if (this.#over.signal.aborted && !renewed.ok) return;
    if (renewed.ok) {
      this.#identity = renewed.value;
      log('info', `the certificate of this host is renewed, until ${textOf(lifeOf(renewed.value).to)}`);
    } else if (Date.now() < to)
      log('warn', `the certificate of this host, good until ${textOf(to)}, is not renewed yet: ${renewed.error}`);
    else log('error', `the certificate of this host is over since ${textOf(to)}: enrol again with a new token`);
  }
}

function textOf(ms: number): string {
  return new Date(ms).toISOString();
}
