import { type Finding, type FindingScope, isAboutOne, LINT_RULES, type LintRule } from '../analysis/lint/finding.ts';
import type { LintDocument } from '../analysis/lint/lint.ts';
import type { RuleDocument } from '../analysis/part-documents.ts';
import { documentTraffic, endsText, ruleWords } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { BLANK, indented, line, row, type Sheet, type Span, type Style } from './terminal.ts';

/** Of one kind of finding no more are told than a person reads. */
const MAX_ALIKE = 12;
const MAX_RULES = 4;
const MAX_REASONS = 4;
const MAX_SCOPES = 6;

const STYLES: Readonly<Record<Finding['severity'], Style>> = { error: 'bad', warning: 'doubt', note: 'faint' };

/** Findings for people: a part for each kind, the most severe first, and the count. */
export function lintSheet({ findings, counts, missing }: LintDocument): Sheet {
  const kinds = Map.groupBy(findings, ({ rule, severity }) => `${severity} ${rule}`);
  return [
    ...[...kinds.values()].flatMap((alike) => [...kindSheet(alike), BLANK]),
    ...(missing.length === 0
      ? []
      : [
          line({
            text: `This world lacks ${missing.join(', ')}: what they could change is not certain.`,
            style: 'doubt',
          }),
        ]),
    countLine(counts),
  ];
}

/** A finding in one sentence. */
export function findingText(finding: Finding): string {
  const { label, message, subjects, resource } = finding;
  const [one] = subjects;
  const isDirect = /^(is|has) /u.test(message);
  if (one !== undefined && isAboutOne(finding)) return `${label}: ${subjectText(one, resource)} ${message}`;
  return isDirect ? `${label} ${message}` : `${label}: ${message}`;
}

/** Why a finding is one, and what it is about, line by line; SARIF has them, too. */
export function findingTexts(finding: Finding): readonly string[] {
  const { resource, subjects, by, reasons, scopes, unknowns } = finding;
  return [
    ...capped(isAboutOne(finding) ? [] : subjects.map((one) => subjectText(one, resource)), MAX_RULES),
    ...capped(scopes.map(scopeText), MAX_SCOPES),
    ...capped(
      by.map((one) => `by ${subjectText(one, resource)}`),
      MAX_RULES,
    ),
    ...capped(reasons, MAX_REASONS),
    ...(unknowns.length === 0 ? [] : [`depends on ${unknowns.join(', ')}, which this world does not hold`]),
  ];
}

function kindSheet(alike: readonly Finding[]): Sheet {
  const [first] = alike;
  if (first === undefined) return [];
  const head: Span = { text: `${first.severity}  `, style: STYLES[first.severity] };
  const hidden = alike.length - MAX_ALIKE;
  return [
    row(
      0,
      [head],
      [
        { text: first.rule, style: 'strong' },
        { text: `  ${titleOf(first.rule)}`, style: 'faint' },
      ],
    ),
    ...alike.slice(0, MAX_ALIKE).flatMap(findingSheet),
    ...(hidden > 0
      ? [indented(4, faint(`and ${countText(hidden, 'more finding')} of this kind: --json has them all`))]
      : []),
  ];
}

function findingSheet(finding: Finding): Sheet {
  const perhaps: readonly Span[] = finding.certainty === 'perhaps' ? [{ text: 'perhaps ', style: 'doubt' }] : [];
  return [row(4, perhaps, [findingText(finding)]), ...findingTexts(finding).map((text) => indented(8, faint(text)))];
}

function titleOf(rule: LintRule): string {
  return LINT_RULES[rule];
}

/** A rule or entry, with its group or NACL where that is not the resource that is told of anyway. */
function subjectText(rule: RuleDocument, resource: string): string {
  const owner = rule.kind === 'rule' ? rule.group : rule.kind === 'route' ? rule.routeTable : rule.acl;
  const head = [...(owner === resource ? [] : [owner]), ...(rule.kind === 'rule' ? [rule.id] : [])].join(' ');
  return head === '' ? ruleWords(rule) : `${head}: ${ruleWords(rule)}`;
}

function scopeText({ family, traffic, from, to }: FindingScope): string {
  const what = traffic === null ? 'traffic' : documentTraffic(traffic, family);
  const sender = from === null ? '' : ` from ${endsText([from])}`;
  const receiver = to === null ? '' : ` to ${endsText([to])}`;
  return `${what}${sender}${receiver} (${family === 'ipv4' ? 'IPv4' : 'IPv6'})`;
}

function countLine({ error, warning, note, perhaps, ignored }: LintDocument['counts']): Sheet[number] {
  const words = [
    ...(error > 0 ? [countText(error, 'error')] : []),
    ...(warning > 0 ? [countText(warning, 'warning')] : []),
    ...(note > 0 ? [countText(note, 'note')] : []),
    ...(perhaps > 0 ? [`${perhaps} perhaps`] : []),
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
  ];
  const total = error + warning + note + perhaps;
  if (total === 0) return line({ text: 'Nothing found', style: 'good' }, ignored === 0 ? '.' : `; ${ignored} ignored.`);
  return line(`${countText(total, 'finding')}: ${words.join(', ')}.`);
}

function capped(texts: readonly string[], most: number): readonly string[] {
  return texts.length <= most + 1 ? texts : [...texts.slice(0, most), `and ${texts.length - most} more`];
}

function faint(text: string): Span {
  return { text, style: 'faint' };
}
