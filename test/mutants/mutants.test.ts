// Every seeded mistake must make the case that it names fail: the proof that the cases can fail.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMutants } from './read-mutants.ts';

const run = promisify(execFile);
const KILL = fileURLToPath(new URL('kill.ts', import.meta.url));
const MUTANTS = readMutants();
const WORKERS = 2;
/** A mutant may loop for ever. By the clock, so many times what it takes: a machine may have other things to do. */
const TIMEOUT_MILLISECONDS = 540_000;

const shares = Array.from({ length: WORKERS }, (_, worker) =>
  killed(['none', ...MUTANTS.map((one) => one.name)].filter((_name, index) => index % WORKERS === worker)),
);

/** What became of each mutant, in the words of `kill.ts`. */
async function killed(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const options = { timeout: TIMEOUT_MILLISECONDS, env: { ...process.env, NODE_NO_WARNINGS: '1' } };
  const { stdout } = await run(process.execPath, [KILL, ...names], options);
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', outcome = ''] = line.split(/: (.*)/s);
        return [name, outcome];
      }),
  );
}

async function outcomeOf(name: string): Promise<string | undefined> {
  const all = await Promise.all(shares);
  return all.find((share) => share.has(name))?.get(name);
}

test('there are mutants enough, each with a name of its own', () => {
  assert.ok(MUTANTS.length >= 200);
  assert.equal(new Set(MUTANTS.map((one) => one.name)).size, MUTANTS.length);
});

describe('mutants', { concurrency: true }, () => {
  test('the source as it is survives', async () => {
    assert.equal(await outcomeOf('none'), 'survived');
  });
  for (const one of MUTANTS)
    test(`${one.name}: ${one.breaks}`, async () => {
      assert.equal(await outcomeOf(one.name), `killed by ${one.by}`);
    });
});
