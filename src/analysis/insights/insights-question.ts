import type { PathQuestion } from './path-question.ts';
import type { ScopeLimits } from './scope-answer.ts';
import type { ScopeQuestion } from './scope-question.ts';

/** A question that takes long: every path that a scope means, or a path between more pairs of addresses than are tried at once; at a revision. */
export type InsightsQuestion =
  | {
      readonly kind: 'insights-scope';
      readonly revision: number;
      readonly question: ScopeQuestion;
      readonly limits: ScopeLimits;
    }
  | {
      readonly kind: 'insights-path';
      readonly revision: number;
      readonly question: PathQuestion;
      readonly trips: number;
    };
