import { ok, type Result } from '../../../core/net/result.ts';
import type { World } from '../../../core/model/world.ts';
import type { InsightsQuestion } from '../../../analysis/insights/insights-question.ts';
import { answerPath, type PathAnswer } from '../../../analysis/insights/path-answer.ts';
import { answerScope, type ScopeAnswer, type ScopeLimits } from '../../../analysis/insights/scope-answer.ts';
import type { Commit, Control } from '../../control/control.ts';
import { Draft } from '../../control/draft.ts';
import { type Estate, recordOf, recordsOf } from '../../control/estate.ts';
import type { InsightsAnalysis, InsightsPath } from '../../control/details/insights-detail.ts';
import { endScopeAnalysis } from '../../control/insights/access-scopes.ts';
import { endInsightsAnalysis } from '../../control/insights/insights.ts';
import { realmOf } from '../../control/stored.ts';
import { questionOf } from './asked-path.ts';
import { scopeQuestionOf } from './asked-scope.ts';
import { type PathResult, pathResult } from './path-result.ts';
import { scopeFailed, type ScopeResult, scopeResult } from './scope-result.ts';

/** Pairs of addresses that are tried on the server's own thread, in some milliseconds; more are tried aside. */
const HERE = 200;
/** Pairs of addresses that are tried at all. */
export const INSIGHTS_TRIPS = 100_000;

/** Findings that are kept of one analysis of a scope, and address prefixes in one header. */
const SCOPE_BOUNDS: ScopeLimits = { findings: 1000, prefixes: 400 };

/** Answers a question aside, as JSON; waits for its turn. Errors say why there is no answer. */
export type AskAside = (
  realm: string,
  world: World,
  question: InsightsQuestion,
) => Promise<Result<string, { readonly message: string }>>;

/** What a runner needs of its surroundings. */
export type RunnerSetup = {
  readonly control: Control;
  readonly now: () => number;
  /** Runs a function when what came meanwhile is done (`setImmediate`). */
  readonly defer: (run: () => void) => void;
  /** Without it everything is answered on this thread. */
  readonly askAside?: AskAside;
  /** Pairs of addresses that are tried on this thread before the rest is asked aside. */
  readonly tripsHere?: number;
  /** Hears of faults of the program; the analysis fails and says so. */
  readonly onFault: (error: unknown) => void;
};

type Job = {
  readonly kind: 'path' | 'scope';
  readonly realm: string;
  readonly id: string;
  readonly estate: Estate;
  readonly revision: number;
};

/**
 * Answers the analyses that have begun, one after another: each about the world of the commit that began it, so the revision that it names is exactly that. One that
 * has no answer when the server ends is begun anew with the next start, about the world of then.
 */
