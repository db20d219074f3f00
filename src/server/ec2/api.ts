import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Limits } from '../../core/model/limits.ts';
import type { World } from '../../core/model/world.ts';
import type { Caller } from '../access/caller.ts';
import type { Control, Failure } from '../control/control.ts';
import { Draft } from '../control/draft.ts';
import type { Env, KeyMaker, Realm } from '../control/env.ts';
import { refuse, type Refusal } from '../control/refusal.ts';
import { sweep } from '../control/sweep.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import { decodeInput, type Input } from './decode.ts';
import { encodeError, encodeOutput, type Output } from './encode.ts';
import { type FormTree, parseForm } from './form.ts';
import { actionOf, type AnyAction } from './action-of.ts';
import type { Actions } from './operations.ts';
import { isReading } from './reading.ts';
import { answeredBefore, rememberAnswer } from './tokens.ts';
import { WIRE_TABLE } from './wire-table.ts';

type ServiceName = Caller['service'];

export type ApiSetup = {
  readonly control: Control;
  readonly actions: Actions;
  readonly limits: Limits;
  /** Says who sent a request, or why it is not believed. */
  readonly authenticate: (request: HttpRequest) => Result<Caller, Refusal>;
  readonly now: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly keys: KeyMaker;
  /** Headers that tell what a change opens and closes; answers wait for them, so they must not take long. */
  readonly effectOf?: (change: EffectOf) => Promise<Readonly<Record<string, string>>>;
};

/** A change that is kept: the worlds on both sides of it, and the revision that has it. */
export type EffectOf = {
  readonly realm: Realm;
  readonly before: World;
  readonly after: World;
  readonly revision: number;
};

type Request = {
  readonly action: string;
  readonly run: AnyAction;
  readonly input: Input;
  readonly caller: Caller;
};

type Done = {
  readonly output: Output;
  readonly revision: number;
  readonly effect?: Readonly<Record<string, string>>;
};

/** Where every answer is explained. */
const DOCUMENTATION = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/';

/** Answers requests of the EC2 Query protocol (version 2016-11-15) and STS's GetCallerIdentity. It rejects only for faults of the program. */
export class Api {
  readonly #setup: ApiSetup;

  constructor(setup: ApiSetup) {
    this.#setup = setup;
  }

  readonly handle = async (request: HttpRequest): Promise<HttpAnswer> => {
    const requestId = uuidOf(this.#setup.randomHex(16));
    const caller = this.#setup.authenticate(request);
    if (!caller.ok) return errorAnswer({ service: 'ec2', requestId }, caller.error);
    const { service } = caller.value;
    const prepared = this.#prepare(request, caller.value);
    if (!prepared.ok) return errorAnswer({ service, requestId }, prepared.error);
    const { action } = prepared.value;
    const done = await this.#perform(prepared.value);
    if (!done.ok) return errorAnswer({ service, requestId, action }, done.error);
    const { output, revision, effect } = done.value;
    return {
      status: 200,
      headers: { ...answerHeaders(requestId), 'x-crenel-revision': String(revision), ...effect },
      body: encodeOutput(WIRE_TABLE, { service, operation: action, requestId }, output),
      log: { requestId, action, account: caller.value.accountId, region: caller.value.region },
    };
  };

  /** What is asked for, decoded and permitted. */
  #prepare(request: HttpRequest, caller: Caller): Result<Request, Refusal> {
    const form = readForm(request);
    if (!form.ok) return form;
    const action = form.value.children.get('Action')?.value;
    if (action === undefined || action === '') return refuse('MissingAction', 'The request has no parameter Action.');
    const service = WIRE_TABLE.services[caller.service];
    const version = form.value.children.get('Version')?.value;
    if (version !== undefined && version !== service.version)
      return refuse(
        'NoSuchVersion',
        `The requested version (${clip(version)}) of service ${caller.service} does not exist. Use ${service.version}.`,
      );
    const shape = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined;
    const run = actionOf(this.#setup.actions, action);
    if (shape === undefined || run === undefined)
      return refuse(
        'InvalidAction',
        `The action ${clip(action)} is not valid for this web service: this server does not have it. See ${DOCUMENTATION} for what it is on AWS.`,
      );
    const input = decodeInput(WIRE_TABLE, shape.input, form.value);
    const permitted = caller.mayDo(`${caller.service}:${action}`, input.ok ? input.value : {});
    if (!permitted.ok)
      return fail({
        code: 'UnauthorizedOperation',
        message: `You are not authorized to perform this operation. User: ${caller.arn} is not authorized to perform: ${caller.service}:${action}: ${permitted.error}`,
        status: 403,
      });
    if (!input.ok) return refuse(input.error.code, input.error.message);
    return ok({ action, run, input: input.value, caller });
  }

  /** What to answer, and the revision that it holds at: of the change, or of what was read. */
  async #perform(request: Request): Promise<Result<Done, Refusal>> {
    const { control } = this.#setup;
    const { input, caller, action } = request;
    const realm: Realm = { accountId: caller.accountId, region: caller.region };
    if (input['DryRun'] === true) {
      const tried = this.#run(request, new Draft(control.estate(realm)));
      return tried.ok ? dryRun() : tried;
    }
    if (isReading(action)) {
      const read = this.#run(request, new Draft(control.estate(realm)));
      return read.ok ? ok({ output: read.value, revision: control.revision }) : read;
    }
    const committed = await control.submit(realm, (estate) => {
      const draft = new Draft(estate);
      const output = this.#run(request, draft);
      return output.ok ? ok({ estate: draft.estate, value: output.value }) : output;
    });
    if (!committed.ok) return fail(failureRefusal(committed.error));
    const { value: output, revision } = committed.value;
    const [before, after] = [committed.value.before.world, committed.value.after.world];
    const { effectOf } = this.#setup;
    if (effectOf === undefined || before === after) return ok({ output, revision });
    return ok({ output, revision, effect: await effectOf({ realm, before, after, revision }) });
  }

