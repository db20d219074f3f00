// Behind every npm script: makes sure the dependencies and a fitting Node are there, then runs the task.
// Plain JavaScript for Node 20 and newer, because it runs before anything is installed.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { become, findNode, missingNodeMessage, UNAVAILABLE } from '../bin/node-runtime.mjs';
import { differenceFromLockfile, install } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each npm script runs, relative to the root. */
const TASKS = new Map([
  ['start', ['src/main.ts', 'serve', '--example', '--data', '.crenel/start']],
  ['test', ['tools/test.ts']],
  ['test:quick', ['tools/test.ts', '--quick']],
  ['nightly', ['tools/nightly.ts']],
  ['check', ['tools/check.ts']],
  ['format', ['tools/format.ts']],
  ['bench', ['tools/bench.ts']],
  ['build', ['tools/build.ts']],
]);

function main() {
  const [name = '', ...rest] = process.argv.slice(2);
  const task = TASKS.get(name);
  if (task === undefined) {
    process.stderr.write(`usage: node tools/run.mjs ${[...TASKS.keys()].join('|')}\n`);
    process.exitCode = 64;
    return;
  }
  const difference = differenceFromLockfile(root);
  if (difference !== undefined && !install(root, difference)) {
    process.exitCode = UNAVAILABLE;
    return;
  }
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(`${missingNodeMessage()}\n`);
    process.exitCode = UNAVAILABLE;
    return;
  }
  // What Node makes of the sources is kept beside the dependencies: each of the many processes of a test run starts the faster.
  const env = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env };
  become(node, [...task, ...rest], { cwd: root, env });
}

main();
