import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { DEFAULT_LIMITS } from '../../core/model/limits.ts';
import type { Caller } from '../../server/access/caller.ts';
import { KEY_MAKER } from '../../server/access/key-maker.ts';
import { SignatureVerifier } from '../../server/access/sigv4.ts';
import { Control } from '../../server/control/control.ts';
import { Draft } from '../../server/control/draft.ts';
import type { Env, Realm } from '../../server/control/env.ts';
import { defaultVpc } from '../../server/control/groups/group-names.ts';
import { failureText, importWorld } from '../../server/control/import-world.ts';
import type { Refusal } from '../../server/control/refusal.ts';
import { realmKey } from '../../server/control/stored.ts';
import { createDefaultVpc } from '../../server/control/vpcs/default-vpc.ts';
import { ACTIONS } from '../../server/ec2/actions/registry.ts';
import { Api, type EffectOf, refusalAnswer } from '../../server/ec2/api.ts';
import { InsightsRunner } from '../../server/ec2/insights/runner.ts';
import { authenticateAnybody, authenticateBySignature } from '../../server/ec2/authenticate.ts';
import type { HttpAnswer, HttpRequest, Route } from '../../server/http/exchange.ts';
import { DEFAULT_LIMITS as HTTP_LIMITS } from '../../server/http/limits.ts';
import { Listener } from '../../server/http/listener.ts';
import { type Log, openLog } from '../../server/http/log.ts';
import { Metrics } from '../../server/http/metrics.ts';
import type { Enrolment } from '../../server/enrolment/enrolment.ts';
import { AgentApi } from '../../server/native/agent-api.ts';
import { acceptsHosts, answerHosts } from '../../server/native/host-api.ts';
import { effectHeaders } from '../../server/native/effect-headers.ts';
import { heavyBodyBytes } from '../../server/native/heavy-api.ts';
import { answerNative, type NativeSetup } from '../../server/native/native-api.ts';
import { NATIVE_PATH } from '../../server/native/paths.ts';
import { MemoryStore } from '../../server/store/memory.ts';
import { SqliteStore } from '../../server/store/sqlite.ts';
import type { Store } from '../../server/store/store.ts';
import type { Io } from '../io.ts';
import { Analyst } from './analyst.ts';
import { backUp } from './back-up.ts';
import { previewOn } from './preview-on.ts';
import { openHosts } from './host-file.ts';
import { type OpenKeys, openKeys } from './key-file.ts';
import { openTls, type ServerTls } from './server-tls.ts';
import { startLab } from './server-lab.ts';
import type { Settings } from './settings.ts';

/** A server that runs. */
export type Running = {
  readonly url: string;
  /** Undefined when everybody is believed. */
  readonly keys: OpenKeys | undefined;
  readonly storePath: string | undefined;
  /** The certificate that vouches for the server, where it is the server's own authority's and there is a folder. */
  readonly caPath: string | undefined;
  /** How many records an import brought; undefined when there was none to do. */
  readonly imported: number | undefined;
  /** Answers what is on its way, then closes the store. */
  readonly close: () => Promise<void>;
};

/** How long requests on their way may take when the server ends, in milliseconds. */
const GRACE_MS = 10_000;
/** How often it is checked whether the certificate has to be renewed, in milliseconds. */
const CHECK_MS = 3_600_000;

/** Puts a server together and starts it. On a fault nothing runs and nothing has to be closed. */
export async function startServer(settings: Settings, io: Pick<Io, 'readWorld' | 'stderr'>): Promise<Result<Running>> {
  const keys = settings.isAnonymous ? ok(undefined) : openKeys(settings);
  if (!keys.ok) return keys;
  const storePath = settings.folder === undefined ? undefined : join(settings.folder, 'crenel.db');
  const opened: Result<Store, { readonly message: string }> =
    storePath === undefined ? ok(new MemoryStore()) : SqliteStore.open(storePath);
  if (!opened.ok) return fail(opened.error.message);
  const store = opened.value;
  // The folder is this process's alone from here on.
  const started = await startOn(store, settings, { keys: keys.value, io });
  if (!started.ok) await store.close();
  return started.ok ? ok({ ...started.value, keys: keys.value, storePath }) : started;
}

type Parts = {
  readonly keys: OpenKeys | undefined;
  readonly io: Pick<Io, 'readWorld' | 'stderr'>;
};

