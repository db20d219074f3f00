import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export type RawAnswer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

/** A client that sends exactly the bytes it is told to, and shows exactly what came back. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #hasEnded = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  /** A connection to a port of 127.0.0.1. */
  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** The next whole answer; undefined when the connection ends before one came. */
  async answer(): Promise<RawAnswer | undefined> {
    for (;;) {
      const taken = takeAnswer(this.#received);
      if (taken !== undefined) {
        this.#received = taken.rest;
        return taken.answer;
      }
      if (this.#hasEnded) return undefined;
      await this.#more();
    }
  }

  /** Waits for the end of the connection; what came until then and was not taken. */
  async ended(): Promise<string> {
    while (!this.#hasEnded) await this.#more();
    return this.#received;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
    });
  }
}

function takeAnswer(text: string): { readonly answer: RawAnswer; readonly rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  const start = end + 4;
  const length = Number(headers.get('content-length') ?? 0);
  if (text.length < start + length) return undefined;
  const body = Buffer.from(text.slice(start, start + length), 'latin1').toString('utf8');
  return { answer: { status, headers, body }, rest: text.slice(start + length) };
}
