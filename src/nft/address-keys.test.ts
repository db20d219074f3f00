import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4, parseAddress } from '../core/net/address.ts';
import { type Cidr, cidrContains, cidrOf, parseCidr } from '../core/net/cidr.ts';
import { expectOk } from '../core/net/result.ts';
import { addressNumber, prefixKeys, spanOf } from './address-keys.ts';

function spanOfText(text: string): { readonly from: bigint; readonly to: bigint } {
  const [first = '', last = first] = text.split('-');
  if (text.includes('/')) return spanOf(expectOk(parseCidr(text)));
  return { from: addressNumber(expectOk(parseAddress(first))), to: addressNumber(expectOk(parseAddress(last))) };
}

const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 27, max: 32 }))
  .map(([host, length]) => cidrOf(ipv4(0x0a00_0000 + host), length));

test('keys hold for every address the value of its longest prefix, and do not overlap', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cidr, fc.constantFrom('a', 'b', 'c')), { maxLength: 8 }), (prefixes) => {
      const keys = prefixKeys('ipv4', prefixes).map(([text, value]) => ({ ...spanOfText(text), value }));
      for (let host = -1; host < 33; host += 1) {
        const address = ipv4(0x0a00_0000 + host);
        const holding = prefixes.filter(([one]) => cidrContains(one, address));
        const longest = Math.max(...holding.map(([one]) => one.length));
        const expected = holding.find(([one]) => one.length === longest)?.[1];
        const found = keys.filter(({ from, to }) => from <= addressNumber(address) && addressNumber(address) <= to);
        assert.deepEqual(
          found.map(({ value }) => value),
          expected === undefined ? [] : [expected],
        );
      }
    }),
  );
});

function keysOf(...texts: readonly string[]): readonly string[] {
  return prefixKeys(
    'ipv4',
    texts.map((text) => [expectOk(parseCidr(text)), 'x']),
  ).map(([key]) => key);
}

test('keys are written as nft prints them', () => {
  assert.deepEqual(keysOf('10.0.0.0/8', '10.1.0.0/16'), ['10.0.0.0/8']);
  assert.deepEqual(keysOf('10.0.0.1/32', '10.0.0.2/31'), ['10.0.0.1-10.0.0.3']);
  assert.deepEqual(keysOf('0.0.0.0/1', '128.0.0.0/1'), ['0.0.0.0/0']);
  assert.deepEqual(keysOf('10.0.0.1/32'), ['10.0.0.1']);
  assert.deepEqual(
    prefixKeys('ipv6', [[expectOk(parseCidr('2600::/80')), 'x']]).map(([key]) => key),
    ['2600::/80'],
  );
});
