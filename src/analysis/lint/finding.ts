import type { Family } from '../../core/net/address.ts';
import type { EndsDocument } from '../ends-document.ts';
import type { Certainty } from '../pairs/difference.ts';
import type { RuleDocument, TrafficDocument } from '../part-documents.ts';

/** How much a finding matters: `error` opens what hardly anybody means to open, `warning` does not do what it says, `note` is upkeep. */
export type Severity = 'error' | 'warning' | 'note';

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

/** What lint looks for, in the order in which it is told, with what one line of help says of it. Ids are stable: ignores name them. */
export const LINT_RULES = {
  'reachable-everything': 'Every TCP port can be reached from the internet.',
  'reachable-ssh': 'SSH can be reached from the internet.',
  'reachable-rdp': 'Remote Desktop can be reached from the internet.',
  'reachable-database': 'A port of a database, cache or queue can be reached from the internet.',
  'reachable-admin': 'A port of remote administration can be reached from the internet.',
  'writers-overlap': 'Several Terraform resources write the same rules, and undo each other.',
  'quota-rules': 'A group has, or nearly has, more rules in a direction than AWS allows.',
  'quota-interface': 'The groups of an interface have, or nearly have, more rules together than AWS allows.',
  'quota-entries': 'A network ACL has, or nearly has, more entries in a direction than AWS allows.',
  'replies-blocked': 'Requests get there, but network ACLs refuse the answers to all ports that clients send from.',
  'replies-blocked-in-part':
    'Requests get there, but network ACLs refuse the answers to some of the ports that clients send from.',
  'reference-stale': 'A rule names a group that does not exist.',
  'reference-crossing': 'A rule names a group that it cannot match across VPCs.',
  'rule-cut-off': 'A rule lets nothing through: for every member something else refuses all of it.',
  'entry-shadowed': 'An entry of a network ACL never decides: entries before it take everything.',
  'default-group-rules': 'The default group of a VPC has rules.',
  'reference-empty': 'A rule names a group that is on no other interface.',
  'rule-without-peer': 'A rule names addresses that nothing has.',
  'rule-implied': 'Other rules of the group let in everything that the rule does.',
  'rule-redundant': 'Wherever the group is, rules of other groups let in everything that the rule does.',
  'entry-redundant': 'What follows an entry of a network ACL decides the same without it.',
  'open-unreachable': 'A rule is open to the world, but nothing of the internet gets there.',
  'group-unattached': 'A group is on no interface.',
  'group-duplicate': 'Groups of one VPC have the same rules.',
} as const;

export type LintRule = keyof typeof LINT_RULES;

/** One packet that shows a finding. */
export type Witness = {
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly sourcePort: number | null;
  readonly path: string;
};

/** What a finding is about, exactly, in one family. Ends are null where they do not matter. */
export type FindingScope = {
  readonly family: Family;
  readonly traffic: TrafficDocument | null;
  readonly from: EndsDocument | null;
  readonly to: EndsDocument | null;
  readonly witness: Witness | null;
};

/** One finding. `perhaps`: whether it is so depends on what the world does not hold. */
export type Finding = {
  readonly rule: LintRule;
  readonly severity: Severity;
  readonly certainty: Certainty;
  /** The id by which it can be ignored: of a group, NACL or interface. */
  readonly resource: string;
  /** The resource as people know it. */
  readonly label: string;
  /** What is to be said: of a rule or entry alone where the finding is about one, as in `never decides`; else of the resource. */
  readonly message: string;
  /** The rules or entries that it is about. */
  readonly subjects: readonly RuleDocument[];
  /** What implies, shadows or refuses them. */
  readonly by: readonly RuleDocument[];
  /** Why it is so, a sentence each. */
  readonly reasons: readonly string[];
  readonly scopes: readonly FindingScope[];
  /** What would have to be known, where it is `perhaps`. */
  readonly unknowns: readonly string[];
};

/** A finding with what most of them leave empty. */
export function finding(
  one: Pick<Finding, 'rule' | 'severity' | 'resource' | 'label' | 'message'> & Partial<Finding>,
): Finding {
  return { certainty: 'certain', subjects: [], by: [], reasons: [], scopes: [], unknowns: [], ...one };
}

/** Whether the message of a finding goes on from the one rule or entry that it is about. */
export function isAboutOne({ rule, subjects }: Finding): boolean {
  return subjects.length === 1 && /^(rule|reference|entry)-/u.test(rule);
}

/** The most severe first, then in the order of `LINT_RULES`, then by resource. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    ORDER.indexOf(a.rule) - ORDER.indexOf(b.rule) ||
    compareTexts(a.label, b.label) ||
    compareTexts(keyOf(a), keyOf(b))
  );
}

const ORDER = Object.keys(LINT_RULES);

function keyOf({ resource, certainty, subjects }: Finding): string {
  return `${resource} ${certainty} ${JSON.stringify(subjects[0])}`;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `1 interface`, `3 interfaces`. */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}
