import { fail, ok, type Result } from '../core/net/result.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Wiring } from '../nft/wiring.ts';
import type { Enforced, Enforcer } from './enforcer.ts';
import { type Guard, startGuard } from './guard.ts';
import type { KernelFault } from './kernel.ts';
import { runProgram } from './run-program.ts';
import type { TrialFolder } from './trial-folder.ts';
import { viewDigest } from './view-digest.ts';

export type TrialSetup = {
  readonly folder: TrialFolder;
  /** The command line of `nft` where rules are enforced. */
  readonly nft: (args: readonly string[]) => readonly string[];
  /** How long the server may take to be reached by a new connection, in seconds. */
  readonly seconds: number;
  /** Whether the server is reached by a new connection; tries until it is, or until the signal. */
  readonly reach: (signal: AbortSignal) => Promise<Result<void>>;
  readonly log: (level: 'warn' | 'error', message: string) => void;
};

/** Why rules are not in force, and when to try them again by oneself: never is until others come. */
export type NotInForce = { readonly message: string; readonly again: 'soon' | 'later' | 'never' };

/** So often the same rules are tried: once more, in case the server was away at that very moment. */
const MOST_TRIES = 2;
/** How long after rules were taken back they are tried again, in milliseconds. */
export const LATER_MS = 60_000;
/** So many rules in a row, each another, are tried as they come; then one in that time: a machine that is cut off again and again is of no use. */
const LONG_ROW = 3;
/** How much longer than the server may take the guard waits, in seconds: for the commit itself, and for what the agent does by itself. */
const GRACE_SECONDS = 10;
/** How near to the guard's moment nothing is confirmed any more, in milliseconds. */
const MARGIN_MS = 2000;

type Trial = { readonly file: string; readonly digest: string; readonly guard: Guard; readonly startedMs: number };

/**
 * Puts rules in force on a machine that they can cut off, and takes them back unless the server is then reached by a new connection in time. What
 * takes them back is on the disk before they are committed: an agent that is killed meanwhile does it when it starts again, and a guard of its own
 * does if it does not start.
 */
export class Trials {
  readonly #setup: TrialSetup;
  readonly #strikes: Map<string, number>;
  readonly #over = new AbortController();
  /** When which rules that were taken back may be tried again, by the process's clock. */
  readonly #held = new Map<string, number>();
  /** How many rules in a row were taken back, whichever they were, and when the last of them. */
  #row = { length: 0, lastMs: 0 };
  /** Rules that were taken back while the server was not reached with the old ones either. */
  #inDoubt: string | undefined;

  constructor(setup: TrialSetup) {
    this.#setup = setup;
    this.#strikes = new Map(setup.folder.strikes());
  }

  /** Takes back what an earlier run of the agent left unconfirmed. */
  async settle(enforcer: Enforcer): Promise<Result<void>> {
    const { folder, log } = this.#setup;
    const found = folder.unconfirmed();
    if (!found.ok) return found;
    const [first] = found.value;
    if (first === undefined) return ok(undefined);
    const back = await this.#restore(enforcer, first.file);
    if (!back.ok) return back;
    log(
      'error',
      'rules that were on trial when the agent ended were taken back; what was in force before them is again',
    );
    this.#strike(first.digest);
    for (const { file } of found.value) {
      const ended = folder.end(file);
      if (!ended.ok) return ended;
    }
    return ok(undefined);
  }

