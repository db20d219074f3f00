import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Address, compareAddresses, familyBits, ipv4, ipv6, offsetAddress, parseAddress } from './address.ts';
import {
  ANY_IPV4,
  ANY_IPV6,
  anyCidr,
  type Cidr,
  cidrContains,
  cidrCovers,
  cidrOf,
  cidrsOverlap,
  compareCidrs,
  formatCidr,
  hostCidr,
  isAnyCidr,
  lastAddress,
  parseCidr,
  sameCidr,
} from './cidr.ts';
import { expectOk } from './result.ts';

const cidr = (text: string): Cidr => expectOk(parseCidr(text));
const address = (text: string): Address => expectOk(parseAddress(text));

// Few distinct words and many lengths, so that prefixes meet, nest and touch often.
const word = fc.oneof(fc.constantFrom(0, 1, 2, 0x8000_0000, 0xffff_fffe, 0xffff_ffff), fc.nat({ max: 0xffff_ffff }));
const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  word.map(ipv4),
  fc.tuple(fc.constantFrom(0, 0x2001_0db8), word, fc.constantFrom(0, 1), word).map(ipv6),
);
const somePrefix: fc.Arbitrary<Cidr> = fc
  .tuple(anyAddress, fc.nat({ max: 128 }))
  .map(([base, length]) => cidrOf(base, Math.min(length, familyBits(base.family))));

/** Two prefixes, the second often around or inside the first. */
const prefixPair: fc.Arbitrary<readonly [Cidr, Cidr]> = somePrefix.chain((a) =>
  fc.tuple(
    fc.constant(a),
    fc.oneof(
      somePrefix,
      fc.nat({ max: familyBits(a.family) }).map((length) => cidrOf(a.base, length)),
      fc.nat({ max: familyBits(a.family) }).map((length) => cidrOf(lastAddress(a), length)),
    ),
  ),
);

function bigintOf(value: Address): bigint {
  if (value.family === 'ipv4') return BigInt(value.w0);
  return [value.w0, value.w1, value.w2, value.w3].reduce((sum, part) => (sum << 32n) | BigInt(part), 0n);
}

/** First and last address as integers: a prefix of length n of w bits is n bits of base, then w−n free ones. */
function span(prefix: Cidr): readonly [bigint, bigint] {
  const first = bigintOf(prefix.base);
  return [first, first + (1n << BigInt(familyBits(prefix.family) - prefix.length)) - 1n];
}

test('format then parse gives the prefix back', () => {
  fc.assert(fc.property(somePrefix, (prefix) => assert.deepEqual(cidr(formatCidr(prefix)), prefix)));
});

test('host bits are cleared as AWS does', () => {
  assert.equal(formatCidr(cidr('100.68.0.18/18')), '100.68.0.0/18');
  assert.equal(formatCidr(cidr('2001:DB8:1:2:3::/56')), '2001:db8:1::/56');
  assert.deepEqual(cidr('255.255.255.255/0'), ANY_IPV4);
  assert.deepEqual(cidr('ffff::/0'), ANY_IPV6);
});

test('a bare address and every malformed length are refused, the text quoted', () => {
  const refused = [
    '10.0.0.1',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
  ];
  for (const text of [...refused, '/8', '', '10.0.0/8', '10.0.0.0/1e1', '::1%1/64', '10.0.0.0/8.0', '10.0.0.0/٨'])
    assert.deepEqual(parseCidr(text), { ok: false, error: `CIDR block ${JSON.stringify(text)} is malformed` });
  assert.ok(parseCidr('10.0.0.0/32').ok && parseCidr('::/128').ok);
});

test('a prefix contains what lies between its first and last address', () => {
  const near = somePrefix.chain((prefix) =>
    fc.tuple(
      fc.constant(prefix),
      fc.oneof(
        anyAddress,
        fc.constantFrom(prefix.base, lastAddress(prefix), offsetAddress(lastAddress(prefix), 1)),
        fc.nat({ max: 300 }).map((offset) => offsetAddress(prefix.base, offset)),
      ),
    ),
  );
  fc.assert(
    fc.property(near, ([prefix, value]) => {
      const [first, last] = span(prefix);
      const inside = prefix.family === value.family && first <= bigintOf(value) && bigintOf(value) <= last;
      assert.equal(cidrContains(prefix, value), inside);
      assert.equal(bigintOf(lastAddress(prefix)), last);
    }),
    { numRuns: 1000 },
  );
});

test('covering, overlap, equality and order are those of the integer spans', () => {
  fc.assert(
    fc.property(prefixPair, ([a, b]) => {
      const sameFamily = a.family === b.family;
      const [[aFirst, aLast], [bFirst, bLast]] = [span(a), span(b)];
      assert.equal(cidrCovers(a, b), sameFamily && aFirst <= bFirst && bLast <= aLast);
      assert.equal(cidrsOverlap(a, b), sameFamily && aFirst <= bLast && bFirst <= aLast);
      assert.equal(sameCidr(a, b), sameFamily && aFirst === bFirst && aLast === bLast);
      assert.equal(Math.sign(compareCidrs(a, b)) + Math.sign(compareCidrs(b, a)), 0);
      assert.equal(compareCidrs(a, b) === 0, sameCidr(a, b));
      if (cidrCovers(a, b) && !sameCidr(a, b))
        assert.ok(compareCidrs(a, b) < 0, 'a prefix stands before those it covers');
      else if (!cidrsOverlap(a, b))
        assert.equal(Math.sign(compareCidrs(a, b)), Math.sign(compareAddresses(a.base, b.base)));
    }),
    { numRuns: 1000 },
  );
});

test('the prefix of one address holds it alone', () => {
  fc.assert(
    fc.property(anyAddress, (value) => {
      assert.deepEqual(span(hostCidr(value)), [bigintOf(value), bigintOf(value)]);
      assert.ok(cidrContains(hostCidr(value), value));
      assert.equal(cidrContains(hostCidr(value), offsetAddress(value, 1)), false);
    }),
  );
});

test('any prefix is every address of its own family and none of the other', () => {
  for (const [text, family, other] of [
    ['10.1.2.3', 'ipv4', 'ipv6'],
    ['2001:db8::1', 'ipv6', 'ipv4'],
  ] as const) {
    assert.ok(isAnyCidr(anyCidr(family)));
    assert.ok(cidrContains(anyCidr(family), address(text)));
    assert.equal(cidrContains(anyCidr(other), address(text)), false);
  }
  assert.equal(isAnyCidr(cidr('0.0.0.0/1')), false);
  assert.equal(sameCidr(ANY_IPV4, ANY_IPV6), false);
  assert.equal(cidrsOverlap(ANY_IPV4, ANY_IPV6), false);
});
