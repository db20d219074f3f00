import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, formatAddress, ipv4, ipv6 } from '../net/address.ts';
import { type Cidr, cidrOf } from '../net/cidr.ts';
import { addressesOf, applyMembers, memberCount, type Members, membersBetween, packMembers } from './members.ts';

const word = fc.integer({ min: 0, max: 5 }).map((n) => n * 0x3333_3333);
const address: fc.Arbitrary<Address> = fc.oneof(word.map(ipv4), fc.tuple(word, word, word, word).map(ipv6));
const prefix: fc.Arbitrary<Cidr> = address.map((one) => cidrOf(one, one.family === 'ipv4' ? 28 : 80));
const members = fc
  .tuple(fc.array(address), fc.array(prefix, { maxLength: 4 }))
  .map(([addresses, prefixes]) => ({ addresses, packed: packMembers(addresses, prefixes) }));

function texts(packed: Members): readonly string[] {
  return [...addressesOf(packed, 'ipv4'), ...addressesOf(packed, 'ipv6')].map(formatAddress);
}

test('packed members are the distinct addresses in numeric order', () => {
  fc.assert(
    fc.property(members, ({ addresses, packed }) => {
      assert.deepEqual(new Set(texts(packed)), new Set(addresses.map(formatAddress)));
      assert.equal(texts(packed).length, new Set(texts(packed)).size);
      assert.equal(memberCount(packed), texts(packed).length + packed.prefixes.length);
      assert.deepEqual(packed.ipv4, packed.ipv4.toSorted());
    }),
  );
});

test('a change between two sets leads from the one to the other', () => {
  fc.assert(
    fc.property(members, members, (a, b) => {
      const change = membersBetween(a.packed, b.packed);
      assert.deepEqual(applyMembers(a.packed, change), b.packed);
      assert.deepEqual(applyMembers(b.packed, change), b.packed);
      assert.equal(memberCount(membersBetween(b.packed, b.packed).added), 0);
    }),
  );
});
