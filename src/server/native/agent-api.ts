import type { Result } from '../../core/net/result.ts';
import { changedKeys } from '../../core/model/table.ts';
import type { World } from '../../core/model/world.ts';
import type { Caller } from '../access/caller.ts';
import type { Control } from '../control/control.ts';
import type { Realm } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';
import { realmKey, realmOf } from '../control/stored.ts';
import type { HttpAnswer, HttpRequest, StreamSource } from '../http/exchange.ts';
import { decodeHello, decodeReport, encodeLine } from '../sync/codec.ts';
import { History } from '../sync/history.ts';
import type { HostEntry } from '../enrolment/register.ts';
import { HitBook, type ItemsOf } from '../sync/hit-book.ts';
import { type At, Hosts, type OwnHost } from '../sync/hosts.ts';
import type { Counters, Hello, Holds, ServerMessage } from '../sync/messages.ts';
import { Outbox, type ToldBefore } from '../sync/outbox.ts';
import { forbidden, jsonAnswer, readBody, refusalAnswer } from './answers.ts';
import { agentMetrics } from './agent-metrics.ts';
import { countedItems, type HitOwner, type HitsDocument, hitsDocument } from './hits.ts';
import { everCame, type ListedHost, listedHosts } from './host-list.ts';
import { NATIVE_PATH } from './paths.ts';

/** How much of a stream is handed to the listener at once, in characters. */
const PIECE = 65_536;
/** How often an idle stream shows that the server is there, in milliseconds. */
const HEARTBEAT_MS = 10_000;

export type AgentApiSetup = {
  readonly control: Control;
  readonly authenticate: (request: HttpRequest) => Result<Caller, Refusal>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Names this run of the server: revisions of another run are not resumed from. */
  readonly epoch: string;
  /** The hosts of a realm that were invited, let in or removed. */
  readonly enrolled?: (realm: Realm) => readonly HostEntry[];
  /** The realms that have such hosts. */
  readonly enrolledRealms?: () => readonly Realm[];
};

/** What `GET /crenel/v1/hosts` answers. */
export type HostsDocument = {
  readonly revision: number;
  /** When it was said, and when the server began: what it heard before that it does not know. ISO 8601. */
  readonly at: string;
  readonly startedAt: string;
  /** Said when nothing enforces what the API accepts. */
  readonly note?: string;
  readonly hosts: readonly ListedHost[];
};

export const RECORDS_ONLY = 'instances are records only: no agent is connected, and nothing is enforced';
/** The same where hosts were: their rules stay where they are, whoever watches them. */
const UNWATCHED =
  'no agent is connected: changes reach no host, and what hosts that are gone or removed had in force may still be';

type Stream = { readonly realm: string; readonly hello: Hello; readonly caller: Caller };

/**
 * Where agents stream from and report to, and where it is asked what they enforce:
 * `POST /crenel/v1/agent/stream`, `POST /crenel/v1/agent/report`, `GET /crenel/v1/hosts`.
 */
export class AgentApi {
  readonly #setup: AgentApiSetup;
  readonly #startedAt: string;
  readonly #history: History;
  readonly #book = new HitBook();
  readonly #hosts = new Hosts((realm, host) => this.#book.forgetHost(realm, host));
  readonly #wakes = new Set<() => void>();
  /** Ends the open stream of a host. */
  readonly #ends = new Map<string, () => void>();

