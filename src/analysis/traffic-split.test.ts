import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { interval, type IntervalSet, intersectSets, normalizeIntervals, setHas } from '../core/net/interval-set.ts';
import { NO_TRAFFIC, type TrafficSet } from '../core/policy/reach.ts';
import { icmpBoxes, type PortBox, protocolRanges, splitTraffic } from './traffic-split.ts';

const ports: fc.Arbitrary<IntervalSet> = fc
  .array(fc.tuple(fc.nat(65_535), fc.nat(400)), { maxLength: 3 })
  .map((pairs) => normalizeIntervals(pairs.flatMap(([from, size]) => [from, Math.min(65_535, from + size)])));

function product(destinationPorts: IntervalSet, sourcePorts: IntervalSet): TrafficSet {
  const isEmpty = destinationPorts.length === 0 || sourcePorts.length === 0;
  return { ...NO_TRAFFIC, tcp: isEmpty ? NO_TRAFFIC.tcp : { destinationPorts, sourcePorts } };
}

const holds = (boxes: readonly PortBox[], to: number, from: number): boolean =>
  boxes.some((box) => setHas(box.destinationPorts, to) && setHas(box.sourcePorts, from));

describe('splitTraffic', () => {
  test('gives three disjoint parts that together are what was asked for', () => {
    fc.assert(
      fc.property(ports, ports, ports, ports, ports, (asked, mostTo, mostFrom, sureTo, sureFrom) => {
        const within = intersectSets(asked, mostTo);
        const possible = product(within, mostFrom);
        const sure = product(intersectSets(within, sureTo), intersectSets(mostFrom, sureFrom));
        const split = splitTraffic(asked, sure, possible);
        const edges = [...asked, ...mostTo, ...sureTo, ...mostFrom, ...sureFrom].flatMap((edge) => [
          edge,
          Math.min(65_535, edge + 1),
        ]);
        for (const to of edges) {
          for (const from of edges) {
            const inParts = [split.allowed, split.depends, split.blocked].filter((part) => holds(part.tcp, to, from));
            assert.equal(inParts.length, setHas(asked, to) ? 1 : 0, `${from} → ${to}`);
            const isSure = setHas(sure.tcp.destinationPorts, to) && setHas(sure.tcp.sourcePorts, from);
            assert.equal(holds(split.allowed.tcp, to, from), isSure && setHas(asked, to));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('icmpBoxes', () => {
  test('covers exactly the set', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(2000), (from, size) => {
        const set = interval(from, Math.min(65_535, from + size));
        const boxes = icmpBoxes(set);
        for (let value = Math.max(0, from - 2); value <= Math.min(65_535, from + size + 2); value += 1) {
          const found = boxes.filter(
            ({ types, codes }) =>
              types[0] <= value >> 8 &&
              value >> 8 <= types[1] &&
              codes[0] <= (value & 255) &&
              (value & 255) <= codes[1],
          );
          assert.equal(found.length, setHas(set, value) ? 1 : 0, String(value));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('whole types are one box', () => {
    assert.deepEqual(icmpBoxes(interval(8 * 256, 9 * 256 + 255)), [{ types: [8, 9], codes: [0, 255] }]);
    assert.deepEqual(icmpBoxes(interval(8 * 256 + 3, 9 * 256 + 4)), [
      { types: [8, 8], codes: [3, 255] },
      { types: [9, 9], codes: [0, 4] },
    ]);
  });
});

describe('protocolRanges', () => {
  test('leaves out the numbers that have a part of their own', () => {
    assert.deepEqual(protocolRanges(interval(0, 252), 'ipv4'), [0, 0, 2, 5, 7, 16, 18, 255]);
    assert.deepEqual(protocolRanges(interval(0, 252), 'ipv6'), [0, 5, 7, 16, 18, 57, 59, 255]);
  });
});
