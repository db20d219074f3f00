import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressTable } from './classifier-address-table.ts';

// Few addresses, so that they are set and deleted again, and enough of them that the table grows and probes collide.
const address = fc
  .integer({ min: 0, max: 300 })
  .map((n) => ({ w0: n % 7 === 0 ? n | 0x8000_0000 : n, w1: 0, w2: 0, w3: n % 3 }));
const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), fc.integer({ min: 0, max: 2 }), address, fc.nat(9));

test('it holds what a map by text holds, after any sequence of changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = new AddressTable();
      const map = new Map<string, number>();
      for (const [verb, place, one, value] of steps) {
        const key = `${place} ${one.w0 >>> 0} ${one.w3}`;
        if (verb === 'set') {
          table.set(place, one, value);
          map.set(key, value);
        } else {
          table.delete(place, one);
          map.delete(key);
        }
      }
      assert.equal(table.size, map.size);
      for (const [, place, one] of steps)
        assert.equal(table.get(place, one), map.get(`${place} ${one.w0 >>> 0} ${one.w3}`) ?? -1);
    }),
  );
});

test('an address is found by signed and by unsigned words', () => {
  const table = new AddressTable();
  table.set(1, { w0: 0xc0a8_0001, w1: 0, w2: 0, w3: 0 }, 5);
  assert.equal(table.get(1, { w0: 0xc0a8_0001 | 0, w1: 0, w2: 0, w3: 0 }), 5);
  assert.equal(table.get(2, { w0: 0xc0a8_0001, w1: 0, w2: 0, w3: 0 }), -1);
});
