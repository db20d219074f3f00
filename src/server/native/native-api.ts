import { fail, ok, type Result } from '../../core/net/result.ts';
import type { SecurityGroup } from '../../core/model/security-group.ts';
import type { World } from '../../core/model/world.ts';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask, type Asked } from '../../analysis/ask.ts';
import { eniReport } from '../../analysis/eni-report.ts';
import { groupReport } from '../../analysis/group-report.ts';
import { findEni, findGroup, findSubnet } from '../../analysis/lookup.ts';
import { subnetReport } from '../../analysis/subnet-report.ts';
import { exportText } from '../../formats/export.ts';
import type { Caller } from '../access/caller.ts';
import type { Control } from '../control/control.ts';
import type { Realm } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import type { Hits } from '../sync/messages.ts';

/** Where the questions stand. */
export const NATIVE_PATH = '/crenel/v1/';

export type NativeSetup = {
  readonly control: Control;
  readonly authenticate: (request: HttpRequest) => Result<Caller, Refusal>;
  /** Copies the whole store, of all realms, to a file of the server's choice and gives its path; absent where nothing is kept. */
  readonly backup?: () => Promise<Result<string>>;
  /** How often a rule matched on all hosts of a realm together; undefined when no host counted it. */
  readonly hits?: (realm: Realm, ruleId: string) => Hits | undefined;
};

/** What is wrong with a request, and what may have been meant. */
type Fault = { readonly status: number; readonly message: string; readonly suggestions?: readonly string[] };

type Question = {
  /** What a policy calls it. */
  readonly action: string;
  readonly answer: (
    world: World,
    request: HttpRequest,
    more: { readonly rest: string; readonly hits: (ruleId: string) => Hits | undefined },
  ) => Result<string, Fault>;
};

const QUESTIONS: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['world', { action: 'crenel:GetWorld', answer: (world) => ok([...exportText(world)].join('')) }],
  ['why', { action: 'crenel:GetAnswer', answer: (world, request) => answerOf(world, request, undefined) }],
  ['reach', { action: 'crenel:GetAnswer', answer: (world, request) => answerOf(world, request, 'all') }],
  ['show', { action: 'crenel:GetReport', answer: (world, _request, { rest, hits }) => reportOf(world, rest, hits) }],
]);

/** Answers `GET /crenel/v1/…` from the realm of whoever asks. */
export async function answerNative(setup: NativeSetup, request: HttpRequest): Promise<HttpAnswer> {
  const [name = '', ...rest] = request.path.slice(NATIVE_PATH.length).split('/');
  const answered =
    request.method === 'POST'
      ? await posted(setup, request, name)
      : answeredBy(setup, request, { name, rest: rest.join('/') });
  const common = {
    'content-type': 'application/json;charset=UTF-8',
    'x-crenel-revision': String(setup.control.revision),
  };
  if (answered.ok) return { status: 200, headers: common, body: answered.value };
  const { status, ...error } = answered.error;
  return { status, headers: common, body: `${JSON.stringify({ error })}\n` };
}

/** What is done, not asked: a backup, for whoever may `crenel:CreateBackup`. */
async function posted(
  { authenticate, backup }: NativeSetup,
  request: HttpRequest,
  name: string,
): Promise<Result<string, Fault>> {
  const caller = authenticate(request);
  if (!caller.ok) return fail({ status: caller.error.status, message: caller.error.message });
  if (name !== 'backup') return fail({ status: 404, message: `what can be posted is ${NATIVE_PATH}backup` });
  const permitted = caller.value.mayDo('crenel:CreateBackup', {});
  if (!permitted.ok) return fail({ status: 403, message: `crenel:CreateBackup is not allowed: ${permitted.error}` });
  if (backup === undefined) return fail({ status: 409, message: 'this server keeps nothing that could be backed up' });
  const done = await backup();
  return done.ok ? ok(json({ path: done.value })) : fail({ status: 500, message: done.error });
}

function answeredBy(
  { control, authenticate, hits }: NativeSetup,
  request: HttpRequest,
  { name, rest }: { readonly name: string; readonly rest: string },
): Result<string, Fault> {
  const caller = authenticate(request);
  if (!caller.ok) return fail({ status: caller.error.status, message: caller.error.message });
  const question = QUESTIONS.get(name);
  if (question === undefined)
    return fail({ status: 404, message: `there is world, why, reach and show under ${NATIVE_PATH}` });
  const permitted = caller.value.mayDo(question.action, {});
  if (!permitted.ok) return fail({ status: 403, message: `${question.action} is not allowed: ${permitted.error}` });
  const { accountId, region } = caller.value;
  const realm: Realm = { accountId, region };
  return question.answer(control.estate(realm).world, request, { rest, hits: (ruleId) => hits?.(realm, ruleId) });
}

function answerOf(world: World, { query }: HttpRequest, always: string | undefined): Result<string, Fault> {
  const words = parametersOf(query);
  if (!words.ok) return words;
  const { from, to, traffic = 'all', family } = words.value;
  if (from === undefined || to === undefined) return bad('the parameters from and to must be there');
  if (family !== undefined && family !== 'ipv4' && family !== 'ipv6') return bad('family is ipv4 or ipv6');
  const asked: Asked = { from, to, traffic: always ?? traffic, family };
  const answer = ask(world, asked);
  return answer.ok
    ? ok(json(answerDocument(world, answer.value)))
    : fail({ status: 400, message: answer.error.message, suggestions: answer.error.suggestions });
}

function reportOf(world: World, path: string, hits: (ruleId: string) => Hits | undefined): Result<string, Fault> {
  const [kind = '', ...rest] = path.split('/');
  const id = decoded(rest.join('/'));
  if (id === undefined) return bad('the path holds a percent sign that starts no byte');
  const report =
    kind === 'group'
      ? mapped(findGroup(world, id), (group) => ({ ...groupReport(world, group), ...hitsOf(group, hits) }))
      : kind === 'eni'
        ? mapped(findEni(world, id), (eni) => eniReport(world, eni))
        : kind === 'subnet'
          ? mapped(findSubnet(world, id), (subnet) => subnetReport(world, subnet))
          : undefined;
  if (report === undefined) return bad('what can be shown is group, eni and subnet');
  return report.ok ? ok(json(report.value)) : fail({ status: 404, ...report.error });
}

/** What the hosts counted, by rule id; nothing where no host counts. */
function hitsOf(
  { rules }: SecurityGroup,
  hits: (ruleId: string) => Hits | undefined,
): { readonly hits?: Readonly<Record<string, Hits>> } {
  const counted = rules.flatMap(({ id }) => {
    const own = hits(id);
    return own === undefined ? [] : [[id, own] as const];
  });
  return counted.length === 0 ? {} : { hits: Object.fromEntries(counted) };
}

function mapped<T, U, E>(found: Result<T, E>, map: (value: T) => U): Result<U, E> {
  return found.ok ? ok(map(found.value)) : found;
}

function json(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return fail({ status: 400, message });
}

type Parameters = { readonly [N in 'from' | 'to' | 'traffic' | 'family']?: string };

function parametersOf(query: string): Result<Parameters, Fault> {
  const found: { [name: string]: string } = {};
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = decoded(equals < 0 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return bad('the query holds a percent sign that starts no byte');
    if (/^X-Amz-/i.test(name)) continue;
    if (!['from', 'to', 'traffic', 'family'].includes(name) || Object.hasOwn(found, name))
      return bad('the parameters are from, to, traffic and family, each once');
    found[name] = value;
  }
  return ok(found);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
