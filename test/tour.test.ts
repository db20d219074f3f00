import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

test('the walk through the example tells the story', () => {
  const run = spawnSync(process.execPath, [`${ROOT}bin/crenel.mjs`, 'tour'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /web-1 → app-1 +tcp\/8443, tcp\/9100/);
  assert.match(run.stdout, /app-1 → 192\.0\.2\.80 +tcp\/443/);
  assert.doesNotMatch(run.stdout, /web-1 → db-1/);
  assert.match(run.stdout, /ALLOWED: tcp\/8443 gets from web-1 to app-1/);
  assert.match(run.stdout, /BLOCKED: tcp\/5432 does not get from web-1 to db-1/);
  assert.match(run.stdout, /tcp\/22 gets from the internet to bastion \(IPv4 and IPv6\)/);
});
