import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { Admission } from './admission.ts';
import { Connection } from './connection.ts';
import type { HttpRefusal, Route } from './exchange.ts';
import { faultAccount } from './fault.ts';
import { checkLimits, type Limits } from './limits.ts';
import { type ListenFault, listenFault } from './listen-fault.ts';
import type { Log } from './log.ts';
import { listenAddress } from './may-listen.ts';
import type { Metrics } from './metrics.ts';
import { type HealthCheck, healthRoute, type MetricsAudience, metricsRoute } from './observers.ts';
import { type Exchange, serve, type Service } from './serve.ts';
import { checkTls, shownBy, type TlsIdentity, tlsOptions } from './tls.ts';

/** How to listen. Whether the host may be listened on at all is `mayListen`'s to say. */
export type ListenOptions = {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  readonly tls?: TlsIdentity;
  /** A certificate, as PEM, that vouches for those of clients, who are asked for one where there is TLS; without it nobody is asked. */
  readonly clientAuthority?: string;
  readonly routes: readonly Route[];
  readonly log: Log;
  /** Of this listener alone. */
  readonly metrics: Metrics;
  readonly limits: Limits;
  /** What `/healthz` answers by; without it there is no `/healthz`. A server that closes is unhealthy by itself. */
  readonly health?: HealthCheck;
  /** Who may read `/metrics`. */
  readonly exposeMetrics: MetricsAudience;
  /** For a server without credentials: the hosts that clients may call it by. Others, and browsers on behalf of other sites, are refused. */
  readonly allowedHosts?: readonly string[];
};

/** A server that listens: HTTP/1.1 over TCP or TLS, within limits, until it is closed. */
export class Listener {
  readonly #server: Server;
  readonly #service: Service;
  readonly #connections = new Map<Duplex, Connection>();
  /** Connections without TLS yet, by the address and port of the client. */
  readonly #handshaking = new Map<string, Socket>();
  readonly #closingSignal = new AbortController();
  readonly #clientAuthority: string | undefined;
  #isDraining = false;
  #closing: Promise<{ readonly cut: number }> | undefined;

