import { FAMILIES, type Family } from '../../core/net/address.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { raisedQuotas } from '../../analysis/lint/raised-quotas.ts';
import { MATRIX_KINDS } from '../../analysis/matrix-ends.ts';
import type { Realm } from '../control/env.ts';
import { realmKey } from '../control/stored.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { readBody, readText } from './answers.ts';
import { familiesOf, type HeavyFault, type HeavyQuestion } from './heavy-questions.ts';
import { askedIn, parametersOf } from './parameters.ts';
import { NATIVE_PATH } from './paths.ts';
import { worldSteps } from './world-steps.ts';

/** Answers questions about all pairs of a world, aside from the thread that serves requests. */
export type Analyst = {
  readonly ask: (realm: string, world: World, questionOf: () => HeavyQuestion) => Promise<Result<string, HeavyFault>>;
};

/** What questions about all pairs need; a server without an analyst does not answer them. */
export type HeavySetup = {
  readonly analyst?: Analyst;
  /** The world of a realm at a revision; undefined where it is not known any more. */
  readonly worldAt?: (realm: Realm, revision: number) => World | undefined;
  /** The world after a call of EC2 by its words, of which nothing is kept. */
  readonly tryCall?: (realm: Realm, words: readonly string[]) => Result<World, HeavyFault>;
};

/** Who asks, and what is there at that moment. */
export type Asker = { readonly realm: Realm; readonly world: World; readonly revision: number };

type Made = Result<() => HeavyQuestion, HeavyFault>;
type Making = (setup: HeavySetup, request: HttpRequest, asker: Asker) => Made;

/** What is asked under a name, by the method that it is asked with. */
type Question = { readonly GET?: Making; readonly POST?: Making };

const QUESTIONS: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['exposure', { GET: exposureOf }],
  ['matrix', { GET: matrixOf }],
  ['diff', { GET: diffOf, POST: comparisonOf }],
  ['edits', { GET: editsOf }],
  ['lint', { GET: lintOf, POST: lintOf }],
  ['assert', { POST: assertOf }],
  ['preview', { POST: previewOf }],
]);

/** The names of these questions. */
export const HEAVY_NAMES: ReadonlySet<string> = new Set(QUESTIONS.keys());

/** Most rows of a matrix in one answer. */
const MAX_ROWS = 200;
/** Largest body of documents to compare: a plan of some five thousand resources. Whoever has more asks by the command line. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Most words of a call. */
const MAX_WORDS = 2000;

/**
 * Answers a question about all pairs with the JSON that the command line gives: `GET exposure`, `GET matrix`, `GET diff` between two revisions, `POST diff`
 * with documents, `GET edits`, `GET lint` or `POST lint` with an ignore file, `POST assert` with a file of facts, `POST preview` with
 * `{"call": ["authorize-security-group-ingress", …]}`.
 */
export async function askHeavy(
  setup: HeavySetup,
  request: HttpRequest,
  { name, asker }: { readonly name: string; readonly asker: Asker },
): Promise<Result<string, HeavyFault>> {
  const question = QUESTIONS.get(name);
  const { analyst } = setup;
  if (question === undefined || analyst === undefined)
    return fail({ status: 404, message: `this server does not answer ${NATIVE_PATH}${name}` });
  const make = request.method === 'POST' ? question.POST : question.GET;
  if (make === undefined)
    return fail({ status: 405, message: `${NATIVE_PATH}${name} is asked with ${Object.keys(question).join(' or ')}` });
  const made = make(setup, request, asker);
  return made.ok ? await analyst.ask(realmKey(asker.realm), asker.world, made.value) : made;
}

/** Most bytes of the body of a question, where it may have more than other requests. */
export function heavyBodyBytes(method: string, path: string): number | undefined {
  return method === 'POST' && path === `${NATIVE_PATH}diff` ? MAX_DOCUMENT_BYTES : undefined;
}

function exposureOf(_setup: HeavySetup, { query }: HttpRequest, { revision }: Asker): Made {
  const words = parametersOf(query, ['family']);
  if (!words.ok) return words;
  const families = familiesIn(words.value.family);
  return families.ok ? ok(() => ({ kind: 'exposure', revision, families: families.value })) : families;
}

function matrixOf(_setup: HeavySetup, { query }: HttpRequest, { revision }: Asker): Made {
  const words = parametersOf(query, ['by', 'from', 'to', 'page', 'size', 'family']);
  if (!words.ok) return words;
  const { by: kind = 'group', from, to, page = '1', size = '50', family } = words.value;
  const by = MATRIX_KINDS.find((one) => one === kind);
  if (by === undefined) return bad(`by is ${MATRIX_KINDS.join(', ')}`);
  const families = familiesIn(family);
  if (!families.ok) return families;
  if (!/^[1-9]\d{0,5}$/.test(page)) return bad('page is a whole number from 1');
  if (!/^[1-9]\d{0,2}$/.test(size) || Number(size) > MAX_ROWS)
    return bad(`size is a whole number from 1 to ${MAX_ROWS}`);
  const asked = {
    by,
    page: Number(page),
    size: Number(size),
    ...(family === undefined ? {} : { families: families.value }),
    ...(from === undefined ? {} : { from: from.split(',') }),
    ...(to === undefined ? {} : { to: to.split(',') }),
  };
  return ok(() => ({ kind: 'matrix', revision, query: asked }));
}

