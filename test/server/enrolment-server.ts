// A server over TLS that lets hosts in, and a host that comes to it: real sockets, real certificates, folders of the test's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { enrol } from '../../src/agent/enrol.ts';
import { type HostIdentity, readState } from '../../src/agent/identity.ts';
import { Receiver, type ReceiverSetup } from '../../src/agent/receive.ts';
import type { ServerLink } from '../../src/agent/server-link.ts';
import { expectOk, fail, ok, type Result } from '../../src/core/net/result.ts';
import type { HostView } from '../../src/core/policy/host-view.ts';
import { keyRingOf } from '../../src/server/access/keys.ts';
import { type Credentials, signedHeaders } from '../../src/server/access/sign.ts';
import { SignatureVerifier } from '../../src/server/access/sigv4.ts';
import { authenticateBySignature } from '../../src/server/ec2/authenticate.ts';
import {
  type Authority,
  authorityOf,
  issue,
  newAuthorityText,
  newKeyPair,
  privatePem,
} from '../../src/server/enrolment/authority.ts';
import { Enrolment } from '../../src/server/enrolment/enrolment.ts';
import type { Register } from '../../src/server/enrolment/register.ts';
import type { ClientCertificate, HttpRequest } from '../../src/server/http/exchange.ts';
import type { TlsIdentity } from '../../src/server/http/tls.ts';
import { AgentApi, type HostsDocument } from '../../src/server/native/agent-api.ts';
import { acceptsHosts, answerHosts } from '../../src/server/native/host-api.ts';
import { start, type Started } from './listener.ts';
import { ADMIN, holding, REALM, testControl } from './sync-server.ts';

