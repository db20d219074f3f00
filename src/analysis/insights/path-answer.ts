import { type Family, formatAddress } from '../../core/net/address.ts';
import { EMPTY_SET, interval, intersectSets, type IntervalSet, intervalsOf } from '../../core/net/interval-set.ts';
import { ALL_PORTS, type PortRange } from '../../core/net/traffic.ts';
import type { World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath, type Verdict } from '../../core/policy/evaluate.ts';
import type { Path } from '../../core/policy/path.ts';
import { limitTraffic, reachOf } from '../../core/policy/reach.ts';
import { hopDocument, type HopDocument, type UnknownDocument, unknownDocument } from '../answer-document.ts';
import {
  type PacketDocument,
  packetDocument,
  type PlaceDocument,
  placeDocument,
  type Ranges,
} from '../part-documents.ts';
import type { Place } from '../place.ts';
import { askedPoints, stopsOf } from '../question.ts';
import { nearestTransport, sampleTransport } from '../sample.ts';
import { ALL_SOURCE_PORTS, type PortBox, splitTraffic, type TrafficBoxes } from '../traffic-split.ts';
import { planTrip, type Stop } from '../trip.ts';
import { destinationEnd, type PathEnd, sourceEnd } from './path-ends.ts';
import { headerAtEnd, missedOn } from './path-filters.ts';
import { type Missed, missedKey, type PathQuestion } from './path-question.ts';

/** A gate that refuses. `fromOutside`: the packet is one that came from outside of the world's interfaces, or its reply. */
export type Blocker = { readonly hop: HopDocument; readonly fromOutside: boolean };

/** The way of one packet that gets through and back, and all ports with which others do between the same addresses. */
export type FoundWay = {
  readonly family: Family;
  readonly source: PlaceDocument;
  readonly destination: PlaceDocument;
  readonly packet: PacketDocument;
  /** The addresses with which the packet arrives. */
  readonly arrival: { readonly source: string; readonly destination: string };
  readonly hops: readonly HopDocument[];
  readonly destinationPorts: Ranges;
  readonly sourcePorts: Ranges;
};

/** The answer to a path at one revision. `version` grows when a field changes its meaning or goes. */
export type PathAnswer = { readonly version: 1; readonly kind: 'insights-path'; readonly revision: number } & (
  | { readonly outcome: 'found'; readonly way: FoundWay }
  /** Nothing gets through. `blockers`: every gate that refuses, of the packets that meet the fewest; `missed`: filters that no path meets. */
  | {
      readonly outcome: 'not-found';
      readonly blockers: readonly Blocker[];
      readonly missed: readonly Missed[];
      /** How many more blockers there are. */
      readonly more: number;
    }
  | { readonly outcome: 'unknown'; readonly unknowns: readonly UnknownDocument[] }
  /** There are more combinations of addresses than may be tried. */
  | { readonly outcome: 'too-large'; readonly tried: number }
);

/** Most blockers and unknowns that an answer lists. */
const MOST = 200;

/** Answers whether a path is there: the shortest way, IPv4 before IPv6. `trips`: how many pairs of addresses may be tried. */
export function answerPath(world: World, question: PathQuestion, trips: number): PathAnswer {
  const base = { version: 1, kind: 'insights-path', revision: world.revision } as const;
  const ends = { from: sourceEnd(world, question), to: destinationEnd(world, question) };
  const gathered = new Gathered();
  for (const missed of [...ends.from.missed, ...ends.to.missed]) gathered.miss(missed);
  const pairs = pairsOf(ends.from, ends.to, gathered);
  let tried = 0;
  for (const pair of pairs) {
    for (const stops of stopsOf(world, pair)) {
      if (tried === trips && gathered.best === undefined) return { ...base, outcome: 'too-large', tried };
      if (tried === trips) break;
      tried += 1;
      gathered.add(judgeTrip(world, question, { ends, stops }));
    }
  }
  return { ...base, ...gathered.outcome };
}

type Ends = { readonly from: PathEnd; readonly to: PathEnd };
type Pair = { readonly from: Place; readonly to: Place };

