// The rules that keep the parts of Crenel apart, checked on the tree as it is. The reasons stand in ARCHITECTURE.md.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { posix } from 'node:path';
import { test } from 'node:test';
import { findCycles } from './architecture/import-cycles.ts';
import {
  packageOf,
  readImportTable,
  resolveSpecifier,
  type SourceFile,
  tableViolations,
} from './architecture/import-table.ts';
import { projectFiles, readJsonWithComments, readProjectFile, root } from './architecture/project-files.ts';
import { importedModules, tokenize } from './architecture/source-tokens.ts';

const files = projectFiles();
const sources: readonly SourceFile[] = files
  .filter((path) => path.endsWith('.ts') && /^(?:src|test|tools|bench)\//.test(path))
  .map((path) => ({ path, tokens: tokenize(readProjectFile(path)) }));
const inSrc = sources.filter((file) => file.path.startsWith('src/'));
const table = readImportTable(readProjectFile('ARCHITECTURE.md'));

type PackageJson = {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
const packageJson = JSON.parse(readProjectFile('package.json')) as PackageJson;

function assertNone(violations: readonly string[]): void {
  assert.equal(violations.join('\n'), '');
}

test('every file of src keeps to the import table of ARCHITECTURE.md', () => {
  assert.ok(table.length > 0, 'the table was not found');
  assert.ok(inSrc.length > 0, 'no source was found');
  assertNone(inSrc.flatMap((file) => tableViolations(table, file)));
});

test('every relative import leads to a file, and no import goes in a circle', () => {
  const graph = new Map<string, readonly string[]>();
  const missing: string[] = [];
  for (const { path, tokens } of sources) {
    const targets = importedModules(tokens).flatMap((found) => resolveSpecifier(path, found.specifier) ?? []);
    missing.push(
      ...targets.filter((target) => !files.includes(target)).map((target) => `${path}: ${target} is missing`),
    );
    graph.set(path, targets);
  }
  assertNone(missing);
  assertNone(findCycles(graph).map((cycle) => cycle.join(' ↔ ')));
});

test('what has no Node in the table is compiled without Node', () => {
  const { include } = readJsonWithComments('tsconfig.pure.json') as { readonly include: readonly string[] };
  const covered = include.map((pattern) => pattern.replace(/^src\//, '').replace(/\/\*\*\/\*\.ts$/, ''));
  const closed = table.filter((row) => row.node === 'no').map((row) => row.place);
  assertNone(closed.filter((place) => !covered.some((folder) => place === folder || place.startsWith(`${folder}/`))));
});

test('every folder of src says in a README of at most 30 lines what it is for', () => {
  const folders = new Set(inSrc.map((file) => posix.dirname(file.path)).filter((folder) => folder !== 'src'));
  const wrong = [...folders].filter((folder) => {
    const path = `${folder}/README.md`;
    const text = files.includes(path) ? readProjectFile(path).trim() : '';
    return text === '' || text.split('\n').length > 30;
  });
  assertNone(wrong);
});

test('a name has one home: only src/index.ts passes names on', () => {
  const passing = inSrc
    .filter((file) => file.path !== 'src/index.ts')
    .filter((file) => importedModules(file.tokens).some((found) => found.form === 'reexport'));
  assertNone(passing.map((file) => file.path));
});

test('no folder is named after nothing', () => {
  const folders = new Set(sources.flatMap((file) => posix.dirname(file.path).split('/')));
  assertNone(
    ['utils', 'util', 'common', 'helpers', 'types', 'misc', 'shared', 'lib'].filter((name) => folders.has(name)),
  );
});

test('every dependency is pinned, and test/dependencies.txt says what it is for', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const declared = { ...dependencies, ...devDependencies, ...optionalDependencies };
  assertNone(
    Object.entries(declared).flatMap(([name, version]) =>
      /^\d+\.\d+\.\d+$/.test(version) ? [] : `${name} ${version}`,
    ),
  );
  const lines = readProjectFile('test/dependencies.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assertNone(lines.filter((line) => !/^\S+: \S.{9,}$/.test(line)));
  assert.deepEqual(lines.map((line) => line.replace(/: .*/, '')).toSorted(), Object.keys(declared).toSorted());
});

test('what src imports is a dependency that users get, but for types', () => {
  const shipped = new Set(Object.keys(packageJson.dependencies ?? {}));
  const used = inSrc
    .filter((file) => !file.path.endsWith('.test.ts'))
    .flatMap((file) => importedModules(file.tokens))
    .filter(({ form }) => form !== 'type')
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) => packageOf(specifier));
  assertNone(used.filter((name) => !shipped.has(name)));
});

test('a lint rule is only switched off with a reason after two dashes', () => {
  const bare = files
    .filter((path) => /\.(?:ts|mjs)$/.test(path) && !path.startsWith('test/architecture'))
    .filter((path) => /oxlint-disable(?!.* -- \S)/.test(readProjectFile(path)));
  assertNone(bare);
});

test('no file names a path of somebody’s machine or a package registry', () => {
  const foreign =
    /(?<![\w.])\/(?:work|root|home\/\w+|tmp\/bash\w*)\/|registry\.(?:npmjs|yarnpkg)\.|"resolved"\s*:\s*"http/;
  const wrong = files.flatMap((path) => {
    const found = foreign.exec(readProjectFile(path));
    return found === null ? [] : [`${path}: ${found[0]}`];
  });
  assertNone(wrong);
});

test('sizes that deserve a second look are reported', (t) => {
  const config = 'test/architecture/budgets.oxlintrc.json';
  const args = ['node_modules/oxlint/bin/oxlint', '-c', config, '--format=json', 'src', 'tools', 'test'];
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const report = JSON.parse(result.stdout) as {
    readonly diagnostics: readonly { filename: string; message: string }[];
  };
  for (const { filename, message } of report.diagnostics) t.diagnostic(`${filename}: ${message}`);
});
