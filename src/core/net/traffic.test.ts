import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FAMILIES } from './address.ts';
import { echoTypes, icmpOf, protocolName } from './protocol.ts';
import { expectOk } from './result.ts';
import {
  formatRange,
  formatTraffic,
  formatTransport,
  parseTraffic,
  protocolTraffic,
  replyTransport,
  sameTraffic,
  type Traffic,
  trafficProtocol,
  type Transport,
  transportFitsFamily,
  transportProtocol,
} from './traffic.ts';

const port = fc.oneof(fc.constantFrom(0, 65_535), fc.nat({ max: 65_535 }));
const octet = fc.nat({ max: 255 });

const someTraffic: fc.Arbitrary<Traffic> = fc.oneof(
  fc.constant<Traffic>({ kind: 'all' }),
  fc
    .tuple(fc.constantFrom('tcp' as const, 'udp' as const), port, port)
    .map(([kind, a, b]): Traffic => ({ kind, ports: { from: Math.min(a, b), to: Math.max(a, b) } })),
  fc
    .tuple(fc.constantFrom('icmp' as const, 'icmpv6' as const), octet, fc.oneof(octet, fc.constant('any' as const)))
    .map(([kind, type, code]): Traffic => ({ kind, type, code })),
  octet.map((protocol) => expectOk(protocolTraffic(protocol))),
);

test('format then parse gives the traffic back, in any case of letters', () => {
  fc.assert(
    fc.property(someTraffic, (traffic) => {
      assert.deepEqual(expectOk(parseTraffic(formatTraffic(traffic))), traffic);
      assert.deepEqual(expectOk(parseTraffic(formatTraffic(traffic).toUpperCase())), traffic);
    }),
    { numRuns: 500 },
  );
});

test('same traffic is equal traffic', () => {
  fc.assert(
    fc.property(someTraffic, someTraffic, (a, b) => {
      assert.equal(sameTraffic(a, b), JSON.stringify(a) === JSON.stringify(b));
      assert.ok(sameTraffic(a, structuredClone(a)));
    }),
  );
});

test('each form reads as it says', () => {
  const forms: readonly (readonly [string, Traffic])[] = [
    ['all', { kind: 'all' }],
    ['tcp', { kind: 'tcp', ports: { from: 0, to: 65_535 } }],
    ['tcp/22', { kind: 'tcp', ports: { from: 22, to: 22 } }],
    ['udp/8000-8010', { kind: 'udp', ports: { from: 8000, to: 8010 } }],
    ['icmp', { kind: 'icmp', type: 'any', code: 'any' }],
    ['icmp/8', { kind: 'icmp', type: 8, code: 'any' }],
    ['icmp/3/4', { kind: 'icmp', type: 3, code: 4 }],
    ['icmpv6/128', { kind: 'icmpv6', type: 128, code: 'any' }],
    ['protocol/50', { kind: 'protocol', protocol: 50 }],
    // A number with a kind of its own takes that kind, so that one traffic has one form.
    ['protocol/6', { kind: 'tcp', ports: { from: 0, to: 65_535 } }],
    ['protocol/17', { kind: 'udp', ports: { from: 0, to: 65_535 } }],
    ['protocol/1', { kind: 'icmp', type: 'any', code: 'any' }],
    ['protocol/58', { kind: 'icmpv6', type: 'any', code: 'any' }],
  ];
  for (const [text, traffic] of forms) assert.deepEqual(parseTraffic(text), { ok: true, value: traffic });
});

test('what is no traffic is refused and quoted', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /"" is not a traffic/],
    ['esp', /"esp" is not a traffic/],
    ['-1', /"-1" is not a traffic/],
    ['all/22', /not a traffic/],
    ['tcp/22/23', /not a traffic/],
    ['icmp/8/0/0', /not a traffic/],
    ['protocol', /not a traffic/],
    ['protocol/50/1', /not a traffic/],
    ['protocol/-1', /not a traffic/],
    ['protocol/256', /protocol 256 is not in 0-255/],
    ['tcp/', /"" is not a port or port range in 0-65535/],
    ['tcp/65536', /"65536" is not a port/],
    ['tcp/-1', /"-1" is not a port/],
    ['tcp/1-', /"1-" is not a port/],
    ['tcp/1-2-3', /"1-2-3" is not a port/],
    ['tcp/1-65536', /is not a port/],
    ['udp/90-80', /port range "90-80" is reversed/],
    ['tcp/ 22', /is not a port/],
    ['tcp/0x16', /is not a port/],
    ['icmp/256', /ICMP type and code are in 0-255/],
    ['icmp/any', /ICMP type and code/],
    ['icmp/8/', /ICMP type and code/],
    ['icmp//0', /ICMP type and code/],
    ['icmpv6/1/256', /ICMP type and code/],
  ];
  for (const [text, message] of refused) {
    const parsed = parseTraffic(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.error, message);
  }
});