export class InsightsRunner {
  readonly #setup: RunnerSetup;
  readonly #jobs: Job[] = [];
  readonly #known = new Set<string>();
  readonly #unsubscribe: () => void;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(setup: RunnerSetup) {
    const { control } = setup;
    this.#setup = setup;
    this.#unsubscribe = control.subscribe((commit) => {
      this.#hear(commit);
    });
    for (const realm of control.realms) this.#take(realm, control.estate(realmOf(realm)), control.revision);
  }

  /** Resolves when nothing that has begun is without an answer. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Ends it: what has no answer yet waits for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    await this.#running;
  }

  #hear({ revision, realms }: Commit): void {
    for (const [realm, { before, after }] of realms)
      if (
        before.details.insightsAnalyses !== after.details.insightsAnalyses ||
        before.details.accessScopeAnalyses !== after.details.accessScopeAnalyses
      )
        this.#take(realm, after, revision);
  }

  #take(realm: string, estate: Estate, revision: number): void {
    const begun = [
      ...[...recordsOf(estate, 'insightsAnalyses')].map(({ id, result }) => ({ kind: 'path', id, result }) as const),
      ...[...recordsOf(estate, 'accessScopeAnalyses')].map(
        ({ id, result }) => ({ kind: 'scope', id, result }) as const,
      ),
    ];
    for (const { kind, id, result } of begun) {
      if (result !== undefined || this.#known.has(`${realm}/${id}`)) continue;
      this.#known.add(`${realm}/${id}`);
      this.#jobs.push({ kind, realm, id, estate, revision });
    }
    if (this.#running === undefined && this.#jobs.length > 0) this.#running = this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      await new Promise<void>((resume) => {
        this.#setup.defer(resume);
      });
      if (this.#isClosed) break;
      await this.#answer(job);
      this.#known.delete(`${job.realm}/${job.id}`);
    }
    this.#running = undefined;
  }

  async #answer(job: Job): Promise<void> {
    const { control, now } = this.#setup;
    const [members, scope] =
      job.kind === 'path' ? [await this.#membersOf(job), undefined] : [undefined, await this.#scopeOf(job)];
    const at = { revision: job.revision, endTime: new Date(now()).toISOString() };
    const keep = async (path: PathResult | undefined, found: ScopeResult | undefined): Promise<boolean> => {
      const kept = await control.submit(realmOf(job.realm), (estate) => {
        const draft = new Draft(estate);
        if (path !== undefined) endInsightsAnalysis(draft, job.id, { ...at, members: path });
        if (found !== undefined)
          endScopeAnalysis(draft, job.id, { result: { ...at, members: found.members }, findings: found.findings });
        return ok({ estate: draft.estate, value: undefined });
      });
      // A store that fails keeps it running: the next start, or the next analysis that begins, tries again.
      return kept.ok || kept.error.kind !== 'refused';
    };
    if (await keep(members, scope)) return;
    const why = 'The answer is larger than a record may be: ask for less.';
    await keep(members === undefined ? undefined : failed(why), scope === undefined ? undefined : scopeFailed(why));
  }

  async #scopeOf({ realm, id, estate, revision }: Job): Promise<ScopeResult> {
    const analysis = recordOf(estate, 'accessScopeAnalyses', id);
    const scope = analysis === undefined ? undefined : recordOf(estate, 'accessScopes', analysis.scopeId);
    if (scope === undefined) return scopeFailed('The scope is gone.');
    const world = { ...estate.world, revision };
    const question = scopeQuestionOf(scope);
    const { askAside } = this.#setup;
    try {
      const text =
        askAside === undefined
          ? ok(JSON.stringify(answerScope(world, question, SCOPE_BOUNDS)))
          : await askAside(realm, world, { kind: 'insights-scope', revision, question, limits: SCOPE_BOUNDS });
      if (!text.ok) return scopeFailed(text.error.message);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the thread answers with what `answerScope` gives
      return scopeResult(JSON.parse(text.value) as ScopeAnswer, id, { world, realm: realmOf(realm) });
    } catch (error) {
      this.#setup.onFault(error);
      return scopeFailed('The analysis met a fault of this server; its log says more.');
    }
  }

  async #membersOf({ realm, id, estate, revision }: Job): Promise<PathResult> {
    const analysis = recordOf(estate, 'insightsAnalyses', id);
    const path = analysis === undefined ? undefined : recordOf(estate, 'insightsPaths', analysis.pathId);
    if (analysis === undefined || path === undefined) return failed('The path is gone.');
    const world = { ...estate.world, revision };
    try {
      const answer = await this.#answerOf(realm, world, { path, analysis });
      return answer.ok ? pathResult(answer.value, { world, realm: realmOf(realm) }) : failed(answer.error.message);
    } catch (error) {
      this.#setup.onFault(error);
      return failed('The analysis met a fault of this server; its log says more.');
    }
  }

  async #answerOf(
    realm: string,
    world: World,
    { path, analysis }: { readonly path: InsightsPath; readonly analysis: InsightsAnalysis },
  ): Promise<Result<PathAnswer, { readonly message: string }>> {
    const question = questionOf(path, analysis);
    const { askAside, tripsHere = HERE } = this.#setup;
    const answer = answerPath(world, question, askAside === undefined ? INSIGHTS_TRIPS : tripsHere);
    if (answer.outcome !== 'too-large' || askAside === undefined) return ok(answer);
    const text = await askAside(realm, world, {
      kind: 'insights-path',
      revision: world.revision,
      question,
      trips: INSIGHTS_TRIPS,
    });
    if (!text.ok) return text;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the thread answers with what `answerPath` gives
    return ok(JSON.parse(text.value) as PathAnswer);
  }
}

function failed(message: string): PathResult {
  return { Status: 'failed', StatusMessage: message };
}
