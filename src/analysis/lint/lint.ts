import { FAMILIES } from '../../core/net/address.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/model/limits.ts';
import { KIND_NAMES } from '../../core/model/records.ts';
import type { World } from '../../core/model/world.ts';
import { effectFindings } from './effects.ts';
import { idleEntries } from './entries.ts';
import { exposedFindings, unreachableFindings } from './exposed.ts';
import { compareFindings, type Finding, type Severity } from './finding.ts';
import { groupFindings } from './groups.ts';
import { quotaFindings } from './quotas.ts';
import { replyFindings } from './replies.ts';
import { needlessRules } from './rules.ts';
import { FamilySight } from './sight.ts';
import { type WriterOverlap, writerFindings } from './writers.ts';

/** A finding that somebody decided to live with, and why. */
export type IgnoredFinding = { readonly finding: Finding; readonly reason: string };

/** All findings about a world, the most severe first. `version` grows when a field changes its meaning or goes. */
export type LintDocument = {
  readonly version: 1;
  readonly kind: 'lint';
  readonly revision: number;
  /** What the world does not hold at all: nothing is said for certain that this could change. */
  readonly missing: readonly string[];
  /** Findings that are certain, by severity, and how many are not. */
  readonly counts: Readonly<Record<Severity | 'perhaps' | 'ignored', number>>;
  readonly findings: readonly Finding[];
  readonly ignored: readonly IgnoredFinding[];
};

/**
 * What lint may be told. `limits`: the account's quotas. `overlaps`: what the reader of a plan found about who writes what; `broughtGroups`: default groups of
 * VPCs that a plan or template makes, which stay as AWS makes them. `onProgress`: how much is done, 0 to 1.
 */
export type LintOptions = {
  readonly limits?: Limits;
  readonly overlaps?: readonly WriterOverlap[];
  readonly broughtGroups?: readonly string[];
  readonly onProgress?: (done: number) => void;
};

/** Everything that is wrong with a world's filters, or of no use, each proven over all pairs of both families. */
export function lintWorld(world: World, options: LintOptions = {}): LintDocument {
  const onProgress = options.onProgress ?? ((): void => undefined);
  const sights = FAMILIES.map((family) => new FamilySight(world, family));
  const { findings: needless, needless: rules } = needlessRules(world);
  const exposed = exposedFindings(sights, (done) => {
    onProgress(0.1 + done * 0.4);
  });
  const unreachable = unreachableFindings(sights);
  const replies = replyFindings(sights, (done) => {
    onProgress(0.5 + done * 0.2);
  });
  const effects = effectFindings(sights, new Set([...rules, ...unreachable.rules]), (done) => {
    onProgress(0.7 + done * 0.3);
  });
  const findings = [
    ...exposed,
    ...unreachable.findings,
    ...replies,
    ...effects,
    ...needless,
    ...idleEntries(world),
    ...writerFindings(world, options.overlaps ?? []),
    ...groupFindings(world, new Set(options.broughtGroups)),
    ...quotaFindings(world, options.limits ?? DEFAULT_LIMITS),
  ];
  return lintDocument(world, findings.toSorted(compareFindings));
}

function lintDocument(world: World, findings: readonly Finding[]): LintDocument {
  return {
    version: 1,
    kind: 'lint',
    revision: world.revision,
    missing: [...world.missing].map((kind) => KIND_NAMES[kind]),
    counts: countsOf(findings, 0),
    findings,
    ignored: [],
  };
}

/** Counts of findings that are told, and of those that are not. */
export function countsOf(findings: readonly Finding[], ignored: number): LintDocument['counts'] {
  const count = (severity: Severity): number =>
    findings.filter((one) => one.severity === severity && one.certainty === 'certain').length;
  return {
    error: count('error'),
    warning: count('warning'),
    note: count('note'),
    perhaps: findings.filter((one) => one.certainty === 'perhaps').length,
    ignored,
  };
}