  constructor(setup: AgentApiSetup) {
    this.#setup = setup;
    this.#startedAt = new Date(setup.now()).toISOString();
    this.#history = new History(setup.control.revision);
    setup.control.subscribe(({ revision, realms }) => {
      for (const [realm, { before, after }] of realms) {
        this.#history.note(realm, revision, { before: before.world, after: after.world });
        this.#prune(realm, before.world, after.world);
      }
      for (const wake of this.#wakes) wake();
    });
  }

  /** What is known of the hits of a group or NACL in the world of a realm. */
  hits(realm: Realm, world: World, owner: HitOwner): HitsDocument {
    return hitsDocument(realmKey(realm), { world, owner, at: this.#at() }, { hosts: this.#hosts, book: this.#book });
  }

  /** The world of a realm at a revision; undefined where that is not known any more, or not yet. */
  worldAt(realm: Realm, revision: number): World | undefined {
    const { control } = this.#setup;
    const newest = { world: control.estate(realm).world, revision: control.revision };
    return this.#history.worldAt(realmKey(realm), revision, newest);
  }

  /** The server's own lab says what it enforces in a realm. */
  own(realm: Realm, host: OwnHost): void {
    this.#hosts.own(realmKey(realm), host);
  }

  /** A host of a realm tells what it counted. */
  count({ host, ...realm }: Realm & { readonly host: string }, counters: Counters): void {
    const { world } = this.#setup.control.estate(realm);
    const itemsOf: ItemsOf = (kind, id) => countedItems(world, { kind, id });
    this.#book.take({ realm: realmKey(realm), host }, counters, { now: this.#setup.now(), itemsOf });
  }

  /** Ends the open stream of a host, if there is one: what it may do has changed. */
  end(realm: Realm, host: string): void {
    this.#ends.get(`${realmKey(realm)}/${host}`)?.();
  }

  /** What is known of hosts and hits, in the text format of Prometheus. */
  metrics(): string {
    const keys = new Set([
      ...this.#hosts.realms,
      ...this.#book.realms,
      ...(this.#setup.enrolledRealms?.() ?? []).map(realmKey),
    ]);
    const realms = [...keys].toSorted().map((key) => ({ key, realm: realmOf(key) }));
    const hosts = realms.flatMap(({ realm }) => this.list(realm).hosts.map((host) => ({ realm, host })));
    return agentMetrics({ revision: this.#setup.control.revision, hosts, book: this.#book, realms });
  }

  /** Whether it answers such requests. */
  accepts(method: string, path: string): boolean {
    const posted = [`${NATIVE_PATH}agent/stream`, `${NATIVE_PATH}agent/report`];
    return method === 'POST' ? posted.includes(path) : method === 'GET' && path === `${NATIVE_PATH}hosts`;
  }

  /** Answers a request that it accepts. */
  handle(request: HttpRequest): HttpAnswer {
    const caller = this.#setup.authenticate(request);
    if (!caller.ok) return refusalAnswer({ status: caller.error.status, message: caller.error.message });
    if (request.method === 'GET') return this.#listed(caller.value);
    return request.path.endsWith('/stream')
      ? this.#streamed(request, caller.value)
      : this.#reported(request, caller.value);
  }

  #listed(caller: Caller): HttpAnswer {
    const permitted = caller.mayDo('crenel:GetHosts', {});
    if (!permitted.ok) return forbidden('crenel:GetHosts', permitted.error);
    return jsonAnswer(200, this.list(caller));
  }

  /** The hosts of a realm, and what they enforce. */
  list(realm: Realm): HostsDocument {
    const { revision } = this.#setup.control;
    const heard = this.#hosts.list(realmKey(realm), this.#at());
    const isWatched = heard.some(({ condition }) => condition !== 'gone');
    const hosts = listedHosts(heard, this.#setup.enrolled?.(realm) ?? []);
    const at = new Date(this.#setup.now()).toISOString();
    const note = hosts.some(everCame) ? UNWATCHED : RECORDS_ONLY;
    return { revision, at, startedAt: this.#startedAt, ...(isWatched ? {} : { note }), hosts };
  }

  #reported(request: HttpRequest, caller: Caller): HttpAnswer {
    const report = readBody(request.body, decodeReport);
    if (!report.ok) return refusalAnswer({ status: 400, message: report.error });
    const permitted = mayEnforce(caller, report.value.host, { enis: [], instances: [] });
    if (permitted !== undefined) return permitted;
    const { control, epoch } = this.#setup;
    const { now } = this.#at();
    const { host, counters } = report.value;
    const realm = realmKey(caller);
    if (!this.#hosts.reported(realm, report.value, { now, epoch }))
      return refusalAnswer({
        status: 409,
        message: 'no stream of this agent is open here: it must open one before it reports',
      });
    if (counters !== undefined) this.count({ ...caller, host }, counters);
    return jsonAnswer(200, { revision: control.revision });
  }

  /** What was counted at rules and entries that went goes too. */
  #prune(realm: string, before: World, after: World): void {
    for (const kind of ['groups', 'acls'] as const)
      for (const owner of changedKeys<unknown>(before.records[kind], after.records[kind]))
        this.#book.prune(realm, kind, { owner, items: countedItems(after, { kind, id: owner }) });
  }

  #at(): At {
    return { now: this.#setup.now(), revision: this.#setup.control.revision };
  }

  #streamed(request: HttpRequest, caller: Caller): HttpAnswer {
    const hello = readBody(request.body, decodeHello);
    if (!hello.ok) return refusalAnswer({ status: 400, message: hello.error });
    const permitted = mayEnforce(caller, hello.value.host, hello.value.holds);
    if (permitted !== undefined) return permitted;
    if (this.#hosts.isOwn(realmKey(caller), hello.value.host))
      return refusalAnswer({ status: 409, message: `${hello.value.host} is what the server calls its own lab` });
    if (this.#hosts.isRival(realmKey(caller), hello.value, this.#setup.now()))
      return refusalAnswer({
        status: 409,
        message: `another agent acts as ${hello.value.host} since this one did: end one of them, or let it in by a name of its own`,
      });
    return {
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      body: '',
      stream: this.#source({ realm: realmKey(caller), hello: hello.value, caller }),
      log: { action: 'AgentStream', host: hello.value.host },
    };
  }

  #source(stream: Stream): StreamSource {
    const outbox = new Outbox(stream.hello.holds, this.#setup.epoch, this.#toldBefore(stream));
    const { validTo = Number.POSITIVE_INFINITY } = stream.caller;
    let said: Iterator<ServerMessage> | undefined;
    let over: (() => void) | undefined;
    return {
      start: (wake, end) => {
        over = end;
        return this.#open(stream, wake, end);
      },
      next: () => {
        // It is asked at each sign of life, too: nobody listens on for long with a proof that has run out.
        if (this.#setup.now() >= validTo) {
          over?.();
          return undefined;
        }
        said ??= outbox.next(this.#newest(stream))?.[Symbol.iterator]();
        if (said === undefined) return undefined;
        const { piece, isAll } = pieceOf(said);
        if (isAll) said = undefined;
        return piece;
      },
      idle: { text: encodeLine({ type: 'alive' }), afterMs: HEARTBEAT_MS },
    };
  }

  /** Enters a stream among the open ones; the host's older one ends. Gives what takes it out again. */
  #open({ realm, hello: { host }, hello }: Stream, wake: () => void, end: () => void): () => void {
    const key = `${realm}/${host}`;
    this.#ends.get(key)?.();
    const number = this.#hosts.opened(realm, hello, this.#setup.now());
    this.#ends.set(key, end);
    this.#wakes.add(wake);
    return () => {
      this.#wakes.delete(wake);
      if (this.#ends.get(key) === end) this.#ends.delete(key);
      this.#hosts.closed(realm, host, number);
    };
  }

  #toldBefore(stream: Stream): ToldBefore | undefined {
    const { resume } = stream.hello;
    if (resume?.epoch !== this.#setup.epoch) return undefined;
    const world = this.#history.worldAt(stream.realm, resume.revision, this.#newest(stream));
    return world === undefined ? undefined : { world, revision: resume.revision, holds: resume.holds };
  }

  #newest({ caller: { accountId, region } }: Stream): Omit<ToldBefore, 'holds'> {
    const { control } = this.#setup;
    return { world: control.estate({ accountId, region }).world, revision: control.revision };
  }
}

function pieceOf(said: Iterator<ServerMessage>): { readonly piece: string; readonly isAll: boolean } {
  let piece = '';
  while (piece.length < PIECE) {
    const step = said.next();
    if (step.done === true) return { piece, isAll: true };
    piece += encodeLine(step.value);
  }
  return { piece, isAll: false };
}

/** Nothing when the caller may act for the host and hold these interfaces; else the answer. */
function mayEnforce(caller: Caller, host: string, { enis, instances }: Holds): HttpAnswer | undefined {
  const input = { HostName: host, NetworkInterfaceIds: enis, InstanceIds: instances };
  const permitted = caller.mayDo('crenel:Enforce', input);
  return permitted.ok ? undefined : forbidden('crenel:Enforce', permitted.error);
}
