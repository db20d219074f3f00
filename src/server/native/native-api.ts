import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { networkAclReport } from '../../analysis/acl-report.ts';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask } from '../../analysis/ask.ts';
import { eniReport } from '../../analysis/eni-report.ts';
import { groupReport } from '../../analysis/group-report.ts';
import type { EndpointError } from '../../analysis/endpoint.ts';
import { findAcl, findEni, findGroup, findSubnet } from '../../analysis/lookup.ts';
import { subnetReport } from '../../analysis/subnet-report.ts';
import { exportText } from '../../formats/export.ts';
import type { Caller } from '../access/caller.ts';
import type { Control } from '../control/control.ts';
import type { Realm } from '../control/env.ts';
import type { Refusal } from '../control/refusal.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import { askHeavy, type Asker, HEAVY_NAMES, type HeavySetup } from './heavy-api.ts';
import type { HitOwner, HitsDocument } from './hits.ts';
import { askedIn, decoded } from './parameters.ts';
import { NATIVE_PATH } from './paths.ts';

export type NativeSetup = HeavySetup & {
  readonly control: Control;
  readonly authenticate: (request: HttpRequest) => Result<Caller, Refusal>;
  /** Copies the whole store, of all realms, and what hosts are believed by, to a folder of the server's choice; absent where nothing is kept. */
  readonly backup?: () => Promise<Result<Backup>>;
  /** What hosts counted at the rules of a group or the entries of a NACL. */
  readonly hits?: (realm: Realm, world: World, owner: HitOwner) => HitsDocument;
};

/** Where a copy of the store is, and the names of the files that stand beside it: what hosts are believed by. */
export type Backup = { readonly path: string; readonly beside: readonly string[] };

/** What is wrong with a request, and what may have been meant. */
type Fault = { readonly status: number; readonly message: string; readonly suggestions?: readonly string[] };

type HitsOf = (owner: HitOwner) => { readonly hits?: HitsDocument };

type Question = {
  /** What a policy calls it. */
  readonly action: string;
  readonly answer: (
    world: World,
    request: HttpRequest,
    more: { readonly rest: string; readonly hits: HitsOf },
  ) => Result<string, Fault>;
};

const QUESTIONS: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['world', { action: 'crenel:GetWorld', answer: (world) => ok([...exportText(world)].join('')) }],
  ['why', { action: 'crenel:GetAnswer', answer: (world, request) => answerOf(world, request, undefined) }],
  ['reach', { action: 'crenel:GetAnswer', answer: (world, request) => answerOf(world, request, 'all') }],
  ['show', { action: 'crenel:GetReport', answer: (world, _request, { rest, hits }) => reportOf(world, rest, hits) }],
]);

/** Answers what stands under `/crenel/v1/`, from the realm of whoever asks, at one revision. */
export async function answerNative(setup: NativeSetup, request: HttpRequest): Promise<HttpAnswer> {
  const [name = '', ...rest] = request.path.slice(NATIVE_PATH.length).split('/');
  const { revision } = setup.control;
  const answered = HEAVY_NAMES.has(name)
    ? await heavy(setup, request, { name, rest: rest.join('/') })
    : request.method === 'POST'
      ? await posted(setup, request, name)
      : answeredBy(setup, request, { name, rest: rest.join('/') });
  const common = { 'content-type': 'application/json;charset=UTF-8', 'x-crenel-revision': String(revision) };
  if (answered.ok) return { status: 200, headers: common, body: answered.value };
  const { status, ...error } = answered.error;
  // Whoever finds the analyst busy may come back soon.
  const headers = status === 503 ? { ...common, 'retry-after': '1' } : common;
  return { status, headers, body: `${JSON.stringify({ error })}\n` };
}

