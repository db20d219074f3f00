import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const BEFORE = 'examples/three-tier/world';

test('the gate of the example lets the world as it is pass and stops the change', () => {
  const reports = mkdtempSync(join(tmpdir(), 'crenel-gate-'));
  try {
    const gate = (after: string): ReturnType<typeof spawnSync> =>
      spawnSync('examples/plan-gate/gate.sh', [BEFORE, after, 'examples/plan-gate/assertions.yaml', reports], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, CRENEL: 'bin/crenel.mjs', NO_COLOR: '1', COLUMNS: '80' },
      });
    const same = gate(BEFORE);
    assert.equal(same.status, 0, String(same.stderr));
    assert.match(readFileSync(join(reports, 'assertions.xml'), 'utf8'), /tests="4" failures="0" errors="0"/u);
    const changed = gate('examples/plan-gate/after.json');
    assert.equal(changed.status, 1, String(changed.stderr));
    assert.equal(changed.stdout, readFileSync(join(ROOT, 'examples/plan-gate/expected.txt'), 'utf8'));
    assert.match(readFileSync(join(reports, 'assertions.xml'), 'utf8'), /tests="4" failures="1" errors="0"/u);
    assert.match(readFileSync(join(reports, 'diff.md'), 'utf8'), /tcp\/5432/u);
  } finally {
    rmSync(reports, { recursive: true });
  }
});

test('the gate of a plan stops what the plan would break', () => {
  const reports = mkdtempSync(join(tmpdir(), 'crenel-gate-'));
  const folder = 'examples/plan-gate/plan';
  try {
    const gate = spawnSync(
      `${folder}/gate.sh`,
      [`${folder}/plan.json`, `${folder}/live.json`, `${folder}/assertions.yaml`, reports],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, CRENEL: 'bin/crenel.mjs', NO_COLOR: '1', COLUMNS: '80' },
      },
    );
    assert.equal(gate.status, 1, gate.stderr);
    assert.equal(gate.stdout, readFileSync(join(ROOT, folder, 'expected.txt'), 'utf8'));
    assert.match(readFileSync(join(reports, 'assertions.xml'), 'utf8'), /tests="3" failures="1" errors="0"/u);
    assert.match(readFileSync(join(reports, 'diff.md'), 'utf8'), /tcp\/5432/u);
  } finally {
    rmSync(reports, { recursive: true });
  }
});
