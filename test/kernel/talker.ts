// Programs that speak TCP inside namespaces, with the kernel's own sockets.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespace.ts';

/** How a dial came out: the address that the other end sees, or nothing where nobody answered. */
export type Dialled = string | undefined;

export class Talker {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor({ name }: Namespace) {
    const script = fileURLToPath(new URL('talk.py', import.meta.url));
    this.#process = spawn('ip', ['netns', 'exec', name, 'python3', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async listen(port: number): Promise<void> {
    await this.#order({ listen: port });
  }

  /** Opens a connection and keeps it under a name. */
  async dial(name: string, address: string, port: number): Promise<Dialled> {
    const answer = await this.#order({ dial: name, to: [address, port] });
    return typeof answer['from'] === 'string' ? answer['from'] : undefined;
  }

  /** Whether what is said on a connection comes back. */
  async isHeard(name: string): Promise<boolean> {
    return (await this.#order({ say: name }))['heard'] === true;
  }

  /** Sends on the connection that was accepted last at a port, unasked. */
  async tell(port: number): Promise<void> {
    await this.#order({ tell: port });
  }

  /** Whether what the other end told on a connection comes. */
  async hears(name: string): Promise<boolean> {
    return (await this.#order({ hear: name }))['heard'] === true;
  }

  async #order(order: object): Promise<Readonly<Record<string, unknown>>> {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the talker ended');
    return JSON.parse(answer.value) as Record<string, unknown>;
  }

  close(): void {
    this.#lines.close();
    this.#process.kill();
  }
}