  /** Takes the kernel to a view, on trial if that changes anything. */
  async enforce(enforcer: Enforcer, view: HostView, wiring: Wiring): Promise<Result<Enforced, NotInForce>> {
    const settled = await this.settle(enforcer);
    if (!settled.ok) return fail(soon(settled.error));
    const digest = viewDigest(view);
    const hindrance = await this.#hindrance(digest);
    if (hindrance !== undefined) return fail(hindrance);
    const before = enforcer.current;
    let trial: Trial | undefined;
    const done = await enforcer.enforce(view, wiring, async (undo) => {
      const begun = await this.#begin(digest, undo);
      if (begun.ok) trial = begun.value;
      return begun.ok ? ok(undefined) : begun;
    });
    if (trial === undefined) return done.ok ? done : fail(notInForce(done.error));
    const why = done.ok ? await this.#doubt(trial) : done.error.message;
    if (done.ok && why === undefined) {
      this.#forgive(digest);
      return done;
    }
    const back = await this.#takeBack(enforcer, before, trial);
    if (!back.ok) return fail(soon(`${why ?? ''}; and they cannot be taken back: ${back.error}`));
    return fail(done.ok ? await this.#judge(digest, why ?? '') : soon(why ?? ''));
  }

  /** Ends: rules that are on trial are taken back. Whoever ends an agent on purpose may have everything tried anew. */
  stop(): void {
    this.#over.abort();
    if (this.#strikes.size > 0) this.#setup.folder.keepStrikes(new Map());
  }

  /** Why these rules are not to be tried now. */
  async #hindrance(digest: string): Promise<NotInForce | undefined> {
    if (this.#over.signal.aborted) return { again: 'never', message: 'the agent ends' };
    const strikes = this.#strikes.get(digest) ?? 0;
    if (strikes >= MOST_TRIES)
      return { again: 'never', message: `these rules were taken back ${strikes} times: ${HOW_ON}` };
    const nowMs = performance.now();
    if (nowMs < (this.#held.get(digest) ?? 0))
      return { again: 'later', message: 'these rules were taken back; they are tried once more' };
    if (this.#row.length >= LONG_ROW && nowMs < this.#row.lastMs + LATER_MS)
      return {
        again: 'later',
        message: `the last ${this.#row.length} rules were taken back; others are tried in a while`,
      };
    if (this.#inDoubt !== digest) return undefined;
    const reached = await this.#setup.reach(AbortSignal.any([this.#over.signal, AbortSignal.timeout(this.#ms)]));
    if (!reached.ok) return soon(`the server is not reached, so rules cannot be tried: ${reached.error}`);
    this.#inDoubt = undefined;
    return undefined;
  }

  get #ms(): number {
    return this.#setup.seconds * 1000;
  }

  /** Everything that takes rules back is in place before they come. */
  async #begin(digest: string, undo: Iterable<string>): Promise<Result<Trial>> {
    const { folder, nft, seconds } = this.#setup;
    const file = folder.begin(digest, undo);
    if (!file.ok) return file;
    const checked = await runProgram(nft(['-c', '-f', file.value]));
    const isSound = checked.ok && checked.value.code === 0;
    const guard = isSound
      ? await startGuard(nft(['-f', file.value]), { file: file.value, seconds: seconds + GRACE_SECONDS })
      : fail('nft does not take what would take them back');
    if (guard.ok) return ok({ file: file.value, digest, guard: guard.value, startedMs: performance.now() });
    const ended = folder.end(file.value);
    return fail(ended.ok ? guard.error : `${guard.error}; ${ended.error}`);
  }

  /** Why rules are not confirmed; undefined when they are, and that is on the disk. */
  async #doubt(trial: Trial): Promise<string | undefined> {
    const lastMs = trial.startedMs + this.#ms + GRACE_SECONDS * 1000 - MARGIN_MS;
    const waitMs = Math.min(this.#ms, Math.max(0, lastMs - performance.now()));
    const reached = await this.#setup.reach(AbortSignal.any([this.#over.signal, AbortSignal.timeout(waitMs)]));
    if (this.#over.signal.aborted) return 'the agent was told to end before they were confirmed';
    if (!reached.ok) return `with them this machine did not reach its server by a new connection (${reached.error})`;
    if (performance.now() > lastMs) return 'it took too long to confirm them';
    const ended = this.#setup.folder.end(trial.file);
    if (!ended.ok) return ended.error;
    trial.guard.callOff();
    return undefined;
  }

  async #takeBack(enforcer: Enforcer, before: Enforcer['current'], { file, guard }: Trial): Promise<Result<void>> {
    // What packets put into sets lives on where the way back is known; where it is not, the table is made anew.
    const back = before === undefined ? undefined : await enforcer.enforce(before.view, before.wiring);
    if (back?.ok !== true) {
      const restored = await this.#restore(enforcer, file);
      if (!restored.ok) return restored;
    }
    const ended = this.#setup.folder.end(file);
    if (ended.ok) guard.callOff();
    return ended;
  }

  async #restore(enforcer: Enforcer, file: string): Promise<Result<void>> {
    enforcer.forget();
    const ran = await runProgram(this.#setup.nft(['-f', file]));
    if (ran.ok && ran.value.code === 0) return ok(undefined);
    const said = ran.ok ? ran.value.stderr.split('\n').slice(0, 3).join(' ').slice(0, 300) : ran.error.message;
    return fail(`the rules before cannot be put back: ${said}`);
  }

  /** Whether it was the rules: with the old ones the server is reached, or it is not. */
  async #judge(digest: string, why: string): Promise<NotInForce> {
    const { seconds, reach } = this.#setup;
    const taken = `they were taken back within ${seconds} seconds: ${why}`;
    if (this.#over.signal.aborted) return { again: 'never', message: taken };
    const reached = await reach(AbortSignal.any([this.#over.signal, AbortSignal.timeout(this.#ms)]));
    if (!reached.ok) {
      this.#inDoubt = digest;
      return soon(`${taken}, and does not without them either; they are tried again when it does`);
    }
    const strikes = this.#strike(digest);
    this.#row = { length: this.#row.length + 1, lastMs: performance.now() };
    if (strikes >= MOST_TRIES) return { again: 'never', message: `${taken}, as before: ${HOW_ON}` };
    this.#held.set(digest, performance.now() + LATER_MS);
    return {
      again: 'later',
      message: `${taken}; without them it does. They are tried once more in ${LATER_MS / 1000} seconds`,
    };
  }

  #strike(digest: string): number {
    const strikes = (this.#strikes.get(digest) ?? 0) + 1;
    this.#strikes.delete(digest);
    this.#strikes.set(digest, strikes);
    this.#keep();
    return strikes;
  }

  #forgive(digest: string): void {
    this.#row = { length: 0, lastMs: 0 };
    this.#held.clear();
    if (this.#strikes.delete(digest)) this.#keep();
  }

  #keep(): void {
    const kept = this.#setup.folder.keepStrikes(this.#strikes);
    if (!kept.ok) this.#setup.log('warn', kept.error);
  }
}

const HOW_ON = 'they are not tried again until the rules change or the agent is started anew';

/** Why rules that the kernel did not get are not in force. */
export function notInForce({ kind, message }: KernelFault): NotInForce {
  return { message, again: kind === 'hopeless' ? 'never' : 'soon' };
}

function soon(message: string): NotInForce {
  return { message, again: 'soon' };
}
