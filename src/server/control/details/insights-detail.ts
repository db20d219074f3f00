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
