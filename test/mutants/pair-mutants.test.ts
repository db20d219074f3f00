// Every seeded mistake in the analysis of all pairs must break the law that it names, on the world that it names: the proof that the laws can fail.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMutants } from './read-mutants.ts';

const run = promisify(execFile);
const KILL = fileURLToPath(new URL('kill-pairs.ts', import.meta.url));
/** A mutant may loop for ever. */
const TIMEOUT_MILLISECONDS = 540_000;

test('laws of all pairs break for every mutant, and hold without', async () => {
  const mutants = readMutants('pair-mutants.json');
  assert.ok(mutants.length >= 30);
  const options = { timeout: TIMEOUT_MILLISECONDS, env: { ...process.env, NODE_NO_WARNINGS: '1' } };
  const { stdout } = await run(process.execPath, [KILL], options);
  const expected = ['none: survived', ...mutants.map(({ name, by }) => `${name}: killed by ${by}`)];
  assert.deepEqual(stdout.trim().split('\n'), expected);
});
