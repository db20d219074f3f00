// `npm run build`: compiles src/ to dist/ for publishing. Nothing in a clone needs it.
import { rmSync } from 'node:fs';
import { root, runStages } from './stage.ts';

rmSync(`${root}dist`, { recursive: true, force: true });
process.exitCode = runStages([
  {
    name: 'build',
    commands: [['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']],
    advice: 'see above',
  },
])
  ? 0
  : 1;
