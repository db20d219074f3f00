// What `crenel serve` prints is for copying: whoever does as it says gets an answer, wherever the server listens.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAIN } from './server-process.ts';

type Case = { readonly what: string; readonly options: readonly string[]; readonly elsewhere?: RegExp };

const CASES: readonly Case[] = [
  { what: 'on loopback', options: [] },
  {
    what: 'everywhere, over TLS by a name',
    options: ['--host', '0.0.0.0', '--tls-name', 'crenel.example'],
    elsewhere: /^ {2}elsewhere {2}https:\/\/crenel\.example:\d+$/mu,
  },
  { what: 'everywhere, over IPv6 too', options: ['--host', '::', '--tls'] },
];

function portOf({ text }: { readonly text: string }): string {
  return /listens on \S+:(\d+)$/mu.exec(text)?.[1] ?? '?';
}

/** Starts a server and gives what it prints until it is ready. */
async function printed(
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly text: string; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--example', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('Ctrl-C stops it.')) resolve();
    });
    child.once('close', () => reject(new Error(`the server ended: ${text}`)));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'close');
  };
  return { text, stop };
}

for (const { what, options, elsewhere } of CASES)
  test(`what a server prints that listens ${what} can be used as printed`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'crenel-printed-'));
    t.after(() => rmSync(folder, { recursive: true }));
    // Whoever watches hosts has this in the environment, and may start a server all the same.
    const env = { ...process.env, NO_COLOR: '1', CRENEL_ENDPOINT: 'http://127.0.0.1:9' };
    const { text, stop } = await printed(['--data', folder, ...options], env);
    t.after(stop);
    const exported = [...text.matchAll(/^ {2}export (.*)$/gmu)]
      .flatMap(([, words = '']) => words.split(' '))
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
    const asked = spawnSync(process.execPath, [MAIN, 'status'], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', ...Object.fromEntries(exported) },
    });
    assert.deepEqual([asked.status, asked.stderr], [0, '']);
    const endpoint = /--endpoint (\S+)$/mu.exec(text)?.[1];
    assert.equal(endpoint, Object.fromEntries(exported)['AWS_ENDPOINT_URL']);
    if (elsewhere === undefined) assert.doesNotMatch(text, /elsewhere/u);
    else assert.match(text, elsewhere);
  });

test('a server that is asked by the wrong protocol, or not believed, says what to give instead', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-wrong-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [plain, tls] = [
    await printed(['--memory'], { ...process.env, NO_COLOR: '1' }),
    await printed(['--data', folder, '--tls'], { ...process.env, NO_COLOR: '1' }),
  ];
  t.after(plain.stop);
  t.after(tls.stop);
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
  delete env['AWS_CA_BUNDLE'];
  for (const [endpoint, hint] of [
    [`https://127.0.0.1:${portOf(plain)}`, /does not speak TLS there: http:\/\/ in the place of https:\/\/\?/u],
    [`http://127.0.0.1:${portOf(tls)}`, /: https:\/\/ in the place of http:\/\/\?/u],
    [`https://127.0.0.1:${portOf(tls)}`, /certificate chain: nothing that is believed here vouches for it: give --ca/u],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'status', '--endpoint', endpoint], {
      encoding: 'utf8',
      env,
    });
    assert.equal(status, 74);
    assert.match(stderr.replaceAll(/\s+/gu, ' '), hint);
  }
});
