import type { IncomingMessage, ServerResponse } from 'node:http';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Admission } from './admission.ts';
import type { Connection } from './connection.ts';
import type { HttpAnswer, HttpRequest, HttpRefusal, Route, StreamSource } from './exchange.ts';
import { faultAccount, textsOf } from './fault.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { refuseForeign } from './own-origin.ts';
import { BUSY, type Head, NOTHING, readBody, readHead, refuseUnread } from './read-request.ts';
import { plainRefusal, sendable, type Sendable, sendAnswer } from './send-answer.ts';
import { sendStream } from './send-stream.ts';

/** What all requests of a listener share. */
export type Service = {
  readonly routes: readonly Route[];
  /** Routes that answer however busy the server is, and are not worth a line in the log. */
  readonly observers: readonly Route[];
  /** Set on a server without credentials; see `refuseForeign`. */
  readonly allowedHosts: ReadonlySet<string> | undefined;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly isDraining: () => boolean;
  /** Aborted when the listener closes: streams end then. */
  readonly closing: AbortSignal;
  readonly streams: { open: number };
};

/** One request and where its answer goes. */
export type Exchange = {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly connection: Connection;
  /** What the header Expect asks for. */
  readonly expects: 'nothing' | 'continue' | 'unknown';
};

/** What is to be said, and by whom. */
type Reply = {
  readonly route: Route | undefined;
  readonly answer: HttpAnswer;
  readonly sendable: Sendable;
  readonly isUnread: boolean;
  readonly refused?: string;
};

/** How it ended: the client has the answer, or went away, or did not take it in time. */
type Ending = 'sent' | 'gone' | 'slow';

/** Bytes of one exchange. */
type Tally = { bytesIn: number; held: number };

const FAULT: HttpRefusal = { reason: 'fault', status: 500, message: 'the server failed at this request' };
const EXPECTATION: HttpRefusal = {
  reason: 'expectation',
  status: 417,
  message: 'the only expectation that is met here is 100-continue',
};
/** What the log says where nobody was left to hear a status. */
const CLIENT_GONE = 499;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Reads a request, has it answered, sends the answer, counts and logs. Never rejects; whatever goes wrong ends this exchange only. */
export async function serve(service: Service, exchange: Exchange): Promise<void> {
  const started = performance.now();
  const tally: Tally = { bytesIn: 0, held: 0 };
  try {
    const reply = await replyTo(service, exchange, tally);
    const ending = reply === 'gone' ? reply : await deliver(service, exchange, { reply, tally });
    record(service, exchange, { reply, ending, tally, ms: performance.now() - started });
  } catch (error) {
    exchange.connection.socket.destroy();
    service.log.error({ fault: faultAccount(error) }, 'the listener failed');
  } finally {
    service.admission.hold(-tally.held);
  }
}

/** Reads a request and has it answered; nobody is answered who is gone. */
async function replyTo(service: Service, exchange: Exchange, tally: Tally): Promise<Reply | 'gone'> {
  const head = readHead(exchange.incoming, exchange.connection);
  if (!head.ok) return refused(service, head.error, { isUnread: true });
  const { request, hasBody } = head.value;
  const { allowedHosts } = service;
  const foreign = allowedHosts === undefined ? undefined : refuseForeign(request.headers, allowedHosts);
  if (foreign !== undefined) return refused(service, foreign, { isUnread: hasBody });
  const observer = service.observers.find((route) => route.accepts(request.method, request.path));
  if (observer !== undefined)
    return { ...(await handled(service, observer, { ...request, body: NOTHING })), isUnread: hasBody };
  const route = findRoute(service.routes, request);
  if (!route.ok) return refused(service, route.error, { isUnread: hasBody });
  const body = await bodyOf(service, exchange, { head: head.value, tally, route: route.value });
  if (body.ok)
    return await admitted(service, exchange, { route: route.value, request: { ...request, body: body.value } });
  return body.error === 'gone' ? 'gone' : refused(service, body.error, { isUnread: hasBody, route: route.value });
}

/** The body, unless there is a reason not to read it; its bytes count as held. */
async function bodyOf(
  { limits, admission }: Service,
  { incoming, outgoing, connection, expects }: Exchange,
  { head, tally, route }: { readonly head: Head; readonly tally: Tally; readonly route: Route },
): Promise<Result<Uint8Array, HttpRefusal | 'gone'>> {
  if (expects === 'unknown') return fail(EXPECTATION);
  const { method, path } = head.request;
  const maxBytes = Math.max(limits.bodyBytes, route.bodyBytes?.(method, path) ?? 0);
  const unread = refuseUnread(head, maxBytes);
  if (unread !== undefined) return fail(unread);
  if (!admission.fits(head.announcedBytes ?? 0)) return fail(BUSY);
  if (!head.hasBody) return ok(NOTHING);
  if (expects === 'continue') outgoing.writeContinue();
  const take = (bytes: number): boolean => {
    if (!admission.fits(bytes)) return false;
    admission.hold(bytes);
    tally.held += bytes;
    tally.bytesIn += bytes;
    return true;
  };
  return await readBody(incoming, connection, { maxBytes, take });
}