/** May let in rack-1 with eni-1, and nothing else. */
export const CLERK: Credentials = { accessKeyId: 'AKIDCLERK0000000', secretAccessKey: 'the-secret-of-the-clerk' };
const RING = expectOk(
  keyRingOf(
    JSON.stringify({
      keys: [
        {
          ...ADMIN,
          accountId: REALM.accountId,
          policies: [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
        },
        {
          ...CLERK,
          accountId: REALM.accountId,
          userName: 'clerk',
          policies: [
            {
              Statement: {
                Effect: 'Allow',
                Action: 'crenel:EnrolHost',
                Resource: [
                  `arn:aws:crenel:eu-west-1:${REALM.accountId}:host/rack-1`,
                  `arn:aws:ec2:eu-west-1:${REALM.accountId}:network-interface/eni-1`,
                ],
              },
            },
          ],
        },
      ],
    }),
  ),
);

/** An authority that is good now. */
export const newAuthority = (): Authority => expectOk(authorityOf(newAuthorityText(Date.now()), Date.now()));

/** A certificate with its key for a server of these names. */
export function serverIdentity(
  authority: Authority,
  {
    names = ['127.0.0.1', 'localhost'],
    now = Date.now(),
    lifeMs = 3_600_000,
  }: { names?: readonly string[]; now?: number; lifeMs?: number } = {},
): TlsIdentity {
  const { privateKey, publicKey } = newKeyPair();
  const { certificate } = issue(authority, {
    subject: 'server',
    publicKey,
    use: { kind: 'server', names },
    now,
    lifeMs,
  });
  return { cert: certificate + authority.certificate, key: privatePem(privateKey) };
}

export type EnrolmentServer = {
  readonly url: string;
  readonly control: Awaited<ReturnType<typeof testControl>>;
  readonly enrolment: Enrolment;
  readonly authority: Authority;
  readonly listener: Started;
  /** What was written last; and whether writing works. */
  readonly disk: { text: string; isFull: boolean };
  /** What was shown to the server, newest last. */
  readonly shown: (ClientCertificate | undefined)[];
  readonly advance: (ms: number) => void;
  readonly hosts: () => HostsDocument;
  /** Posts as an operator; gives status and body. */
  readonly post: (
    path: string,
    message: unknown,
    credentials?: Credentials,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  /** A token for a host. */
  readonly invite: (host: string, enis?: readonly string[], lifeMs?: number) => string;
};

export type ServerOptions = {
  readonly authority?: Authority;
  readonly register?: Register;
  readonly withTls?: boolean;
  /** How far the server's clock is ahead of the real one, in milliseconds. */
  readonly ahead?: number;
};

/** Serves until the test ends. */
export async function enrolmentServer(t: TestContext, options: ServerOptions = {}): Promise<EnrolmentServer> {
  const { authority = newAuthority(), register = new Map(), withTls = true } = options;
  let { ahead = 0 } = options;
  const now = (): number => Date.now() + ahead;
  const disk = { text: '', isFull: false };
  const shown: (ClientCertificate | undefined)[] = [];
  const enrolment = new Enrolment({
    register,
    now,
    save: (text): Result<void> => {
      if (disk.isFull) return fail('no space left on device');
      disk.text = text;
      return ok(undefined);
    },
    ...(withTls ? { authority, anchor: authority.fingerprint } : {}),
  });
  const verifier = new SignatureVerifier((id) => RING.get(id)?.secret);
  const bySignature = authenticateBySignature({
    keys: RING,
    verify: (request, nowSeconds) => verifier.verify(request, nowSeconds),
    now: Date.now,
  });
  const authenticate: typeof bySignature = (request) => {
    const { clientCertificate } = request;
    shown.push(clientCertificate);
    if (clientCertificate === undefined || request.headers.has('authorization')) return bySignature(request);
    const caller = enrolment.callerOf(clientCertificate);
    return caller.ok ? caller : fail({ code: 'AuthFailure', ...caller.error });
  };
  const control = await testControl();
  const agents = new AgentApi({
    control,
    authenticate,
    now,
    epoch: `epoch-${Math.random()}`,
    enrolled: (realm) => enrolment.list(realm),
  });
  const setup = {
    hosts: enrolment,
    authenticate,
    endStream: (realm: Parameters<AgentApi['end']>[0], host: string) => agents.end(realm, host),
  };
  const listener = await start(t, {
    ...(withTls ? { tls: serverIdentity(authority), clientAuthority: authority.certificate } : {}),
    routes: [
      {
        name: 'hosts',
        accepts: acceptsHosts,
        handle: async (request: HttpRequest) => await Promise.resolve(answerHosts(setup, request)),
      },
      {
        name: 'agent',
        accepts: (method, path) => agents.accepts(method, path),
        handle: async (request: HttpRequest) => await Promise.resolve(agents.handle(request)),
      },
    ],
  });
  const url = `${withTls ? 'https' : 'http'}://127.0.0.1:${listener.port}`;
  return {
    url,
    control,
    enrolment,
    authority,
    listener,
    disk,
    shown,
    advance: (ms) => {
      ahead += ms;
    },
    hosts: () => agents.list(REALM),
    post: async (path, message, credentials = ADMIN) =>
      await posted(new URL(path, url), message, { credentials, authority }),
    invite: (host, enis = ['eni-1'], lifeMs = 3_600_000) =>
      expectOk(enrolment.invite(REALM, { host, holds: holding(enis), lifeMs })).token,
  };
}

async function posted(
  url: URL,
  message: unknown,
  { credentials, authority }: { readonly credentials: Credentials; readonly authority: Authority },
): Promise<{ readonly status: number; readonly text: string }> {
  const body = JSON.stringify(message);
  const headers = signedHeaders(url, credentials, { method: 'POST', region: REALM.region, now: Date.now(), body });
  const { request: secure } = await import('node:https');
  const { request: plain } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const request = url.protocol === 'https:' ? secure : plain;
  const sent = request(url, { method: 'POST', headers, agent: false, ca: authority.certificate }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
  });
  sent.on('error', reject);
  sent.end(body);
  return await promise;
}

/** A folder that is gone after the test. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-host-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Enrols a host as its agent does, in a folder. */
export async function enrolIn(
  folder: string,
  server: Pick<EnrolmentServer, 'url'>,
  token: string,
): Promise<Result<HostIdentity>> {
  return await enrol({ token, endpoint: new URL(server.url), folder, state: expectOk(readState(folder)) });
}

/** How a host that enrolled speaks to the server. */
export function linkOf(identity: HostIdentity): ServerLink {
  const { endpoint, anchor = '' } = identity;
  return { endpoint: new URL(endpoint), region: '', ca: [anchor], identity: () => identity };
}

export type Seen = { view: HostView | undefined; epoch: string; readonly troubles: string[]; begun: number };

/** Streams as a host, until the test ends. */
export function streamAs(
  t: TestContext,
  link: ServerLink,
  host: string,
  more: Partial<ReceiverSetup> = {},
): { readonly receiver: Receiver; readonly seen: Seen } {
  const seen: Seen = { view: undefined, epoch: '', troubles: [], begun: 0 };
  const receiver = new Receiver({
    link,
    host,
    mode: 'tap',
    holds: holding(['eni-1']),
    onView: (view, _change, epoch) => Object.assign(seen, { view, epoch }),
    onState: (trouble) => {
      if (trouble === undefined) seen.begun += 1;
      else seen.troubles.push(trouble);
    },
    patience: { first: 5, most: 20, silent: 30_000 },
    ...more,
  });
  receiver.start();
  t.after(async () => await receiver.stop());
  return { receiver, seen };
}
