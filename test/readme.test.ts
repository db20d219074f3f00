import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withSupportTable } from '../tools/support-table.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Commands and their output as the README shows them. */
function consoleBlocks(): readonly { readonly command: string; readonly output: string }[] {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  return [...readme.matchAll(/^```console\n\$ crenel ([^\n]+)\n([\s\S]*?)^```/gm)].map((match) => ({
    command: match[1] ?? '',
    output: match[2] ?? '',
  }));
}

test('the README shows what the commands really print', () => {
  const blocks = consoleBlocks();
  assert.ok(blocks.length > 0);
  for (const { command, output } of blocks) {
    const run = spawnSync(process.execPath, [`${ROOT}bin/crenel.mjs`, ...command.split(' ')], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', COLUMNS: '80' },
    });
    assert.equal(run.stdout, output, command);
  }
});

test('the README’s table of actions is the registry’s', () => {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  assert.ok(readme === withSupportTable(readme), 'run `node tools/support-table.ts`');
  assert.match(readme, /\| Security groups \| 17 \|/);
});
