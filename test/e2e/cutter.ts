// Something between a client and a server that lets only so much of each answer through, and then says nothing more.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Cutter {
  /** How many bytes of each connection's answers come through. */
  most: number = Infinity;
  /** The most bytes that came through on one connection. */
  longest: number = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  constructor(target: URL) {
    this.#server = createServer((near) => this.#carry(near, connect(Number(target.port), target.hostname)));
    this.#server.listen(0, '127.0.0.1');
  }

  async url(): Promise<string> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #carry(near: Socket, far: Socket): void {
    let carried = 0;
    far.on('data', (bytes) => {
      const some = bytes.subarray(0, Math.max(0, this.most - carried));
      carried += some.length;
      this.longest = Math.max(this.longest, carried);
      near.write(some);
    });
    near.pipe(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}