async function startOn(
  store: Store,
  settings: Settings,
  { keys, io }: Parts,
): Promise<Result<Pick<Running, 'url' | 'close' | 'imported' | 'caPath'>>> {
  const tls = openTls(settings, Date.now);
  if (!tls.ok) return tls;
  const hosts = openHosts(settings.folder, tls.value, Date.now);
  if (!hosts.ok) return hosts;
  const control = await Control.open(store, setImmediate);
  if (!control.ok) return fail(control.error.message);
  const imported = await prepareRealm(control.value, settings, io);
  if (!imported.ok) return imported;
  const log = openLog(io.stderr, settings.logLevel);
  const authenticate = authenticator(settings, keys, hosts.value);
  const agents = new AgentApi({
    control: control.value,
    authenticate,
    now: Date.now,
    epoch: randomHex(8),
    enrolled: (realm) => hosts.value.list(realm),
    enrolledRealms: () => hosts.value.realms(),
  });
  const lab = await startLab(settings, { control: control.value, agents, log });
  if (!lab.ok) return lab;
  const metrics = new Metrics(true);
  metrics.include(() => agents.metrics());
  const analyst = new Analyst((error) => log.error({ reason: error.message }, 'the analysing thread ended'));
  const insights = answerInsights(control.value, analyst, log);
  const parts = { control: control.value, agents, hosts: hosts.value, authenticate, analyst };
  const endAll = async (): Promise<void> => {
    await lab.value?.();
    await analyst.close();
    await insights.close();
  };
  const routes = routesOf(store, settings, parts);
  const listener = await Listener.open({
    host: settings.host,
    port: settings.port,
    routes,
    log,
    metrics,
    limits: HTTP_LIMITS,
    health: () => control.value.fault?.message,
    exposeMetrics: 'loopback',
    ...(tls.value === undefined ? {} : { tls: tls.value.identity, clientAuthority: tls.value.authority.certificate }),
    ...(settings.isAnonymous ? { allowedHosts: ['localhost', '127.0.0.1', '[::1]', settings.host] } : {}),
  });
  if (!listener.ok) {
    await endAll();
    return fail(listener.error.message);
  }
  const renewing = keepRenewing(listener.value, tls.value, log);
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return ok({
    url: `${tls.value === undefined ? 'http' : 'https'}://${host}:${listener.value.port}`,
    caPath: tls.value?.caPath,
    imported: imported.value,
    close: async () => {
      clearInterval(renewing);
      await listener.value.close(GRACE_MS);
      await endAll();
      await control.value.settled();
      await store.close();
      log.flush();
    },
  });
}

/** Answers the analyses of EC2's network insights, those with many addresses on the analyst's thread. */
function answerInsights(control: Control, analyst: Analyst, log: Log): InsightsRunner {
  return new InsightsRunner({
    control,
    now: Date.now,
    defer: setImmediate,
    askAside: async (realm, world, question) => await analyst.askInTurn(realm, world, () => question),
    onFault: (error) => log.error({ reason: String(error) }, 'an analysis of network insights met a fault'),
  });
}

/** Gives the server a new certificate before the old one is over, as long as it runs. */
function keepRenewing(listener: Listener, tls: ServerTls | undefined, log: Log): NodeJS.Timeout | undefined {
  if (tls?.renewal === undefined) return undefined;
  const { afterMs, renew } = tls.renewal;
  let dueAt = Date.now() + afterMs;
  // A timer cannot wait for weeks, and a machine may sleep: it looks at the clock.
  const look = (): void => {
    if (Date.now() < dueAt) return;
    dueAt = Date.now() + afterMs;
    const done = listener.useTls(renew());
    if (done.ok) log.info({}, 'the TLS certificate is renewed');
    else log.error({ reason: done.error }, 'the TLS certificate cannot be renewed');
  };
  return setInterval(look, CHECK_MS).unref();
}

type RouteParts = {
  readonly control: Control;
  readonly agents: AgentApi;
  readonly hosts: Enrolment;
  readonly authenticate: NativeSetup['authenticate'];
  readonly analyst: Analyst;
};