/** Places of one family, not of one interface; IPv4 first. */
function pairsOf({ places: from }: PathEnd, { places: to }: PathEnd, gathered: Gathered): readonly Pair[] {
  const alike = from.flatMap((one) =>
    to.filter((other) => other.family === one.family).map((other) => ({ from: one, to: other })),
  );
  if (alike.length === 0 && from.length > 0 && to.length > 0) gathered.miss({ kind: 'no-family' });
  const pairs = alike.filter((pair) => eniOf(pair.from) === undefined || eniOf(pair.from) !== eniOf(pair.to));
  const own = alike[0] === undefined ? undefined : eniOf(alike[0].from);
  if (pairs.length === 0 && own !== undefined) gathered.miss({ kind: 'same-interface', id: own });
  return [...pairs.filter((one) => one.from.family === 'ipv4'), ...pairs.filter((one) => one.from.family === 'ipv6')];
}

function eniOf(place: Place): string | undefined {
  return place.kind === 'eni' ? place.eni.id : undefined;
}

type Judged =
  | { readonly kind: 'missed'; readonly missed: readonly Missed[] }
  | { readonly kind: 'found'; readonly length: number; readonly way: FoundWay }
  | { readonly kind: 'unknown'; readonly unknowns: readonly UnknownDocument[] }
  | { readonly kind: 'blocked'; readonly blockers: readonly Blocker[] };

function judgeTrip(
  world: World,
  question: PathQuestion,
  { ends, stops }: { readonly ends: Ends; readonly stops: { readonly from: Stop; readonly to: Stop } },
): Judged {
  const trip = planTrip(world, stops.from, stops.to);
  const path = cutAtPeerings(trip.path, ends);
  const gateways = [ends.from.gateway, ends.to.gateway].flatMap((one) => one?.id ?? []);
  const missed = missedOn(world, path, { question, gateways });
  if (missed.length > 0) return { kind: 'missed', missed };
  const { protocol, atSource, atDestination } = question;
  const sourcePorts = sourcePortsOf(question, path);
  const reach = reachOf(world, path);
  const asked = intersectSets(
    askedPoints({ kind: protocol, ports: atSource.destinationPorts ?? ALL_PORTS }, reach.family),
    askedPoints({ kind: protocol, ports: atDestination.destinationPorts ?? ALL_PORTS }, reach.family),
  );
  const split = splitTraffic(asked, limitTraffic(reach.sure, asked), limitTraffic(reach.possible, asked));
  const part = (boxes: TrafficBoxes): TrafficBoxes => sentFrom(boxes, sourcePorts);
  const [allowed, depends] = [part(split.allowed), part(split.depends)];
  const certain = sampleTransport(allowed, reach.family);
  const transport =
    certain ?? sampleTransport(depends, reach.family) ?? nearestTransport(world, path, part(split.blocked));
  if (transport === undefined)
    return { kind: 'missed', missed: [{ kind: 'filter', at: 'destination', field: 'destination-ports' }] };
  const verdict = judgePath(decideGate, world, { path, transport });
  const fromOutside = stops.from.place.kind !== 'eni';
  if (certain === undefined)
    return depends[protocol].length > 0
      ? { kind: 'unknown', unknowns: verdict.doubts.flatMap(unknownDocument) }
      : { kind: 'blocked', blockers: verdict.blockers.map((one) => ({ hop: hopDocument(one), fromOutside })) };
  const [first] = path.forward;
  const [box] = allowed[protocol];
  const arrival = headerAtEnd(path);
  if (first === undefined || box === undefined || arrival === undefined)
    throw new Error('what is allowed has a path and ports');
  return {
    kind: 'found',
    length: path.forward.length + path.reply.length,
    way: {
      family: reach.family,
      source: placeDocument(world, stops.from.place),
      destination: placeDocument(world, stops.to.place),
      packet: packetDocument(first, transport),
      arrival: { source: formatAddress(arrival.source), destination: formatAddress(arrival.destination) },
      hops: hopsOf(verdict),
      destinationPorts: intervalsOf(box.destinationPorts),
      sourcePorts: intervalsOf(box.sourcePorts),
    },
  };
}

function hopsOf({ forward, reply }: Verdict): readonly HopDocument[] {
  return [...forward.gates, ...reply.gates].map(hopDocument);
}

