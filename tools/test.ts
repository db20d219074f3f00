// `npm test`: optional tools, then format, lint and types, then every test. `npm run test:quick`: the unit tests alone.
// With file names or runner flags after `--`, only those tests: npm test -- src/core/net/cidr.test.ts --test-name-pattern=canonical
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { environmentWithTools } from './optional-tools.ts';
import { checks, root, runStages } from './stage.ts';

const UNIT_TESTS = 'tools/unit-tests.ts';

/** One of the totals that the runner prints last, e.g. `ℹ pass 12`. */
const TOTAL = /^ℹ (?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+/;

/** Runs Node's test runner. The totals come last, below the list of failures, where they are easy to find. */
async function runTests(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const flags = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=600000',
  ];
  const colour = process.stdout.isTTY && !process.env['NO_COLOR'] ? { FORCE_COLOR: '1' } : {};
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd: root,
    env: { ...env, ...colour },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const totals: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (TOTAL.test(stripVTControlCharacters(line))) totals.push(line);
    else process.stdout.write(`${line}\n`);
  }
  const code = await ended;
  process.stdout.write(`${totals.join('\n')}\n`);
  return code === 0 && totals.length === 0 ? 1 : code;
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args[0] === '--quick') return await runTests([...args.slice(1), UNIT_TESTS], process.env);
  const env = environmentWithTools();
  if (args.some((arg) => !arg.startsWith('-'))) return await runTests(args, env);
  if (!runStages(checks)) return 1;
  return await runTests([...args, UNIT_TESTS, ...globSync('test/**/*.test.ts', { cwd: root }).toSorted()], env);
}

process.exitCode = await main();
