import type { Records } from '../../core/model/records.ts';
import type { EniId, GroupId, InstanceId } from '../../core/model/ids.ts';
import type { HostKind } from './record-shapes.ts';

/** The one version of all messages. Ends of different versions do not speak to each other. */
export const SYNC_VERSION = 1;

/** The longest line that either end takes, in characters: a stored record has at most 768 KiB. */
export const MAX_LINE = 2_097_152;

/** The interfaces of a host: those it names, and all of the instances it names. They need not exist yet. */
export type Holds = { readonly enis: readonly EniId[]; readonly instances: readonly InstanceId[] };

/** How interfaces hang on a host: instances behind devices of it (`tap`), or the machine itself is the instance (`host`). */
export type AttachMode = 'tap' | 'host';

/** What an agent has and wants to go on from: a revision of the server that ran under this epoch. */
export type ResumePoint = { readonly epoch: string; readonly revision: number; readonly holds: Holds };

/** The first thing that an agent says; the stream of messages is the answer. */
export type Hello = {
  readonly version: number;
  readonly host: string;
  readonly mode: AttachMode;
  readonly holds: Holds;
  /** Names one life of the agent: where one comes back that another took the place of, two act as the same host. */
  readonly run?: string;
  readonly resume?: ResumePoint;
};

/** One record as a host is told of it. */
export type RecordMessage = {
  readonly [K in HostKind]: { readonly type: 'record'; readonly kind: K; readonly record: Records[K] };
}[HostKind];

/**
 * What a server says. Between two marks nothing is whole: only at a mark may an agent act on what came before.
 * - `begin`: what follows leads on from the agent's resume point, or starts from nothing.
 * - `record`, `gone`: a record is now this; a record is no longer there.
 * - `members`: addresses and prefixes, as text, that joined or left a group. The first of a group makes it known.
 * - `forget`: no rule of the host names the group any more.
 * - `mark`: everything up to this revision was said.
 * - `alive`: the server is there and has nothing to say.
 */
export type ServerMessage =
  | { readonly type: 'begin'; readonly version: number; readonly epoch: string; readonly from: 'nothing' | 'resume' }
  | RecordMessage
  | { readonly type: 'gone'; readonly kind: HostKind; readonly id: string }
  | {
      readonly type: 'members';
      readonly group: GroupId;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly type: 'forget'; readonly group: GroupId }
  | { readonly type: 'mark'; readonly revision: number }
  | { readonly type: 'alive' };

/** How often a rule or entry let something pass or denied it, and when last (milliseconds since 1970). */
export type Hits = { readonly packets: number; readonly bytes: number; readonly lastHit: number };

/**
 * Totals of one run of an agent since it began to count, by the clock of its host. Those of rules and entries that were never hit, and those
 * that the server knows already, are left out.
 */
export type Counters = {
  readonly run: string;
  readonly since: number;
  /** When the kernel was read. */
  readonly asOf: number;
  /** By group and rule. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, Hits>>>>;
  /** By NACL and `direction/number`; the final deny has the number `*`. */
  readonly acls: Readonly<Record<string, Readonly<Record<string, Hits>>>>;
};

/** What differed between the kernel and what should be, by number of objects, and whether it was put right. */
export type Drift = { readonly objects: number; readonly isRepaired: boolean };

/**
 * What an agent says of itself, whole each time but for the counters. `applied` is what the kernel holds by now; `problem` says why the newest
 * revision cannot be enforced, or what else is not as it should be; `warnings` what rules admit nothing, for something is not known.
 */
export type Report = {
  readonly version: number;
  readonly host: string;
  /** That of the hello. */
  readonly run?: string;
  readonly applied?: { readonly epoch: string; readonly revision: number };
  readonly problem?: string;
  readonly warnings?: readonly string[];
  readonly drift?: Drift;
  readonly counters?: Counters;
};
