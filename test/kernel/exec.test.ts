// `crenel exec` inside an instance of a register: words reach the command as they are, and its status comes back as in a shell.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { removeRegister, writeRegister } from '../../src/agent/lab/register.ts';
import { MAIN } from '../e2e/server-process.ts';
import { holdLab, turnAtLabs } from './lab-turn.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

/** Words after `crenel exec`, the exit status, and what is said on standard output and standard error. */
const CASES: readonly (readonly [words: readonly string[], status: number, out: RegExp, err: RegExp])[] = [
  [['web-1', '--', 'printf', '%s|', 'a b', '$HOME', ';', '-n'], 0, /^a b\|\$HOME\|;\|-n\|$/u, /^$/u],
  [['10.0.1.11', '--', 'ip', '-o', 'link'], 0, /^1: lo: [^\n]*\n$/u, /^$/u],
  [['i-1', '--', 'sh', '-c', 'exit 7'], 7, /^$/u, /^$/u],
  [['web-1', '--', 'sh', '-c', 'kill -TERM $$'], 143, /^$/u, /^$/u],
  [['web-1', '--', 'no-such-command'], 127, /^$/u, /^crenel exec: .*no-such-command: not found/u],
  [['web-1', '--', '/'], 126, /^$/u, /^crenel exec: .*\/: Permission denied/u],
  [['web-1', 'ping', '-c1'], 64, /^$/u, /^crenel: unknown option '-c1'\nThe command and its options come after --: /u],
  [['gone', '--', 'true'], 74, /^$/u, /namespace of gone, crlt-not-there, was removed by somebody: take the lab down/u],
  [['web-2', '--', 'true'], 66, /^$/u, /the lab has no instance 'web-2'\nDid you mean web-1/u],
];

test('crenel exec', { skip: whyNoKernel(['ip']) ?? false }, async (t) => {
  const turn = await turnAtLabs();
  t.after(() => turn.end());
  if (turn.whyNot !== undefined) {
    t.skip(turn.whyNot);
    return;
  }
  const lock = await holdLab();
  const namespace = new Namespace('exec');
  writeRegister([
    { id: 'i-1', name: 'web-1', namespace: namespace.name, addresses: ['10.0.1.11'] },
    { id: 'i-2', name: 'gone', namespace: 'crlt-not-there', addresses: [] },
  ]);
  t.after(() => {
    removeRegister();
    namespace.close();
    lock.release();
  });
  for (const [words, status, out, err] of CASES) {
    const ran = spawnSync(process.execPath, [MAIN, 'exec', ...words], { encoding: 'utf8' });
    assert.equal(ran.status, status, words.join(' '));
    assert.match(ran.stdout, out);
    assert.match(ran.stderr.replaceAll(/\n {8}/gu, ' '), err);
  }
});
