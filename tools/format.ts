// `npm run format`: formats what `npm run check` looks at; with file names after `--`, only those.
import { spawnSync } from 'node:child_process';
import { root } from './stage.ts';

const named = process.argv.slice(2);
const result = spawnSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', ...(named.length > 0 ? named : ['.'])], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = result.status ?? 1;
