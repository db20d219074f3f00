import type { Family } from '../../core/net/address.ts';
import { axisPart, type AxisPart, placeOnAxis } from '../../core/net/axis.ts';
import { EMPTY_SET, intersectSets, type IntervalSet, sameSet, unionSets } from '../../core/net/interval-set.ts';
import type { World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath } from '../../core/policy/evaluate.ts';
import { Bitsets, NO_CLASSES, type SetId } from '../pairs/bitsets.ts';
import { transportAt } from '../pairs/blame.ts';
import { type ClassId, classesOf } from '../pairs/classes.ts';
import { type Both, differentStops, type SourcePorts } from '../pairs/links.ts';
import { type Cell, Matrix } from '../pairs/matrix.ts';
import type { Member } from '../pairs/members.ts';
import { EMPTY_ROW, type RowId, Rows } from '../pairs/rows.ts';
import { planTrip, type Trip } from '../trip.ts';
import { type Bucket, bucketsOf, type Look } from './scope-looks.ts';
import { meantPoints, sightOf, sourcePortParts } from './scope-match.ts';
import { prefixesOf, type ScopeQuestion } from './scope-question.ts';

/** Traffic of one protocol that is meant and gets through: a product of destination points and source ports. */
export type Box = { readonly protocol: AxisPart; readonly points: IntervalSet; readonly sourcePorts: IntervalSet };

/** A finding: two addresses, or one and all addresses outside that have the same. */
export type Found = { readonly box: Box; readonly from: readonly Member[]; readonly to: readonly Member[] };

/** What a question means between two looks, by the source ports from which it means the same. */
type Meaning = {
  readonly trip: Trip;
  readonly parts: readonly { readonly sourcePorts: IntervalSet; readonly points: IntervalSet }[];
  readonly bare: IntervalSet;
  /** All points of them. */
  readonly points: IntervalSet;
  /** The gateways that the path runs over, as text. */
  readonly gateways: string;
};

/** Pairs of classes of which it is asked on what their doubts depend: one is enough to tell that there may be more, the others name what else. */
const MOST_DOUBTS = 500;

/**
 * Goes through all pairs of one family by rows: what statements say is asked once for each two looks, and met with the row of each class, so that
 * only classes between which something is meant and gets through are looked at one by one.
 */
export class ScopeSearch {
  readonly #world: World;
  readonly #question: ScopeQuestion;
  readonly #unknowns: Set<string>;
  readonly #rows: Rows;
  readonly #matrix: Matrix;
  readonly #buckets: readonly Bucket[];
  readonly #portParts: readonly IntervalSet[];
  readonly #meanings = new Map<number, Meaning | undefined>();
  #doubts = 0;

  constructor(
    world: World,
    question: ScopeQuestion,
    { family, unknowns }: { readonly family: Family; readonly unknowns: Set<string> },
  ) {
    this.#world = world;
    this.#question = question;
    this.#unknowns = unknowns;
    const asked = prefixesOf(question).filter((cidr) => cidr.family === family);
    const classes = classesOf([world], family, asked);
    this.#rows = new Rows(new Bitsets(classes.list.length));
    this.#matrix = new Matrix(classes, 0, { rows: this.#rows });
    this.#buckets = bucketsOf(world, question, this.#matrix);
    this.#portParts = sourcePortParts(question);
  }

  /** What is found from and to the internet: addresses outside that have the same stand together. */
  outside(): readonly Found[] {
    const gathered = new Map<string, { readonly box: Box; readonly from: Set<Member>; readonly to: Set<Member> }>();
    for (const { from, to, box, meaning } of this.#boxes((one, other) => one.look.isOutside !== other.look.isOutside)) {
      const inside = from.look.isOutside ? to : from;
      const { protocol, points, sourcePorts } = box;
      const key = `${from.look.isOutside} ${inside.id} ${protocol} ${points.join()} ${sourcePorts.join()} ${meaning.gateways}`;
      let known = gathered.get(key);
      if (known === undefined) {
        known = { box, from: new Set(), to: new Set() };
        gathered.set(key, known);
      }
      for (const member of from.members) known.from.add(member);
      for (const member of to.members) known.to.add(member);
    }
    return [...gathered.values()].flatMap(({ box, from, to }) => {
      const [senders, receivers] = [[...from], [...to]];
      return senders[0]?.eniId === undefined
        ? receivers.map((receiver) => ({ box, from: senders, to: [receiver] }))
        : senders.map((sender) => ({ box, from: [sender], to: receivers }));
    });
  }