/** Source ports that are asked for. Behind a NAT gateway a packet comes from a port of its choice, so there a filter says nothing of the sender's. */
function sourcePortsOf({ atSource, atDestination }: PathQuestion, path: Path): IntervalSet {
  const sent = portSet(atSource.sourcePorts);
  return path.translations.length > 0 ? sent : intersectSets(sent, portSet(atDestination.sourcePorts));
}

function portSet(ports: PortRange | undefined): IntervalSet {
  return ports === undefined ? ALL_SOURCE_PORTS : interval(ports.from, ports.to);
}

function sentFrom(boxes: TrafficBoxes, ports: IntervalSet): TrafficBoxes {
  const cut = (list: readonly PortBox[]): readonly PortBox[] =>
    list
      .map((box) => ({ ...box, sourcePorts: intersectSets(box.sourcePorts, ports) }))
      .filter((box) => box.sourcePorts.length > 0);
  return { tcp: cut(boxes.tcp), udp: cut(boxes.udp), icmp: EMPTY_SET, other: EMPTY_SET };
}

/** A path from or to a peering connection has what is on this side of it, both ways; the connection itself belongs to it. */
function cutAtPeerings(path: Path, { from, to }: Ends): Path {
  if (path.end.kind === 'lost') return path;
  let { forward, reply } = path;
  if (from.gateway?.kind === 'peering') {
    const { id } = from.gateway;
    const [there, back] = [
      forward.findIndex((gate) => gate.resource === id),
      reply.findIndex((gate) => gate.resource === id),
    ];
    if (there >= 0) forward = forward.slice(there);
    if (there >= 0 && back >= 0) reply = reply.slice(0, back + 1);
  }
  if (to.gateway?.kind === 'peering') {
    const { id } = to.gateway;
    const [there, back] = [
      forward.findIndex((gate) => gate.resource === id),
      reply.findIndex((gate) => gate.resource === id),
    ];
    if (there >= 0) forward = forward.slice(0, there + 1);
    if (there >= 0 && back >= 0) reply = reply.slice(back);
  }
  return { ...path, forward, reply };
}

/** What all pairs of addresses came to. */
class Gathered {
  best: Extract<Judged, { kind: 'found' }> | undefined;
  #isUnknown = false;
  readonly #missed = new Map<string, Missed>();
  readonly #unknowns = new Map<string, UnknownDocument>();
  readonly #blockers = new Map<string, Blocker>();

  miss(missed: Missed): void {
    this.#missed.set(missedKey(missed), missed);
  }

  add(judged: Judged): void {
    switch (judged.kind) {
      case 'found':
        if (this.best === undefined || judged.length < this.best.length) this.best = judged;
        break;
      case 'missed':
        for (const one of judged.missed) this.miss(one);
        break;
      case 'unknown':
        this.#isUnknown = true;
        for (const one of judged.unknowns) this.#unknowns.set(JSON.stringify(one), one);
        break;
      case 'blocked':
        for (const one of judged.blockers) {
          const { hop } = one;
          const key = JSON.stringify([hop.way, hop.stage, hop.resource, hop.reason, hop.rules]);
          if (!this.#blockers.has(key)) this.#blockers.set(key, one);
        }
        break;
    }
  }

  get outcome():
    | Pick<Extract<PathAnswer, { outcome: 'found' }>, 'outcome' | 'way'>
    | Pick<Extract<PathAnswer, { outcome: 'unknown' }>, 'outcome' | 'unknowns'>
    | Pick<Extract<PathAnswer, { outcome: 'not-found' }>, 'outcome' | 'blockers' | 'missed' | 'more'> {
    if (this.best !== undefined) return { outcome: 'found', way: this.best.way };
    if (this.#isUnknown) return { outcome: 'unknown', unknowns: [...this.#unknowns.values()].slice(0, MOST) };
    const blockers = [...this.#blockers.values()];
    return {
      outcome: 'not-found',
      blockers: blockers.slice(0, MOST),
      missed: [...this.#missed.values()].slice(0, MOST),
      more: Math.max(0, blockers.length - MOST),
    };
  }
}
