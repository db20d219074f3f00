import type { Limits } from './limits.ts';

/** A place among the running requests, or in the queue for one. */
export type Place = {
  /** Resolves when the request may run; undefined when it may at once. */
  readonly turn: Promise<unknown> | undefined;
  /** Gives the place back, whether the request ran or still waited; a second time does nothing. */
  readonly leave: () => void;
};

type Waiter = { readonly wake: () => void };

/** Bounds how many requests run and wait, first come first served, and how many bytes all of them hold. */
export class Admission {
  readonly #max: Pick<Limits, 'running' | 'waiting' | 'heldBytes'>;
  readonly #queue = new Set<Waiter>();
  #running = 0;
  #heldBytes = 0;

  constructor(max: Pick<Limits, 'running' | 'waiting' | 'heldBytes'>) {
    this.#max = max;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A place, or undefined when the queue is full. */
  enter(): Place | undefined {
    if (this.#running < this.#max.running) {
      this.#running += 1;
      return { turn: undefined, leave: once(() => this.#passOn()) };
    }
    if (this.#queue.size >= this.#max.waiting) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const waiter = { wake: () => resolve(undefined) };
    this.#queue.add(waiter);
    return { turn: promise, leave: once(() => (this.#queue.delete(waiter) ? undefined : this.#passOn())) };
  }

  /** Whether so many bytes more fit. */
  fits(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#max.heldBytes;
  }

  /** Counts bytes that came into memory; a negative number, bytes that left it. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Hands the place of one that ran to the one that waits longest. */
  #passOn(): void {
    const [first] = this.#queue;
    if (first === undefined) {
      this.#running -= 1;
      return;
    }
    this.#queue.delete(first);
    first.wake();
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
