import type { DiffDocument, StatementDocument, Totals } from '../analysis/diff-document.ts';
import type { EndsTables } from '../analysis/diff-ends.ts';
import { causeText, openText, pairsTextOf, statementEnds, statementFamilies, statementTraffic } from './diff-words.ts';
import { countText } from './pair-text.ts';
import { BLANK, indented, type Line, line, row, type Sheet, type Span, type Style } from './terminal.ts';

/** As many statements as a person reads; the others are counted, and in the JSON. */
const MAX_STATEMENTS = 60;

const SIGNS: Readonly<Record<StatementDocument['effect'], { readonly sign: string; readonly style: Style }>> = {
  opens: { sign: '+ ', style: 'bad' },
  closes: { sign: '- ', style: 'good' },
};

/** What a change opens and closes, for people: a line for each cause. */
export function diffSheet(document: DiffDocument): Sheet {
  const { statements } = document;
  if (statements.length === 0) return [line('Nothing is opened and nothing is closed.')];
  const shown = statements.slice(0, MAX_STATEMENTS);
  const hidden = statements.length - shown.length;
  return [
    line({ text: 'Opens: ', style: 'strong' }, totalsText(document.opens, 'can be reached from outside')),
    line({ text: 'Closes: ', style: 'strong' }, totalsText(document.closes, 'can no longer be reached so')),
    BLANK,
    ...shown.flatMap((one) => statementSheet(document, one)),
    ...(hidden > 0
      ? [BLANK, line({ text: `and ${countText(hidden, 'more statement')}: --json has them all`, style: 'faint' })]
      : []),
  ];
}

/** The sums of one effect in words. */
export function totalsText({ pairs, exposed }: Totals, outside: string): string {
  const addresses = (count: number): string =>
    `${countText(count, 'address')} ${outside}`.replace('addresss', 'addresses');
  const doubtful = pairs.perhaps + exposed.perhaps;
  if (pairs.certain + exposed.certain > 0)
    return [
      countText(pairs.certain, 'pair'),
      ...(exposed.certain === 0 ? [] : [addresses(exposed.certain)]),
      ...(doubtful === 0 ? [] : [`perhaps ${doubtful.toLocaleString('en-US')} more, depending on what is not known`]),
    ].join('; ');
  if (doubtful === 0) return 'nothing';
  const perhaps = [
    ...(pairs.perhaps === 0 ? [] : [`perhaps ${countText(pairs.perhaps, 'pair')}`]),
    ...(exposed.perhaps === 0 ? [] : [`perhaps ${addresses(exposed.perhaps)}`]),
  ];
  return `${perhaps.join('; ')}, depending on what is not known`;
}

function statementSheet(tables: EndsTables, statement: StatementDocument): Sheet {
  const open = openText(statement);
  return [
    statementLine(tables, statement),
    indented(4, `by ${causeText(statement.cause)}`),
    ...(open === undefined ? [] : [indented(4, faint(open))]),
  ];
}

/** What a document's statement opens or closes, from whom to whom, on one line. */
export function statementLine(tables: EndsTables, statement: StatementDocument): Line {
  const { sign, style } = SIGNS[statement.effect];
  const perhaps: readonly Span[] = statement.certainty === 'perhaps' ? [{ text: 'perhaps ', style: 'doubt' }] : [];
  const pairs = pairsTextOf(statement);
  const families = statementFamilies(statement);
  return row(
    0,
    [{ text: sign, style }],
    [
      ...perhaps,
      { text: statementTraffic(statement), style: 'strong' },
      ` from ${statementEnds(tables, statement, 'from')} to ${statementEnds(tables, statement, 'to')}`,
      faint(`  (${[families, ...(pairs === '' ? [] : [pairs])].join('; ')})`),
    ],
  );
}

function faint(text: string): Span {
  return { text, style: 'faint' };
}
