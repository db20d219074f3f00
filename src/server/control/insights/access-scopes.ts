import { ok, type Result } from '../../../core/net/result.ts';
import type { AccessScope, AccessScopeAnalysis, AccessScopeFindings } from '../details/insights-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import { refuse, type Refusal } from '../refusal.ts';
import { INSIGHTS_KEPT, tooManyInsights } from './insights.ts';

type Refused = { readonly ok: false; readonly error: Refusal };
type Done<T> = Result<T, Refusal>;

/** Most scopes, and most analyses of them, which hold their findings (this server's own). */
export const SCOPE_LIMITS: { readonly scopes: number; readonly analyses: number; readonly running: number } = {
  scopes: 200,
  analyses: 100,
  running: 10,
};

/** Code [D], text [E]. */
export function scopeNotFound(id: string): Refused {
  return refuse(
    'InvalidNetworkInsightsAccessScopeId.NotFound',
    `The network insights access scope '${id}' does not exist`,
  );
}

/** Code [D], text [E]. */
export function scopeAnalysisNotFound(id: string): Refused {
  return refuse(
    'InvalidNetworkInsightsAccessScopeAnalysisId.NotFound',
    `The network insights access scope analysis '${id}' does not exist`,
  );
}

/** Keeps a scope. */
export function createAccessScope(
  draft: Draft,
  asked: Omit<AccessScope, 'id' | 'createTime'>,
  env: Env,
): Done<AccessScope> {
  if (draft.estate.details.accessScopes.size >= SCOPE_LIMITS.scopes)
    return tooManyInsights('AccessScope', SCOPE_LIMITS.scopes);
  const scope: AccessScope = { id: newId(env, 'nis'), ...asked, createTime: nowText(env) };
  draft.put('accessScopes', scope);
  return ok(scope);
}

/** Takes a scope away; one that has analyses stays, as a path does. The code is that of paths by analogy [I]: AWS names none. */
export function deleteAccessScope(draft: Draft, id: string): Done<void> {
  if (draft.get('accessScopes', id) === undefined) return scopeNotFound(id);
  const held = [...draft.list('accessScopeAnalyses')].filter((one) => one.scopeId === id).map((one) => one.id);
  if (held.length > 0)
    return refuse(
      'AnalysisExistsForNetworkInsightsAccessScope',
      `The scope '${id}' has analyses: delete them first`,
      held,
    );
  draft.remove('accessScopes', id);
  return ok(undefined);
}

/** Begins an analysis of a scope; what is old goes. */
export function beginScopeAnalysis(
  draft: Draft,
  asked: Omit<AccessScopeAnalysis, 'id' | 'startTime' | 'result'>,
  env: Env,
): Done<AccessScopeAnalysis> {
  if (draft.get('accessScopes', asked.scopeId) === undefined) return scopeNotFound(asked.scopeId);
  const oldest = new Date(env.now - INSIGHTS_KEPT).toISOString();
  for (const { id, startTime } of draft.list('accessScopeAnalyses'))
    if (startTime < oldest) deleteScopeAnalysis(draft, id);
  const all = [...draft.list('accessScopeAnalyses')];
  if (all.length >= SCOPE_LIMITS.analyses) return tooManyInsights('AccessScopeAnalysis', SCOPE_LIMITS.analyses);
  if (all.filter((one) => one.result === undefined).length >= SCOPE_LIMITS.running)
    return tooManyInsights('AccessScopeAnalysis', SCOPE_LIMITS.running);
  const analysis: AccessScopeAnalysis = { id: newId(env, 'nisa'), ...asked, startTime: nowText(env) };
  draft.put('accessScopeAnalyses', analysis);
  return ok(analysis);
}

/** Findings that stand in one record: each has some tens of kilobytes at most, and a record 768. */
const PART = 20;

/** Gives an analysis its result and its findings; one that was deleted meanwhile, or has one, stays as it is. */
export function endScopeAnalysis(
  draft: Draft,
  id: string,
  {
    result,
    findings,
  }: {
    readonly result: Omit<NonNullable<AccessScopeAnalysis['result']>, 'parts'>;
    readonly findings: AccessScopeFindings['findings'];
  },
): void {
  const analysis = draft.get('accessScopeAnalyses', id);
  if (analysis === undefined || analysis.result !== undefined) return;
  const parts = Math.ceil(findings.length / PART);
  for (let part = 0; part < parts; part += 1)
    draft.put('accessScopeFindings', { id: `${id}/${part}`, findings: findings.slice(part * PART, (part + 1) * PART) });
  draft.put('accessScopeAnalyses', { ...analysis, result: { ...result, parts } });
}

/** The findings of an analysis, in order. */
export function findingsOfScope(draft: Draft, { id, result }: AccessScopeAnalysis): AccessScopeFindings['findings'] {
  return Array.from({ length: result?.parts ?? 0 }, (_, part) => part).flatMap(
    (part) => draft.get('accessScopeFindings', `${id}/${part}`)?.findings ?? [],
  );
}

/** Takes an analysis away, with its findings. */
export function deleteScopeAnalysis(draft: Draft, id: string): Done<void> {
  const analysis = draft.get('accessScopeAnalyses', id);
  if (analysis === undefined) return scopeAnalysisNotFound(id);
  for (let part = 0; part < (analysis.result?.parts ?? 0); part += 1)
    draft.remove('accessScopeFindings', `${id}/${part}`);
  draft.remove('accessScopeAnalyses', id);
  return ok(undefined);
}
