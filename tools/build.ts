// `npm run build`: compiles src/ to dist/ for publishing. Nothing in a clone needs it.
import { copyFileSync, rmSync } from 'node:fs';
import { root, runStages } from './stage.ts';

rmSync(`${root}dist`, { recursive: true, force: true });
const isBuilt = runStages([
  {
    name: 'build',
    commands: [['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']],
    advice: 'see above',
  },
]);
// What goes into HTML pages as it is.
if (isBuilt)
  for (const name of ['page.js', 'page.css'])
    copyFileSync(`${root}src/cli/page/browser/${name}`, `${root}dist/cli/page/browser/${name}`);
process.exitCode = isBuilt ? 0 : 1;
