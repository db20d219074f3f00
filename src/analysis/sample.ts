import type { Family } from '../core/net/address.ts';
import { axisPart, otherProtocol, placeOnAxis } from '../core/net/axis.ts';
import { intersectSets, interval, type IntervalSet, intervalsOf, setHas } from '../core/net/interval-set.ts';
import { echoTypes, icmpOf } from '../core/net/protocol.ts';
import type { Transport } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import { gateSet } from '../core/policy/gate-set.ts';
import type { Gate, Path } from '../core/policy/path.ts';
import type { TrafficSet } from '../core/policy/reach.ts';
import type { PortBox, TrafficBoxes } from './traffic-split.ts';

/** What people expect to see in an example: HTTPS from a port that clients pick. */
const USUAL_PORT = 443;
const USUAL_SOURCE_PORT = 50_000;
/** Every port that some client picks by itself (V:custom-network-acl). */
export const CLIENT_PORTS: IntervalSet = interval(1024, 65_535);

/** One packet of a set, the plainest there is; undefined for the empty set. */
export function sampleTransport(boxes: TrafficBoxes, family: Family): Transport | undefined {
  return bestTransport(boxes, family, { score: () => 0, sets: [] });
}

/** One packet of a set that as many gates of a path as possible let pass, so that what then stops it is what really is in the way. */
export function nearestTransport(world: World, path: Path, boxes: TrafficBoxes): Transport | undefined {
  const forward = readingSets(world, path.forward);
  const back = readingSets(world, path.reply);
  const score: Score = (part, value, way) => {
    const [point = 0] = placeOnAxis(interval(value, value), part);
    return (way === 'forward' ? forward : back).filter((set) => setHas(set, point)).length;
  };
  return bestTransport(boxes, path.family, { score, sets: [...forward, ...back] });
}

/** A packet next to an allowed one that is not allowed: one port or type further. Undefined where there is none of its protocol. */
export function nearMiss(sure: TrafficSet, transport: Transport, family: Family): Transport | undefined {
  switch (transport.kind) {
    case 'tcp':
    case 'udp': {
      const { destinationPorts, sourcePorts } = sure[transport.kind];
      const port = valueBeside(destinationPorts, transport.destinationPort);
      if (port !== undefined) return { ...transport, destinationPort: port };
      const sourcePort = valueBeside(sourcePorts, transport.sourcePort);
      return sourcePort === undefined ? undefined : { ...transport, sourcePort };
    }
    case 'icmp':
    case 'icmpv6': {
      const value = valueBeside(sure.icmp, transport.type * 256 + transport.code);
      return value === undefined ? undefined : icmpTransport(value, family);
    }
    case 'protocol':
      return undefined;
  }
}

type Part = 'tcp' | 'udp' | 'icmp' | 'other';
/** How many gates let a value of a part pass: a destination port, type or number going forward, a source port coming back. */
type Score = (part: Part, value: number, way: 'forward' | 'reply') => number;
type Candidate = { readonly score: number; readonly transport: Transport };

/** How candidates are judged, and sets whose beginnings are worth trying. */
type Guide = { readonly score: Score; readonly sets: readonly IntervalSet[] };

function bestTransport(boxes: TrafficBoxes, family: Family, guide: Guide): Transport | undefined {
  const { score, sets } = guide;
  const candidates: Candidate[] = [
    ...(['tcp', 'udp'] as const).flatMap((part) => boxes[part].map((box) => bestOfBox(part, box, guide))),
    ...points(boxes.icmp, 'icmp', { usual: [echoTypes(family).request * 256], sets }).map((value): Candidate => ({
      score: score('icmp', value, 'forward'),
      transport: icmpTransport(value, family),
    })),
    ...points(boxes.other, 'other', { usual: [], sets }).map((value): Candidate => ({
      score: score('other', value, 'forward'),
      transport: { kind: 'protocol', protocol: otherProtocol(value, family) },
    })),
  ];
  // The first of the best: what people ask about most stands first.
  let best: Candidate | undefined;
  for (const one of candidates) if (best === undefined || one.score > best.score) best = one;
  return best?.transport;
}

function bestOfBox(part: 'tcp' | 'udp', box: PortBox, guide: Guide): Candidate {
  const pick = (
    set: IntervalSet,
    usual: readonly number[],
    way: 'forward' | 'reply',
  ): { port: number; score: number } => {
    let best = { port: set[0] ?? 0, score: -1 };
    for (const port of points(set, part, { usual, sets: guide.sets })) {
      const score = guide.score(part, port, way);
      if (score > best.score) best = { port, score };
    }
    return best;
  };
  // Clients do not send from low ports: one that happens to pass would hide what stops all the others.
  const picked = intersectSets(box.sourcePorts, CLIENT_PORTS);
  const to = pick(box.destinationPorts, [part === 'tcp' ? USUAL_PORT : 53], 'forward');
  const from = pick(picked.length > 0 ? picked : box.sourcePorts, [USUAL_SOURCE_PORT], 'reply');
  return {
    score: to.score + from.score,
    transport: { kind: part, sourcePort: from.port, destinationPort: to.port },
  };
}

/** Values of a set worth trying: the usual ones first, then where the set or what a gate passes begins. */
function points(
  set: IntervalSet,
  part: Part,
  { usual, sets }: { readonly usual: readonly number[]; readonly sets: readonly IntervalSet[] },
): readonly number[] {
  const starts = [set, ...sets.map((one) => axisPart(one, part))].flatMap((one) =>
    intervalsOf(one).map(([from]) => from),
  );
  return [...new Set([...usual, ...starts])].filter((value) => setHas(set, value));
}

/** What the gates that read ports let pass; the others say the same to every packet. */
function readingSets(world: World, gates: readonly Gate[]): readonly IntervalSet[] {
  return gates.filter((gate) => gate.kind !== 'settled').map((gate) => gateSet(world, gate).sure);
}

function icmpTransport(value: number, family: Family): Transport {
  return { kind: icmpOf(family) === 1 ? 'icmp' : 'icmpv6', type: value >> 8, code: value & 255 };
}

/** The nearest value outside of the interval that holds `value`, above before below; undefined where there is none in 0–65535. */
function valueBeside(set: IntervalSet, value: number): number | undefined {
  const own = intervalsOf(set).find(([from, to]) => from <= value && value <= to);
  if (own === undefined) return undefined;
  if (own[1] < 65_535) return own[1] + 1;
  return own[0] > 0 ? own[0] - 1 : undefined;
}
