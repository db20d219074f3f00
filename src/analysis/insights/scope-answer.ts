import { FAMILIES, type Family, formatAddress } from '../../core/net/address.ts';
import { axisPart, type AxisPart, placeOnAxis } from '../../core/net/axis.ts';
import {
  EMPTY_SET,
  intersectSets,
  type IntervalSet,
  intervalsOf,
  sameSet,
  setHas,
  unionSets,
} from '../../core/net/interval-set.ts';
import type { World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath } from '../../core/policy/evaluate.ts';
import { hopDocument } from '../answer-document.ts';
import { type AddressSpace, spaceOf } from '../address-space.ts';
import { Bitsets } from '../pairs/bitsets.ts';
import { transportAt } from '../pairs/blame.ts';
import { type ClassId, classesOf } from '../pairs/classes.ts';
import { spaceTexts } from '../pairs/ends.ts';
import type { SourcePorts } from '../pairs/links.ts';
import { Matrix } from '../pairs/matrix.ts';
import type { Member } from '../pairs/members.ts';
import { Rows } from '../pairs/rows.ts';
import { NO_SPOT, outsideKind, stopOf } from '../pairs/spots.ts';
import { packetDocument, placeDocument } from '../part-documents.ts';
import { ordinaryEnis } from '../place.ts';
import { planTrip, type Trip } from '../trip.ts';
import type { FoundWay } from './path-answer.ts';
import { headerAtEnd } from './path-filters.ts';
import { idsOfEni, isAmong, meantPoints, sightOf, sourcePortParts } from './scope-match.ts';
import { prefixesOf, type ScopeEnd, type ScopeQuestion, withEntries } from './scope-question.ts';

/** Paths between two ends with one protocol, exactly: all addresses and ports of them, and the way of one packet. */
export type ScopeFinding = {
  readonly way: FoundWay;
  readonly protocol: AxisPart;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
};

/** What a scope finds at one revision. `version` grows when a field changes its meaning or goes. */
export type ScopeAnswer = { readonly version: 1; readonly kind: 'insights-scope'; readonly revision: number } & (
  | {
      readonly outcome: 'done';
      readonly findings: readonly ScopeFinding[];
      /** There are more findings than are listed. */
      readonly isCut: boolean;
      /** What would have to be known to say whether there are others. */
      readonly unknowns: readonly string[];
      readonly interfaces: number;
    }
  | { readonly outcome: 'missing'; readonly id: string }
  | { readonly outcome: 'too-large'; readonly pairs: number }
);

/** Most findings that are listed, and pairs of addresses that are looked at. */
export type ScopeLimits = { readonly findings: number; readonly pairs: number };

type Part = {
  readonly trip: Trip;
  readonly protocol: AxisPart;
  readonly points: IntervalSet;
  readonly sourcePorts: IntervalSet;
  readonly from: AddressSpace[];
  readonly to: AddressSpace[];
};

class TooLarge extends Error {}

/** Finds every path that a scope means, from the matrix of all pairs. */
export function answerScope(world: World, asked: ScopeQuestion, limits: ScopeLimits): ScopeAnswer {
  const base = { version: 1, kind: 'insights-scope', revision: world.revision } as const;
  const question = withEntries(world, asked);
  if ('missing' in question) return { ...base, outcome: 'missing', id: question.missing };
  const search = new Search(world, question, limits);
  try {
    for (const family of FAMILIES) search.look(family);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { ...base, outcome: 'too-large', pairs: limits.pairs };
  }
  return {
    ...base,
    outcome: 'done',
    findings: [...search.parts.values()].map((part) => findingOf(world, part)),
    isCut: search.isCut,
    unknowns: [...search.unknowns].slice(0, 50),
    interfaces: ordinaryEnis(world).length,
  };
}

/** Goes through all pairs that anything gets through between. */
class Search {
  readonly parts = new Map<string, Part>();
  readonly unknowns = new Set<string>();
  isCut = false;
  readonly #world: World;
  readonly #question: ScopeQuestion;
  readonly #limits: ScopeLimits;
  readonly #portParts: readonly IntervalSet[];
  #pairs = 0;

