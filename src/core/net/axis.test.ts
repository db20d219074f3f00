import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FAMILIES, type Family } from './address.ts';
import {
  AXIS_SIZE,
  axisPart,
  otherProtocol,
  placeOnAxis,
  trafficInterval,
  transportPoint,
  WHOLE_AXIS,
} from './axis.ts';
import { interval, intersectSets, setHas, setSize, unionSets } from './interval-set.ts';
import { icmpOf, TCP, UDP } from './protocol.ts';
import { expectOk } from './result.ts';
import { parseTraffic, protocolTraffic, type Traffic, trafficProtocol, type Transport } from './traffic.ts';

const port = fc.oneof(fc.constantFrom(0, 1, 22, 65_534, 65_535), fc.nat({ max: 65_535 }));
const octet = fc.oneof(fc.constantFrom(0, 1, 8, 128, 254, 255), fc.nat({ max: 255 }));
const number = fc.oneof(fc.constantFrom(0, 1, 2, 5, 6, 7, 16, 17, 18, 57, 58, 59, 255), fc.nat({ max: 255 }));

const someTraffic: fc.Arbitrary<Traffic> = fc.oneof(
  fc.constant<Traffic>({ kind: 'all' }),
  fc
    .tuple(fc.constantFrom('tcp' as const, 'udp' as const), port, port)
    .map(([kind, a, b]): Traffic => ({ kind, ports: { from: Math.min(a, b), to: Math.max(a, b) } })),
  fc
    .tuple(fc.constantFrom('icmp' as const, 'icmpv6' as const), octet, fc.oneof(octet, fc.constant('any' as const)))
    .map(([kind, type, code]): Traffic => ({ kind, type, code })),
  number.map((protocol) => expectOk(protocolTraffic(protocol))),
);

/** Packets that can exist in a family: its own ICMP with type and code, the other family's ICMP as a bare number. */
function someTransport(family: Family): fc.Arbitrary<Transport> {
  const own = family === 'ipv4' ? ('icmp' as const) : ('icmpv6' as const);
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('tcp' as const, 'udp' as const), port, port)
      .map(([kind, sourcePort, destinationPort]): Transport => ({ kind, sourcePort, destinationPort })),
    fc.tuple(octet, octet).map(([type, code]): Transport => ({ kind: own, type, code })),
    number
      .filter((protocol) => ![TCP, UDP, icmpOf(family)].includes(protocol))
      .map((protocol): Transport => ({ kind: 'protocol', protocol })),
  );
}

/** Packets at the edges of a traffic, just inside and just outside. */
function aimedTransport(traffic: Traffic, family: Family): fc.Arbitrary<Transport> {
  if (traffic.kind === 'tcp' || traffic.kind === 'udp') {
    const { from, to } = traffic.ports;
    return fc
      .constantFrom(from, to, Math.max(from - 1, 0), Math.min(to + 1, 65_535))
      .map((destinationPort) => ({ kind: traffic.kind, sourcePort: 0, destinationPort }));
  }
  const own = family === 'ipv4' ? 'icmp' : 'icmpv6';
  if (traffic.kind === own) {
    const type = traffic.type === 'any' ? 0 : traffic.type;
    const code = traffic.code === 'any' ? octet : fc.constantFrom(traffic.code, (traffic.code + 1) % 256);
    return code.map((some) => ({ kind: own, type, code: some }));
  }
  const protocol = trafficProtocol(traffic);
  return protocol === undefined ? someTransport(family) : fc.constant({ kind: 'protocol', protocol });
}

const question: fc.Arbitrary<readonly [Family, Traffic, Transport]> = fc
  .tuple(fc.constantFrom(...FAMILIES), someTraffic)
  .chain(([family, traffic]) =>
    fc.tuple(
      fc.constant(family),
      fc.constant(traffic),
      fc.oneof(someTransport(family), aimedTransport(traffic, family)),
    ),
  );

/** The number that a packet bears in its header. */
function headerProtocol(transport: Transport): number {
  return { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, protocol: 'protocol' in transport ? transport.protocol : -1 }[
    transport.kind
  ];
}

/** Whether a rule's traffic takes a packet, said directly: numbers agree, then ports, or types and codes of the family's own ICMP. */
function matches(traffic: Traffic, transport: Transport): boolean {
  if (traffic.kind === 'all') return true;
  const wanted = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, protocol: 'protocol' in traffic ? traffic.protocol : -1 }[
    traffic.kind
  ];
  if (wanted !== headerProtocol(transport)) return false;
  if ('ports' in traffic && 'destinationPort' in transport)
    return traffic.ports.from <= transport.destinationPort && transport.destinationPort <= traffic.ports.to;
  if ('code' in traffic && 'code' in transport) {
    if (traffic.type !== 'any' && traffic.type !== transport.type) return false;
    return traffic.code === 'any' || traffic.code === transport.code;
  }
  return true;
}

function tcp(destinationPort: number): Transport & { readonly kind: 'tcp' | 'udp' } {
  return { kind: 'tcp', sourcePort: 1, destinationPort };
}

function place(traffic: string, family: Family): readonly [number, number] {
  return trafficInterval(expectOk(parseTraffic(traffic)), family);
}

function holds(traffic: string, transport: Transport, family: Family = 'ipv4'): boolean {
  return setHas(place(traffic, family), transportPoint(transport, family));
}

test('the interval of a traffic holds the points of the packets it matches and no other', () => {
  let matched = 0;
  fc.assert(
    fc.property(question, ([family, traffic, transport]) => {
      const expected = matches(traffic, transport);
      if (expected && traffic.kind !== 'all') matched += 1;
      assert.equal(setHas(trafficInterval(traffic, family), transportPoint(transport, family)), expected);
    }),
    { numRuns: 3000 },
  );
  assert.ok(matched > 500, `only ${matched} packets matched`);
});

