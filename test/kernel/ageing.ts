// Time that passes in a namespace without waiting for it.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Linux takes UDP for a stream only when it is so old, in real milliseconds: nothing else makes it older. */
export const STREAM_MS = 2100;

/** Makes what a namespace remembers of flows older: connections, and elements of sets that forget. */
export class Ageing {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(namespace: string) {
    const script = fileURLToPath(new URL('ageing.py', import.meta.url));
    this.#process = spawn('ip', ['netns', 'exec', namespace, 'python3', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Takes down what is remembered now, and for how long. Real time since the packet before must be less than a second. */
  async note(): Promise<void> {
    await this.#ask({ note: true });
  }

  /** From what was noted, so many seconds are over. */
  async #pass(seconds: number): Promise<void> {
    await this.#ask({ pass: seconds });
  }

  /** Lets so many seconds pass, and real time until a moment. What is less than a second is less than the kernel counts in. */
  async grow(seconds: number, until: number): Promise<void> {
    if (seconds < 1) return;
    await this.note();
    await sleep(Math.max(0, until - performance.now()));
    await this.#pass(seconds);
  }

  close(): void {
    this.#lines.close();
    this.#process.kill();
  }

  async #ask(command: unknown): Promise<void> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('what makes a namespace older ended');
  }
}
