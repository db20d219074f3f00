import type { NetworkInsightsAccessScopeAnalysis, PathComponent } from '@aws-sdk/client-ec2';
import type { ScopeAnswer, ScopeFinding } from '../../../analysis/insights/scope-answer.ts';
import { componentsOf } from './components.ts';
import { rangeText, type View } from './parts.ts';

/** What an analysis of a scope came to, and what it found. */
export type ScopeResult = {
  readonly members: Pick<
    NetworkInsightsAccessScopeAnalysis,
    'StatusMessage' | 'WarningMessage' | 'FindingsFound' | 'AnalyzedEniCount'
  > & { readonly Status: 'succeeded' | 'failed' };
  readonly findings: readonly { readonly FindingId: string; readonly FindingComponents: readonly PathComponent[] }[];
};

/** An answer as Network Access Analyzer gives it: `unknown` where nothing is certain and something depends on what is not known. */
export function scopeResult(answer: ScopeAnswer, analysisId: string, view: View): ScopeResult {
  const at = `Answered at revision ${answer.revision}.`;
  if (answer.outcome === 'missing')
    return scopeFailed(`The prefix list ${answer.id} has no entries that are known. ${at}`);
  const { findings, isCut, unknowns, interfaces } = answer;
  const warnings = [
    ...(isCut ? [`Only the first ${findings.length} findings are listed, those from and to the internet first.`] : []),
    ...(findings.some((one) => one.hasMore) ? ['Some headers list the first of their address prefixes only.'] : []),
    ...(unknowns.length > 0 ? [`There may be more: that depends on what is not known, ${unknowns.join(', ')}.`] : []),
  ];
  return {
    members: {
      Status: 'succeeded',
      StatusMessage: at,
      ...(warnings.length === 0 ? {} : { WarningMessage: warnings.join(' ') }),
      FindingsFound: findings.length > 0 ? 'true' : unknowns.length > 0 ? 'unknown' : 'false',
      AnalyzedEniCount: interfaces,
    },
    findings: findings.map((finding, index) => ({
      FindingId: `${analysisId}-${String(index).padStart(4, '0')}`,
      FindingComponents: findingComponents(finding, view),
    })),
  };
}

/** An analysis that has no answer. */
export function scopeFailed(message: string): ScopeResult {
  return { members: { Status: 'failed', StatusMessage: message }, findings: [] };
}

/** The way there; its first header has all addresses that the finding stands for, where they are as they were sent. */
function findingComponents({ way, sources, destinations }: ScopeFinding, view: View): readonly PathComponent[] {
  const [first, ...rest] = componentsOf(way, 'forward', view);
  if (first === undefined) return [];
  const member = first.InboundHeader === undefined ? 'OutboundHeader' : 'InboundHeader';
  const header = first[member];
  const isSentTo = destinations.length > 1 || destinations[0]?.includes('/') === true;
  return [
    {
      ...first,
      [member]: {
        ...header,
        SourceAddresses: listed(sources),
        ...(isSentTo ? { DestinationAddresses: listed(destinations) } : {}),
      },
    },
    ...rest,
  ];
}

function listed(texts: readonly string[]): string[] {
  return texts.map((text) => (text.includes('/') ? text : rangeText(text)));
}
