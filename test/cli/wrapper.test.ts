// Where `bin/crenel.mjs` runs in a Node that cannot give its place to another, it stays beside the program, which ends with it whatever ends it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../server/listener.ts';

const BIN = new URL('../../bin/crenel.mjs', import.meta.url).href;
const SERVE = ['serve', '--memory', '--anonymous', '--port', '0', '--log-level', 'silent'];
/** The command as an older Node runs it. */
const OLD_NODE = `process.execve = undefined; process.argv.splice(1, 0, '${fileURLToPath(BIN)}'); await import('${BIN}');`;

for (const signal of ['SIGKILL', 'SIGTERM'] as const)
  test(`${signal} ends the server behind it too`, async (t) => {
    const wrapper = spawn(process.execPath, ['--input-type=module', '-e', OLD_NODE, '--', ...SERVE], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => {
      wrapper.kill();
      wrapper.stdout.destroy();
    });
    let url = '';
    for await (const line of createInterface({ input: wrapper.stdout })) {
      url = /http:\/\/127\.0\.0\.1:\d+/u.exec(line)?.[0] ?? '';
      if (url !== '') break;
    }
    const answers = async (): Promise<boolean> =>
      await fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    assert.equal(await answers(), true);
    wrapper.kill(signal);
    await once(wrapper, 'exit');
    await until(async () => !(await answers()));
  });
