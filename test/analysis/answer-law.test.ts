// An answer against the definition: every point of its sets, for every address that it is printed for, is what `evaluate` says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, formatAddress, offsetAddress, previousAddress } from '../../src/core/net/address.ts';
import { axisPart } from '../../src/core/net/axis.ts';
import { type Cidr, lastAddress, parseCidr } from '../../src/core/net/cidr.ts';
import { setHas } from '../../src/core/net/interval-set.ts';
import { packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { formatTransport, parseTraffic, type Transport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import type { Origin } from '../../src/core/policy/path.ts';
import type { Outcome } from '../../src/core/policy/verdict.ts';
import { spaceHas } from '../../src/analysis/address-space.ts';
import { type AnswerGroup, answerQuestion } from '../../src/analysis/answer.ts';
import { resolveEndpoint } from '../../src/analysis/endpoint.ts';
import type { Place } from '../../src/analysis/place.ts';
import { askedPoints, type Pair } from '../../src/analysis/question.ts';
import type { TrafficBoxes } from '../../src/analysis/traffic-split.ts';
import { whyElsewhere } from '../../src/analysis/trip.ts';
import { compactWorld } from '../compact.ts';
import { ASKED, CIDRS, compactWorlds, ENDPOINTS } from './world-arbitrary.ts';

const PORTS = [0, 20, 22, 23, 53, 443, 1000, 1023, 1024, 2001, 32_767, 32_768, 50_000, 61_001, 65_535] as const;
const port = fc.oneof(fc.constantFrom(...PORTS), fc.nat(65_535));
const transports = (family: 'ipv4' | 'ipv6'): fc.Arbitrary<Transport> =>
  fc.oneof(
    fc.record({ kind: fc.constantFrom('tcp' as const, 'udp' as const), sourcePort: port, destinationPort: port }),
    fc.record({
      kind: fc.constant(family === 'ipv4' ? ('icmp' as const) : ('icmpv6' as const)),
      type: fc.constantFrom(0, 3, 8, 13, 128, 129),
      code: fc.constantFrom(0, 1, 255),
    }),
    fc.record({ kind: fc.constant('protocol' as const), protocol: fc.constantFrom(0, 47, 50, 132, 255) }),
  );

test('every point of an answer is what the definition says, for every address it stands for', () => {
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(
      compactWorlds,
      fc.tuple(fc.constantFrom(...ENDPOINTS), fc.constantFrom(...ENDPOINTS), fc.constantFrom(...ASKED)),
      fc.infiniteStream(fc.nat()),
      fc.array(fc.tuple(transports('ipv4'), transports('ipv6')), { minLength: 12, maxLength: 12 }),
      (compact, [from, to, traffic], numbers, samples) => {
        const world = compactWorld(compact);
        const ends = [resolveEndpoint(world, from), resolveEndpoint(world, to)] as const;
        // A group that nothing carries is no end.
        if (!ends[0].ok || !ends[1].ok) return;
        const question = { from: ends[0].value, to: ends[1].value, traffic: expectOk(parseTraffic(traffic)) };
        const answer = answerQuestion(world, question);
        if (!answer.ok) return;
        outcomes.add(answer.value.verdict);
        const draw = (): number => numbers.next().value as number;
        for (const group of answer.value.groups) {
          const pair = group.pairs[draw() % group.pairs.length]!;
          for (const [forIpv4, forIpv6] of samples) {
            const transport = draw() % 2 === 0 ? relevant(group, draw) : group.family === 'ipv4' ? forIpv4 : forIpv6;
            const stops = { from: drawAddress(pair.from, draw), to: drawAddress(pair.to, draw) };
            const expected = outcomeOf(world, pair, stops, transport);
            const said = saidOf(group, traffic, transport);
            if (said !== undefined)
              assert.equal(
                said,
                expected,
                `${formatAddress(stops.from)} → ${formatAddress(stops.to)} ${formatTransport(transport)} of ${from} → ${to}`,
              );
          }
          if (group.passing !== undefined)
            assert.equal(group.passing.verdict.outcome, group.verdict === 'allowed' ? 'allow' : 'unknown');
          if (group.blocked !== undefined) assert.equal(group.blocked.verdict.outcome, 'deny');
        }
      },
    ),
    { numRuns: 400 },
  );
  assert.deepEqual([...outcomes].toSorted(), ['allowed', 'blocked', 'depends'], 'the worlds are dull');
});

test('a near miss is not allowed, and its witness is', () => {
  let seen = 0;
  fc.assert(
    fc.property(
      compactWorlds,
      fc.constantFrom('a', 'b', 'internet'),
      fc.constantFrom('a', 'b', 'c'),
      (compact, from, to) => {
        const world = compactWorld(compact);
        const answer = answerQuestion(world, {
          from: expectOk(resolveEndpoint(world, from)),
          to: expectOk(resolveEndpoint(world, to)),
          traffic: expectOk(parseTraffic('all')),
        });
        if (!answer.ok) return;
        for (const { nearMiss, trip, pair, passing } of answer.value.groups) {
          if (nearMiss === undefined || passing === undefined) continue;
          const stops = { from: trip.from.address, to: trip.to.address };
          assert.equal(outcomeOf(world, pair, stops, passing.transport), 'allow');
          assert.notEqual(outcomeOf(world, pair, stops, nearMiss), 'allow');
          seen += 1;
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(seen > 10, `only ${seen} near misses`);
});

/** A packet of the part that is allowed or may be, or else the plainest: most others are refused whatever the addresses are. */
function relevant(group: AnswerGroup, draw: () => number): Transport {
  const shown = [group.passing, group.blocked].filter((one) => one !== undefined);
  return shown[draw() % shown.length]!.transport;
}

/** Which of the three sets holds a packet, as an outcome; undefined for what was not asked. */
function saidOf(group: AnswerGroup, traffic: string, transport: Transport): Outcome | undefined {
  const asked = askedPoints(expectOk(parseTraffic(traffic)), group.family);
  const parts = [
    ['allow', group.split.allowed],
    ['unknown', group.split.depends],
    ['deny', group.split.blocked],
  ] as const;
  const found = parts.filter(([, boxes]) => boxesHold(boxes, transport, group.family)).map(([outcome]) => outcome);
  const isAsked = pointIn(asked, transport, group.family);
  assert.equal(found.length, isAsked ? 1 : 0, `${formatTransport(transport)} is in ${found.join(' and ') || 'no'} set`);
  return found[0];
}

function boxesHold(boxes: TrafficBoxes, transport: Transport, family: 'ipv4' | 'ipv6'): boolean {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return boxes[transport.kind].some(
        (box) =>
          setHas(box.destinationPorts, transport.destinationPort) && setHas(box.sourcePorts, transport.sourcePort),
      );
    case 'icmp':
    case 'icmpv6':
      return setHas(boxes.icmp, transport.type * 256 + transport.code);
    case 'protocol':
      return setHas(boxes.other, rankOf(transport.protocol, family));
  }
}

function pointIn(asked: readonly number[], transport: Transport, family: 'ipv4' | 'ipv6'): boolean {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return setHas(axisPart(asked, transport.kind), transport.destinationPort);
    case 'icmp':
    case 'icmpv6':
      return setHas(axisPart(asked, 'icmp'), transport.type * 256 + transport.code);
    case 'protocol':
      return setHas(axisPart(asked, 'other'), rankOf(transport.protocol, family));
  }
}

/** Protocol numbers are counted without those that have ports or types: 1, 6, 17 in IPv4, 6, 17, 58 in IPv6. */
function rankOf(protocol: number, family: 'ipv4' | 'ipv6'): number {
  const own = family === 'ipv4' ? [1, 6, 17] : [6, 17, 58];
  return protocol - own.filter((one) => one < protocol).length;
}

/** The edges of every prefix that the worlds know, and what lies just beyond them: there answers change. */
const EDGES: readonly Address[] = [
  ...CIDRS,
  '203.0.113.0/26',
  '198.18.7.0/24',
  '10.0.1.0/25',
  '2001:db8:9::/49',
  '169.254.169.254/32',
]
  .map((text) => expectOk(parseCidr(text)))
  .flatMap((cidr) => {
    const before = previousAddress(cidr.base);
    return [
      cidr.base,
      lastAddress(cidr),
      offsetAddress(lastAddress(cidr), 1),
      ...(before === undefined ? [] : [before]),
    ];
  });

function drawAddress(place: Place, draw: () => number): Address {
  const edges = EDGES.filter((one) => spaceHas(place.space, one));
  if (edges.length > 0 && draw() % 3 > 0) return edges[draw() % edges.length]!;
  const cidr = place.space[draw() % place.space.length]!;
  const ends = [cidr.base, lastAddress(cidr), offsetAddress(cidr.base, sizeOf(cidr) > 1 ? draw() % sizeOf(cidr) : 0)];
  return ends[draw() % ends.length]!;
}

function sizeOf(cidr: Cidr): number {
  return Math.min(2 ** 31, 2 ** ((cidr.family === 'ipv4' ? 32 : 128) - cidr.length));
}

type Stops = { readonly from: Address; readonly to: Address };

/** The definition's word on one packet between two addresses of a pair, told without the analysis. */
function outcomeOf(world: World, pair: Pair, stops: Stops, transport: Transport): Outcome {
  const { from, to } = pair;
  const destination = destinationOf(from, to, stops.to);
  // Nobody on the internet can address an interface that has no public address.
  if (destination === undefined) return 'deny';
  const origin: Origin =
    from.kind === 'eni'
      ? { kind: 'eni', eni: from.eni }
      : from.kind === 'internet' || (to.kind === 'eni' && to.asked === 'public')
        ? { kind: 'internet' }
        : {
            kind: 'elsewhere',
            vpcId: to.kind === 'eni' ? to.eni.vpcId : to.kind === 'vacant' ? to.vpcId : assert.fail('no VPC'),
            why: whyElsewhere(
              world,
              to.kind === 'eni' ? to.eni.vpcId : to.kind === 'vacant' ? to.vpcId : assert.fail('no VPC'),
              stops.from,
            ),
          };
  return evaluate(world, origin, expectOk(packetOf(stops.from, destination, transport))).outcome;
}

function destinationOf(from: Place, to: Place, address: Address): Address | undefined {
  if (to.kind !== 'eni') return address;
  if (to.asked === 'public') return to.public;
  return from.kind === 'internet' && to.family === 'ipv4' ? to.public : address;
}
