import { type Finding, LINT_RULES } from '../analysis/lint/finding.ts';
import type { LintDocument } from '../analysis/lint/lint.ts';
import type { WrittenIgnore } from '../formats/ignore-file.ts';
import { findingText, findingTexts } from './lint-text.ts';
import { sarifLog, type SarifResult, type SarifRule } from './sarif.ts';

/** What the level of a rule is where a finding does not say its own. */
const LEVELS: Readonly<Record<string, SarifRule['level']>> = {
  reachable: 'error',
  replies: 'warning',
  quota: 'warning',
};

const RULES: readonly SarifRule[] = [
  ...Object.entries(LINT_RULES).map(([id, text]): SarifRule => ({
    id,
    text,
    level: LEVELS[id.split('-')[0] ?? ''] ?? 'note',
  })),
  {
    id: 'ignore-stale',
    text: 'Nothing is found any more that an entry of the ignore file is about.',
    level: 'warning',
  },
];

/** Findings as a SARIF 2.1.0 log. `world`: the file to point at, where the world is one. What is ignored is there, suppressed. */
export function lintSarif(
  { findings, ignored }: LintDocument,
  stale: readonly WrittenIgnore[],
  about: { readonly version: string; readonly world: string | undefined; readonly ignoreFile: string | undefined },
): object {
  const result = (finding: Finding, reason?: string): SarifResult => ({
    rule: finding.rule,
    level: finding.severity,
    message: [`${finding.certainty === 'perhaps' ? 'perhaps ' : ''}${findingText(finding)}`, ...findingTexts(finding)],
    ...(about.world === undefined ? {} : { at: { file: about.world } }),
    resource: { id: finding.resource, label: finding.label },
    fingerprint: fingerprintOf(finding),
    ...(reason === undefined ? {} : { suppression: reason }),
  });
  const unused = stale.map(({ rule, resource, line, column }): SarifResult => ({
    rule: 'ignore-stale',
    level: 'warning',
    message: [`nothing is found any more by ${rule} at ${resource}`],
    ...(about.ignoreFile === undefined ? {} : { at: { file: about.ignoreFile, line, column } }),
  }));
  return sarifLog(about.version, {
    rules: RULES,
    results: [
      ...findings.map((one) => result(one)),
      ...ignored.map(({ finding, reason }) => result(finding, reason)),
      ...unused,
    ],
  });
}

/** What a finding is about, whatever the numbers in its message are now. */
function fingerprintOf({ rule, resource, subjects }: Finding): string {
  const about = subjects.map((one) =>
    one.kind === 'rule'
      ? `${one.direction} ${one.traffic} ${one.peer}`
      : one.kind === 'entry'
        ? `${one.direction} ${one.number}`
        : one.kind,
  );
  return [rule, resource, ...(rule.startsWith('reachable') || rule === 'default-group-rules' ? [] : about)].join(' ');
}
