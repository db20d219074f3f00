import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  type Address,
  compareAddresses,
  familyBits,
  fillAddress,
  formatAddress,
  ipv4,
  ipv6,
  maskAddress,
  offsetAddress,
  parseAddress,
  previousAddress,
  sameAddress,
  sameLeadingBits,
  wordAgrees,
} from './address.ts';
import { expectOk } from './result.ts';

const word = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0x8000_0000, 0xffff_ffff), fc.nat({ max: 0xffff_ffff }));
const anyIpv4: fc.Arbitrary<Address> = word.map(ipv4);
const anyIpv6: fc.Arbitrary<Address> = fc.tuple(word, word, word, word).map(ipv6);
const anyAddress = fc.oneof(anyIpv4, anyIpv6);

const address = (text: string): Address => expectOk(parseAddress(text));

/** The address as one integer: the oracle for all arithmetic. */
function bigintOf(value: Address): bigint {
  if (value.family === 'ipv4') return BigInt(value.w0);
  return [value.w0, value.w1, value.w2, value.w3].reduce((sum, part) => (sum << 32n) | BigInt(part), 0n);
}

/** A text near an address: characters changed, doubled, left out. */
const nearAddress: fc.Arbitrary<string> = fc
  .record({
    text: fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.constantFrom('::', '::1', '1::', '0.0.0.0', '1:2:3:4:5:6:7:8'),
    ),
    edits: fc.array(
      fc.record({
        at: fc.nat({ max: 45 }),
        cut: fc.nat({ max: 2 }),
        insert: fc.constantFrom(
          '',
          '0',
          '1',
          '255',
          '256',
          'f',
          'G',
          ':',
          '::',
          '.',
          '-',
          ' ',
          '/8',
          'ffff',
          '1.2.3.4',
        ),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ text, edits }) =>
    edits.reduce((sofar, { at, cut, insert }) => sofar.slice(0, at) + insert + sofar.slice(at + cut), text),
  );

test('format then parse gives the address back', () => {
  fc.assert(
    fc.property(anyAddress, (value) => {
      assert.deepEqual(address(formatAddress(value)), value);
    }),
  );
});

test('texts that are nearly addresses are read exactly when Node knows them as addresses', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(nearAddress, (text) => {
      const parsed = parseAddress(text);
      assert.equal(parsed.ok, isIPv4(text) || isIPv6(text), text);
      if (parsed.ok) {
        accepted += 1;
        assert.equal(parsed.value.family, isIPv4(text) ? 'ipv4' : 'ipv6');
        assert.deepEqual(address(formatAddress(parsed.value)), parsed.value);
      } else refused += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 300 && refused > 300, `${accepted} read, ${refused} refused`);
});

test('random texts of the characters of addresses are read exactly when Node reads them', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789abF:.'.split('')), maxLength: 20 });
  fc.assert(
    fc.property(text, (one) => assert.equal(parseAddress(one).ok, isIPv4(one) || isIPv6(one), one)),
    { numRuns: 3000 },
  );
});

test('the value read is the value that stands there', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      const bits = text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      assert.deepEqual(address(text), ipv4(bits));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
      const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
      assert.equal(bigintOf(address(groups.map((group) => group.toString(16)).join(':'))), value);
    }),
  );
});

test('leniencies of other parsers are refused', () => {
  const refused = [
    '',
    '010.0.0.1',
    '10.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1.2.3.256',
    '１.2.3.4',
    ' 1.2.3.4',
    '1.2.3.4\n',
    'fe80::1%eth0',
    '[::1]',
    ':::',
    '1::2::3',
    '::1:',
    ':1::',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '::ffff:01.2.3.4',
  ];
  for (const text of refused) assert.equal(parseAddress(text).ok, false, text);
  for (const text of ['1:2:3:4:5:6::8', '1:2:3:4:5:6:7::']) assert.ok(parseAddress(text).ok, text);
});

test('a refused text is quoted', () => {
  assert.deepEqual(parseAddress('10.0.0'), { ok: false, error: '"10.0.0" is not an IP address' });
});

test('canonical text is that of RFC 5952', () => {
  const examples: readonly (readonly [string, string])[] = [
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 4.2.3: the first of equal runs
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 4.1: no leading zeros
    ['2001:db8::0:1', '2001:db8::1'], // 4.2.1: as short as possible
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // 4.2.2: one group of zeros stays
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // 4.2.3: the longest run
    ['2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'], // 4.3: lower case
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [text, canonical] of examples) assert.equal(formatAddress(address(text)), canonical);
});

