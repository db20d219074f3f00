import { type IncomingMessage, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { type Connection, LINGER_MS } from './connection.ts';
import type { HttpAnswer, HttpRefusal } from './exchange.ts';

/** What the listener decides by itself, whatever a handler says. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
]);

/** An answer that can be sent: its parts are checked. */
export type Sendable = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly size: number;
};

/** Checks what a handler answered. Throws for what HTTP cannot carry, which is a fault of the program. */
export function sendable({ status, headers, body }: HttpAnswer): Sendable {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`status ${status}`);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (OWN_HEADERS.has(name.toLowerCase())) continue;
    validateHeaderName(name);
    validateHeaderValue(name, value);
    kept[name] = value;
  }
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  return { status, headers: kept, body, size };
}

/** A refusal as plain text. */
export function plainRefusal({ status, message }: HttpRefusal): HttpAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${message}\n` };
}

/** How an answer is sent. */
export type Sending = {
  /** Ends the connection after it. */
  readonly isLast: boolean;
  /** The request was not read to its end: the rest is thrown away, for a while, and the connection ends. */
  readonly isUnread: boolean;
  /** How long the client may take for it. */
  readonly answerMs: number;
};

/** Sends an answer and waits until the kernel has it. Gives `slow` when the client did not take it in time: the connection is cut then. */
export async function sendAnswer(
  {
    incoming,
    outgoing,
    connection,
  }: {
    readonly incoming: IncomingMessage;
    readonly outgoing: ServerResponse;
    readonly connection: Connection;
  },
  answer: Sendable,
  { isLast, isUnread, answerMs }: Sending,
): Promise<'sent' | 'gone' | 'slow'> {
  const hasLength = answer.status !== 204 && answer.status !== 304;
  outgoing.writeHead(answer.status, {
    ...answer.headers,
    ...(hasLength ? { 'content-length': answer.size } : {}),
    ...(isLast || isUnread ? { connection: 'close' } : {}),
  });
  let timer: NodeJS.Timeout | undefined;
  const finish = (body: string | Uint8Array | undefined): Promise<'sent' | 'gone' | 'slow'> =>
    connection.until(
      (settle) => {
        outgoing.once('finish', () => settle('sent'));
        outgoing.end(body);
        // Most answers fit into the kernel's buffer at once: no clock is needed for them.
        if (connection.socket.writableLength > 0) timer = setTimeout(() => settle('slow'), answerMs);
      },
      (why) => (why === 'gone' ? why : undefined),
    );
  if (isUnread) await throwAwayRest(incoming, outgoing, { connection, body: answer.body });
  const ending = await finish(isUnread ? undefined : answer.body);
  clearTimeout(timer);
  if (ending === 'slow') connection.socket.destroy();
  return ending;
}

async function throwAwayRest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { connection, body }: { readonly connection: Connection; readonly body: string | Uint8Array },
): Promise<void> {
  outgoing.flushHeaders();
  if (body.length > 0) outgoing.write(body);
  let timer: NodeJS.Timeout | undefined;
  await connection.until<'over'>(
    (settle) => {
      timer = setTimeout(() => settle('over'), LINGER_MS);
      incoming.once('end', () => settle('over'));
      incoming.resume();
    },
    () => 'over',
  );
  clearTimeout(timer);
}
