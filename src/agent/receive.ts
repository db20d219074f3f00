import { setTimeout } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import { fail, type Result } from '../core/net/result.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { decodeMessage, encodeLine } from '../server/sync/codec.ts';
import { type AttachMode, type Hello, type Holds, MAX_LINE, SYNC_VERSION } from '../server/sync/messages.ts';
import { type BuiltView, ViewBuilder, type ViewChange } from '../server/sync/view-builder.ts';
import { post, type ServerLink } from './server-link.ts';

/** How long to wait, in milliseconds: between attempts, doubling from `first` to `most`; and for any word of the server. */
export type Patience = { readonly first: number; readonly most: number; readonly silent: number };

const PATIENCE: Patience = { first: 250, most: 30_000, silent: 35_000 };

export type ReceiverSetup = {
  readonly link: ServerLink;
  readonly host: string;
  readonly mode: AttachMode;
  readonly holds: Holds;
  /** Names this life of the agent, for the server to tell it from others of the same host. */
  readonly run?: string;
  /**
   * Called at each mark, first when the first snapshot is whole. `epoch` names the run of the server, for reports. Must not throw.
   */
  readonly onView: (view: HostView, change: ViewChange, epoch: string) => void;
  /** Called with why the stream ended, each time; undefined when one has begun. */
  readonly onState: (trouble: string | undefined) => void;
  readonly patience?: Patience;
};

/**
 * Keeps a stream from the server open, whatever happens to it, and builds the host's view from it. What a broken stream left incomplete
 * is forgotten; the view that was whole stays, and the next stream goes on from there when the server still can.
 */
export class Receiver {
  readonly #setup: ReceiverSetup;
  readonly #patience: Patience;
  readonly #builder = new ViewBuilder();
  #holds: Holds;
  /** What the server was told when it told the view. */
  #heldThen: Holds;
  #mayResume = true;
  #attempts = 0;
  #stream = new AbortController();
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(setup: ReceiverSetup) {
    this.#setup = setup;
    this.#patience = setup.patience ?? PATIENCE;
    this.#holds = setup.holds;
    this.#heldThen = setup.holds;
  }

  /** Begins to receive; once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Holds other interfaces from now on: a new stream begins at once. */
  hold(holds: Holds): void {
    this.#holds = holds;
    this.#attempts = 0;
    this.#stream.abort();
  }

  /** Ends the stream; resolves when nothing will be called any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stream.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#stream = new AbortController();
      const { signal } = this.#stream;
      const ended = await this.#receive(signal);
      if (signal.aborted) continue;
      this.#setup.onState(ended);
      await this.#pause(signal);
    }
  }

  /** Longer after each failure in a row, and never all agents at once: a server that comes back is not run over. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { first, most } = this.#patience;
    const longest = Math.min(most, first * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    try {
      await setTimeout(longest * (0.5 + Math.random() / 2), undefined, { signal });
    } catch {
      // Woken early: the interfaces changed, or it is over.
    }
  }

  /** One stream from its hello to its end; says why it ended. */
  async #receive(signal: AbortSignal): Promise<string> {
    const hello = this.#hello();
    this.#builder.reset();
    const answer = await post(
      this.#setup.link,
      { path: '/crenel/v1/agent/stream', body: encodeLine(hello) },
      { signal, silentMs: this.#patience.silent },
    );
    if (!answer.ok) return answer.error;
    this.#setup.onState(undefined);
    try {
      return await this.#read(answer.value, hello);
    } catch (error) {
      return `the stream broke: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      answer.value.destroy();
    }
  }

  async #read(answer: IncomingMessage, hello: Hello): Promise<string> {
    let rest = '';
    answer.setEncoding('latin1');
    for await (const piece of answer as AsyncIterable<string>) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) return this.#distrust('a line is too long');
      for (const line of lines) {
        const built = this.#take(line);
        if (!built.ok) return this.#distrust(built.error);
        if (built.value !== undefined && !this.#stream.signal.aborted) this.#hand(built.value, hello);
      }
    }
    return 'the server ended the stream';
  }

  #take(line: string): Result<BuiltView | undefined> {
    const message = decodeMessage(line);
    return message.ok ? this.#builder.take(message.value) : fail(message.error);
  }

  #hand({ view, change, epoch }: BuiltView, hello: Hello): void {
    this.#attempts = 0;
    this.#mayResume = true;
    this.#heldThen = hello.holds;
    this.#setup.onView(view, change, epoch);
  }

  /** What was said makes no sense: the next stream begins from nothing. */
  #distrust(why: string): string {
    this.#mayResume = false;
    return `the server says what this agent does not understand: ${why}`;
  }

  #hello(): Hello {
    const point = this.#mayResume ? this.#builder.resumePoint : undefined;
    return {
      version: SYNC_VERSION,
      host: this.#setup.host,
      mode: this.#setup.mode,
      holds: this.#holds,
      ...(this.#setup.run === undefined ? {} : { run: this.#setup.run }),
      ...(point === undefined ? {} : { resume: { ...point, holds: this.#heldThen } }),
    };
  }
}