  #run({ action, run, input, caller }: Request, draft: Draft): Result<Output, Refusal> {
    const { limits, now, randomHex, keys } = this.#setup;
    const realm: Realm = { accountId: caller.accountId, region: caller.region };
    const env: Env = { realm, limits, now: now(), randomHex, keys };
    const before = answeredBefore(draft, action, input);
    if (!before.ok) return before;
    if (before.value !== undefined) return ok(before.value);
    if (!isReading(action)) sweep(draft, env.now);
    const output = run(input, { draft, env, caller });
    if (output.ok) rememberAnswer(draft, { action, input, output: output.value }, env.now);
    return output;
  }
}

/** A GET has its parameters in the query; a POST in the body, and in the query where it is presigned. */
function readForm({ method, query, body }: HttpRequest): Result<FormTree, Refusal> {
  const text = method === 'GET' ? '' : utf8(body);
  if (text === undefined) return refuse('MalformedQueryString', 'The body of the request is no UTF-8.');
  const form = parseForm(query === '' || text === '' ? `${query}${text}` : `${query}&${text}`);
  return form.ok ? form : refuse(form.error.code, form.error.message);
}

function utf8(body: Uint8Array): string | undefined {
  // Percent-encoded forms are ASCII; a byte beyond it stands for itself in what some clients send, as UTF-8.
  let encoded = '';
  for (const byte of body)
    encoded += byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  return encoded;
}

function dryRun(): Result<never, Refusal> {
  return fail({
    code: 'DryRunOperation',
    message: 'Request would have succeeded, but DryRun flag is set.',
    status: 412,
  });
}

function failureRefusal(failure: Failure): Refusal {
  return failure.kind === 'refused'
    ? failure.refusal
    : {
        code: 'Unavailable',
        message: `The change could not be stored, and nothing was changed: ${failure.fault.message}`,
        status: 503,
      };
}

/** What the listener refuses by itself, in the form that EC2's clients read; they try again what is refused with 503. */
export function refusalAnswer(status: number, message: string, randomHex: (bytes: number) => string): HttpAnswer {
  const code = status === 503 ? 'Unavailable' : status === 500 ? 'InternalError' : 'InvalidRequest';
  return errorAnswer({ service: 'ec2', requestId: uuidOf(randomHex(16)) }, { code, message, status });
}

type AnswerTo = { readonly service: ServiceName; readonly requestId: string; readonly action?: string };

function errorAnswer(
  { service, requestId, action }: AnswerTo,
  { code, message, status, details }: Refusal,
): HttpAnswer {
  return {
    status,
    headers: {
      ...answerHeaders(requestId),
      // Ids alone, and bounded: headers are.
      ...(details === undefined ? {} : { 'x-crenel-held-by': details.slice(0, 100).join(', ') }),
    },
    body: encodeError(service, { code, message, requestId }),
    log: {
      requestId,
      code,
      ...(action === undefined ? {} : { action }),
      ...(details === undefined ? {} : { heldBy: details }),
    },
  };
}

function answerHeaders(requestId: string): Readonly<Record<string, string>> {
  return { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
}

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
