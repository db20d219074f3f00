import type {
  AccessScopeAnalysisFinding,
  CreateNetworkInsightsAccessScopeRequest,
  DescribeNetworkInsightsAccessScopeAnalysesRequest,
  DescribeNetworkInsightsAccessScopesRequest,
  GetNetworkInsightsAccessScopeAnalysisFindingsRequest,
  GetNetworkInsightsAccessScopeAnalysisFindingsResult,
  NetworkInsightsAccessScope,
  NetworkInsightsAccessScopeAnalysis,
  NetworkInsightsAccessScopeContent,
  PathComponent,
  StartNetworkInsightsAccessScopeAnalysisRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { AccessScope, AccessScopeAnalysis } from '../../control/details/insights-detail.ts';
import { arnOf, type Realm } from '../../control/env.ts';
import {
  beginScopeAnalysis,
  createAccessScope,
  deleteAccessScope,
  deleteScopeAnalysis,
  findingsOfScope,
  scopeAnalysisNotFound,
  scopeNotFound,
} from '../../control/insights/access-scopes.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { nextTokenOf } from '../describe.ts';
import { askedScopePaths, scopePathShape } from '../insights/asked-scope.ts';
import { describeKept, isBegun } from '../insights/describe-kept.ts';
import type { Actions, Call } from '../operations.ts';
import { type PageSizes, pageOf } from '../paging.ts';
import { tagsFor, tagShapes } from '../tags.ts';

/** Pages of findings (API GetNetworkInsightsAccessScopeAnalysisFindings). */
const FINDING_PAGES: PageSizes = { least: 1, most: 1000 };

export const accessScopeActions: Actions = {
  CreateNetworkInsightsAccessScope: create,
  DescribeNetworkInsightsAccessScopes: describeScopes,
  GetNetworkInsightsAccessScopeContent: ({ NetworkInsightsAccessScopeId: id = '' }, { draft }) => {
    const scope = draft.get('accessScopes', id);
    return scope === undefined ? scopeNotFound(id) : ok({ NetworkInsightsAccessScopeContent: contentShape(scope) });
  },
  DeleteNetworkInsightsAccessScope: ({ NetworkInsightsAccessScopeId: id = '' }, { draft }) => {
    const gone = deleteAccessScope(draft, id);
    return gone.ok ? ok({ NetworkInsightsAccessScopeId: id }) : gone;
  },
  StartNetworkInsightsAccessScopeAnalysis: start,
  DescribeNetworkInsightsAccessScopeAnalyses: describeAnalyses,
  GetNetworkInsightsAccessScopeAnalysisFindings: findings,
  DeleteNetworkInsightsAccessScopeAnalysis: ({ NetworkInsightsAccessScopeAnalysisId: id = '' }, { draft }) => {
    const gone = deleteScopeAnalysis(draft, id);
    return gone.ok ? ok({ NetworkInsightsAccessScopeAnalysisId: id }) : gone;
  },
};

function create(input: CreateNetworkInsightsAccessScopeRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('network-insights-access-scope', input.TagSpecifications);
  if (!tags.ok) return tags;
  const match = askedScopePaths('MatchPaths', input.MatchPaths, env.realm);
  if (!match.ok) return match;
  if (match.value.length === 0) return missingParameter('MatchPaths');
  const exclude = askedScopePaths('ExcludePaths', input.ExcludePaths, env.realm);
  if (!exclude.ok) return exclude;
  const asked = { match: match.value, exclude: exclude.value, tags: tags.value };
  const scope = createAccessScope(draft, asked, env);
  if (!scope.ok) return scope;
  return ok({
    NetworkInsightsAccessScope: scopeShape(scope.value, env.realm),
    NetworkInsightsAccessScopeContent: contentShape(scope.value),
  });
}

function start(input: StartNetworkInsightsAccessScopeAnalysisRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('network-insights-access-scope-analysis', input.TagSpecifications);
  if (!tags.ok) return tags;
  const analysis = beginScopeAnalysis(
    draft,
    { scopeId: input.NetworkInsightsAccessScopeId ?? '', tags: tags.value },
    env,
  );
  return analysis.ok ? ok({ NetworkInsightsAccessScopeAnalysis: analysisShape(analysis.value, env.realm) }) : analysis;
}

function describeScopes(
  input: DescribeNetworkInsightsAccessScopesRequest,
  { draft, env }: Call,
): Result<object, Refusal> {
  const page = describeKept(input, draft, {
    kind: 'accessScopes',
    ids: input.NetworkInsightsAccessScopeIds,
    code: 'InvalidNetworkInsightsAccessScopeId',
    notFound: scopeNotFound,
  });
  if (!page.ok) return page;
  return ok({
    NetworkInsightsAccessScopes: page.value.items.map((scope) => scopeShape(scope, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function describeAnalyses(
  input: DescribeNetworkInsightsAccessScopeAnalysesRequest,
  { draft, env }: Call,
): Result<object, Refusal> {
  const { NetworkInsightsAccessScopeId: scopeId, AnalysisStartTimeBegin: since, AnalysisStartTimeEnd: until } = input;
  if (scopeId !== undefined && draft.get('accessScopes', scopeId) === undefined) return scopeNotFound(scopeId);
  const page = describeKept(input, draft, {
    kind: 'accessScopeAnalyses',
    ids: input.NetworkInsightsAccessScopeAnalysisIds,
    code: 'InvalidNetworkInsightsAccessScopeAnalysisId',
    notFound: scopeAnalysisNotFound,
    isAsked: ({ scopeId: own, startTime }) =>
      isBegun(own, startTime, { of: scopeId, since }) && (until === undefined || startTime <= until.toISOString()),
  });
  if (!page.ok) return page;
  return ok({
    NetworkInsightsAccessScopeAnalyses: page.value.items.map((one) => analysisShape(one, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function findings(
  input: GetNetworkInsightsAccessScopeAnalysisFindingsRequest,
  { draft }: Call,
): Result<GetNetworkInsightsAccessScopeAnalysisFindingsResult, Refusal> {
  const id = input.NetworkInsightsAccessScopeAnalysisId ?? '';
  const analysis = draft.get('accessScopeAnalyses', id);
  if (analysis === undefined) return scopeAnalysisNotFound(id);
  const page = pageOf(findingsOfScope(draft, analysis), input, {
    idOf: ({ FindingId }) => FindingId,
    sizes: FINDING_PAGES,
  });
  if (!page.ok) return page;
  return ok({
    NetworkInsightsAccessScopeAnalysisId: id,
    AnalysisStatus: analysis.result?.members.Status ?? 'running',
    AnalysisFindings: page.value.items.map(({ FindingId, FindingComponents }): AccessScopeAnalysisFinding => ({
      NetworkInsightsAccessScopeAnalysisId: id,
      NetworkInsightsAccessScopeId: analysis.scopeId,
      FindingId,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was stored is what `scopeResult` made
      FindingComponents: [...FindingComponents] as PathComponent[],
    })),
    ...nextTokenOf(page.value),
  });
}

function scopeShape({ id, createTime, tags }: AccessScope, realm: Realm): NetworkInsightsAccessScope {
  return {
    NetworkInsightsAccessScopeId: id,
    NetworkInsightsAccessScopeArn: arnOf(realm, 'network-insights-access-scope', id),
    CreatedDate: new Date(createTime),
    UpdatedDate: new Date(createTime),
    Tags: tagShapes(tags),
  };
}

function contentShape({ id, match, exclude }: AccessScope): NetworkInsightsAccessScopeContent {
  return {
    NetworkInsightsAccessScopeId: id,
    MatchPaths: match.map(scopePathShape),
    ...(exclude.length === 0 ? {} : { ExcludePaths: exclude.map(scopePathShape) }),
  };
}

function analysisShape(
  { id, scopeId, startTime, result, tags }: AccessScopeAnalysis,
  realm: Realm,
): NetworkInsightsAccessScopeAnalysis {
  return {
    NetworkInsightsAccessScopeAnalysisId: id,
    NetworkInsightsAccessScopeAnalysisArn: arnOf(realm, 'network-insights-access-scope-analysis', id),
    NetworkInsightsAccessScopeId: scopeId,
    StartDate: new Date(startTime),
    ...(result === undefined ? { Status: 'running' } : { ...result.members, EndDate: new Date(result.endTime) }),
    Tags: tagShapes(tags),
  };
}
