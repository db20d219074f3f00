// Labs go by name on a machine, and there is one at a time: tests of labs in several runs wait for each other, and while they have one nobody else has.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB_LOCK } from '../../src/agent/lab/register.ts';
import { isLocked, type Lock, takeLock } from '../../src/agent/lock.ts';

/** Other tests of labs take half a minute, several times that where several wait. */
const PATIENCE_MS = 240_000;

/** Whose turn it is to test labs: until `end`, or the end of this process, no other run does. */
export type LabTurn = { readonly whyNot: string | undefined; readonly end: () => void };

/**
 * Waits until no other run tests labs. `whyNot`: there can be none here all the same, for others have the machine's lab, and it is not ours to
 * remove.
 */
export async function turnAtLabs(): Promise<LabTurn> {
  const lock = await taken('lab-tests');
  const whyNot = lock === undefined ? 'other tests have labs on this machine all the time' : await whyNoLabNow();
  return { whyNot, end: () => lock?.release() };
}

async function whyNoLabNow(): Promise<string | undefined> {
  if (await isLocked(LAB_LOCK)) return 'a lab is up on this machine already';
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return stdout.includes('crl-') ? 'a lab was left behind on this machine: crenel lab down removes it' : undefined;
}

/** Has the machine's lab, so that nobody else begins one: who builds one without a follower has to. */
export async function holdLab(): Promise<Lock> {
  const lock = await taken(LAB_LOCK);
  if (lock === undefined) throw new Error('somebody else has a lab on this machine');
  return lock;
}

async function taken(name: string): Promise<Lock | undefined> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const lock = await takeLock(name);
    if (lock !== undefined) return lock;
    await sleep(100);
  }
  return undefined;
}
