import type { Tags } from '../../../core/model/tag.ts';

type Ports = { readonly from: number; readonly to: number };

/** What the header of a packet is to be at one end, as it was asked for (API PathRequestFilter). */
export type InsightsFilter = {
  readonly sourceAddress?: string;
  readonly destinationAddress?: string;
  readonly sourcePorts?: Ports;
  readonly destinationPorts?: Ports;
};

/** A question about reachability that is kept (API NetworkInsightsPath): ends by id, addresses and ports as they were asked for. */
export type InsightsPath = {
  readonly id: string;
  readonly source: string;
  readonly destination?: string;
  readonly sourceIp?: string;
  readonly destinationIp?: string;
  readonly protocol: 'tcp' | 'udp';
  readonly destinationPort?: number;
  readonly atSource?: InsightsFilter;
  readonly atDestination?: InsightsFilter;
  readonly createTime: string;
  readonly tags: Tags;
};

/** What an analysis came to, in the members of API NetworkInsightsAnalysis, and the revision of the world that it is about. */
export type InsightsResult = {
  readonly revision: number;
  readonly endTime: string;
  readonly members: {
    readonly Status: 'succeeded' | 'failed';
    readonly NetworkPathFound?: boolean | undefined;
    readonly [member: string]: unknown;
  };
};

/** An answer to a path as it was at one revision; it runs while it has no result. */
export type InsightsAnalysis = {
  readonly id: string;
  readonly pathId: string;
  readonly startTime: string;
  /** ARNs of what the way must traverse, and of what it must not. */
  readonly filterIn: readonly string[];
  readonly filterOut: readonly string[];
  readonly result?: InsightsResult;
  readonly tags: Tags;
};

/** Resources that a statement names: ids or ARNs, and AWS's names of types. */
export type ScopeResources = { readonly resources: readonly string[]; readonly types: readonly string[] };

/** What a header is to be, as it was asked for: prefixes, ports as `80` or `80-90`, protocols, prefix lists. Empty lists leave it open. */
export type ScopePacketHeader = {
  readonly sourceAddresses: readonly string[];
  readonly destinationAddresses: readonly string[];
  readonly sourcePorts: readonly string[];
  readonly destinationPorts: readonly string[];
  readonly sourcePrefixLists: readonly string[];
  readonly destinationPrefixLists: readonly string[];
  readonly protocols: readonly ('tcp' | 'udp')[];
};

export type ScopeStatement = { readonly resources?: ScopeResources; readonly header?: ScopePacketHeader };

/** Paths that a scope matches or excludes (API AccessScopePath). */
export type ScopePathDetail = {
  readonly source?: ScopeStatement;
  readonly destination?: ScopeStatement;
  readonly through: readonly ScopeResources[];
};

/** Which paths are to be found (API NetworkInsightsAccessScope and its content). */
export type AccessScope = {
  readonly id: string;
  readonly createTime: string;
  readonly match: readonly ScopePathDetail[];
  readonly exclude: readonly ScopePathDetail[];
  readonly tags: Tags;
};

/** What was found at one revision; its findings stand in `accessScopeFindings`, in parts. It runs while it has no result. */
export type AccessScopeAnalysis = {
  readonly id: string;
  readonly scopeId: string;
  readonly startTime: string;
  readonly result?: InsightsResult & { readonly parts: number };
  readonly tags: Tags;
};

/** Some findings of an analysis, in the members of API AccessScopeAnalysisFinding; the id is the analysis's and the number of the part. */
export type AccessScopeFindings = {
  readonly id: string;
  readonly findings: readonly { readonly FindingId: string; readonly FindingComponents: readonly unknown[] }[];
};
