import type { NetworkInsightsAnalysis } from '@aws-sdk/client-ec2';
import type { UnknownDocument } from '../../../analysis/answer-document.ts';
import type { PathAnswer } from '../../../analysis/insights/path-answer.ts';
import { componentsOf } from './components.ts';
import { explanationOf, missedExplanation } from './explanations.ts';
import type { View } from './parts.ts';

/** What an analysis came to, in the members of API NetworkInsightsAnalysis. */
export type PathResult = Pick<
  NetworkInsightsAnalysis,
  | 'StatusMessage'
  | 'WarningMessage'
  | 'NetworkPathFound'
  | 'ForwardPathComponents'
  | 'ReturnPathComponents'
  | 'Explanations'
> & { readonly Status: 'succeeded' | 'failed' };

/** An answer as Reachability Analyzer gives it. What is not known makes the analysis fail: it is neither found nor not found. */
export function pathResult(answer: PathAnswer, view: View): PathResult {
  const at = `Answered at revision ${answer.revision}.`;
  switch (answer.outcome) {
    case 'found':
      return {
        Status: 'succeeded',
        StatusMessage: at,
        NetworkPathFound: true,
        ForwardPathComponents: componentsOf(answer.way, 'forward', view),
        ReturnPathComponents: componentsOf(answer.way, 'reply', view),
      };
    case 'not-found':
      return {
        Status: 'succeeded',
        StatusMessage: at,
        NetworkPathFound: false,
        Explanations: [
          ...answer.blockers.map((blocker) => explanationOf(blocker, view)),
          ...answer.missed.map((missed) => missedExplanation(missed, view)),
        ],
        ...(answer.more === 0
          ? {}
          : { WarningMessage: `${answer.more} more explanations are left out: ask for one address at a time.` }),
      };
    case 'unknown':
      return {
        Status: 'failed',
        StatusMessage: `Whether there is a path depends on what is not known: ${unknownWords(answer.unknowns)}. ${at}`,
      };
    case 'too-large':
      return {
        Status: 'failed',
        StatusMessage: `There is no path among the first ${answer.tried} pairs of addresses, and there are more: name an address at either end. ${at}`,
      };
  }
}

/** Most unknowns that a message names. */
const NAMED = 20;

function unknownWords(unknowns: readonly UnknownDocument[]): string {
  const words = [
    ...new Set(
      unknowns.map(
        ({ reason, unknowns: ids, resource }) => `${ids.length === 0 ? resource : ids.join(', ')} (${reason})`,
      ),
    ),
  ];
  const more = words.length > NAMED ? ` and ${words.length - NAMED} more` : '';
  return `${words.slice(0, NAMED).join(', ')}${more}`;
}
