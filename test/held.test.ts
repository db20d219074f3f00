// What the documents say is held by a case or a test is: the case is there, and so is the test of that name in that file.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readApiCases, readCases } from './cases/read-cases.ts';
import { DEPARTURES, LEFT_OUT, MACHINE_DEPARTURES } from './kernel/departures.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CASES: ReadonlySet<string> = new Set([...readCases(), ...readApiCases()].map(({ name }) => name));

/** The first cell and the last of each row of a table. */
type Row = { readonly says: string; readonly heldBy: string };

/** The rows of the table whose head ends with "Held by". */
function rowsOf(path: string): readonly Row[] {
  const lines = readFileSync(`${ROOT}${path}`, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.endsWith('| Held by |'));
  assert.ok(start >= 0, `${path} has no such table`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return { says: cells[1] ?? '', heldBy: cells.at(-2) ?? '' };
  });
}

/** The cases that a cell names. */
function casesIn(heldBy: string): readonly string[] {
  return [...heldBy.matchAll(/\bcase ([A-Za-z0-9-]+)/gu)].map(([, name = '']) => name);
}

/** The files that a cell names, with words of a test's name where it has any. */
function testsIn(heldBy: string): readonly (readonly [path: string, words: string])[] {
  return [...heldBy.matchAll(/`([^`]+)`(?:: ([^;]+))?/gu)].map(([, path = '', words = '']) => [path, words.trim()]);
}

for (const [path, least] of [
  ['docs/semantics/enforcement.md', 15],
  ['docs/semantics/failures.md', 25],
] as const)
  describe(path, () => {
    const rows = rowsOf(path);
    test('has its rows', () => assert.ok(rows.length >= least, String(rows.length)));
    for (const { says, heldBy } of rows)
      test(says, () => {
        const [cases, tests] = [casesIn(heldBy), testsIn(heldBy)];
        assert.ok(cases.length + tests.length > 0, 'nothing holds it');
        for (const name of cases) assert.ok(CASES.has(name), `there is no case ${name}`);
        for (const [file, words] of tests) {
          assert.ok(existsSync(`${ROOT}${file}`), `there is no ${file}`);
          assert.ok(readFileSync(`${ROOT}${file}`, 'utf8').includes(words), `${file} has no test "${words}"`);
        }
      });
  });

test('cases at which a kernel differs are those of the rows that say so', () => {
  const departures = [...Object.entries(DEPARTURES), ...Object.entries(MACHINE_DEPARTURES)];
  const shown = new Set(departures.map(([name, { row }]) => `${row}: ${name}`));
  const said = rowsOf('docs/semantics/enforcement.md').flatMap(({ says, heldBy }) =>
    casesIn(heldBy)
      .filter((name) => LEFT_OUT[name] === undefined)
      .map((name) => `${says}: ${name}`),
  );
  assert.deepEqual(new Set(said), shown);
});