/** All that is answered, but for health and metrics. */
function routesOf(
  store: Store,
  settings: Settings,
  { control, agents, hosts, authenticate, analyst }: RouteParts,
): readonly Route[] {
  const api = new Api({
    control,
    actions: ACTIONS,
    limits: DEFAULT_LIMITS,
    authenticate,
    now: Date.now,
    randomHex,
    keys: KEY_MAKER,
    effectOf: effectOfChanges(control, analyst),
  });
  const marked = settings.isAnonymous ? markAnonymous : (answer: HttpAnswer): HttpAnswer => answer;
  const endStream = (realm: Realm, host: string): void => agents.end(realm, host);
  const native: NativeSetup = {
    hits: (realm, world, owner) => agents.hits(realm, world, owner),
    control,
    authenticate,
    analyst,
    worldAt: (realm, revision) => agents.worldAt(realm, revision),
    tryCall: (realm, words) => previewOn(control.estate(realm), words, envOf(realm)),
    ...(store instanceof SqliteStore
      ? { backup: async () => await backUp(store, settings.folder ?? '.', control.revision) }
      : {}),
  };
  return [
    {
      name: 'hosts',
      accepts: acceptsHosts,
      handle: async (request) =>
        await Promise.resolve(marked(answerHosts({ hosts, authenticate, endStream }, request))),
    },
    {
      name: 'agent',
      accepts: (method, path) => agents.accepts(method, path),
      handle: async (request) => await Promise.resolve(marked(agents.handle(request))),
    },
    {
      name: 'crenel',
      accepts: (method, path) => (method === 'GET' || method === 'POST') && path.startsWith(NATIVE_PATH),
      bodyBytes: heavyBodyBytes,
      handle: async (request) => marked(await answerNative(native, request)),
    },
    {
      name: 'ec2',
      accepts: (method, path) => path === '/' && (method === 'GET' || method === 'POST'),
      handle: async (request) => marked(await api.handle(request)),
      refuse: ({ status, message }) => marked(refusalAnswer(status, message, randomHex)),
    },
  ];
}

/** So many commits are remembered for the links to their differences. */
const REMEMBERED = 1000;

/** What tells an answer to a change what it opens and closes. */
function effectOfChanges(
  control: Control,
  analyst: Analyst,
): (change: EffectOf) => Promise<Readonly<Record<string, string>>> {
  // By the revision of a commit, the one that it was made on.
  const bases = new Map<number, number>();
  let newest = control.revision;
  control.subscribe(({ revision }) => {
    bases.set(revision, newest);
    bases.delete(revision - REMEMBERED);
    newest = revision;
  });
  return async ({ realm, before, after, revision }) => {
    const counts = await analyst.count(realmKey(realm), before, after);
    return effectHeaders(counts, { before: bases.get(revision) ?? revision - 1, after: revision });
  };
}

function envOf(realm: Realm): Env {
  return { realm, limits: DEFAULT_LIMITS, now: Date.now(), randomHex, keys: KEY_MAKER };
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Whoever believes everybody says so in every answer. */
function markAnonymous(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, 'x-crenel-warning': 'anonymous: requests are not authenticated' } };
}

/** Who sends a request: whoever signed it, else the host whose certificate it came with. */
function authenticator(
  { accountId, region }: Settings,
  keys: OpenKeys | undefined,
  hosts: Enrolment,
): (request: HttpRequest) => Result<Caller, Refusal> {
  const bySignature = keys === undefined ? authenticateAnybody(accountId, region) : signatures(keys);
  return (request) => {
    const { clientCertificate, headers, query } = request;
    if (clientCertificate === undefined || headers.has('authorization') || query.includes('X-Amz-'))
      return bySignature(request);
    const caller = hosts.callerOf(clientCertificate);
    return caller.ok ? caller : fail({ code: 'AuthFailure', ...caller.error });
  };
}

function signatures(keys: OpenKeys): (request: HttpRequest) => Result<Caller, Refusal> {
  const verifier = new SignatureVerifier((id) => keys.ring.get(id)?.secret);
  return authenticateBySignature({
    keys: keys.ring,
    verify: (request, nowSeconds) => verifier.verify(request, nowSeconds),
    now: Date.now,
  });
}

/** What the realm is to hold from the start. An import into a realm that has records already was done by an earlier start. */
async function prepareRealm(
  control: Control,
  { accountId, region, importPath, withDefaultVpc }: Settings,
  io: Pick<Io, 'readWorld'>,
): Promise<Result<number | undefined>> {
  const realm: Realm = { accountId, region };
  let imported: number | undefined;
  const isEmpty = control.estate(realm).world.records.vpcs.size === 0;
  if (importPath !== undefined && isEmpty) {
    const read = await io.readWorld(importPath);
    if (!read.ok) return fail(read.error.message);
    const done = await importWorld(control, realm, read.value.world);
    if (!done.ok) return fail(`cannot import ${importPath}: ${done.error}`);
    imported = done.value;
  }
  if (!withDefaultVpc) return ok(imported);
  const env = envOf(realm);
  const made = await control.submit(realm, (estate) => {
    const draft = new Draft(estate);
    const vpc = defaultVpc(draft) === undefined ? createDefaultVpc(draft, env) : ok(undefined);
    return vpc.ok ? ok({ estate: draft.estate, value: undefined }) : vpc;
  });
  return made.ok ? ok(imported) : fail(failureText(made.error));
}