  /** What is found between interfaces, one pair of addresses after another. */
  *inside(): Generator<Found, void, undefined> {
    for (const { from, to, box } of this.#boxes((one, other) => !one.look.isOutside && !other.look.isOutside))
      for (const sender of from.members)
        for (const receiver of to.members)
          if (sender.eniId !== receiver.eniId) yield { box, from: [sender], to: [receiver] };
  }

  *#boxes(
    isAsked: (from: Bucket, to: Bucket) => boolean,
  ): Generator<
    { readonly from: Bucket; readonly to: Bucket; readonly box: Box; readonly meaning: Meaning },
    void,
    undefined
  > {
    const sources = this.#byLook(this.#buckets.filter(({ look }) => look.may.source));
    for (const to of this.#buckets) {
      if (!to.look.may.destination) continue;
      for (const { look, classes, byClass } of sources) {
        const [some] = byClass.values();
        if (some === undefined || !isAsked(some, to)) continue;
        const meaning = this.#meaning(look, to.look);
        if (meaning === undefined || meaning.points.length === 0) continue;
        const met = this.#met(to.classId, meaning.points, classes);
        if (met === EMPTY_ROW) continue;
        for (const classId of this.#rows.sets.members(this.#rows.anywhere(met))) {
          const from = byClass.get(classId);
          if (from === undefined || !hasPair(from, to)) continue;
          const cell = this.#matrix.cell(classId, to.classId);
          const sure = boxesOf(meaning, cell, 'sure');
          for (const box of sure) yield { from, to, box, meaning };
          const possible = boxesOf(meaning, cell, 'possible');
          if (possible.some((one) => !covers(sure, one))) this.#doubt({ from, to, possible });
        }
      }
    }
  }

