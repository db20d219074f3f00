import assert from 'node:assert/strict';
import type { Family } from '../../src/core/net/address.ts';
import { type IntervalSet, normalizeIntervals, setSize } from '../../src/core/net/interval-set.ts';
import { otherNumbers, type PortProduct, type TrafficSet } from '../../src/core/policy/reach.ts';
import type { Expectation } from './read-cases.ts';

/** Compares an exact set with the boxes that a case expects; parts that the case leaves out are not compared. */
export function assertBoxes(set: TrafficSet, expect: Expectation, family: Family): void {
  if (expect.tcp !== undefined) assertProduct(set.tcp, expect.tcp);
  if (expect.udp !== undefined) assertProduct(set.udp, expect.udp);
  if (expect.icmp !== undefined) assert.deepEqual(set.icmp, normalizeIntervals(expect.icmp.flatMap(icmpPoints)));
  if (expect.other !== undefined)
    assert.deepEqual(
      otherNumbers(set.other, family),
      expect.other.flatMap(numbersOf).toSorted((a, b) => a - b),
    );
}

/** `22 from 1024-65535`: the boxes must be disjoint and together be the whole product. */
function assertProduct(product: PortProduct, boxes: readonly string[]): void {
  const sides = boxes.map((box) => box.split(' from ').map(range));
  const destinationPorts = normalizeIntervals(sides.flatMap((side) => side[0] ?? []));
  const sourcePorts = normalizeIntervals(sides.flatMap((side) => side[1] ?? []));
  assert.deepEqual(product, { destinationPorts, sourcePorts });
  const area = sides.reduce((sum, side) => sum + setSize(side[0] ?? []) * setSize(side[1] ?? []), 0);
  assert.equal(area, setSize(destinationPorts) * setSize(sourcePorts), 'the boxes are a product');
}

function range(text: string): IntervalSet {
  const [from = '', to = from] = text.split('-');
  return [Number(from), Number(to)];
}

function icmpPoints(box: string): readonly number[] {
  const [types = '', codes = ''] = box.split('/');
  const [firstCode = 0, lastCode = 255] = codes === '' ? [] : range(codes);
  return numbersOf(types).flatMap((type) => [type * 256 + firstCode, type * 256 + lastCode]);
}

function numbersOf(text: string): readonly number[] {
  const [from = 0, to = from] = range(text);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