test('a packet aimed at a traffic falls into its interval, one beside it outside', () => {
  for (const [to, expected] of [
    [7999, false],
    [8000, true],
    [8010, true],
    [8011, false],
  ] as const)
    assert.equal(holds('tcp/8000-8010', tcp(to)), expected);
  assert.equal(holds('udp', tcp(65_535)), false);
  assert.equal(holds('icmp/8', { kind: 'icmp', type: 8, code: 255 }), true);
  assert.equal(holds('icmp/8', { kind: 'icmp', type: 9, code: 0 }), false);
  assert.equal(holds('icmp/8', { kind: 'icmp', type: 7, code: 255 }), false);
  assert.equal(holds('icmp/8/0', { kind: 'icmp', type: 8, code: 1 }), false);
});

test('the other family’s ICMP matches by number, whatever types were given', () => {
  assert.ok(holds('icmpv6/128', { kind: 'protocol', protocol: 58 }));
  assert.ok(holds('icmp/8/0', { kind: 'protocol', protocol: 1 }, 'ipv6'));
  assert.equal(holds('icmpv6', { kind: 'icmp', type: 128, code: 0 }), false);
  assert.deepEqual(place('icmpv6/128', 'ipv4'), place('icmpv6', 'ipv4'));
});

test('every point stands for a packet and no two packets that rules can tell apart share one', () => {
  for (const family of FAMILIES) {
    const seen = new Uint8Array(AXIS_SIZE);
    const mark = (transport: Transport): void => {
      const point = transportPoint(transport, family);
      assert.ok(Number.isInteger(point) && point >= 0 && point < AXIS_SIZE);
      seen[point]! += 1;
    };
    for (let destinationPort = 0; destinationPort <= 65_535; destinationPort += 1) {
      mark({ kind: 'tcp', sourcePort: 0, destinationPort });
      mark({ kind: 'udp', sourcePort: 0, destinationPort });
      mark({ kind: family === 'ipv4' ? 'icmp' : 'icmpv6', type: destinationPort >>> 8, code: destinationPort & 255 });
    }
    for (let protocol = 0; protocol <= 255; protocol += 1)
      if (![TCP, UDP, icmpOf(family)].includes(protocol)) mark({ kind: 'protocol', protocol });
    assert.ok(
      seen.every((count) => count === 1),
      family,
    );
  }
});

test('source ports have no place on the axis', () => {
  const ssh = tcp(22);
  assert.equal(transportPoint({ ...ssh, sourcePort: 65_535 }, 'ipv4'), transportPoint(ssh, 'ipv4'));
});

test('the parts cover the axis, and each is the place of its own packets counted from zero', () => {
  const sizes = { tcp: 65_536, udp: 65_536, icmp: 65_536, other: 253 } as const;
  const placed = Object.entries(sizes).map(([part, size]) => {
    const own = placeOnAxis(interval(0, size - 1), part as keyof typeof sizes);
    assert.deepEqual(axisPart(WHOLE_AXIS, part as keyof typeof sizes), [0, size - 1]);
    return own;
  });
  assert.deepEqual(placed.reduce(unionSets), WHOLE_AXIS);
  assert.equal(
    placed.reduce((sum, own) => sum + setSize(own), 0),
    AXIS_SIZE,
  );
  assert.deepEqual(
    axisPart([transportPoint({ kind: 'udp', sourcePort: 9, destinationPort: 53 }, 'ipv6'), AXIS_SIZE - 1], 'udp'),
    [53, 65_535],
  );
  assert.deepEqual(axisPart([transportPoint({ kind: 'icmp', type: 3, code: 4 }, 'ipv4'), AXIS_SIZE - 1], 'icmp'), [
    3 * 256 + 4,
    65_535,
  ]);
});

test('taking a part and placing it back keeps what the set has there', () => {
  const parts = fc.constantFrom('tcp' as const, 'udp' as const, 'icmp' as const, 'other' as const);
  const set = fc
    .array(fc.nat({ max: AXIS_SIZE - 1 }), { maxLength: 6 })
    .map((points) =>
      points.map((point) => interval(point, Math.min(point + 70_000, AXIS_SIZE - 1))).reduce(unionSets, []),
    );
  fc.assert(
    fc.property(set, parts, (some, part) => {
      const whole = placeOnAxis(axisPart(WHOLE_AXIS, part), part);
      assert.deepEqual(placeOnAxis(axisPart(some, part), part), intersectSets(some, whole));
    }),
  );
});

test('places of the other part and protocol numbers are each other’s inverse', () => {
  for (const family of FAMILIES) {
    const numbers = Array.from({ length: 253 }, (_, rank) => otherProtocol(rank, family));
    const expected = Array.from({ length: 256 }, (_, protocol) => protocol).filter(
      (protocol) => ![TCP, UDP, icmpOf(family)].includes(protocol),
    );
    assert.deepEqual(numbers, expected);
    for (const [rank, protocol] of numbers.entries()) {
      const point = transportPoint({ kind: 'protocol', protocol }, family);
      assert.deepEqual(axisPart([point, point], 'other'), [rank, rank]);
    }
  }
});

test('a bare number of a protocol with its own part cannot be placed', () => {
  assert.throws(() => transportPoint({ kind: 'protocol', protocol: 6 }, 'ipv4'), /own part/);
  assert.throws(() => transportPoint({ kind: 'protocol', protocol: 58 }, 'ipv6'), /own part/);
});
