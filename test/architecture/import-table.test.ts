import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageOf, readImportTable, rowFor, tableViolations } from './import-table.ts';
import { tokenize } from './source-tokens.ts';

const TABLE = readImportTable(`
text | that | is | no row
<!-- import-table -->
| place | may import | Node | packages |
|---|---|---|---|
| \`low\` | — | no | — |
| \`low/deep\` | \`low\` | \`disk.ts\` | — |
| \`rim\` | \`low\`, \`side/door.ts\` | yes | \`commander\` |
| \`main.ts\` | everything | yes | — |
<!-- /import-table -->
| not | this | no | — |`);

function violations(path: string, source: string): readonly string[] {
  return tableViolations(TABLE, { path, tokens: tokenize(source) });
}

test('the table between the markers is read', () => {
  assert.equal(TABLE.length, 4);
  assert.deepEqual(TABLE[1], { place: 'low/deep', mayImport: ['low'], node: ['disk.ts'], packages: [] });
  assert.deepEqual(TABLE[2], {
    place: 'rim',
    mayImport: ['low', 'side/door.ts'],
    node: 'yes',
    packages: ['commander'],
  });
});

test('the longest place wins, and a folder is no prefix of a longer name', () => {
  assert.equal(rowFor(TABLE, 'low/deep/x.ts')?.place, 'low/deep');
  assert.equal(rowFor(TABLE, 'low/x.ts')?.place, 'low');
  assert.equal(rowFor(TABLE, 'lower/x.ts'), undefined);
});

test('a folder imports itself and what its row names, and nothing else', () => {
  assert.deepEqual(violations('src/low/a.ts', "import './b.ts';"), []);
  assert.deepEqual(violations('src/rim/a.ts', "import '../low/b.ts'; import '../side/door.ts';"), []);
  assert.deepEqual(violations('src/main.ts', "import './side/room.ts';"), []);
  assert.deepEqual(violations('src/rim/a.ts', "import type { X } from '../side/room.ts';"), [
    'src/rim/a.ts:1: rim may not import side/room.ts',
  ]);
  assert.deepEqual(violations('src/low/a.ts', "import '../../test/x.ts';"), [
    'src/low/a.ts:1: test/x.ts is outside src/',
  ]);
  assert.deepEqual(violations('src/new/a.ts', ''), ['src/new/a.ts: its folder has no row in the import table']);
});

test('Node, packages and the outside world are closed unless the row opens them', () => {
  assert.deepEqual(violations('src/low/a.ts', "import 'node:fs';\nimport 'fs';\nimport 'commander';\nDate.now();"), [
    'src/low/a.ts:1: low may not reach node:fs',
    'src/low/a.ts:2: low may not reach fs',
    'src/low/a.ts:3: low may not use the package commander',
    'src/low/a.ts: low may not use Date.now (line 4)',
  ]);
  assert.deepEqual(violations('src/low/deep/disk.ts', "import 'node:fs'; Date.now();"), []);
  assert.equal(violations('src/low/deep/other.ts', "import 'node:fs'; Date.now();").length, 2);
  assert.deepEqual(violations('src/rim/a.ts', "import 'commander'; import 'node:fs';"), []);
});

test('a unit test may use Node and fast-check but keeps to its folder', () => {
  assert.deepEqual(violations('src/low/a.test.ts', "import 'node:test'; import 'fast-check'; Math.random();"), []);
  assert.equal(violations('src/low/a.test.ts', "import '../rim/x.ts';").length, 1);
});

test('package names with and without a scope', () => {
  assert.equal(packageOf('@scope/name/deep'), '@scope/name');
  assert.equal(packageOf('name/deep'), 'name');
});
