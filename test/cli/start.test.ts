// A command starts with what it needs and no more, and what Node keeps of the sources lies where nobody else can write.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { nodeIo } from '../../src/cli/node-io.ts';

const BIN = fileURLToPath(new URL('../../bin/crenel.mjs', import.meta.url));

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command whose cache is to be in a folder. */
function runWith(cache: Readonly<Record<string, string>>): void {
  const env = { ...process.env, ...cache };
  delete env['NODE_COMPILE_CACHE'];
  const ran = spawnSync(process.execPath, [BIN, 'wait', '--help'], { encoding: 'utf8', env });
  assert.match(ran.stdout, /^Usage: crenel wait /u);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
}

test('each command has the name by which it is found', async () => {
  for (const [name, load] of COMMANDS) {
    const program = new Command();
    (await load())(program, { context: () => ({ io: nodeIo(), options: { color: false } }), finish: () => undefined });
    assert.deepEqual(
      program.commands.map((command) => command.name()),
      [name],
    );
    assert.deepEqual(program.commands[0]?.aliases(), []);
  }
});

test('what Node keeps of the sources is in a folder of the user alone', (t) => {
  const folder = folderFor(t);
  runWith({ XDG_CACHE_HOME: folder });
  runWith({ XDG_CACHE_HOME: folder });
  const kept = join(folder, 'crenel', 'node');
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  assert.ok(readdirSync(kept).length > 0);
  // There is nowhere to keep it.
  runWith({ XDG_CACHE_HOME: '/dev/null', HOME: '/dev/null' });
});

const UNSAFE: Readonly<Record<string, (base: string) => void>> = {
  'others may write above it': (base) => chmodSync(base, 0o777),
  'others may write to it': (base) => {
    mkdirSync(join(base, 'crenel', 'node'), { recursive: true });
    chmodSync(join(base, 'crenel', 'node'), 0o770);
  },
  'it leads elsewhere': (base) => {
    mkdirSync(join(base, 'theirs'));
    symlinkSync('theirs', join(base, 'crenel'));
  },
};
for (const [what, make] of Object.entries(UNSAFE))
  test(`nothing is read or kept where ${what}`, (t) => {
    const folder = folderFor(t);
    make(folder);
    runWith({ XDG_CACHE_HOME: folder });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(files, []);
  });
