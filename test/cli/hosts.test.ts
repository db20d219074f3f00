// `crenel status` and `crenel wait` against a server with an agent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reporter } from '../../src/agent/report.ts';
import { Receiver } from '../../src/agent/receive.ts';
import { runCli } from '../../src/cli/program.ts';
import { nodeIo } from '../../src/cli/node-io.ts';
import { until } from '../server/listener.ts';
import { ADMIN, holding, REALM, testServer } from '../server/sync-server.ts';

async function crenel(url: string, ...args: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const status = await runCli([...args, '--endpoint', url], {
    ...nodeIo(),
    env: { AWS_ACCESS_KEY_ID: ADMIN.accessKeyId, AWS_SECRET_ACCESS_KEY: ADMIN.secretAccessKey },
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { status, ...said };
}

test('without an agent nothing is enforced, and whoever waits is told so', async (t) => {
  const { url } = await testServer(t);
  const status = await crenel(url, 'status');
  assert.equal(status.status, 0);
  assert.match(status.out, /instances are records only/);
  const waited = await crenel(url, 'wait', '--timeout', '0');
  assert.equal(waited.status, 1);
  assert.match(waited.err, /no host is live/);
});

test('whoever waits hears which hosts lag, and when none does', async (t) => {
  const { url, control } = await testServer(t);
  const link = { endpoint: new URL(url), region: REALM.region, credentials: ADMIN };
  const troubles: string[] = [];
  const reporter = new Reporter({ link, host: 'host-1', onTrouble: (why) => troubles.push(why) });
  let told = false;
  let isHeld = true;
  const receiver = new Receiver({
    link,
    host: 'host-1',
    mode: 'host',
    holds: holding([], ['i-1']),
    onView: ({ revision }, _change, epoch) => {
      told = true;
      if (!isHeld) reporter.tell({ applied: { epoch, revision } });
      else held = { epoch, revision };
    },
    onState: () => undefined,
  });
  let held = { epoch: '', revision: 0 };
  receiver.start();
  t.after(async () => {
    await receiver.stop();
    await reporter.stop();
  });
  await until(() => told);
  const late = await crenel(url, 'wait', '--timeout', '0');
  assert.equal(late.status, 1);
  assert.match(late.err, /not enforced yet by host-1/);
  isHeld = false;
  reporter.tell({ applied: held });
  reporter.start();
  const waited = await crenel(url, 'wait', '--revision', String(control.revision));
  assert.equal(waited.status, 0);
  assert.match(waited.out, /1 host enforces revision/);
  assert.match((await crenel(url, 'status')).out, /host-1 +enforcing enforces revision/);
  reporter.tell({ problem: 'nft is not installed' });
  await until(async () => (await crenel(url, 'status', '--json')).status === 1);
  assert.match((await crenel(url, 'status')).out, /problem nft is not installed/);
  assert.deepEqual(troubles, []);
});

test('what is no number is refused', async (t) => {
  const { url } = await testServer(t);
  assert.equal((await crenel(url, 'wait', '--revision', 'x')).status, 64);
  assert.equal((await crenel(url, 'wait', '--timeout', '-1')).status, 64);
});
