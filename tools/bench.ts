// `npm run bench`: runs the files bench/*.bench.ts one after another, each in its own process; `npm run bench -- trie` only those named so.
// `--json` prints a line of JSON for each claim, `--save` adds those lines to bench/results.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { root } from './stage.ts';

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const files = globSync('bench/*.bench.ts', { cwd: root })
  .toSorted()
  .filter((file) => wanted.length === 0 || wanted.some((word) => basename(file).startsWith(word)));

if (files.length === 0) {
  process.stderr.write(wanted.length === 0 ? 'there is no bench yet\n' : `no bench is named ${wanted.join(' or ')}\n`);
  process.exitCode = wanted.length === 0 ? 0 : 64;
}
for (const file of files) {
  const result = spawnSync(process.execPath, ['--expose-gc', file, ...flags], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exitCode = 1;
}
