// Every seeded mistake must make some case or some random comparison fail: the proof that the tests can fail.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMutants } from './read-mutants.ts';

const run = promisify(execFile);
const KILL = fileURLToPath(new URL('kill.ts', import.meta.url));
const MUTANTS = readMutants();

async function outcome(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [KILL, ...args], { timeout: 60_000 });
  return stdout.trim();
}

test('there are mutants enough, each with a name of its own', () => {
  assert.ok(MUTANTS.length >= 25);
  assert.equal(new Set(MUTANTS.map((one) => one.name)).size, MUTANTS.length);
});

describe('mutants', { concurrency: Math.min(4, availableParallelism()) }, () => {
  test('the source as it is survives', async () => {
    assert.equal(await outcome(), 'survived');
  });
  for (const one of MUTANTS)
    test(`${one.name}: ${one.breaks}`, async () => {
      assert.match(await outcome(one.name), /^killed by /);
    });
});
