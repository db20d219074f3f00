import type { Family } from '../../core/net/address.ts';
import type { Finding } from './finding.ts';
import { countsOf, type LintDocument } from './lint.ts';

/** A decision to live with a finding: by its rule, and by its resource or the id of a rule that it is about. */
export type Ignore = { readonly rule: string; readonly resource: string; readonly reason: string };

/** Findings without those that somebody decided to live with, and which of the decisions are stale: nothing is found any more that they are about. */
export function applyIgnores(
  document: LintDocument,
  ignores: readonly Ignore[],
): { readonly document: LintDocument; readonly stale: readonly Ignore[] } {
  const used = new Set<Ignore>();
  const ignored = [...document.ignored];
  const findings = document.findings.filter((finding) => {
    const found = ignores.find((one) => isAbout(one, finding));
    if (found === undefined) return true;
    for (const one of ignores) if (isAbout(one, finding)) used.add(one);
    ignored.push({ finding, reason: found.reason });
    return false;
  });
  return {
    document: { ...document, findings, ignored, counts: countsOf(findings, ignored.length) },
    stale: ignores.filter((one) => !used.has(one)),
  };
}

/** The findings that are about a family, or about none: all that were proven over both. */
export function findingsOf(document: LintDocument, family: Family): LintDocument {
  const findings = document.findings.flatMap((finding): readonly Finding[] => {
    const scopes = finding.scopes.filter((one) => one.family === family);
    return finding.scopes.length > 0 && scopes.length === 0 ? [] : [{ ...finding, scopes }];
  });
  return { ...document, findings, counts: countsOf(findings, document.ignored.length) };
}

function isAbout({ rule, resource }: Ignore, finding: Finding): boolean {
  return (
    rule === finding.rule &&
    (resource === finding.resource || finding.subjects.some((one) => one.kind === 'rule' && one.id === resource))
  );
}