function diffOf({ worldAt }: HeavySetup, { query }: HttpRequest, { realm, world, revision }: Asker): Made {
  const words = parametersOf(query, ['before', 'after']);
  if (!words.ok) return words;
  const { before, after = String(revision) } = words.value;
  if (before === undefined)
    return bad('the parameter before must be there: a revision, as after may be, which is else the newest');
  const worlds: { readonly world: World; readonly revision: number }[] = [];
  for (const text of [before, after]) {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    if (number === undefined) return bad(`${JSON.stringify(text.slice(0, 40))} is no revision`);
    if (number > revision) return bad(`there is no revision ${number} yet: the newest is ${revision}`);
    const found = worldAt?.(realm, number);
    if (found === undefined) return fail({ status: 410, message: `revision ${number} is not kept any more` });
    worlds.push({ world: found, revision: number });
  }
  const sides = worlds.map((one) => ({ steps: worldSteps(world, one.world), revision: one.revision }));
  const [left, right] = sides;
  if (left === undefined || right === undefined) throw new Error('there are two revisions');
  return ok(() => ({ kind: 'diff', before: left, after: right }));
}

/** Documents are read where there is time: on the thread that answers. */
function comparisonOf(_setup: HeavySetup, { query, body }: HttpRequest, { revision }: Asker): Made {
  const none = parametersOf(query, []);
  return none.ok ? ok(() => ({ kind: 'compare', revision, body })) : none;
}

function editsOf(_setup: HeavySetup, { query }: HttpRequest, { revision }: Asker): Made {
  const asked = askedIn(query);
  return asked.ok ? ok(() => ({ kind: 'edits', revision, asked: asked.value })) : asked;
}

function lintOf(_setup: HeavySetup, { method, query, body }: HttpRequest, { revision }: Asker): Made {
  const words = parametersOf(query, ['family', 'quotas']);
  if (!words.ok) return words;
  const families = familiesIn(words.value.family);
  if (!families.ok) return families;
  const limits = raisedQuotas(words.value.quotas?.split(',') ?? []);
  if (!limits.ok) return bad(`quotas: ${limits.error}`);
  const [family] = families.value.length === 1 ? families.value : [];
  const text = method === 'POST' ? readText(body) : ok(undefined);
  return text.ok
    ? ok(() => ({ kind: 'lint', revision, limits: limits.value, ignores: text.value, family }))
    : bad(text.error);
}

function assertOf(_setup: HeavySetup, { query, body }: HttpRequest, { revision }: Asker): Made {
  const words = parametersOf(query, ['family']);
  if (!words.ok) return words;
  const families = familiesIn(words.value.family);
  if (!families.ok) return families;
  const text = readText(body);
  if (!text.ok) return bad(text.error);
  return ok(() => ({ kind: 'assert', revision, text: text.value, families: families.value }));
}

function previewOf({ tryCall }: HeavySetup, { query, body }: HttpRequest, { realm, world, revision }: Asker): Made {
  const none = parametersOf(query, []);
  if (!none.ok) return none;
  const words = readBody(body, callOf);
  if (!words.ok) return bad(words.error);
  if (tryCall === undefined) return fail({ status: 404, message: 'this server previews no calls' });
  const after = tryCall(realm, words.value);
  if (!after.ok) return after;
  const steps = worldSteps(world, after.value);
  return ok(() => ({ kind: 'diff', before: { steps: [], revision }, after: { steps, revision } }));
}

/** `{"call": ["create-route", …]}`; ASCII, with everything else escaped. */
function callOf(text: string): Result<readonly string[]> {
  const expected = 'expected {"call": ["authorize-security-group-ingress", "--group-id", …]} as JSON';
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail(expected);
  }
  if (typeof document !== 'object' || document === null || Object.keys(document).join() !== 'call')
    return fail(expected);
  const words: unknown = Reflect.get(document, 'call');
  if (!Array.isArray(words) || words.length > MAX_WORDS) return fail(expected);
  const texts = words.filter((word) => typeof word === 'string');
  return texts.length === words.length ? ok(texts) : fail(expected);
}

function familiesIn(text: string | undefined): Result<readonly Family[], HeavyFault> {
  const family = FAMILIES.find((one) => one === text);
  return text !== undefined && family === undefined ? bad('family is ipv4 or ipv6') : ok(familiesOf(family));
}

function bad(message: string): { readonly ok: false; readonly error: HeavyFault } {
  return fail({ status: 400, message });
}
