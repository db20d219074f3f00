import type { Result } from '../../core/net/result.ts';
import type { Caller } from '../access/caller.ts';
import type { Realm } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';
import {
  decodeAllow,
  decodeEnrol,
  decodeInvite,
  decodeRemove,
  decodeRenew,
  type EnrolmentFault,
  type EnrolRequest,
  type InviteAnswer,
  type NewCertificate,
  type RemoveAnswer,
  type RenewRequest,
} from '../enrolment/messages.ts';
import type { HostEntry } from '../enrolment/register.ts';
import type { ClientCertificate, HttpAnswer, HttpRequest } from '../http/exchange.ts';
import type { Holds } from '../sync/messages.ts';
import { forbidden, jsonAnswer, readBody, refusalAnswer } from './answers.ts';
import { NATIVE_PATH } from './paths.ts';

type Done<T> = Result<T, EnrolmentFault>;

/** What may be done to hosts (`Enrolment`). */
export type HostKeeper = {
  readonly invite: (
    realm: Realm,
    wanted: { readonly host: string; readonly holds: Holds; readonly lifeMs: number },
  ) => Done<{ readonly token: string; readonly expiresAt: number; readonly isPinned: boolean }>;
  readonly enrol: (request: EnrolRequest) => Done<NewCertificate>;
  readonly renew: (shown: ClientCertificate, request: RenewRequest) => Done<NewCertificate>;
  readonly allow: (realm: Realm, host: string, holds: Holds) => Done<HostEntry>;
  readonly remove: (realm: Realm, host: string) => Done<HostEntry>;
};

export type HostApiSetup = {
  readonly hosts: HostKeeper;
  readonly authenticate: (request: HttpRequest) => Result<Caller, Refusal>;
  /** Ends the open stream of a host: what it may do has changed. */
  readonly endStream: (realm: Realm, host: string) => void;
};

type Answering = (setup: HostApiSetup, request: HttpRequest) => HttpAnswer;

/** By path. What begins with `agent/` is for the hosts themselves, the rest for operators, who sign. */
const ANSWERS: ReadonlyMap<string, Answering> = new Map<string, Answering>([
  [`${NATIVE_PATH}agent/enrol`, enrol],
  [`${NATIVE_PATH}agent/renew`, renew],
  [`${NATIVE_PATH}hosts/add`, add],
  [`${NATIVE_PATH}hosts/allow`, allow],
  [`${NATIVE_PATH}hosts/remove`, remove],
]);

/** Whether `answerHosts` answers such requests. */
export function acceptsHosts(method: string, path: string): boolean {
  return method === 'POST' && ANSWERS.has(path);
}

/**
 * Lets hosts in and keeps them out: `POST /crenel/v1/hosts/add`, `hosts/allow`, `hosts/remove` for operators; `POST /crenel/v1/agent/enrol` for
 * whoever has a token, `POST /crenel/v1/agent/renew` for whoever has a certificate.
 */
export function answerHosts(setup: HostApiSetup, request: HttpRequest): HttpAnswer {
  const answer = ANSWERS.get(request.path);
  return answer === undefined
    ? refusalAnswer({ status: 404, message: 'there is nothing here' })
    : answer(setup, request);
}

function enrol({ hosts, endStream }: HostApiSetup, request: HttpRequest): HttpAnswer {
  if (!request.isSecure)
    return refusalAnswer({ status: 403, message: 'enrolment is over TLS alone: a token is a secret' });
  const read = readBody(request.body, decodeEnrol);
  if (!read.ok) return refusalAnswer({ status: 400, message: read.error });
  const done = hosts.enrol(read.value);
  // Whoever was this host until now is it no longer.
  if (done.ok) endStream(done.value, done.value.answer.host);
  return certified(done, 'AgentEnrol');
}

function renew({ hosts }: HostApiSetup, request: HttpRequest): HttpAnswer {
  const read = readBody(request.body, decodeRenew);
  if (!read.ok) return refusalAnswer({ status: 400, message: read.error });
  const { clientCertificate } = request;
  return clientCertificate === undefined
    ? refusalAnswer({ status: 401, message: 'a certificate is renewed by whoever shows it' })
    : certified(hosts.renew(clientCertificate, read.value), 'AgentRenew');
}

function certified(done: Done<NewCertificate>, action: string): HttpAnswer {
  if (!done.ok) return refusalAnswer(done.error);
  const { answer } = done.value;
  return { ...jsonAnswer(200, answer), log: { action, host: answer.host } };
}

function add(setup: HostApiSetup, request: HttpRequest): HttpAnswer {
  return asOperator(setup, request, { action: 'EnrolHost', decode: decodeInvite }, (realm, wanted) => {
    const { host, holds, expiresSeconds } = wanted;
    const done = setup.hosts.invite(realm, { host, holds, lifeMs: expiresSeconds * 1000 });
    if (!done.ok) return refusalAnswer(done.error);
    const { token, expiresAt, isPinned } = done.value;
    const answer: InviteAnswer = { host, token, expiresAt: new Date(expiresAt).toISOString(), isPinned };
    return jsonAnswer(200, answer);
  });
}

function allow(setup: HostApiSetup, request: HttpRequest): HttpAnswer {
  return asOperator(setup, request, { action: 'EnrolHost', decode: decodeAllow }, (realm, { host, holds }) =>
    changed(setup, realm, setup.hosts.allow(realm, host, holds)),
  );
}

function remove(setup: HostApiSetup, request: HttpRequest): HttpAnswer {
  return asOperator(setup, request, { action: 'RemoveHost', decode: decodeRemove }, (realm, { host }) =>
    changed(setup, realm, setup.hosts.remove(realm, host), removedAnswer),
  );
}

/** What a host may do has changed: its agent has to come again, if it may. */
function changed(
  { endStream }: HostApiSetup,
  realm: Realm,
  done: Done<HostEntry>,
  told: (entry: HostEntry) => object = ({ host }) => ({ host }),
): HttpAnswer {
  if (!done.ok) return refusalAnswer(done.error);
  endStream(realm, done.value.host);
  return jsonAnswer(200, told(done.value));
}

function removedAnswer({ host, certificates }: HostEntry): RemoveAnswer {
  return { host, cameIn: certificates.length > 0 };
}

/** Does what an operator asks for, if a policy lets them: on the host and on each interface and instance that is named. */
function asOperator<T extends { readonly host: string; readonly holds?: Holds }>(
  { authenticate }: HostApiSetup,
  request: HttpRequest,
  { action, decode }: { readonly action: string; readonly decode: (body: string) => Result<T> },
  act: (realm: Realm, wanted: T) => HttpAnswer,
): HttpAnswer {
  const caller = authenticate(request);
  if (!caller.ok) return refusalAnswer(caller.error);
  const wanted = readBody(request.body, decode);
  if (!wanted.ok) return refusalAnswer({ status: 400, message: wanted.error });
  const { host, holds = { enis: [], instances: [] } } = wanted.value;
  const input = { HostName: host, NetworkInterfaceIds: holds.enis, InstanceIds: holds.instances };
  const permitted = caller.value.mayDo(`crenel:${action}`, input);
  if (!permitted.ok) return forbidden(`crenel:${action}`, permitted.error);
  const { accountId, region } = caller.value;
  const answer = act({ accountId, region }, wanted.value);
  return { ...answer, log: { action, host, account: accountId, region } };
}
