import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importedModules, outsideWorld, tokenize } from './source-tokens.ts';

function words(source: string): string {
  return tokenize(source)
    .map((token) => (token.kind === 'string' ? '§' : token.text))
    .join(' ');
}

function imports(source: string): readonly string[] {
  return importedModules(tokenize(source)).map((found) => `${found.form} ${found.specifier} ${found.line}`);
}

test('comments are no code, and strings are one token', () => {
  assert.equal(words(`a /* b 'c */ d // e "\nf 'it\\'s' "x // y"`), 'a d f § §');
});

test('a slash after a value divides, elsewhere it begins a regular expression', () => {
  assert.equal(words(`a / b / c`), 'a / b / c');
  assert.equal(words(`x = /['"/]\\/[/]/gu.test(y)`), 'x = § . test ( y )');
  assert.equal(words(`return /'/`), 'return §');
  assert.equal(words(`(a) / 2 + b[0] / 3 // rest`), '( a ) / 2 + b [ 0 ] / 3');
});

test('the code inside a template is code, nested templates and braces included', () => {
  assert.equal(words('`a ${b} c`; d'), '§ b § ; d');
  assert.equal(words('`a ${ {x: `in ${y} ner`} } \\` \\${z} $` + d'), '§ { x : § y § } § + d');
});

test('lines are counted through every kind of token', () => {
  const tokens = tokenize("a /*\n*/ b `\n` c '\\\n' d\ne");
  assert.deepEqual(
    tokens.filter((token) => token.kind === 'word').map((token) => token.line),
    [1, 2, 3, 4, 5],
  );
});

test('every form of import is found, with its line', () => {
  const source = `
import { a, type B as C } from './a.ts';
import type { D } from "./d.ts";
import e, * as f from 'node:fs';
import './side.ts';
export { g } from './g.ts';
export * as h from './h.ts';
const i = await import('./i.ts');
type J = import('./j.ts').J;
import k from './k.json' with { type: 'json' };`;
  assert.deepEqual(imports(source), [
    'import ./a.ts 2',
    'type ./d.ts 3',
    'import node:fs 4',
    'bare ./side.ts 5',
    'reexport ./g.ts 6',
    'reexport ./h.ts 7',
    'dynamic ./i.ts 8',
    'dynamic ./j.ts 9',
    'import ./k.json 10',
  ]);
});

test('what only looks like an import is none', () => {
  const source = `
// import a from './a.ts'
const b = "import c from './c.ts'";
export const from = 'x';
export type D = 'from' | 'y';
export class E {}
import f from './f.ts';
const g = import.meta.url;
x.import('./h.ts');`;
  assert.deepEqual(imports(source), ['import ./f.ts 7']);
});

test('clock, chance and process are seen, and names that resemble them are not', () => {
  assert.deepEqual(
    outsideWorld(tokenize('a(Date.now());\nMath.random(); new Date(); new Date; setTimeout(f); process.env')),
    [
      'Date.now (line 1)',
      'Math.random (line 2)',
      'new Date() (line 2)',
      'new Date() (line 2)',
      'setTimeout (line 2)',
      'process (line 2)',
    ],
  );
  const harmless =
    "new Date(5); Math.floor(1); row.process.x; const process = 1; 'Date.now()'; // console.log\nx.fetch(1)";
  assert.deepEqual(outsideWorld(tokenize(harmless)), []);
});
