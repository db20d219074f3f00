/** What goes wrong, as a log tells it. */
export type Trouble = { readonly level: 'warn' | 'error'; readonly message: string };

type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

type Going = Trouble & { readonly sinceMs: number; readonly times: number; readonly saidMs: number };

/** After so long the same trouble is said again, in milliseconds: logs are cut off at some day. */
const AGAIN_MS = 10 * 60_000;

/**
 * Says what goes wrong again and again: once, and then how often it did when it changes, is over or has gone on for long. What is tried anew each
 * half minute would else be most of a log.
 */
export class Repeats {
  readonly #log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly #now: () => number;
  readonly #going = new Map<string, Going>();

  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** It went wrong; `about` tells apart what may go wrong side by side. */
  met(about: string, { level, message }: Trouble): void {
    const nowMs = this.#now();
    const before = this.#going.get(about);
    if (before?.message !== message || before.level !== level) {
      if (before !== undefined && before.times > 1) this.#log(before.level, oftenText(before, nowMs));
      this.#log(level, message);
      this.#going.set(about, { level, message, sinceMs: nowMs, times: 1, saidMs: nowMs });
      return;
    }
    const going = { ...before, times: before.times + 1 };
    const isLong = nowMs - going.saidMs >= AGAIN_MS;
    if (isLong) this.#log(level, oftenText(going, nowMs));
    this.#going.set(about, isLong ? { ...going, saidMs: nowMs } : going);
  }

  /** It does not go wrong any more, if it did. */
  over(about: string): void {
    const going = this.#going.get(about);
    if (going === undefined) return;
    this.#going.delete(about);
    this.#log('info', `over: ${going.times === 1 ? going.message : oftenText(going, this.#now())}`);
  }
}

function oftenText({ message, times, sinceMs }: Going, nowMs: number): string {
  const seconds = Math.round((nowMs - sinceMs) / 1000);
  return `${message} (${times} times in ${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`})`;
}
