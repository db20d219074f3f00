// What tests wait with: a test that is over asks no more.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as nodeTest from 'node:test';
import { test } from 'node:test';
import { until } from './listener.ts';

const LISTENER = new URL('listener.ts', import.meta.url).href;
const WHY_NOT = 'getTestContext' in nodeTest ? false : 'Node before 24.19 does not say which test asks';
/** A suite that takes too long over something that never holds; its process ends when nothing goes on in it. */
const SUITE = `
import { describe, test } from 'node:test';
import { until } from '${LISTENER}';
describe('a suite', { timeout: 50 }, () => { test('a test', async () => { await until(() => false); }); });
test('a test of its own', { timeout: 50 }, async () => { await until(async () => false); });
`;

test('until what holds is there at once', async () => {
  let asked = 0;
  await until(() => {
    asked += 1;
    return asked === 3;
  });
  assert.equal(asked, 3);
});

test('nobody asks on when a suite or a test took too long', { skip: WHY_NOT }, () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', SUITE], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(ran.status, 1, 'it ends, for the tests failed');
  assert.match(ran.stdout, /timed out after 50ms/u);
});
