import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  type Family,
  formatAddress,
  ipv4,
  ipv6,
  offsetAddress,
  previousAddress,
} from '../net/address.ts';
import { anyCidr, type Cidr, cidrContains, cidrOf, formatCidr, lastAddress } from '../net/cidr.ts';
import { addressClasses, classAt } from './classifier-addresses.ts';

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const address: Record<Family, fc.Arbitrary<Address>> = {
  ipv4: word.map(ipv4),
  ipv6: fc.tuple(word, word, word, word).map(ipv6),
};

function prefixes(family: Family): fc.Arbitrary<readonly Cidr[]> {
  const bits = family === 'ipv4' ? 32 : 128;
  // Few bases and every length: nested and neighbouring prefixes are the rule, not the exception.
  return fc.array(address[family], { minLength: 1, maxLength: 4 }).chain((bases) =>
    fc.array(
      fc
        .tuple(fc.constantFrom(...bases), fc.integer({ min: 0, max: bits }))
        .map(([base, length]) => cidrOf(base, length)),
      { maxLength: 24 },
    ),
  );
}

for (const family of ['ipv4', 'ipv6'] as const) {
  test(`the class of an ${family} address is that of its longest prefix`, () => {
    fc.assert(
      fc.property(prefixes(family), fc.array(address[family], { maxLength: 8 }), (list, probes) => {
        const all = [anyCidr(family), ...list];
        const table = addressClasses(family, list, (prefix) =>
          all.findIndex((one) => formatCidr(one) === formatCidr(prefix)),
        );
        const edges = all.flatMap((cidr) => {
          const last = lastAddress(cidr);
          return [cidr.base, last, previousAddress(cidr.base) ?? last, offsetAddress(last, 1)];
        });
        for (const one of [...edges, ...probes]) {
          const longest = all
            .filter((cidr) => cidrContains(cidr, one))
            .reduce((best, cidr) => (cidr.length > best.length ? cidr : best));
          assert.equal(formatCidr(all[classAt(table, one)]!), formatCidr(longest), formatAddress(one));
        }
      }),
    );
  });
}

test('classes are asked for from the outside in, once for each prefix', () => {
  const asked: string[] = [];
  const inner = cidrOf(ipv4(0x0a00_0100), 24);
  const outer = cidrOf(ipv4(0x0a00_0000), 8);
  addressClasses('ipv4', [inner, outer, inner], (prefix, around) => {
    asked.push(`${formatCidr(prefix)} in ${around}`);
    return asked.length * 10;
  });
  assert.deepEqual(asked, ['0.0.0.0/0 in 0', '10.0.0.0/8 in 10', '10.0.1.0/24 in 20']);
});

test('words may be signed: a caller reads them from an Int32Array', () => {
  const table = addressClasses('ipv4', [cidrOf(ipv4(0xc0a8_0000), 16)], (prefix) => prefix.length);
  assert.equal(classAt(table, { w0: 0xc0a8_0001 | 0, w1: 0, w2: 0, w3: 0 }), 16);
  assert.equal(classAt(table, { w0: 0x0a00_0001, w1: 0, w2: 0, w3: 0 }), 0);
});
