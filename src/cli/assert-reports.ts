import type { AssertionDocument, AssertionsDocument } from '../analysis/assertions.ts';
import type { WrittenFact } from '../formats/assertion-file.ts';
import { reasonsOf } from './assert-text.ts';
import { printable } from './terminal.ts';
import { sarifLog, type SarifResult, type SarifRule } from './sarif.ts';

/** The facts as JUnit XML: one test case each; unknown counts as an error, for it is neither success nor failure. */
export function assertJunit(
  { facts, counts }: AssertionsDocument,
  written: readonly WrittenFact[],
  file: string,
): string {
  const cases = facts.map((one, at) => {
    const head = `    <testcase name="${xml(printable(nameOf(one, written[at])))}" classname="${xml(file)}" time="0"`;
    if (one.outcome === 'holds') return `${head}/>`;
    const tag = one.outcome === 'fails' ? 'failure' : 'error';
    const reasons = reasonsOf(one).map(printable);
    return `${head}>\n      <${tag} type="${one.outcome}" message="${xml(reasons[0] ?? one.outcome)}">${xml(reasons.join('\n'))}</${tag}>\n    </testcase>`;
  });
  const totals = `tests="${facts.length}" failures="${counts.fails}" errors="${counts.unknown}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="crenel assert" ${totals} time="0">`,
    `  <testsuite name="${xml(file)}" ${totals} skipped="0" time="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** What does not hold as a SARIF 2.1.0 log, each at its place in the assertion file. */
export function assertSarif(
  { facts }: AssertionsDocument,
  written: readonly WrittenFact[],
  about: { readonly file: string; readonly version: string },
): object {
  const results = facts.flatMap((one, at): readonly SarifResult[] => {
    const place = written[at];
    if (one.outcome === 'holds' || place === undefined) return [];
    const isFailure = one.outcome === 'fails';
    return [
      {
        rule: isFailure ? 'assertion-fails' : 'assertion-unknown',
        level: isFailure ? 'error' : 'warning',
        message: [`${one.outcome}: ${nameOf(one, place)}`, ...reasonsOf(one)],
        at: { file: about.file, line: place.line, column: place.column },
      },
    ];
  });
  return sarifLog(about.version, { rules: SARIF_RULES, results });
}

const SARIF_RULES: readonly SarifRule[] = [
  { id: 'assertion-fails', text: 'A fact that must hold does not hold.', level: 'error' },
  { id: 'assertion-unknown', text: 'Whether a fact holds is not known.', level: 'warning' },
];

function nameOf({ fact }: AssertionDocument, written: WrittenFact | undefined): string {
  return written?.name === undefined ? fact : `${written.name}: ${fact}`;
}

/** Text of XML 1.0, which has no place for some characters. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"\n\r\t]/gu, (sign) => `&#${sign.codePointAt(0)};`);
}
