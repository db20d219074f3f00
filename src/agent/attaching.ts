import type { EniId, InstanceId } from '../core/model/ids.ts';
import type { Attachment } from '../nft/wiring.ts';
import type { Holds } from '../server/sync/messages.ts';
import type { Need } from './self-check.ts';
import type { TrialSetup } from './trials.ts';

/** How the interfaces of this host hang on it. */
export type Attaching =
  /** Instances behind devices of this host, which the guests cannot reach into. */
  | { readonly mode: 'tap'; readonly enis: ReadonlyMap<EniId, Attachment>; readonly fabric: ReadonlySet<string> }
  /** This machine is the instance: its primary interface is this device. */
  | {
      readonly mode: 'host';
      readonly instance: InstanceId;
      readonly attachment: Attachment;
      /** What rules must never cut: they are refused whole instead. */
      readonly needs: readonly Need[];
      /** How rules are tried, and taken back if the server is not reached with them. */
      readonly trial: Omit<TrialSetup, 'reach' | 'log'>;
    };

/** The interfaces that the server is to tell of. */
export function holdsOf(attaching: Attaching): Holds {
  return attaching.mode === 'tap'
    ? { enis: [...attaching.enis.keys()], instances: [] }
    : { enis: [], instances: [attaching.instance] };
}
