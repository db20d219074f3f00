import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** What this process alone has, until it gives it back or ends. */
export type Lock = { readonly release: () => void };

/**
 * Takes what one process of this machine may have at a time; undefined when another one has it. The lock is the kernel's: a socket with a name and no
 * file, which goes with its process however that ends, so that nobody has to find out whether its holder still lives.
 */
export async function takeLock(name: string): Promise<Lock | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  server.listen(addressOf(name));
  try {
    await once(server, 'listening');
    return { release: () => server.close() };
  } catch {
    return undefined;
  }
}

/** Whether a process of this machine has it now. */
export async function isLocked(name: string): Promise<boolean> {
  const socket = connect(addressOf(name));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function addressOf(name: string): string {
  return `\0crenel-${name}`;
}
