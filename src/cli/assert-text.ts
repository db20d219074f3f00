import type { AssertionDocument, AssertionsDocument, CounterExample } from '../analysis/assertions.ts';
import type { RuleDocument } from '../analysis/part-documents.ts';
import { ruleWords } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { BLANK, indented, line, row, type Sheet, type Span } from './terminal.ts';

const SIGNS: Readonly<Record<AssertionDocument['outcome'], Span>> = {
  holds: { text: 'holds    ', style: 'good' },
  fails: { text: 'fails    ', style: 'bad' },
  unknown: { text: 'unknown  ', style: 'doubt' },
};

/** One line for each fact, with the reasons of those that do not hold, and the count. */
export function assertSheet({ facts, counts }: AssertionsDocument): Sheet {
  const { holds, fails, unknown } = counts;
  const rest = [...(fails > 0 ? [`${fails} failed`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])];
  return [
    ...facts.flatMap((one) => [
      row(0, [SIGNS[one.outcome]], [one.fact]),
      ...reasonsOf(one).map((text) => indented(4, text)),
    ]),
    BLANK,
    line(`${countText(facts.length, 'fact')}: ${[`${holds} held`, ...rest].join(', ')}.`),
  ];
}

/** Why a fact does not hold, or may not: a line for the packet, and one for each thing that decides about it. */
export function reasonsOf({ counterExample, missing, notes }: AssertionDocument): readonly string[] {
  return [
    ...(counterExample === null ? [] : packetTexts(counterExample)),
    ...(missing.length === 0
      ? []
      : [`${missing.join(' and ')} are missing from this world, so there may be more ends than it shows`]),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function packetTexts(one: CounterExample): readonly string[] {
  const verb = { yes: 'gets', no: 'does not get', perhaps: 'may get' }[one.passes];
  const port = one.sourcePort === null || one.sourcePort === 50_000 ? '' : ` from port ${one.sourcePort}`;
  return [
    `${one.traffic}${port} ${verb} from ${one.from} to ${one.to} (${one.path})`,
    ...one.passedBy.filter(({ kind }) => kind !== 'route').map((rule) => `let through by ${ruleText(rule)}`),
    ...one.blockedBy.map(({ stage, way, resource, reason, rule }) => {
      const where = way === 'reply' ? `${stage}, for the answer` : stage;
      return `blocked at ${resource} (${where}): ${rule === null ? reason : ruleText(rule)}`;
    }),
    ...(one.unknowns.length === 0 ? [] : [`depends on ${one.unknowns.join(', ')}, which this world does not hold`]),
  ];
}

function ruleText(rule: RuleDocument): string {
  const owner = rule.kind === 'rule' ? `${rule.group} ${rule.id}` : rule.kind === 'route' ? rule.routeTable : rule.acl;
  return `${owner}: ${ruleWords(rule)}`;
}
