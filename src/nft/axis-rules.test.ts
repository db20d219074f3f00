import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AxisForm, axisRules } from './axis-rules.ts';
import type { Rule } from './ruleset.ts';
import { end, is, verdictBy } from './steps.ts';

const FORM: AxisForm = {
  lookup: (key, elements) => [verdictBy(key, elements)],
  all: (value) => [end(`goto ${value}`)],
};

/** The rules of ports of TCP, which stand first on the axis. */
function tcpRules(...ports: readonly (readonly [from: number, to: number, chain: string])[]): readonly Rule[] {
  const stretches = ports.map(([from, to, value]) => ({ from, to, value }));
  return axisRules(stretches, 'ipv4', FORM);
}

describe('rules of the axis', () => {
  test('compare where the same holds on both sides of a few ports', () => {
    assert.deepEqual(tcpRules([0, 21, 'a'], [22, 22, 'b'], [23, 80, 'c'], [81, 65_535, 'a']), [
      [is('tcp dport', '22-80', '!='), end('goto a')],
      [
        verdictBy(
          ['tcp dport'],
          [
            ['22', 'b'],
            ['23-80', 'c'],
          ],
        ),
      ],
    ]);
  });

  test('let a port fall through on which nothing stands', () => {
    const gapped = [
      ['0-100', 'a'],
      ['200-300', 'b'],
      ['60000-65535', 'a'],
    ] as const;
    assert.deepEqual(tcpRules([0, 100, 'a'], [200, 300, 'b'], [60_000, 65_535, 'a']), [
      [verdictBy(['tcp dport'], gapped)],
    ]);
  });
});
