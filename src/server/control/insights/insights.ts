import { ok, type Result } from '../../../core/net/result.ts';
import type { InsightsAnalysis, InsightsPath, InsightsResult } from '../details/insights-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import { refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Most records of each kind, and most analyses that run at once (V:reachability quotas: 1,000 paths, 100 at once; AWS keeps more analyses). */
export const INSIGHTS_LIMITS: {
  readonly paths: number;
  readonly analyses: number;
  readonly running: number;
} = { paths: 1000, analyses: 2000, running: 100 };
/** How long AWS keeps an analysis, in milliseconds: 120 days. */
export const INSIGHTS_KEPT: number = 120 * 86_400_000;

/** Code [D], text [E]. */
export function pathNotFound(id: string): Refused {
  return refuse('InvalidNetworkInsightsPathId.NotFound', `The network insights path '${id}' does not exist`);
}

/** Code [D], text [E]. */
export function analysisNotFound(id: string): Refused {
  return refuse('InvalidNetworkInsightsAnalysisId.NotFound', `The network insights analysis '${id}' does not exist`);
}

/** There are as many of a kind as there may be. Codes of paths and analyses [D] (AWS's own handlers for CloudFormation), of scopes [I] by analogy. */
export function tooManyInsights(
  what: 'Path' | 'Analysis' | 'AccessScope' | 'AccessScopeAnalysis',
  most: number,
): Refused {
  return refuse(
    `NetworkInsights${what}.LimitExceeded`,
    `There are ${most} already: delete some, or wait until those that run are done`,
  );
}

/** Keeps a question. */
export function createInsightsPath(
  draft: Draft,
  asked: Omit<InsightsPath, 'id' | 'createTime'>,
  env: Env,
): Result<InsightsPath, Refusal> {
  if (draft.estate.details.insightsPaths.size >= INSIGHTS_LIMITS.paths)
    return tooManyInsights('Path', INSIGHTS_LIMITS.paths);
  const path: InsightsPath = { id: newId(env, 'nip'), ...asked, createTime: nowText(env) };
  draft.put('insightsPaths', path);
  return ok(path);
}

/** Takes a question away; one that has analyses stays. */
export function deleteInsightsPath(draft: Draft, id: string): Result<void, Refusal> {
  if (draft.get('insightsPaths', id) === undefined) return pathNotFound(id);
  const held = [...draft.list('insightsAnalyses')].filter((one) => one.pathId === id).map((one) => one.id);
  if (held.length > 0)
    return refuse('AnalysisExistsForNetworkInsightsPath', `The path '${id}' has analyses: delete them first`, held);
  draft.remove('insightsPaths', id);
  return ok(undefined);
}

/** Begins an analysis of a path; what is old goes. */
export function beginInsightsAnalysis(
  draft: Draft,
  asked: Omit<InsightsAnalysis, 'id' | 'startTime' | 'result'>,
  env: Env,
): Result<InsightsAnalysis, Refusal> {
  if (draft.get('insightsPaths', asked.pathId) === undefined) return pathNotFound(asked.pathId);
  const oldest = new Date(env.now - INSIGHTS_KEPT).toISOString();
  for (const { id, startTime } of draft.list('insightsAnalyses'))
    if (startTime < oldest) draft.remove('insightsAnalyses', id);
  const all = [...draft.list('insightsAnalyses')];
  if (all.length >= INSIGHTS_LIMITS.analyses) return tooManyInsights('Analysis', INSIGHTS_LIMITS.analyses);
  if (all.filter((one) => one.result === undefined).length >= INSIGHTS_LIMITS.running)
    return tooManyInsights('Analysis', INSIGHTS_LIMITS.running);
  const analysis: InsightsAnalysis = { id: newId(env, 'nia'), ...asked, startTime: nowText(env) };
  draft.put('insightsAnalyses', analysis);
  return ok(analysis);
}

/** Gives an analysis its result; one that was deleted meanwhile, or has one, stays as it is. */
export function endInsightsAnalysis(draft: Draft, id: string, result: InsightsResult): void {
  const analysis = draft.get('insightsAnalyses', id);
  if (analysis !== undefined && analysis.result === undefined) draft.put('insightsAnalyses', { ...analysis, result });
}

/** Takes an answer away. */
export function deleteInsightsAnalysis(draft: Draft, id: string): Result<void, Refusal> {
  if (draft.get('insightsAnalyses', id) === undefined) return analysisNotFound(id);
  draft.remove('insightsAnalyses', id);
  return ok(undefined);
}
