// `npm run nightly`: the oracles and laws on so many packets and worlds that it takes a night's while, with a summary of what was checked.
// `npm run nightly -- 0.1` checks a tenth of it; what is required shrinks alike.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { environmentWithTools } from './optional-tools.ts';
import { root } from './stage.ts';

/** What a night must have checked, by the words with which tests count it. */
const REQUIRED: Readonly<Record<string, number>> = {
  'packets judged': 100_000_000,
  'pairs proved equal': 1000,
  'pairs equal to diagrams': 100_000,
};
/** How many times as much as `npm test`. */
const CHECKS = 10;
/** Less than `npm test` does is too little for what tests demand of their worlds. */
const LEAST_SHARE = 0.1;
const FILES = [
  'test/oracle/matrix.test.ts',
  'test/oracle/z3.test.ts',
  'test/oracle/oracle.test.ts',
  'test/oracle/bdd.test.ts',
  'test/oracle/estate-sets.test.ts',
  'test/analysis/*-law.test.ts',
  'test/property/*.test.ts',
];
const COUNTED = /^ℹ (packets judged|pairs proved equal|pairs equal to diagrams): (\d+)/;

type Outcome = { readonly passed: boolean; readonly counted: ReadonlyMap<string, number> };

/** Runs one file by itself, so that what it says of its progress is seen at once. */
async function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = spawn(process.execPath, ['--test-reporter=spec', file], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const counted = new Map<string, number>();
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const [, what, count] = COUNTED.exec(line) ?? [];
    if (what !== undefined) counted.set(what, (counted.get(what) ?? 0) + Number(count));
  }
  const passed = (await ended) === 0;
  if (!passed) process.stdout.write(`${lines.join('\n')}\n`);
  return { passed, counted };
}

async function main(): Promise<number> {
  const share = Number(process.argv[2] ?? '1');
  if (!(share >= LEAST_SHARE)) {
    process.stderr.write('usage: npm run nightly [-- share of a night, 0.1 or more]\n');
    return 64;
  }
  const env = { ...environmentWithTools(), CRENEL_CHECKS: String(CHECKS * share), CRENEL_PROGRESS: '1' };
  const files = FILES.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted());
  const totals = new Map<string, number>();
  const failed: string[] = [];
  for (const [index, file] of files.entries()) {
    const start = performance.now();
    process.stdout.write(`[${index + 1}/${files.length}] ${file}\n`);
    const { passed, counted } = await runFile(file, env);
    for (const [what, count] of counted) totals.set(what, (totals.get(what) ?? 0) + count);
    const notes = [...counted].map(([what, count]) => `, ${what}: ${count}`).join('');
    process.stdout.write(`  ${passed ? '✔' : '✖'} ${((performance.now() - start) / 1000).toFixed(0)} s${notes}\n`);
    if (!passed) failed.push(file);
  }
  const lacking = Object.entries(REQUIRED).filter(([what, least]) => (totals.get(what) ?? 0) < least * share);
  process.stdout.write('\n');
  for (const [what, least] of Object.entries(REQUIRED))
    process.stdout.write(`${what}: ${totals.get(what) ?? 0} (at least ${Math.ceil(least * share)})\n`);
  for (const [what] of lacking) process.stdout.write(`✖ too little was checked: ${what}; is Z3 there?\n`);
  for (const file of failed) process.stdout.write(`✖ ${file} failed\n`);
  if (failed.length + lacking.length === 0) process.stdout.write(`✔ ${files.length} files, nothing differs\n`);
  return failed.length + lacking.length === 0 ? 0 : 1;
}

process.exitCode = await main();