/** Has a request handled when it is its turn. */
async function admitted(
  service: Service,
  { connection }: Exchange,
  { route, request }: { readonly route: Route; readonly request: HttpRequest },
): Promise<Reply | 'gone'> {
  const place = service.admission.enter();
  if (place === undefined) return refused(service, BUSY, { isUnread: false, route });
  try {
    const { turn } = place;
    const isTurn =
      turn === undefined ||
      (await connection.until<'turn' | 'gone'>(
        (settle) => void turn.then(() => settle('turn')),
        (why) => (why === 'gone' ? why : undefined),
      )) === 'turn';
    return isTurn ? await handled(service, route, request) : 'gone';
  } finally {
    place.leave();
  }
}

/** What a route answers; a refusal when it fails. */
async function handled(service: Service, route: Route, request: HttpRequest): Promise<Reply> {
  try {
    const answer = await route.handle(request);
    if (answer.stream !== undefined && service.streams.open >= service.limits.streams)
      return refused(service, BUSY, { isUnread: false, route });
    return { route, answer, sendable: sendable(answer), isUnread: false };
  } catch (error) {
    service.log.error({ route: route.name, fault: faultAccount(error, textsOf(request)) }, 'a handler failed');
    return refused(service, FAULT, { isUnread: false, route });
  }
}

/** What the listener answers by itself, in the form of the route's clients. */
function refused(
  service: Service,
  refusal: HttpRefusal,
  { isUnread, route }: { readonly isUnread: boolean; readonly route?: Route },
): Reply {
  service.metrics.refused(refusal.reason);
  const answer = route?.refuse?.(refusal) ?? plainRefusal(refusal);
  const whole = { ...answer, headers: { ...answer.headers, ...refusal.headers } };
  return { route, answer: whole, sendable: sendable(whole), isUnread, refused: refusal.reason };
}

function findRoute(
  routes: readonly Route[],
  { method, path }: Pick<HttpRequest, 'method' | 'path'>,
): Result<Route, HttpRefusal> {
  const route = routes.find((one) => one.accepts(method, path));
  if (route !== undefined) return ok(route);
  const allowed = METHODS.filter((other) => routes.some((one) => one.accepts(other, path)));
  if (allowed.length === 0) return fail({ reason: 'no-such-path', status: 404, message: 'there is nothing here' });
  return fail({
    reason: 'no-such-method',
    status: 405,
    message: `only ${allowed.join(' and ')} are answered here`,
    headers: { allow: allowed.join(', ') },
  });
}

async function deliver(
  service: Service,
  exchange: Exchange,
  { reply, tally }: { readonly reply: Reply; readonly tally: Tally },
): Promise<Ending> {
  const { admission, limits, metrics, isDraining } = service;
  if (exchange.connection.isGone) return 'gone';
  const { stream } = reply.answer;
  if (stream !== undefined) return await deliverStream(service, exchange, { reply, stream });
  admission.hold(reply.sendable.size);
  tally.held += reply.sendable.size;
  const { isUnread } = reply;
  const sending = { isLast: isDraining(), isUnread, answerMs: limits.answerMs };
  const ending = await sendAnswer(exchange, reply.sendable, sending);
  if (ending === 'slow') metrics.refused('answer-too-slow');
  return ending;
}

async function deliverStream(
  { limits, metrics, streams, closing }: Service,
  exchange: Exchange,
  { reply, stream }: { readonly reply: Reply; readonly stream: StreamSource },
): Promise<Ending> {
  streams.open += 1;
  try {
    const { status, headers } = reply.sendable;
    const ending = await sendStream(exchange, { status, headers, stream }, { closing, stallMs: limits.answerMs });
    if (ending === 'slow') metrics.refused('answer-too-slow');
    return ending;
  } finally {
    streams.open -= 1;
  }
}

/** One line in the log and one more in the counters. Of the request nothing is written but its method. */
function record(
  { log, metrics, observers }: Service,
  { incoming, connection }: Exchange,
  { reply, ending, tally, ms }: { reply: Reply | 'gone'; ending: Ending; tally: Tally; ms: number },
): void {
  const known = reply === 'gone' ? undefined : reply;
  const method = incoming.method ?? '';
  const route = known?.route?.name ?? 'none';
  const status = known?.answer.status ?? CLIENT_GONE;
  const bytesOut = ending === 'sent' ? (known?.sendable.size ?? 0) : 0;
  const { bytesIn } = tally;
  const { action, code } = known?.answer.log ?? {};
  metrics.answered({
    route,
    method,
    status,
    seconds: ms / 1000,
    bytesIn,
    bytesOut,
    action: typeof action === 'string' ? action : undefined,
    code: typeof code === 'string' ? code : undefined,
  });
  const isObserver = known?.route !== undefined && observers.includes(known.route);
  log[isObserver ? 'debug' : 'info'](
    {
      method,
      route,
      status,
      bytesIn,
      bytesOut,
      ms: Math.round(ms * 1000) / 1000,
      remoteAddress: connection.remoteAddress,
      requestId: requestIdOf(known?.answer),
      ...(ending === 'sent' ? {} : { ending }),
      ...(known?.refused === undefined ? {} : { refused: known.refused }),
      ...(known?.answer.log === undefined ? {} : { answer: known.answer.log }),
    },
    'request',
  );
}

function requestIdOf(answer: HttpAnswer | undefined): string | undefined {
  const usual = answer?.headers['x-amzn-requestid'];
  if (answer === undefined || usual !== undefined) return usual;
  return Object.entries(answer.headers).find(([name]) => name.toLowerCase() === 'x-amzn-requestid')?.[1];
}
