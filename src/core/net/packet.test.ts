import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from './address.ts';
import { type Packet, packetOf } from './packet.ts';
import { expectOk } from './result.ts';
import type { Transport } from './traffic.ts';

const V4 = expectOk(parseAddress('10.0.0.1'));
const V6 = expectOk(parseAddress('2001:db8::1'));
const SSH: Transport = { kind: 'tcp', sourcePort: 50_000, destinationPort: 22 };

test('a packet has the family of its addresses', () => {
  for (const address of [V4, V6]) {
    const expected: Packet = { family: address.family, source: address, destination: address, transport: SSH };
    assert.deepEqual(packetOf(address, address, SSH), { ok: true, value: expected });
  }
});

test('mixed families are refused', () => {
  const refused = { ok: false, error: 'source and destination are of different address families' };
  assert.deepEqual(packetOf(V4, V6, SSH), refused);
  assert.deepEqual(packetOf(V6, V4, SSH), refused);
});

test('the other family’s ICMP is refused as such and goes as a bare number', () => {
  assert.deepEqual(packetOf(V6, V6, { kind: 'icmp', type: 8, code: 0 }), {
    ok: false,
    error: 'icmp/8/0 is no packet of ipv6',
  });
  assert.deepEqual(packetOf(V4, V4, { kind: 'icmpv6', type: 128, code: 0 }), {
    ok: false,
    error: 'icmpv6/128/0 is no packet of ipv4',
  });
  assert.ok(packetOf(V4, V4, { kind: 'icmp', type: 8, code: 0 }).ok);
  assert.ok(packetOf(V6, V6, { kind: 'protocol', protocol: 1 }).ok);
  for (const protocol of [1, 6, 17]) assert.equal(packetOf(V4, V4, { kind: 'protocol', protocol }).ok, false);
});
