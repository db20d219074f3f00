import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Address, formatAddress, ipv4, ipv6 } from '../core/net/address.ts';
import { type Cidr, cidrContains, cidrOf, formatCidr, parseCidr } from '../core/net/cidr.ts';
import { expectOk } from '../core/net/result.ts';
import {
  type AddressSpace,
  intersectSpaces,
  sampleAddress,
  spaceHas,
  spaceOf,
  subtractSpaces,
} from './address-space.ts';

const space = (...texts: readonly string[]): AddressSpace => spaceOf(texts.map((text) => expectOk(parseCidr(text))));
const texts = (one: AddressSpace): readonly string[] => one.map(formatCidr);

/** Few bits, so that prefixes meet often; both families, so that they must not mix. */
const address: fc.Arbitrary<Address> = fc
  .tuple(fc.boolean(), fc.nat(15))
  .map(([isIpv6, bits]) => (isIpv6 ? ipv6([0, 0, 0, bits]) : ipv4(bits)));
const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(address, fc.nat(4))
  .map(([one, free]) => cidrOf(one, (one.family === 'ipv4' ? 32 : 128) - free));
const cidrs = fc.array(cidr, { maxLength: 6 });

describe('address space', () => {
  test('is the union of its prefixes, disjoint and minimal', () => {
    fc.assert(
      fc.property(cidrs, address, (list, one) => {
        const all = spaceOf(list);
        const holders = all.filter((each) => cidrContains(each, one)).length;
        assert.equal(holders, list.some((each) => cidrContains(each, one)) ? 1 : 0);
        assert.deepEqual(texts(spaceOf(all)), texts(all), 'normal form of itself');
      }),
    );
  });

  test('equal sets are equal lists', () => {
    fc.assert(
      fc.property(cidrs, (list) => {
        const singles = list.flatMap((each) =>
          Array.from({ length: 32 }, (_, bits) => (each.family === 'ipv4' ? ipv4(bits) : ipv6([0, 0, 0, bits])))
            .filter((one) => cidrContains(each, one))
            .map((one) => cidrOf(one, each.family === 'ipv4' ? 32 : 128)),
        );
        assert.deepEqual(texts(spaceOf(singles)), texts(spaceOf(list)));
      }),
    );
  });

  test('intersection and difference are those of sets', () => {
    fc.assert(
      fc.property(cidrs, cidrs, address, (left, right, one) => {
        const [a, b] = [spaceOf(left), spaceOf(right)];
        assert.equal(spaceHas(intersectSpaces(a, b), one), spaceHas(a, one) && spaceHas(b, one));
        assert.equal(spaceHas(subtractSpaces(a, b), one), spaceHas(a, one) && !spaceHas(b, one));
      }),
    );
  });

  test('a hole leaves the halves beside it', () => {
    assert.deepEqual(texts(subtractSpaces(space('10.0.0.0/30'), space('10.0.0.1/32'))), ['10.0.0.0/32', '10.0.0.2/31']);
    assert.deepEqual(texts(subtractSpaces(space('::/0'), space('::/1'))), ['8000::/1']);
  });

  test('a sample is a member and no network address where it need not be', () => {
    fc.assert(
      fc.property(cidrs, (list) => {
        const one = sampleAddress(spaceOf(list));
        if (list.length === 0) assert.equal(one, undefined);
        else assert.ok(one !== undefined && spaceHas(spaceOf(list), one));
      }),
    );
    const usual = sampleAddress(space('0.0.0.0/0'));
    assert.equal(usual === undefined ? '' : formatAddress(usual), '0.0.0.1');
    const global = sampleAddress(space('::/0'));
    assert.equal(global === undefined ? '' : formatAddress(global), '2000::1');
  });
});