test('any text is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'tcpudicmv6al/-0159 '.split('')), maxLength: 14 }), (text) => {
      const parsed = parseTraffic(text);
      if (parsed.ok) assert.deepEqual(expectOk(parseTraffic(formatTraffic(parsed.value))), parsed.value);
      else assert.notEqual(parsed.error, '');
    }),
    { numRuns: 1000 },
  );
});

test('a protocol number keeps its number, in the kind that it has', () => {
  for (let protocol = 0; protocol <= 255; protocol += 1) {
    const traffic = expectOk(protocolTraffic(protocol));
    assert.equal(trafficProtocol(traffic), protocol);
    assert.equal(traffic.kind, /^\d+$/.test(protocolName(protocol)) ? 'protocol' : protocolName(protocol));
  }
  for (const bad of [-1, 256, 1.5, Number.NaN]) assert.equal(protocolTraffic(bad).ok, false);
  assert.equal(trafficProtocol({ kind: 'all' }), undefined);
});

test('a reply swaps ports, and the reply of a reply is the packet', () => {
  fc.assert(
    fc.property(fc.constantFrom('tcp' as const, 'udp' as const), port, port, (kind, sourcePort, destinationPort) => {
      const reply = replyTransport({ kind, sourcePort, destinationPort });
      assert.deepEqual(reply, { kind, sourcePort: destinationPort, destinationPort: sourcePort });
    }),
  );
  assert.deepEqual(replyTransport({ kind: 'protocol', protocol: 50 }), { kind: 'protocol', protocol: 50 });
});

test('of ICMP only an echo request has an answer, in its own family’s types', () => {
  for (const family of FAMILIES) {
    const kind = family === 'ipv4' ? 'icmp' : 'icmpv6';
    const { request, reply } = echoTypes(family);
    for (let type = 0; type <= 255; type += 1) {
      const expected = type === request ? { kind, type: reply, code: 0 } : undefined;
      assert.deepEqual(replyTransport({ kind, type, code: 0 }), expected);
    }
  }
});

test('each family has its own ICMP, and what has ports or types is no bare number', () => {
  const kinds: readonly (readonly [Transport, readonly boolean[]])[] = [
    [{ kind: 'icmp', type: 8, code: 0 }, [true, false]],
    [{ kind: 'icmpv6', type: 128, code: 0 }, [false, true]],
    [{ kind: 'tcp', sourcePort: 1, destinationPort: 2 }, [true, true]],
    [{ kind: 'udp', sourcePort: 1, destinationPort: 2 }, [true, true]],
    [{ kind: 'protocol', protocol: 58 }, [true, false]],
    [{ kind: 'protocol', protocol: 1 }, [false, true]],
    [{ kind: 'protocol', protocol: 6 }, [false, false]],
    [{ kind: 'protocol', protocol: 50 }, [true, true]],
  ];
  for (const [transport, fits] of kinds)
    assert.deepEqual(
      FAMILIES.map((family) => transportFitsFamily(transport, family)),
      fits,
    );
});

test('a packet bears the number of its kind', () => {
  assert.equal(transportProtocol({ kind: 'tcp', sourcePort: 1, destinationPort: 2 }), 6);
  assert.equal(transportProtocol({ kind: 'udp', sourcePort: 1, destinationPort: 2 }), 17);
  assert.equal(transportProtocol({ kind: 'icmp', type: 8, code: 0 }), icmpOf('ipv4'));
  assert.equal(transportProtocol({ kind: 'icmpv6', type: 8, code: 0 }), icmpOf('ipv6'));
  assert.equal(transportProtocol({ kind: 'protocol', protocol: 50 }), 50);
});

test('a packet’s text is the traffic that matches it', () => {
  assert.equal(formatTransport({ kind: 'tcp', sourcePort: 50_000, destinationPort: 22 }), 'tcp/22');
  assert.equal(formatTransport({ kind: 'icmp', type: 8, code: 0 }), 'icmp/8/0');
  assert.equal(formatTransport({ kind: 'protocol', protocol: 50 }), 'protocol/50');
  assert.equal(formatRange({ from: 22, to: 22 }), '22');
  assert.equal(formatRange({ from: 80, to: 90 }), '80-90');
});
