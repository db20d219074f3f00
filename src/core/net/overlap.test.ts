import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ipv4, ipv6 } from './address.ts';
import { type Cidr, cidrCovers, cidrOf, formatCidr, parseCidr } from './cidr.ts';
import { nearestCovers } from './overlap.ts';
import { expectOk } from './result.ts';

type Item = { readonly cidr: Cidr; readonly name: number };

const base = fc.constantFrom(0, 1, 2, 3, 0x4000_0000, 0x8000_0000, 0xffff_ffff);
const prefix = fc.oneof(
  fc.tuple(base, fc.constantFrom(0, 1, 2, 16, 30, 31, 32)).map(([bits, length]) => cidrOf(ipv4(bits), length)),
  fc.tuple(base, fc.constantFrom(0, 1, 32, 127, 128)).map(([bits, length]) => cidrOf(ipv6([bits, 0, 0, bits]), length)),
);
const items: fc.Arbitrary<readonly Item[]> = fc
  .array(prefix, { maxLength: 12 })
  .map((all) => all.map((cidr, name) => ({ cidr, name })));

test('an item has a pair exactly when some other prefix is around it, and the outer one is the nearest', () => {
  fc.assert(
    fc.property(items, (all) => {
      const pairs = nearestCovers(all);
      const inners = pairs.map(([, inner]) => inner);
      assert.equal(new Set(inners).size, inners.length, 'each item is inner once at most');
      for (const item of all) {
        const around = all.filter((other) => other !== item && cidrCovers(other.cidr, item.cidr));
        const wider = around.filter((other) => other.cidr.length < item.cidr.length);
        const outer = pairs.find(([, inner]) => inner === item)?.[0];
        if (wider.length > 0) assert.ok(outer !== undefined);
        if (outer === undefined) continue;
        assert.ok(around.includes(outer));
        assert.ok(wider.every((other) => other.cidr.length <= outer.cidr.length));
      }
      // Of n equal prefixes with nothing around them all but the first have a pair.
      for (const [text, same] of Map.groupBy(all, ({ cidr }) => formatCidr(cidr)))
        assert.ok(same.filter((item) => inners.includes(item)).length >= same.length - 1, text);
    }),
    { numRuns: 500 },
  );
});

test('prefixes that touch do not overlap', () => {
  const touching = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/23', '::/1', '8000::/1'];
  assert.deepEqual(nearestCovers(touching.map((text) => ({ cidr: expectOk(parseCidr(text)) }))), []);
});

test('a prefix after a closed sibling is compared with the one around both', () => {
  const named = ['10.0.0.0/16', '10.0.1.0/24', '10.0.1.4/30', '10.0.2.0/24'].map((text) => ({
    cidr: expectOk(parseCidr(text)),
    text,
  }));
  assert.deepEqual(
    nearestCovers(named.toReversed()).map(([outer, inner]) => [outer.text, inner.text]),
    [
      ['10.0.0.0/16', '10.0.1.0/24'],
      ['10.0.1.0/24', '10.0.1.4/30'],
      ['10.0.0.0/16', '10.0.2.0/24'],
    ],
  );
});
