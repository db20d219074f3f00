import type { Kind, Records } from '../../core/model/records.ts';
import type { HeavyFault, HeavyQuestion } from '../../server/native/heavy-questions.ts';
import type { PairCounts } from '../../server/native/counts.ts';
import type { WorldStep } from '../../server/native/world-steps.ts';
import type { Result } from '../../core/net/result.ts';

/** What the analyst's thread is told. A world comes in parts, then by steps; questions are of the world that it was told last. */
export type ToThread =
  | {
      readonly type: 'part';
      readonly realm: string;
      readonly kind: Kind;
      readonly records: readonly Records[Kind][];
      readonly isFirst: boolean;
      readonly isLast: boolean;
    }
  | { readonly type: 'steps'; readonly realm: string; readonly steps: readonly WorldStep[] }
  | {
      readonly type: 'count';
      readonly id: number;
      readonly realm: string;
      readonly steps: readonly WorldStep[];
      readonly ms: number;
    }
  | { readonly type: 'ask'; readonly id: number; readonly realm: string; readonly question: HeavyQuestion };

/** What it says: counts, undefined where they took longer than they may; or an answer as text. */
export type FromThread =
  | { readonly type: 'counted'; readonly id: number; readonly counts: PairCounts | undefined }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Result<string, HeavyFault> };