/** A question about all pairs, for whoever may `crenel:GetAnswer`. */
async function heavy(
  setup: NativeSetup,
  request: HttpRequest,
  { name, rest }: { readonly name: string; readonly rest: string },
): Promise<Result<string, Fault>> {
  const caller = setup.authenticate(request);
  if (!caller.ok) return fail({ status: caller.error.status, message: caller.error.message });
  const permitted = caller.value.mayDo('crenel:GetAnswer', {});
  if (!permitted.ok) return fail({ status: 403, message: `crenel:GetAnswer is not allowed: ${permitted.error}` });
  if (rest !== '') return fail({ status: 404, message: `there is nothing under ${NATIVE_PATH}${name}/` });
  const { accountId, region } = caller.value;
  const realm: Realm = { accountId, region };
  const { control } = setup;
  const asker: Asker = { realm, world: control.estate(realm).world, revision: control.revision };
  return await askHeavy(setup, request, { name, asker });
}

/** What is done, not asked: a backup, for whoever may `crenel:CreateBackup`. */
async function posted(
  { authenticate, backup }: NativeSetup,
  request: HttpRequest,
  name: string,
): Promise<Result<string, Fault>> {
  const caller = authenticate(request);
  if (!caller.ok) return fail({ status: caller.error.status, message: caller.error.message });
  if (name !== 'backup')
    return fail({
      status: 404,
      message: `what can be posted is backup, preview, assert, diff and lint under ${NATIVE_PATH}`,
    });
  const permitted = caller.value.mayDo('crenel:CreateBackup', {});
  if (!permitted.ok) return fail({ status: 403, message: `crenel:CreateBackup is not allowed: ${permitted.error}` });
  if (backup === undefined) return fail({ status: 409, message: 'this server keeps nothing that could be backed up' });
  const done = await backup();
  return done.ok ? ok(json(done.value)) : fail({ status: 500, message: done.error });
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
    return fail({
      status: 404,
      message: `there is world, why, edits, reach, show, diff, exposure, matrix and lint under ${NATIVE_PATH}`,
    });
  const permitted = caller.value.mayDo(question.action, {});
  if (!permitted.ok) return fail({ status: 403, message: `${question.action} is not allowed: ${permitted.error}` });
  const { accountId, region } = caller.value;
  const realm: Realm = { accountId, region };
  const { world } = control.estate(realm);
  return question.answer(world, request, {
    rest,
    hits: (owner) => (hits === undefined ? {} : { hits: hits(realm, world, owner) }),
  });
}

function answerOf(world: World, { query }: HttpRequest, always: string | undefined): Result<string, Fault> {
  const asked = askedIn(query);
  if (!asked.ok) return asked;
  const answer = ask(world, { ...asked.value, traffic: always ?? asked.value.traffic });
  return answer.ok
    ? ok(json(answerDocument(world, answer.value)))
    : fail({ status: 400, message: answer.error.message, suggestions: answer.error.suggestions });
}

function reportOf(world: World, path: string, hits: HitsOf): Result<string, Fault> {
  const [kind = '', ...rest] = path.split('/');
  const id = decoded(rest.join('/'));
  if (id === undefined) return bad('the path holds a percent sign that starts no byte');
  const report = REPORTS.get(kind)?.(world, id, hits);
  if (report === undefined) return bad(`what can be shown is ${[...REPORTS.keys()].join(', ')}`);
  return report.ok ? ok(json(report.value)) : fail({ status: 404, ...report.error });
}

type Report = (world: World, id: string, hits: HitsOf) => Result<unknown, EndpointError>;

const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>([
  [
    'group',
    (world, text, hits) =>
      mapped(findGroup(world, text), (group) => ({
        ...groupReport(world, group),
        ...hits({ kind: 'groups', id: group.id }),
      })),
  ],
  ['eni', (world, text) => mapped(findEni(world, text), (eni) => eniReport(world, eni))],
  [
    'acl',
    (world, text, hits) =>
      mapped(findAcl(world, text), (acl) => ({
        ...networkAclReport(world, acl),
        ...hits({ kind: 'acls', id: acl.id }),
      })),
  ],
  [
    'subnet',
    (world, text, hits) =>
      mapped(findSubnet(world, text), (subnet) => ({
        ...subnetReport(world, subnet),
        ...(subnet.networkAcl === undefined ? {} : hits({ kind: 'acls', id: subnet.networkAcl.aclId })),
      })),
  ],
]);

function mapped<T, U, E>(found: Result<T, E>, map: (value: T) => U): Result<U, E> {
  return found.ok ? ok(map(found.value)) : found;
}

function json(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return fail({ status: 400, message });
}