  /** Which classes of a set get to a class with some of the points, perhaps. */
  #met(to: ClassId, points: IntervalSet, classes: SetId): RowId {
    return this.#rows.and(this.#matrix.row(to, 'to').possible, this.#rows.over(points, classes));
  }

  #byLook(buckets: readonly Bucket[]): readonly {
    readonly look: Look;
    readonly classes: SetId;
    readonly byClass: ReadonlyMap<ClassId, Bucket>;
  }[] {
    return [...Map.groupBy(buckets, ({ look }) => look)].map(([look, own]) => ({
      look,
      classes: own.length === 0 ? NO_CLASSES : this.#rows.sets.of(own.map(({ classId }) => classId)),
      byClass: new Map(own.map((bucket) => [bucket.classId, bucket])),
    }));
  }

  /** Undefined: there are no two ends of different interfaces, or both are outside. */
  #meaning(from: Look, to: Look): Meaning | undefined {
    const key = from.id * this.#buckets.length + to.id;
    if (!this.#meanings.has(key)) this.#meanings.set(key, this.#meant(from, to));
    return this.#meanings.get(key);
  }

  #meant(from: Look, to: Look): Meaning | undefined {
    if (from.isOutside && to.isOutside) return undefined;
    const pair = differentStops(from.stops, to.stops);
    if (pair === undefined) return undefined;
    const trip = planTrip(this.#world, pair.from, pair.to);
    const [sender, receiver] = [pair.from.place, pair.to.place].map((place) =>
      place.kind === 'eni' ? place.eni.id : undefined,
    );
    const sight = sightOf(this.#world, trip.path, { from: sender, to: receiver });
    const meant = (part: IntervalSet | undefined): IntervalSet =>
      meantPoints(this.#world, this.#question, { sight, part });
    const parts = this.#portParts.map((sourcePorts) => ({ sourcePorts, points: meant(sourcePorts) }));
    const bare = meant(undefined);
    const gates = trip.path.forward.filter(({ stage }) => stage === 'gateway');
    return {
      trip,
      parts,
      bare,
      points: parts.reduce((all, { points }) => unionSets(all, points), withoutPorts(bare)),
      gateways: gates.map(({ resource }) => resource).join(' '),
    };
  }

  #doubt({
    from,
    to,
    possible,
  }: {
    readonly from: Bucket;
    readonly to: Bucket;
    readonly possible: readonly Box[];
  }): void {
    const [one] = possible;
    if (one === undefined || this.#doubts >= MOST_DOUBTS) return;
    this.#doubts += 1;
    const pair = differentStops(this.#matrix.stopsOf(from.classId), this.#matrix.stopsOf(to.classId));
    if (pair === undefined) return;
    const { path } = planTrip(this.#world, pair.from, pair.to);
    const transport = transportAt(placeOnAxis(one.points, one.protocol)[0] ?? 0, one.sourcePorts[0] ?? 0, path.family);
    for (const { decision } of judgePath(decideGate, this.#world, { path, transport }).doubts)
      if (decision.outcome === 'unknown')
        for (const id of decision.unknowns) this.#unknowns.add(`${id} (${decision.reason})`);
    if (this.#unknowns.size === 0) this.#unknowns.add('something that rules or routes name');
  }
}

/** Whether two buckets have members of two interfaces. */
function hasPair({ members: from }: Bucket, { members: to }: Bucket): boolean {
  const first = from[0]?.eniId;
  return first === undefined || from.some(({ eniId }) => eniId !== first) || to.some(({ eniId }) => eniId !== first);
}

/** The points of traffic that has no ports. */
function withoutPorts(points: IntervalSet): IntervalSet {
  return (['icmp', 'other'] as const).reduce<IntervalSet>(
    (all, protocol) => unionSets(all, placeOnAxis(axisPart(points, protocol), protocol)),
    EMPTY_SET,
  );
}

/** What is meant of what gets through, as products. */
function boxesOf({ parts, bare }: Meaning, cell: Cell, certainty: keyof Both<unknown>): readonly Box[] {
  const points = cell.points[certainty];
  const ports: SourcePorts = cell.sourcePorts[certainty];
  if (points.length === 0) return [];
  const boxes: Box[] = [];
  for (const part of parts) {
    const meant = intersectSets(points, part.points);
    for (const protocol of ['tcp', 'udp'] as const)
      addBox(boxes, {
        protocol,
        points: axisPart(meant, protocol),
        sourcePorts: intersectSets(ports[protocol], part.sourcePorts),
      });
  }
  const meant = intersectSets(points, bare);
  for (const protocol of ['icmp', 'other'] as const)
    boxes.push({ protocol, points: axisPart(meant, protocol), sourcePorts: EMPTY_SET });
  return boxes.filter((one) => one.points.length > 0);
}

/** Adds ports to the box that has the same destination ports, so that each box is exactly a product. */
function addBox(boxes: Box[], box: Box): void {
  if (box.points.length === 0 || box.sourcePorts.length === 0) return;
  const at = boxes.findIndex((one) => one.protocol === box.protocol && sameSet(one.points, box.points));
  const known = boxes[at];
  if (known === undefined) boxes.push(box);
  else boxes[at] = { ...known, sourcePorts: unionSets(known.sourcePorts, box.sourcePorts) };
}

function covers(sure: readonly Box[], one: Box): boolean {
  return sure.some(
    (same) =>
      same.protocol === one.protocol &&
      sameSet(intersectSets(same.points, one.points), one.points) &&
      sameSet(intersectSets(same.sourcePorts, one.sourcePorts), one.sourcePorts),
  );
}