  private constructor(options: ListenOptions) {
    const { routes, limits, log, metrics, health, exposeMetrics, allowedHosts } = options;
    const admission = new Admission(limits);
    this.#service = {
      routes,
      limits,
      log,
      metrics,
      admission,
      allowedHosts: allowedHosts === undefined ? undefined : new Set(allowedHosts.map((host) => host.toLowerCase())),
      isDraining: () => this.#isDraining,
      closing: this.#closingSignal.signal,
      streams: { open: 0 },
      observers: [
        ...(health === undefined ? [] : [healthRoute(() => (this.#isDraining ? 'the server is closing' : health()))]),
        ...(exposeMetrics === 'nobody' ? [] : [metricsRoute(metrics, exposeMetrics)]),
      ],
    };
    this.#clientAuthority = options.clientAuthority;
    this.#server = this.#make(options);
    metrics.observe({
      connections: () => this.#connections.size,
      running: () => admission.running,
      waiting: () => admission.waiting,
      heldBytes: () => admission.heldBytes,
    });
    this.#hear();
  }

  /** Begins to listen. On a fault nothing listens and nothing has to be closed. */
  static async open(options: ListenOptions): Promise<Result<Listener, ListenFault>> {
    const limits = checkLimits(options.limits);
    if (!limits.ok) return fail({ kind: 'bad-limits', message: limits.error });
    const tls = options.tls === undefined ? undefined : checkTls(options.tls);
    if (tls?.ok === false) return fail({ kind: 'bad-tls', message: tls.error });
    if (tls?.ok === true && tls.value.validTo.getTime() < Date.now())
      options.log.warn({ validTo: tls.value.validTo.toISOString() }, 'the TLS certificate has expired');
    const listener = new Listener(options);
    const fault = await listener.#listen(options);
    return fault === undefined ? ok(listener) : fail(fault);
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Shows clients this certificate from the next connection on. Fails where there is no TLS, and for what is no certificate with its key. */
  useTls(identity: TlsIdentity): Result<void> {
    const checked = checkTls(identity);
    if (!checked.ok) return checked;
    if (!(this.#server instanceof TlsServer)) return fail('this server does not speak TLS');
    this.#server.setSecureContext(tlsOptions(identity, this.#clientAuthority));
    return ok(undefined);
  }

  /**
   * Takes no more connections, ends those that are idle and the streams, answers what is on its way, each with `connection: close`, and after `graceMs`
   * cuts what is left.
   * Resolves when every connection is closed, with the number of requests that were cut. A second call waits for the first.
   */
  async close(graceMs: number): Promise<{ readonly cut: number }> {
    this.#closing ??= this.#close(graceMs);
    return await this.#closing;
  }

  async #close(graceMs: number): Promise<{ readonly cut: number }> {
    this.#isDraining = true;
    this.#closingSignal.abort();
    // Node takes a connection for idle when its answer is handed over, and would cut it though the client does not have it yet.
    this.#server.closeIdleConnections = () => {
      for (const connection of this.#connections.values()) connection.closeAfterAnswers();
    };
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#handshaking.values()) socket.destroy();
    let cut = 0;
    const timer = setTimeout(() => {
      for (const { pending, socket } of this.#connections.values()) {
        cut += pending;
        socket.destroy();
      }
    }, graceMs);
    await closed;
    clearTimeout(timer);
    return { cut };
  }

  async #listen({ host, port }: ListenOptions): Promise<ListenFault | undefined> {
    const { promise, resolve } = Promise.withResolvers<ListenFault | undefined>();
    const refuse = (error: Error): void => resolve(listenFault(error, listenAddress(host), port));
    this.#server.once('error', refuse);
    try {
      this.#server.listen({ host: listenAddress(host), port, exclusive: true }, () => resolve(undefined));
    } catch (error) {
      refuse(error instanceof Error ? error : new Error('listening failed'));
    }
    const fault = await promise;
    this.#server.removeListener('error', refuse);
    this.#server.on('error', (error) => this.#service.log.error({ fault: faultAccount(error) }, 'the listener failed'));
    return fault;
  }

  #make({ limits, tls }: ListenOptions): Server {
    const bounds = serverBounds(limits);
    if (tls === undefined) return createServer(bounds).on('connection', (socket) => this.#take(socket, undefined));
    const secured = { ...bounds, ...tlsOptions(tls, this.#clientAuthority), handshakeTimeout: limits.headMs };
    return createTlsServer(secured)
      .on('connection', (socket) => this.#awaitHandshake(socket))
      .on('secureConnection', (socket) => {
        this.#handshaking.delete(endOf(socket));
        this.#take(socket, { clientCertificate: shownBy(socket) });
      });
  }

  #hear(): void {
    const { limits, metrics } = this.#service;
    const server = this.#server;
    // Node drops headers beyond a number without a word; their size is bounded anyway.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    server.on('request', (incoming, outgoing) => this.#begin(incoming, outgoing, 'nothing'));
    server.on('checkContinue', (incoming, outgoing) => this.#begin(incoming, outgoing, 'continue'));
    server.on('checkExpectation', (incoming, outgoing) => this.#begin(incoming, outgoing, 'unknown'));
    server.on('clientError', (error, socket) => this.#refuseBroken(error, socket));
    server.on('drop', () => metrics.refused('too-many-connections'));
  }

  #awaitHandshake(socket: Duplex): void {
    if (!(socket instanceof Socket)) return;
    const end = endOf(socket);
    this.#handshaking.set(end, socket);
    socket.once('close', () => this.#handshaking.delete(end));
  }

  #take(socket: Socket, tls: ConstructorParameters<typeof Connection>[1]): void {
    this.#connections.set(socket, new Connection(socket, tls));
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#isDraining) socket.destroy();
  }

  #begin(incoming: IncomingMessage, outgoing: ServerResponse, expects: Exchange['expects']): void {
    const connection = this.#connections.get(incoming.socket);
    if (connection === undefined) return;
    if (connection.pending < this.#service.limits.pipelined) {
      connection.enqueue(async () => await serve(this.#service, { incoming, outgoing, connection, expects }));
      return;
    }
    this.#service.metrics.refused('too-many-pipelined');
    connection.socket.destroy();
  }

  /** What came is no HTTP, or came too slowly, or the connection broke. */
  #refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.#connections.get(socket);
    const refusal = refusalOf(error);
    if (connection === undefined || refusal === undefined || connection.socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    const { log, metrics } = this.#service;
    const { remoteAddress } = connection;
    connection.refuse(refusal, () => {
      metrics.refused(refusal.reason);
      log.info({ route: 'none', status: refusal.status, remoteAddress, refused: refusal.reason }, 'request');
    });
  }
}

/** The limits that Node's server keeps by itself. */
function serverBounds(limits: Limits): ServerOptions {
  return {
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.max(10, Math.min(1000, Math.floor(limits.headMs / 4))),
    requireHostHeader: false,
  };
}

function refusalOf({ code }: NodeJS.ErrnoException): HttpRefusal | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { reason: 'too-slow', status: 408, message: 'the request took too long to arrive' };
  if (code === 'HPE_HEADER_OVERFLOW')
    return { reason: 'head-too-large', status: 431, message: 'the request line and headers are too long' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return { reason: 'body-too-large', status: 413, message: 'the extensions of a chunk are too long' };
  return code?.startsWith('HPE_') === true
    ? { reason: 'malformed', status: 400, message: 'this is not a request: it does not follow HTTP/1.1' }
    : undefined;
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
