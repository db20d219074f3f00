import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientCertificate, HttpRefusal } from './exchange.ts';

/** What ends a wait for a client before its time: the client is gone, or what it sends is not a request. */
export type Interruption = 'gone' | HttpRefusal;

/**
 * How long the server still reads, and throws away, after it has answered a request that it did not read to the end. Closing at once would
 * make the kernel reset the connection, and the client would never see the answer (RFC 9112 9.6).
 */
export const LINGER_MS = 1000;

/**
 * One client's connection. Requests that were sent without waiting for answers are served one after another: a server may overtake only
 * what is safe (RFC 9112 9.3.2), and the listener does not know what is.
 */
export class Connection {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly isSecure: boolean;
  readonly clientCertificate: ClientCertificate | undefined;
  #pending = 0;
  #isClosing = false;
  /** How much had come when the last answer was sent, or before the first request. */
  #bytesAtRest: number;
  #tail: Promise<void> = Promise.resolve();
  #stopped: Interruption | undefined;
  #interrupt: ((why: Interruption) => boolean) | undefined;

  /** `tls`: what is known of a client that speaks it; undefined for one that does not. */
  constructor(socket: Socket, tls: { readonly clientCertificate: ClientCertificate | undefined } | undefined) {
    this.socket = socket;
    this.isSecure = tls !== undefined;
    this.clientCertificate = tls?.clientCertificate;
    this.#bytesAtRest = socket.bytesRead;
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    socket.once('close', () => this.#stop('gone'));
  }

  /** Requests that are not answered yet. */
  get pending(): number {
    return this.#pending;
  }

  get isGone(): boolean {
    return this.#stopped === 'gone';
  }

  /** Serves a request when those before it are answered; never, when the connection ends first. `serve` must not reject. */
  enqueue(serve: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      if (this.#stopped === undefined) await serve();
      this.#pending -= 1;
      this.#bytesAtRest = this.socket.bytesRead;
      if (this.#isClosing && this.#pending === 0) this.socket.destroySoon();
    };
    this.#pending += 1;
    this.#tail = this.#pending === 1 ? run() : this.#tail.then(run);
  }

  /**
   * Waits for what `begin` settles with; an interruption that `interrupted` has an answer to ends the wait at once. One wait at a time:
   * requests are served one after another.
   */
  async until<T extends string | object>(
    begin: (settle: (value: T) => void) => void,
    interrupted: (why: Interruption) => T | undefined,
  ): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    this.#interrupt = (why) => {
      const value = interrupted(why);
      if (value !== undefined) resolve(value);
      return value !== undefined;
    };
    if (this.#stopped === undefined || !this.#interrupt(this.#stopped)) begin(resolve);
    const value = await promise;
    this.#interrupt = undefined;
    return value;
  }

  /**
   * What comes is not a request. Whoever reads it answers so; else it is said after the answers that are due, `said` is called, and the
   * connection ends.
   */
  refuse(refusal: HttpRefusal, said: () => void): void {
    if (this.#stopped !== undefined || this.#stop(refusal)) return;
    void this.#afterAnswers(refusal, said);
  }

  /** Ends the connection when the answers that are due are sent; at once, when none is due and no request has begun. */
  closeAfterAnswers(): void {
    this.#isClosing = true;
    if (this.#pending === 0 && this.socket.bytesRead === this.#bytesAtRest) this.socket.destroySoon();
  }

  async #afterAnswers(refusal: HttpRefusal, said: () => void): Promise<void> {
    await this.#tail;
    said();
    this.#sayAndClose(refusal);
  }

  #stop(why: Interruption): boolean {
    this.#stopped = why;
    return this.#interrupt?.(why) ?? false;
  }

  #sayAndClose({ status, message }: HttpRefusal): void {
    const body = `${message}\n`;
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'content-type: text/plain; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    if (this.socket.destroyed || !this.socket.writable) {
      this.socket.destroy();
      return;
    }
    this.socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    this.socket.once('close', () => clearTimeout(timer));
  }
}
