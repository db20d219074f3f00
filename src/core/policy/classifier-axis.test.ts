import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AXIS_SIZE } from '../net/axis.ts';
import { axisTable, segmentAt } from './classifier-axis.ts';

const point = fc.oneof(
  fc.integer({ min: 0, max: AXIS_SIZE - 1 }),
  fc.integer({ min: 0, max: 600 }),
  fc.constantFrom(0, 255, 256, 65_535, 65_536, 131_071, 131_072, AXIS_SIZE - 2, AXIS_SIZE - 1),
);
const intervals = fc.array(
  fc.tuple(point, point).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  { maxLength: 40 },
);

test('two points lie in one segment exactly when no interval tells neighbours between them apart', () => {
  fc.assert(
    fc.property(intervals, fc.array(point, { minLength: 1, maxLength: 10 }), (list, probes) => {
      const table = axisTable(list.flat());
      const near = [...list.flat(), ...probes].flatMap((one) => [one - 1, one, one + 1]);
      const points = [...new Set([0, ...near, AXIS_SIZE - 1])].filter((one) => one >= 0 && one < AXIS_SIZE);
      const starts = [...new Set([0, ...list.flatMap(([from, to]) => [from, to + 1])])].filter(
        (one) => one < AXIS_SIZE,
      );
      assert.equal(table.segments, starts.length);
      for (const one of points)
        assert.equal(segmentAt(table, one), starts.filter((start) => start <= one).length - 1, `point ${one}`);
    }),
  );
});

test('a page may be cut at every point', () => {
  const table = axisTable(Array.from({ length: 512 }, (_, index) => [index, index]).flat());
  for (const one of [0, 1, 254, 255, 256, 257, 511, 512]) assert.equal(segmentAt(table, one), one);
  assert.equal(segmentAt(table, AXIS_SIZE - 1), 512);
});
