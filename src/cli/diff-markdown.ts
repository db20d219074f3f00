import type { DiffDocument, StatementDocument } from '../analysis/diff-document.ts';
import { totalsText } from './diff-text.ts';
import { causeText, openText, pairsTextOf, statementEnds, statementFamilies, statementTraffic } from './diff-words.ts';
import { printable } from './terminal.ts';

/** GitHub takes 65,536 characters in a comment; what is left out is counted. */
const MAX_CHARACTERS = 60_000;

/** What a change opens and closes as Markdown, fit for a comment on a pull request. */
export function diffMarkdown(document: DiffDocument, title: string): string {
  const { statements } = document;
  const head = `### ${escaped(title)}\n\n`;
  if (statements.length === 0) return `${head}Nothing is opened and nothing is closed.\n`;
  const sums = [
    `**Opens:** ${escaped(totalsText(document.opens, 'can be reached from outside'))}  `,
    `**Closes:** ${escaped(totalsText(document.closes, 'can no longer be reached so'))}`,
  ].join('\n');
  const opened = statements.filter((one) => one.effect === 'opens');
  const closed = statements.filter((one) => one.effect === 'closes');
  let text = `${head}${sums}\n`;
  let hidden = 0;
  for (const [name, list] of [
    ['Opened', opened],
    ['Closed', closed],
  ] as const) {
    if (list.length === 0) continue;
    text += `\n#### ${name}\n\n| Traffic | From | To | By | |\n|---|---|---|---|---|\n`;
    for (const one of list) {
      const line = rowOf(document, one);
      if (text.length + line.length > MAX_CHARACTERS) hidden += 1;
      else text += line;
    }
  }
  return hidden === 0 ? text : `${text}\n${hidden} more rows do not fit; \`--json\` has them all.\n`;
}

function rowOf(document: DiffDocument, statement: StatementDocument): string {
  const perhaps = statement.certainty === 'perhaps' ? 'perhaps ' : '';
  const notes = [statementFamilies(statement), pairsTextOf(statement), openText(statement) ?? ''];
  const cells = [
    `${perhaps}**${escaped(statementTraffic(statement))}**`,
    escaped(statementEnds(document, statement, 'from')),
    escaped(statementEnds(document, statement, 'to')),
    escaped(causeText(statement.cause)),
    escaped(notes.filter((note) => note !== '').join('; ')),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/** Names are somebody's: nothing of them is Markdown, HTML, a mention, a reference or a link. What only a reader of the HTML would take for one has a space of no width in it. */
function escaped(text: string): string {
  return printable(text)
    .replaceAll(/[\\`*_{}[\]()#+!|~>-]/gu, (character) => `\\${character}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/@|#|:(?=\/\/)|www(?=\.)/giu, (sign) => `${sign}&#8203;`);
}
