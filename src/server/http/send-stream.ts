import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';
import type { StreamSource } from './exchange.ts';
import type { Sendable } from './send-answer.ts';

type Ending = 'sent' | 'gone' | 'slow';

/** When a stream ends by itself: the listener closes, or the client takes nothing for so long. */
export type StreamBounds = { readonly closing: AbortSignal; readonly stallMs: number };

/**
 * Sends an answer that goes on, until its source or the listener ends it, or the client is gone or takes nothing for too long. One piece at
 * a time: the next is asked for when the kernel has taken the last. Rejects when the source fails; the connection is cut then.
 */
export async function sendStream(
  { outgoing, connection }: { readonly outgoing: ServerResponse; readonly connection: Connection },
  { status, headers, stream }: Pick<Sendable, 'status' | 'headers'> & { readonly stream: StreamSource },
  { closing, stallMs }: StreamBounds,
): Promise<Ending> {
  outgoing.writeHead(status, { ...headers, connection: 'close' });
  outgoing.flushHeaders();
  let fault: { readonly error: unknown } | undefined;
  const pump = new Pump(outgoing, stream, stallMs);
  const ending = await connection.until<Ending>(
    (settle) => {
      pump.run(settle, (error) => {
        fault = { error };
        settle('gone');
      });
      if (closing.aborted) pump.end();
      else closing.addEventListener('abort', pump.end, { once: true });
    },
    (why) => (why === 'gone' ? why : undefined),
  );
  closing.removeEventListener('abort', pump.end);
  pump.stop();
  if (ending !== 'sent') connection.socket.destroy();
  if (fault !== undefined) throw fault.error;
  return ending;
}

/** Moves pieces from a source to a client as fast as the client takes them. */
class Pump {
  readonly #outgoing: ServerResponse;
  readonly #source: StreamSource;
  readonly #stallMs: number;
  #settle: (ending: Ending) => void = () => undefined;
  #failed: (error: unknown) => void = () => undefined;
  #stopSource: () => void = () => undefined;
  #state: 'flowing' | 'full' | 'ending' | 'over' = 'flowing';
  #planned: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(outgoing: ServerResponse, source: StreamSource, stallMs: number) {
    this.#outgoing = outgoing;
    this.#source = source;
    this.#stallMs = stallMs;
  }

  run(settle: (ending: Ending) => void, failed: (error: unknown) => void): void {
    this.#settle = settle;
    this.#failed = failed;
    this.#stopSource = this.#source.start(this.#plan, this.end);
    this.#outgoing.on('drain', this.#drained);
    this.#plan();
  }

  /** Says nothing more; what is on its way still goes out. */
  readonly end = (): void => {
    if (this.#state === 'over' || this.#state === 'ending') return;
    this.#state = 'ending';
    this.#arm(this.#stallMs, () => this.#settle('slow'));
    this.#outgoing.end(() => this.#settle('sent'));
  };

  stop(): void {
    this.#state = 'over';
    clearImmediate(this.#planned);
    clearTimeout(this.#timer);
    this.#outgoing.removeListener('drain', this.#drained);
    this.#stopSource();
  }

  /** Many wake-ups of one turn of the event loop are one, and none of them runs inside whoever woke. */
  readonly #plan = (): void => {
    if (this.#state === 'flowing') this.#planned ??= setImmediate(this.#flow);
  };

  readonly #drained = (): void => {
    if (this.#state !== 'full') return;
    this.#state = 'flowing';
    this.#plan();
  };

  readonly #flow = (): void => {
    this.#planned = undefined;
    if (this.#state !== 'flowing') return;
    try {
      const piece = this.#source.next();
      if (piece !== undefined) this.#say(piece);
      // Whoever wakes in vain must not put off the sign of life.
      else if (this.#timer === undefined) this.#arm(this.#source.idle.afterMs, () => this.#say(this.#source.idle.text));
    } catch (error) {
      this.#failed(error);
    }
  };

  #say(piece: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#outgoing.write(piece)) {
      this.#plan();
      return;
    }
    this.#state = 'full';
    this.#arm(this.#stallMs, () => this.#settle('slow'));
  }

  #arm(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }
}
