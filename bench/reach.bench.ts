// Claim: the exact set of traffic between two interfaces, way back included, costs microseconds in an estate of 10,000 interfaces.
import assert from 'node:assert/strict';
import { expectOk } from '../src/core/net/result.ts';
import { packetOf } from '../src/core/net/packet.ts';
import type { Eni } from '../src/core/model/eni.ts';
import { listRecords } from '../src/core/model/world.ts';
import { decideGate } from '../src/core/policy/decide.ts';
import { evaluate, judgePath } from '../src/core/policy/evaluate.ts';
import type { Path } from '../src/core/policy/path.ts';
import { planPath } from '../src/core/policy/plan.ts';
import { hasTransport, isNoTraffic, reachOf } from '../src/core/policy/reach.ts';
import { compare, report, timeEach } from './harness.ts';
import { Random } from './random.ts';
import { generateWorld } from './world.ts';

const QUERIES = 4000;
const HTTPS = { kind: 'tcp', sourcePort: 50_000, destinationPort: 443 } as const;

const world = generateWorld({ enis: 10_000, groups: 1000, subnets: 100 });
const random = new Random(3);
const enis = [...listRecords(world, 'enis')];
const pairs = Array.from({ length: QUERIES }, () => [random.pick(enis), random.pick(enis)] as const);

function addressOf(eni: Eni): Eni['addresses'][number]['address'] {
  const [first] = eni.addresses;
  if (first === undefined) throw new Error('an interface without an address');
  return first.address;
}

function pathOfPair(index: number): Path {
  const [from, to] = pairs[index % QUERIES] ?? [enis[0], enis[0]];
  if (from === undefined || to === undefined) throw new Error('no interfaces');
  const header = { source: addressOf(from), destination: addressOf(to) };
  return planPath(world, { kind: 'eni', eni: from }, header);
}

function reachOfPair(index: number): ReturnType<typeof reachOf> {
  return reachOf(world, pathOfPair(index));
}

/** What an answer is made of: the set, and the verdict with every blocker and the rules that nearly admit, on the same path. */
function answerOfPair(index: number): number {
  const path = pathOfPair(index);
  const { blockers } = judgePath(decideGate, world, { path, transport: HTTPS });
  return reachOf(world, path).sure.tcp.destinationPorts.length + blockers.length;
}

function evaluatePair(index: number): ReturnType<typeof evaluate> {
  const [from, to] = pairs[index % QUERIES] ?? [enis[0], enis[0]];
  if (from === undefined || to === undefined) throw new Error('no interfaces');
  const packet = expectOk(packetOf(addressOf(from), addressOf(to), HTTPS));
  return evaluate(world, { kind: 'eni', eni: from }, packet);
}

let reachable = 0;
for (let index = 0; index < QUERIES; index += 1) {
  const reach = reachOfPair(index);
  if (!isNoTraffic(reach.sure)) reachable += 1;
  assert.equal(hasTransport(reach.sure, HTTPS, 'ipv4'), evaluatePair(index).outcome === 'allow');
}

const single = timeEach(QUERIES, (index) => reachOfPair(index).sure.tcp.destinationPorts.length);
const blamed = timeEach(QUERIES, answerOfPair);
const CHUNK = 200;
let next = 0;
const against = compare(
  {
    name: 'reach',
    operations: CHUNK,
    run: () => {
      let found = 0;
      for (let count = 0; count < CHUNK; count += 1) found += reachOfPair((next += 1)).sure.tcp.sourcePorts.length;
      return found;
    },
  },
  {
    name: 'evaluate',
    operations: CHUNK,
    run: () => {
      let found = 0;
      for (let count = 0; count < CHUNK; count += 1) found += evaluatePair((next += 1)).blockers.length;
      return found;
    },
  },
);

report('reach', [
  {
    claim: 'exact traffic between two of 10,000 interfaces, half of the queries within',
    unit: 'µs',
    target: { atMost: 30 },
    measured: single.p50 / 1000,
    details: { 'p99 µs': single.p99 / 1000, 'reachable %': (100 * reachable) / QUERIES },
  },
  {
    claim: 'the same with every gate that refuses a packet, and the rule by which',
    unit: 'µs',
    target: { atMost: 30 },
    measured: blamed.p50 / 1000,
    details: { 'p99 µs': blamed.p99 / 1000 },
  },
  {
    claim: 'all packets of a pair at once against one packet by the definition',
    unit: '×',
    target: { atMost: 2 },
    measured: 1 / against.ratio,
    details: { 'evaluate µs': against.baseline.p50 / 1000, 'reach µs': against.subject.p50 / 1000 },
  },
]);