  constructor(world: World, question: ScopeQuestion, limits: ScopeLimits) {
    this.#world = world;
    this.#question = question;
    this.#limits = limits;
    this.#portParts = sourcePortParts(question);
  }

  look(family: Family): void {
    const asked = prefixesOf(this.#question).filter((cidr) => cidr.family === family);
    const classes = classesOf([this.#world], family, asked);
    const rows = new Rows(new Bitsets(classes.list.length));
    const matrix = new Matrix(classes, 0, { rows });
    const ids = [...classes.list.keys()].filter(
      (id) => matrix.spotOf(id) !== NO_SPOT && this.#isEnd(classes.list[id]?.members[0]),
    );
    const kept = rows.sets.of(ids);
    for (const to of ids)
      for (const from of rows.sets.members(rows.anywhere(rows.masked(matrix.row(to, 'to').possible, kept))))
        this.#lookBetween(matrix, from, to);
  }

  /** Paths start and end at interfaces and in the internet; other networks outside are behind ways that are not followed. */
  #isEnd(member: Member | undefined): boolean {
    return member !== undefined && (member.eniId !== undefined || outsideKind(member.sample) === 'internet');
  }

  #lookBetween(matrix: Matrix, from: ClassId, to: ClassId): void {
    const { list } = matrix.classes;
    const { points, sourcePorts } = matrix.cell(from, to);
    for (const sender of list[from]?.members ?? []) {
      if (!this.#mayBe('source', sender)) continue;
      for (const receiver of list[to]?.members ?? []) {
        if (sender.eniId === receiver.eniId || !this.#mayBe('destination', receiver)) continue;
        this.#pairs += 1;
        if (this.#pairs > this.#limits.pairs) throw new TooLarge();
        const trip = planTrip(this.#world, stopOf(this.#world, sender), stopOf(this.#world, receiver));
        const sight = sightOf(this.#world, trip.path, { from: sender.eniId, to: receiver.eniId });
        const sure = this.#meant(sight, points.sure, sourcePorts.sure);
        const possible = this.#meant(sight, points.possible, sourcePorts.possible);
        for (const one of sure) this.#file(trip, one, { sender, receiver });
        if (possible.some((one) => !covers(sure, one))) this.#doubt(trip, possible);
      }
    }
  }

  /** Whether an end can be one that any path to be found starts or ends at; cheap, before a path is planned. */
  #mayBe(side: 'source' | 'destination', { eniId }: Member): boolean {
    return this.#question.match.some((path) => {
      const { resources }: ScopeEnd = path[side];
      if (resources === undefined) return true;
      if (eniId !== undefined) return isAmong(this.#world, idsOfEni(this.#world, eniId), resources);
      return (
        resources.kinds.some((kind) => kind === 'internetGateways' || kind === 'egressOnlyGateways') ||
        resources.ids.some((id) => /^(?:igw|eigw)-/.test(id) || !/^[a-z]+-/.test(id))
      );
    });
  }

  #meant(sight: ReturnType<typeof sightOf>, points: IntervalSet, ports: SourcePorts): readonly Meant[] {
    if (points.length === 0) return [];
    const boxes: Meant[] = [];
    for (const part of this.#portParts) {
      const meant = intersectSets(points, meantPoints(this.#world, this.#question, { sight, part }));
      for (const protocol of ['tcp', 'udp'] as const)
        addBox(boxes, {
          protocol,
          points: axisPart(meant, protocol),
          sourcePorts: intersectSets(ports[protocol], part),
        });
    }
    const bare = intersectSets(points, meantPoints(this.#world, this.#question, { sight, part: undefined }));
    for (const protocol of ['icmp', 'other'] as const)
      boxes.push({ protocol, points: axisPart(bare, protocol), sourcePorts: EMPTY_SET });
    return boxes.filter((one) => one.points.length > 0);
  }

  /** Addresses outside that have the same stand together. */
  #file(
    trip: Trip,
    { protocol, points, sourcePorts }: Meant,
    { sender, receiver }: { readonly sender: Member; readonly receiver: Member },
  ): void {
    const gateways = trip.path.forward.filter((gate) => gate.stage === 'gateway').map((gate) => gate.resource);
    const key = JSON.stringify([
      sender.sample.family,
      endText(sender),
      endText(receiver),
      protocol,
      points,
      sourcePorts,
      gateways,
    ]);
    const known = this.parts.get(key);
    if (known === undefined && this.parts.size >= this.#limits.findings) this.isCut = true;
    else if (known === undefined)
      this.parts.set(key, { trip, protocol, points, sourcePorts, from: [sender.space], to: [receiver.space] });
    else {
      if (sender.eniId === undefined) known.from.push(sender.space);
      if (receiver.eniId === undefined) known.to.push(receiver.space);
    }
  }

  #doubt({ path }: Trip, possible: readonly Meant[]): void {
    const [one] = possible;
    if (one === undefined) return;
    const transport = transportAt(placeOnAxis(one.points, one.protocol)[0] ?? 0, one.sourcePorts[0] ?? 0, path.family);
    for (const { decision } of judgePath(decideGate, this.#world, { path, transport }).doubts)
      if (decision.outcome === 'unknown')
        for (const id of decision.unknowns) this.unknowns.add(`${id} (${decision.reason})`);
    if (this.unknowns.size === 0) this.unknowns.add('something that rules or routes name');
  }
}

function endText({ eniId, sample }: Member): string {
  return eniId === undefined ? 'outside' : `${eniId} ${formatAddress(sample)}`;
}

type Meant = { readonly protocol: AxisPart; readonly points: IntervalSet; readonly sourcePorts: IntervalSet };

/** Adds ports to the box that has the same destination ports, so that each box is exactly a product. */
function addBox(boxes: Meant[], box: Meant): void {
  if (box.points.length === 0 || box.sourcePorts.length === 0) return;
  const at = boxes.findIndex((one) => one.protocol === box.protocol && sameSet(one.points, box.points));
  const known = boxes[at];
  if (known === undefined) boxes.push(box);
  else boxes[at] = { ...known, sourcePorts: unionSets(known.sourcePorts, box.sourcePorts) };
}

function covers(sure: readonly Meant[], one: Meant): boolean {
  return sure.some(
    (same) =>
      same.protocol === one.protocol &&
      sameSet(intersectSets(same.points, one.points), one.points) &&
      sameSet(intersectSets(same.sourcePorts, one.sourcePorts), one.sourcePorts),
  );
}

function findingOf(world: World, { trip, protocol, points, sourcePorts, from, to }: Part): ScopeFinding {
  const { path } = trip;
  const sourcePort = setHas(sourcePorts, 50_000) ? 50_000 : (sourcePorts[0] ?? 0);
  const transport = transportAt(placeOnAxis(points, protocol)[0] ?? 0, sourcePort, path.family);
  const verdict = judgePath(decideGate, world, { path, transport });
  const [first] = path.forward;
  const arrival = headerAtEnd(path);
  if (first === undefined || arrival === undefined) throw new Error('what is found for certain arrives');
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  return {
    protocol,
    sources: spaceTexts(spaceOf(from.flat())),
    destinations: spaceTexts(spaceOf(to.flat())),
    way: {
      family: path.family,
      source: placeDocument(world, trip.from.place),
      destination: placeDocument(world, trip.to.place),
      packet: packetDocument(first, transport),
      arrival: { source: formatAddress(arrival.source), destination: formatAddress(arrival.destination) },
      hops: [...verdict.forward.gates, ...verdict.reply.gates].map(hopDocument),
      destinationPorts: hasPorts ? intervalsOf(points) : [],
      sourcePorts: hasPorts ? intervalsOf(sourcePorts) : [],
    },
  };
}
