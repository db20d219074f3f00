import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Repeats } from './repeats.ts';

/** What happens, one after another: seconds that pass, a message that is met, or nothing wrong any more; and what is said of it. */
const CASES: readonly {
  readonly name: string;
  readonly steps: readonly (number | string | undefined)[];
  readonly said: readonly string[];
}[] = [
  {
    name: 'once is said, and that it is over',
    steps: ['no nft', undefined],
    said: ['error no nft', 'info over: no nft'],
  },
  {
    name: 'the same again is not said, but how often it was',
    steps: ['no nft', 5, 'no nft', 7, 'no nft', undefined],
    said: ['error no nft', 'info over: no nft (3 times in 12 s)'],
  },
  {
    name: 'a change is said at once, after how often the other was',
    steps: ['no nft', 30, 'no nft', 'no rights', undefined],
    said: ['error no nft', 'error no nft (2 times in 30 s)', 'error no rights', 'info over: no rights'],
  },
  {
    name: 'of what was met once and became another nothing more is said',
    steps: ['no nft', 'no rights'],
    said: ['error no nft', 'error no rights'],
  },
  {
    name: 'after a long time it is said again, and then not soon',
    steps: ['no nft', 300, 'no nft', 299, 'no nft', 1, 'no nft', 599, 'no nft', 1, 'no nft'],
    said: ['error no nft', 'error no nft (4 times in 10 min)', 'error no nft (6 times in 20 min)'],
  },
  { name: 'what never was is not over', steps: [undefined, undefined], said: [] },
  {
    name: 'what comes back after it was over is said',
    steps: ['no nft', undefined, 'no nft'],
    said: ['error no nft', 'info over: no nft', 'error no nft'],
  },
];

for (const { name, steps, said } of CASES)
  test(name, () => {
    let seconds = 1000;
    const lines: string[] = [];
    const repeats = new Repeats(
      (level, message) => lines.push(`${level} ${message}`),
      () => seconds * 1000,
    );
    for (const step of steps) {
      if (typeof step === 'number') seconds += step;
      else if (step === undefined) repeats.over('rules');
      else repeats.met('rules', { level: 'error', message: step });
      // What is about something else makes no difference.
      repeats.over('devices');
    }
    assert.deepEqual(lines, said);
  });

test('what goes wrong side by side is told apart, and so is how bad it is', () => {
  const lines: string[] = [];
  const repeats = new Repeats(
    (level, message) => lines.push(`${level} ${message}`),
    () => 0,
  );
  repeats.met('rules', { level: 'error', message: 'no' });
  repeats.met('server', { level: 'error', message: 'no' });
  repeats.met('rules', { level: 'error', message: 'no' });
  repeats.met('server', { level: 'warn', message: 'no' });
  assert.deepEqual(lines, ['error no', 'error no', 'warn no']);
});
