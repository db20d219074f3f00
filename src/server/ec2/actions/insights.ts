import type {
  CreateNetworkInsightsPathRequest,
  DescribeNetworkInsightsAnalysesRequest,
  DescribeNetworkInsightsPathsRequest,
  FilterPortRange,
  NetworkInsightsAnalysis,
  NetworkInsightsPath,
  PathFilter,
  StartNetworkInsightsAnalysisRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { findKind } from '../../../analysis/names.ts';
import type { InsightsAnalysis, InsightsFilter, InsightsPath } from '../../control/details/insights-detail.ts';
import type { Draft } from '../../control/draft.ts';
import { arnOf, type Realm } from '../../control/env.ts';
import {
  analysisNotFound,
  beginInsightsAnalysis,
  createInsightsPath,
  deleteInsightsAnalysis,
  deleteInsightsPath,
  pathNotFound,
} from '../../control/insights/insights.ts';
import { invalidParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { nextTokenOf } from '../describe.ts';
import { askedPath, clip, resourceId } from '../insights/asked-path.ts';
import { describeKept, isBegun } from '../insights/describe-kept.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

/** Most resources that an analysis must traverse, or must not (this server's own). */
const MOST_FILTERS = 16;

export const insightsActions: Actions = {
  CreateNetworkInsightsPath: create,
  DeleteNetworkInsightsPath: ({ NetworkInsightsPathId: id = '' }, { draft }) => {
    const gone = deleteInsightsPath(draft, id);
    return gone.ok ? ok({ NetworkInsightsPathId: id }) : gone;
  },
  DescribeNetworkInsightsPaths: describePaths,
  StartNetworkInsightsAnalysis: start,
  DescribeNetworkInsightsAnalyses: describeAnalyses,
  DeleteNetworkInsightsAnalysis: ({ NetworkInsightsAnalysisId: id = '' }, { draft }) => {
    const gone = deleteInsightsAnalysis(draft, id);
    return gone.ok ? ok({ NetworkInsightsAnalysisId: id }) : gone;
  },
};

function create(input: CreateNetworkInsightsPathRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('network-insights-path', input.TagSpecifications);
  if (!tags.ok) return tags;
  const asked = askedPath(input, { draft, realm: env.realm });
  if (!asked.ok) return asked;
  const path = createInsightsPath(draft, { ...asked.value, tags: tags.value }, env);
  return path.ok ? ok({ NetworkInsightsPath: pathShape(path.value, env.realm) }) : path;
}

function start(input: StartNetworkInsightsAnalysisRequest, { draft, env }: Call): Result<object, Refusal> {
  if ((input.AdditionalAccounts ?? []).length > 0)
    return unsupported('AdditionalAccounts: a path is looked for in one account and Region');
  const tags = tagsFor('network-insights-analysis', input.TagSpecifications);
  if (!tags.ok) return tags;
  const filterIn = componentsOf('FilterInArns', input.FilterInArns, { draft, realm: env.realm });
  if (!filterIn.ok) return filterIn;
  const filterOut = componentsOf('FilterOutArns', input.FilterOutArns, { draft, realm: env.realm });
  if (!filterOut.ok) return filterOut;
  const { NetworkInsightsPathId: pathId = '' } = input;
  const asked = { pathId, filterIn: filterIn.value, filterOut: filterOut.value, tags: tags.value };
  const analysis = beginInsightsAnalysis(draft, asked, env);
  return analysis.ok ? ok({ NetworkInsightsAnalysis: analysisShape(analysis.value, env.realm) }) : analysis;
}

/** The ARNs of what an analysis is to traverse, or not: each of something that is there. */
function componentsOf(
  name: string,
  arns: readonly string[] | undefined,
  { draft, realm }: { readonly draft: Draft; readonly realm: Realm },
): Result<readonly string[], Refusal> {
  const given = arns ?? [];
  if (given.length > MOST_FILTERS) return invalidParameter(name, given.length, `At most ${MOST_FILTERS} are possible.`);
  for (const arn of given) {
    const id = resourceId(name, arn, realm);
    if (!id.ok) return id;
    if (findKind(draft.world, id.value) === undefined)
      return invalidParameter(name, clip(arn), 'There is no such resource that a path could traverse.');
  }
  return ok(given);
}

function describePaths(input: DescribeNetworkInsightsPathsRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeKept(input, draft, {
    kind: 'insightsPaths',
    ids: input.NetworkInsightsPathIds,
    code: 'InvalidNetworkInsightsPathId',
    notFound: pathNotFound,
    view: {
      destination: ({ destination }) => one(destination),
      protocol: ({ protocol }) => [protocol],
      source: ({ source }) => [source],
      'filter-at-source.source-address': ({ atSource }) => one(atSource?.sourceAddress),
      'filter-at-source.source-port-range': ({ atSource }) => ports(atSource?.sourcePorts),
      'filter-at-source.destination-address': ({ atSource }) => one(atSource?.destinationAddress),
      'filter-at-source.destination-port-range': ({ atSource }) => ports(atSource?.destinationPorts),
      'filter-at-destination.source-address': ({ atDestination }) => one(atDestination?.sourceAddress),
      'filter-at-destination.source-port-range': ({ atDestination }) => ports(atDestination?.sourcePorts),
      'filter-at-destination.destination-address': ({ atDestination }) => one(atDestination?.destinationAddress),
      'filter-at-destination.destination-port-range': ({ atDestination }) => ports(atDestination?.destinationPorts),
    },
  });
  if (!page.ok) return page;
  return ok({
    NetworkInsightsPaths: page.value.items.map((path) => pathShape(path, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function one(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function ports(range: InsightsFilter['sourcePorts']): readonly string[] {
  return range === undefined ? [] : [range.from === range.to ? String(range.from) : `${range.from}-${range.to}`];
}

function describeAnalyses(
  input: DescribeNetworkInsightsAnalysesRequest,
  { draft, env }: Call,
): Result<object, Refusal> {
  const { NetworkInsightsPathId: pathId, AnalysisStartTime: since, AnalysisEndTime: until } = input;
  if (pathId !== undefined && draft.get('insightsPaths', pathId) === undefined) return pathNotFound(pathId);
  const page = describeKept(input, draft, {
    kind: 'insightsAnalyses',
    ids: input.NetworkInsightsAnalysisIds,
    code: 'InvalidNetworkInsightsAnalysisId',
    notFound: analysisNotFound,
    isAsked: ({ pathId: own, startTime, result }) =>
      isBegun(own, startTime, { of: pathId, since }) &&
      (until === undefined || (result !== undefined && result.endTime <= until.toISOString())),
    view: {
      'path-found': ({ result }) =>
        result?.members.NetworkPathFound === undefined ? [] : [String(result.members.NetworkPathFound)],
      status: ({ result }) => [result?.members.Status ?? 'running'],
    },
  });
  if (!page.ok) return page;
  return ok({
    NetworkInsightsAnalyses: page.value.items.map((item) => analysisShape(item, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function pathShape(path: InsightsPath, realm: Realm): NetworkInsightsPath {
  const { id, source, destination, sourceIp, destinationIp, protocol, destinationPort, createTime, tags } = path;
  return {
    NetworkInsightsPathId: id,
    NetworkInsightsPathArn: arnOf(realm, 'network-insights-path', id),
    CreatedDate: new Date(createTime),
    Source: source,
    SourceArn: arnOf(realm, typeOf(source), source),
    ...(destination === undefined
      ? {}
      : { Destination: destination, DestinationArn: arnOf(realm, typeOf(destination), destination) }),
    ...(sourceIp === undefined ? {} : { SourceIp: sourceIp }),
    ...(destinationIp === undefined ? {} : { DestinationIp: destinationIp }),
    Protocol: protocol,
    ...(destinationPort === undefined ? {} : { DestinationPort: destinationPort }),
    ...(path.atSource === undefined ? {} : { FilterAtSource: filterShape(path.atSource) }),
    ...(path.atDestination === undefined ? {} : { FilterAtDestination: filterShape(path.atDestination) }),
    Tags: tagShapes(tags),
  };
}

function typeOf(id: string): string {
  const types = { i: 'instance', igw: 'internet-gateway', pcx: 'vpc-peering-connection' };
  const prefix = /^[a-z]+/.exec(id)?.[0];
  return prefix === 'i' || prefix === 'igw' || prefix === 'pcx' ? types[prefix] : 'network-interface';
}

function filterShape({ sourceAddress, destinationAddress, sourcePorts, destinationPorts }: InsightsFilter): PathFilter {
  return {
    ...(sourceAddress === undefined ? {} : { SourceAddress: sourceAddress }),
    ...(sourcePorts === undefined ? {} : { SourcePortRange: rangeShape(sourcePorts) }),
    ...(destinationAddress === undefined ? {} : { DestinationAddress: destinationAddress }),
    ...(destinationPorts === undefined ? {} : { DestinationPortRange: rangeShape(destinationPorts) }),
  };
}

function rangeShape({ from, to }: { readonly from: number; readonly to: number }): FilterPortRange {
  return { FromPort: from, ToPort: to };
}

function analysisShape(
  { id, pathId, startTime, filterIn, filterOut, result, tags }: InsightsAnalysis,
  realm: Realm,
): NetworkInsightsAnalysis {
  return {
    NetworkInsightsAnalysisId: id,
    NetworkInsightsAnalysisArn: arnOf(realm, 'network-insights-analysis', id),
    NetworkInsightsPathId: pathId,
    StartDate: new Date(startTime),
    ...(filterIn.length === 0 ? {} : { FilterInArns: [...filterIn] }),
    ...(filterOut.length === 0 ? {} : { FilterOutArns: [...filterOut] }),
    ...(result === undefined ? { Status: 'running' } : result.members),
    Tags: tagShapes(tags),
  };
}
