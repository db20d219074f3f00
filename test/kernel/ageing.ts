// Time that passes in a namespace without waiting for it.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

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
  async pass(seconds: number): Promise<void> {
    await this.#ask({ pass: seconds });
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
