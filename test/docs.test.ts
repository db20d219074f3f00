import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCases } from './cases/read-cases.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

/** The members of a union of string literals, read from its declaration. */
function unionMembers(file: string, name: string): readonly string[] {
  const declaration = new RegExp(`export type ${name} =([^;]+);`).exec(read(file))?.[1] ?? '';
  return [...declaration.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '').toSorted();
}

/** The first cells of a Markdown table's rows under a heading. */
function firstCells(markdown: string, heading: string): readonly string[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '').toSorted();
}

test('the verdict document has a row for every reason, and for no other', () => {
  const document = read('docs/semantics/verdicts.md');
  const deny = unionMembers('src/core/policy/verdict.ts', 'DenyReason');
  assert.ok(deny.length > 10);
  assert.deepEqual(firstCells(document, 'Refusals'), deny);
  assert.deepEqual(firstCells(document, 'Doubts'), unionMembers('src/core/policy/verdict.ts', 'UnknownReason'));
});

test('files and cases that the verdict document names exist, and the case shows the reason', () => {
  const cases = new Map(readCases().map((one) => [one.name, JSON.stringify(one.data)]));
  const rows = [
    ...read('docs/semantics/verdicts.md').matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm),
  ];
  assert.ok(rows.length > 10);
  for (const [, reason = '', files = '', name = ''] of rows) {
    for (const file of files.matchAll(/`([^`]+)`/g))
      assert.ok(existsSync(`${ROOT}src/core/policy/${file[1]}`), `${file[1]} of ${reason}`);
    const text = cases.get(name.trim());
    assert.ok(text?.includes(reason), `case ${name.trim()} shows ${reason}`);
  }
});

test('decision records have their sections, and each a number of its own', () => {
  const files = readdirSync(`${ROOT}docs/adr`).toSorted();
  assert.ok(files.length > 0);
  assert.equal(new Set(files.map((file) => file.slice(0, 4))).size, files.length);
  for (const file of files) {
    assert.match(file, /^\d{4}-[a-z0-9-]+\.md$/);
    assert.match(read(`docs/adr/${file}`), new RegExp(`^# ${Number(file.slice(0, 4))}\\. `));
    for (const section of ['Status:', '**Context.**', '**Decision.**', '**Rejected.**', '**Consequences.**'])
      assert.ok(read(`docs/adr/${file}`).includes(section), `${file}: ${section}`);
  }
});

test('the README fits on a few screens', () => {
  assert.ok(read('README.md').split('\n').length <= 150);
});
