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

/** How often a rule or entry matched, and when last (milliseconds since 1970); totals since the agent's counters began. */
export type Hits = { readonly packets: number; readonly bytes: number; readonly lastHit?: number };

/** What differed between the kernel and what should be, by number of objects, and whether it was put right. */
export type Drift = { readonly objects: number; readonly isRepaired: boolean };

/** What an agent says of itself. `applied` is what the kernel holds by now; `problem` says why the newest revision cannot be enforced. */
export type Report = {
  readonly version: number;
  readonly host: string;
  readonly applied?: { readonly epoch: string; readonly revision: number };
  readonly problem?: string;
  readonly drift?: Drift;
  /** By rule id, and by `acl/direction/number`. */
  readonly counters?: {
    readonly rules: Readonly<Record<string, Hits>>;
    readonly entries: Readonly<Record<string, Hits>>;
  };
};