test('masking and filling are bit arithmetic on the whole address', () => {
  fc.assert(
    fc.property(anyAddress, fc.nat({ max: 128 }), (value, some) => {
      const bits = familyBits(value.family);
      const length = Math.min(some, bits);
      const host = (1n << BigInt(bits - length)) - 1n;
      assert.equal(bigintOf(maskAddress(value, length)), (bigintOf(value) | host) ^ host);
      assert.equal(bigintOf(fillAddress(value, length)), bigintOf(value) | host);
    }),
  );
});

test('an offset wraps within the family, and going back one undoes going on one', () => {
  fc.assert(
    fc.property(anyAddress, word, (value, offset) => {
      const end = 1n << BigInt(familyBits(value.family));
      const moved = offsetAddress(value, offset);
      assert.equal(moved.family, value.family);
      assert.equal(bigintOf(moved), (bigintOf(value) + BigInt(offset)) % end);
      const before = previousAddress(value);
      if (bigintOf(value) === 0n) assert.equal(before, undefined);
      else assert.equal(before === undefined ? undefined : bigintOf(before), bigintOf(value) - 1n);
      if (before !== undefined) assert.deepEqual(offsetAddress(before, 1), value);
    }),
  );
});

test('carries and borrows cross every word', () => {
  assert.equal(formatAddress(offsetAddress(address('::ffff:ffff:ffff:ffff'), 1)), '0:0:0:1::');
  assert.equal(formatAddress(offsetAddress(address('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 2)), '::1');
  assert.equal(formatAddress(offsetAddress(address('255.255.255.255'), 1)), '0.0.0.0');
  assert.deepEqual(previousAddress(address('1::')), address('0:ffff:ffff:ffff:ffff:ffff:ffff:ffff'));
  assert.equal(previousAddress(address('0.0.0.0')), undefined);
});

test('order is numeric, IPv4 before IPv6, and equality is order zero', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, (a, b) => {
      const [first, second] = [bigintOf(a), bigintOf(b)];
      const expected =
        a.family === b.family ? (first < second ? -1 : first > second ? 1 : 0) : a.family === 'ipv4' ? -1 : 1;
      assert.equal(Math.sign(compareAddresses(a, b)), expected);
      assert.equal(sameAddress(a, b), expected === 0);
      assert.ok(sameAddress(a, { ...a }));
    }),
  );
});

test('an IPv4 address and the IPv6 address of the same words differ', () => {
  assert.equal(sameAddress(ipv4(1), ipv6([1, 0, 0, 0])), false);
});

test('leading bits agree exactly when the shifted integers are equal', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.nat({ max: 128 }), (a, b, some) => {
      fc.pre(a.family === b.family);
      const bits = familyBits(a.family);
      const length = Math.min(some, bits);
      const shift = BigInt(bits - length);
      assert.equal(sameLeadingBits(a, b, length), bigintOf(a) >> shift === bigintOf(b) >> shift);
    }),
  );
});

test('one differing bit counts from the length that reaches it', () => {
  for (const text of ['10.1.2.3', '2001:db8:ffff::8000:1']) {
    const value = address(text);
    for (let bit = 0; bit < familyBits(value.family); bit += 1) {
      assert.equal(sameLeadingBits(value, flipBit(value, bit), bit), true, `${text} ${bit}`);
      assert.equal(sameLeadingBits(value, flipBit(value, bit), bit + 1), false, `${text} ${bit}`);
    }
  }
});

test('words agree whatever their sign', () => {
  for (const length of [-1, 0, 1, 31, 32, 33]) assert.ok(wordAgrees(0xffff_ffff, -1, length));
  assert.equal(wordAgrees(0x8000_0000, 0, 1), false);
  assert.equal(wordAgrees(1, 0, 31), true);
  assert.equal(wordAgrees(1, 0, 32), false);
});

/** The address with one bit flipped, counted from the first. */
function flipBit(value: Address, bit: number): Address {
  const words: [number, number, number, number] = [value.w0, value.w1, value.w2, value.w3];
  const index = bit >>> 5;
  words[index] = ((words[index] ?? 0) ^ (0x8000_0000 >>> (bit & 31))) >>> 0;
  return value.family === 'ipv4' ? ipv4(words[0]) : ipv6(words);
}
