import { FAMILIES, type Family } from '../../core/net/address.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Limits } from '../../core/model/limits.ts';
import type { World } from '../../core/model/world.ts';
import { editsOf } from '../../analysis/answer-edits.ts';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask, type Asked } from '../../analysis/ask.ts';
import { judgeAssertions } from '../../analysis/assertions.ts';
import { diffDocument } from '../../analysis/diff-document.ts';
import { exposures } from '../../analysis/exposure.ts';
import { LINT_RULES } from '../../analysis/lint/finding.ts';
import { applyIgnores, findingsOf } from '../../analysis/lint/ignores.ts';
import { lintWorld } from '../../analysis/lint/lint.ts';
import type { InsightsQuestion } from '../../analysis/insights/insights-question.ts';
import { answerPath } from '../../analysis/insights/path-answer.ts';
import { answerScope } from '../../analysis/insights/scope-answer.ts';
import { matrixDocument, type MatrixQuery } from '../../analysis/matrix-document.ts';
import { differenceOf } from '../../analysis/pairs/difference.ts';
import { readAssertions } from '../../formats/assertion-file.ts';
import { readIgnores } from '../../formats/ignore-file.ts';
import { readSentWorlds } from './sent-worlds.ts';
import type { WorldStep } from './world-steps.ts';

/** A question about all pairs of a world, or about two worlds that steps lead to from it; each at the revision that it is told to be of. */
export type HeavyQuestion =
  | { readonly kind: 'exposure'; readonly revision: number; readonly families: readonly Family[] }
  | { readonly kind: 'matrix'; readonly revision: number; readonly query: Omit<MatrixQuery, 'onProgress'> }
  | { readonly kind: 'assert'; readonly revision: number; readonly text: string; readonly families: readonly Family[] }
  | {
      readonly kind: 'lint';
      readonly revision: number;
      readonly limits: Limits;
      readonly ignores: string | undefined;
      readonly family: Family | undefined;
    }
  | { readonly kind: 'edits'; readonly revision: number; readonly asked: Asked }
  | { readonly kind: 'diff'; readonly before: Side; readonly after: Side }
  | { readonly kind: 'compare'; readonly revision: number; readonly body: Uint8Array }
  /** Of EC2's network insights. */
  | InsightsQuestion;

/** A world by the steps that lead to it. */
export type Side = { readonly steps: readonly WorldStep[]; readonly revision: number };

/** Why there is no answer: a status of HTTP, and words. */
export type HeavyFault = {
  readonly status: number;
  readonly message: string;
  readonly suggestions?: readonly string[];
};

/** Longest answer, in characters: what is longer is for the command line, which asks a copy of the world. */
const MAX_LENGTH = 32 * 1024 * 1024;

/** What an answer is made with: the world; what leads from it to a side; bytes as UTF-8 text, undefined where they are none; `onProgress` may throw to end it. */
export type HeavyMeans = {
  readonly world: World;
  readonly follow: (steps: readonly WorldStep[]) => World;
  readonly decode: (bytes: Uint8Array) => string | undefined;
  readonly onProgress: () => void;
};

/** The answer as JSON. */
export function answerHeavy(question: HeavyQuestion, means: HeavyMeans): Result<string, HeavyFault> {
  const document = documentOf(question, means);
  if (!document.ok) return document;
  const text = `${JSON.stringify(document.value)}\n`;
  return text.length > MAX_LENGTH
    ? fail({
        status: 413,
        message: `the answer has ${text.length} characters: ask for less of it, or let the command line ask, with --endpoint`,
      })
    : ok(text);
}

function documentOf(question: HeavyQuestion, means: HeavyMeans): Result<unknown, HeavyFault> {
  const { world, follow, onProgress } = means;
  switch (question.kind) {
    case 'exposure':
      return ok(exposures(at(world, question.revision), { families: question.families, onProgress }));
    case 'matrix': {
      const made = matrixDocument(at(world, question.revision), { ...question.query, onProgress });
      return made.ok ? made : fail({ status: 400, ...faultWords(made.error) });
    }
    case 'assert':
      return assertOf(at(world, question.revision), question, onProgress);
    case 'lint':
      return lintOf(at(world, question.revision), question, onProgress);
    case 'edits':
      return editsAnswer(at(world, question.revision), question.asked, onProgress);
    case 'compare':
      return comparison(question, means);
    case 'insights-scope':
      return ok(answerScope(at(world, question.revision), question.question, question.limits));
    case 'insights-path':
      return ok(answerPath(at(world, question.revision), question.question, question.trips));
    case 'diff': {
      const before = at(follow(question.before.steps), question.before.revision);
      const after = at(follow(question.after.steps), question.after.revision);
      return ok(diffDocument(before, after, differenceOf(before, after, onProgress)));
    }
  }
}

function assertOf(
  world: World,
  { text, families }: Extract<HeavyQuestion, { kind: 'assert' }>,
  onProgress: () => void,
): Result<unknown, HeavyFault> {
  const written = readAssertions(text);
  if (!written.ok) {
    const { line, column, message } = written.error;
    return fail({ status: 400, message: `${line}:${column}: ${message}` });
  }
  const judged = judgeAssertions(world, written.value, { families, onProgress });
  if (judged.ok) return judged;
  const [first] = judged.error;
  const fact = written.value[first?.index ?? 0];
  return fail({
    status: 400,
    message: `${fact?.line ?? 1}:${fact?.column ?? 1}: ${first?.message ?? 'it cannot be judged'}`,
    suggestions: first?.suggestions ?? [],
  });
}

function lintOf(
  world: World,
  { limits, ignores, family }: Extract<HeavyQuestion, { kind: 'lint' }>,
  onProgress: () => void,
): Result<unknown, HeavyFault> {
  const written = ignores === undefined ? ok([]) : readIgnores(ignores, Object.keys(LINT_RULES));
  if (!written.ok) {
    const { line, column, message } = written.error;
    return fail({ status: 400, message: `${line}:${column}: ${message}` });
  }
  const { document, stale } = applyIgnores(lintWorld(world, { limits, onProgress }), written.value);
  const staleIgnores = written.value.filter((one) => stale.includes(one));
  return ok({ ...(family === undefined ? document : findingsOf(document, family)), staleIgnores });
}

function editsAnswer(world: World, asked: Asked, onProgress: () => void): Result<unknown, HeavyFault> {
  const answer = ask(world, asked);
  if (!answer.ok) return fail({ status: 400, ...faultWords(answer.error) });
  return ok({ ...answerDocument(world, answer.value), edits: editsOf(world, answer.value, onProgress) });
}

function comparison(
  { body, revision }: Extract<HeavyQuestion, { kind: 'compare' }>,
  { world, decode, onProgress }: HeavyMeans,
): Result<unknown, HeavyFault> {
  const text = decode(body);
  if (text === undefined) return fail({ status: 400, message: 'the body is no UTF-8' });
  const sent = readSentWorlds(text, at(world, revision));
  if (!sent.ok) return fail({ status: 400, message: sent.error });
  const { before, after, findings } = sent.value;
  return ok({ ...diffDocument(before, after, differenceOf(before, after, onProgress)), remarks: findings });
}

function faultWords(error: { readonly message: string; readonly suggestions: readonly string[] }): {
  readonly message: string;
  readonly suggestions: readonly string[];
} {
  return { message: error.message, suggestions: error.suggestions };
}

function at(world: World, revision: number): World {
  return world.revision === revision ? world : { ...world, revision };
}

/** Both families, or the one that is named. */
export function familiesOf(family: Family | undefined): readonly Family[] {
  return family === undefined ? FAMILIES : [family];
}
