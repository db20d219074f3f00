// A listener for tests, with its log and its metrics in reach, and the requests that they send.
import * as nodeTest from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { expectOk } from '../../src/core/net/result.ts';
import type { HttpAnswer, HttpHandler, Route } from '../../src/server/http/exchange.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/server/http/limits.ts';
import { Listener, type ListenOptions } from '../../src/server/http/listener.ts';
import { openLog } from '../../src/server/http/log.ts';
import { Metrics } from '../../src/server/http/metrics.ts';
import { type RawAnswer, RawClient } from './raw-client.ts';

type Line = Readonly<Record<string, unknown>>;
export type Started = {
  readonly listener: Listener;
  readonly port: number;
  readonly lines: string[];
  readonly metrics: Metrics;
  /** The lines of the log with this text. */
  readonly logged: (text: string) => readonly Line[];
  /** The value of a metric with exactly these labels, as they are printed. */
  readonly metric: (name: string) => Promise<number | undefined>;
};
type More = Omit<Partial<ListenOptions>, 'limits'> & { readonly limits?: Partial<Limits> };

/** A 200 with a body, or another answer. */
export const answer = (body: string, more: Partial<HttpAnswer> = {}): HttpAnswer => ({
  status: 200,
  headers: {},
  body,
  ...more,
});

/** A route like EC2's: POST and GET on the root. */
export const root = (handle: HttpHandler, more: Partial<Route> = {}): Route => ({
  name: 'root',
  accepts: (method, path) => path === '/' && (method === 'POST' || method === 'GET'),
  handle,
  ...more,
});
/** Answers with the body of the request. */
export const echo: Route = root(async ({ body }) => await Promise.resolve(answer(Buffer.from(body).toString('utf8'))));

/** Opens a listener on a free port of 127.0.0.1 and closes it after the test. */
export async function start(t: TestContext, { limits, ...more }: More = {}): Promise<Started> {
  const lines: string[] = [];
  const log = openLog({ write: (written) => lines.push(...(written.match(/[^\n]*\n/g) ?? [])) }, 'debug');
  const metrics = new Metrics(false);
  const opened = await Listener.open({
    host: '127.0.0.1',
    port: 0,
    routes: [echo],
    log,
    metrics,
    limits: { ...DEFAULT_LIMITS, ...limits },
    exposeMetrics: 'loopback',
    ...more,
  });
  const listener = expectOk(opened);
  t.after(async () => await listener.close(0));
  return {
    listener,
    port: listener.port,
    lines,
    metrics,
    logged: (text) => {
      log.flush();
      return lines.map((line) => JSON.parse(line) as Line).filter((line) => line['msg'] === text);
    },
    metric: async (name) => {
      const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.slice(name.length + 1));
    },
  };
}

/** The text of a request with a Host header. */
export const request = (line: string, headers: readonly string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n');
/** The text of a POST on the root with a body. */
export const post = (body: string, headers: readonly string[] = []): string =>
  request('POST /', [`Content-Length: ${Buffer.byteLength(body)}`, ...headers], body);

/** Sends one text on a connection of its own and gives the first answer. */
export async function ask(port: number, text: string | Uint8Array): Promise<RawAnswer | undefined> {
  const client = await RawClient.open(port);
  client.send(text);
  const got = await client.answer();
  client.socket.destroy();
  return got;
}

/** Something that a test lets happen when it wants to. */
export function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise.then(() => undefined), open: () => resolve(undefined) };
}

/** Absent before Node 24.19. */
const { getTestContext }: Partial<typeof nodeTest> = nodeTest;

/** Waits until something holds, or the test or suite that it is called in is over: nothing goes on asking after a timeout. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const signal = getTestContext?.()?.signal;
  while (!(await holds())) await setTimeout(2, undefined, { signal });
}

/** A route whose handler waits: `arrived` counts the requests that reached it. */
export function held(): { readonly route: Route; readonly arrived: () => number; readonly release: () => void } {
  const gone = latch();
  let arrived = 0;
  const route = root(async () => {
    arrived += 1;
    await gone.opened;
    return answer('done');
  });
  return { route, arrived: () => arrived, release: gone.open };
}
