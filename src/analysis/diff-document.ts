import type { Family } from '../core/net/address.ts';
import { trafficInterval } from '../core/net/axis.ts';
import { intervalsOf, type IntervalSet, unionSets } from '../core/net/interval-set.ts';
import type { World } from '../core/model/world.ts';
import { type CauseDocument, causeDocument } from './cause-document.ts';
import { afterEffect, type AfterEffect } from './after-effect.ts';
import { EndsList, type EndsTables } from './diff-ends.ts';
import { pointsDocument } from './ends-document.ts';
import type { Ranges, TrafficDocument } from './part-documents.ts';
import { NO_CLASSES, type SetId } from './pairs/bitsets.ts';
import { causeKey } from './pairs/causes.ts';
import type { ClassId } from './pairs/classes.ts';
import type { Difference, Statement } from './pairs/difference.ts';
import { countPairs, endsOf, outsideClasses } from './pairs/ends.ts';
import { EMPTY_ROW, type RowId } from './pairs/rows.ts';
import { SpokenRows } from './pairs/spoken.ts';

/**
 * Everything that one cause opens or closes in one family; `boxes` are exact and together all of it. `from` and `to` are places in the
 * document's `ends`: many boxes have the same.
 */
export type PartDocument = {
  readonly family: Family;
  /** All traffic of the boxes. */
  readonly traffic: TrafficDocument;
  readonly from: number;
  readonly to: number;
  /** Pairs of addresses of interfaces that gain or lose something. */
  readonly pairs: number;
  /** Pairs that the same rule or gate speaks of and that had this before, for another reason; null where that is not a question. */
  readonly pairsBefore: number | null;
  /** Every sender with every receiver of a box. */
  readonly boxes: readonly { readonly traffic: TrafficDocument; readonly from: number; readonly to: number }[];
};

/** One line of a difference: what one cause opens or closes. */
export type StatementDocument = {
  readonly effect: 'opens' | 'closes';
  readonly certainty: 'certain' | 'perhaps';
  /** `answers`: packets get there as before, but from these source ports answers come back now, or no longer. */
  readonly about: 'traffic' | 'answers';
  readonly sourcePorts: Ranges | null;
  readonly cause: CauseDocument;
  readonly parts: readonly PartDocument[];
  /** What becomes of connections that are open when this is closed; null where something is opened. */
  readonly openConnections: AfterEffect | null;
};

/** The stable form of a difference between two worlds. `version` grows when a field changes its meaning or goes. */
export type DiffDocument = EndsTables & {
  readonly version: 2;
  readonly kind: 'diff';
  readonly before: number;
  readonly after: number;
  readonly opens: Totals;
  readonly closes: Totals;
  readonly statements: readonly StatementDocument[];
};

/** Sums over all statements of one effect, each pair counted once. */
export type Totals = {
  /** Pairs of addresses of interfaces, for certain and perhaps. */
  readonly pairs: { readonly certain: number; readonly perhaps: number };
  /** Addresses of interfaces that something outside reaches, or no longer does. */
  readonly exposed: { readonly certain: number; readonly perhaps: number };
};

/** A difference as its document: what is opened first, then what reaches furthest. */
export function diffDocument(before: World, after: World, differences: readonly Difference[]): DiffDocument {
  const grouped = new Map<string, { readonly head: Statement; readonly parts: Part[] }>();
  for (const difference of differences)
    for (const statement of difference.statements) {
      const key = [
        statement.effect,
        statement.certainty,
        statement.about,
        portsKey(statement),
        causeKey(statement.cause),
      ].join();
      const known = grouped.get(key);
      const part = partOf(difference, statement);
      if (known === undefined) grouped.set(key, { head: statement, parts: [part] });
      else known.parts.push(part);
    }
  const ends = new EndsList({ before, after });
  const sorted = [...grouped.values()]
    .map((one) => ({ ...one, ...interestOf(one, ends) }))
    .toSorted(byInterest)
    .map(({ head, parts }) => statementDocument({ before, after }, head, { parts, ends }));
  return {
    version: 2,
    kind: 'diff',
    before: before.revision,
    after: after.revision,
    ...diffTotals(differences),
    statements: sorted,
    ...ends.tables(),
  };
}

/** How much differences open and close. */
export function diffTotals(differences: readonly Difference[]): Pick<DiffDocument, 'opens' | 'closes'> {
  return { opens: totals(differences, 'opens'), closes: totals(differences, 'closes') };
}

/** Whether a difference has nothing to say. */
export function isNoDifference(document: DiffDocument): boolean {
  return document.statements.length === 0;
}

/** A statement in one family, as boxes. */
type Part = {
  readonly difference: Difference;
  readonly statement: Statement;
  readonly boxes: readonly Box[];
  readonly from: SetId;
  readonly to: SetId;
  readonly pairs: number;
};

function partOf(difference: Difference, statement: Statement): Part {
  const { classes, rows } = difference;
  const boxes = boxesOf(difference, statement);
  const [from, to] = (['from', 'to'] as const).map((side) => rows.sets.union(boxes.map((box) => box[side])));
  const pairs = countPairs(classes, rows, statement.parts);
  return { difference, statement, boxes, from: from ?? NO_CLASSES, to: to ?? NO_CLASSES, pairs };
}

function statementDocument(
  worlds: { readonly before: World; readonly after: World },
  head: Statement,
  { parts, ends }: { readonly parts: readonly Part[]; readonly ends: EndsList },
): StatementDocument {
  return {
    effect: head.effect,
    certainty: head.certainty,
    about: head.about,
    sourcePorts:
      head.sourcePorts === undefined ? null : intervalsOf(unionSets(head.sourcePorts.tcp, head.sourcePorts.udp)),
    cause: causeDocument(worlds, head),
    parts: parts.map((part) => partDocument(part, ends)),
    openConnections: head.effect === 'opens' ? null : afterEffect(parts),
  };
}

function partDocument({ difference, statement, boxes, from, to, pairs }: Part, ends: EndsList): PartDocument {
  const { family } = difference;
  const points = boxes.map((box) => box.points).reduce(unionSets, []);
  return {
    family,
    traffic: pointsDocument(points, family),
    from: ends.placeOf(difference, from),
    to: ends.placeOf(difference, to),
    pairs,
    pairsBefore: pairsBefore(difference, statement),
    boxes: boxes.map((box) => ({
      traffic: pointsDocument(box.points, family),
      from: ends.placeOf(difference, box.from),
      to: ends.placeOf(difference, box.to),
    })),
  };
}

type Box = { readonly points: IntervalSet; readonly from: SetId; readonly to: SetId };

/** The parts of a statement as few boxes: receivers with equal rows are one. */
function boxesOf({ rows }: Difference, statement: Statement): readonly Box[] {
  const byRow = new Map<RowId, ClassId[]>();
  for (const { to, row } of statement.parts) {
    const known = byRow.get(row);
    if (known === undefined) byRow.set(row, [to]);
    else known.push(to);
  }
  return [...byRow].flatMap(([row, to]) => {
    const bySet = new Map<SetId, IntervalSet>();
    for (const { from, to: last, set } of rows.segments(row))
      bySet.set(set, unionSets(bySet.get(set) ?? [], [from, last]));
    const receivers = rows.sets.of(to);
    return [...bySet].map(([from, points]): Box => ({ points, from, to: receivers }));
  });
}

/** Pairs of which the cause's own rule speaks, and that the world without it had as well. */
function pairsBefore(difference: Difference, { cause, effect, about }: Statement): number | null {
  if (cause.kind !== 'rule' || about === 'answers') return null;
  const { classes, rows, before, after, family } = difference;
  const [has, lacks] = effect === 'opens' ? [after, before] : [before, after];
  const { rule, groupId } = cause;
  const peers = has.groups.ofPeer(rule.peer, 'groups').sure;
  const carriers = has.groups.withGroup(groupId);
  const isIngress = rule.direction === 'ingress';
  const [senders, receivers] = isIngress ? [peers, carriers] : [carriers, peers];
  const points = trafficInterval(rule.traffic, family);
  const row = rows.over(points, senders);
  const spoken = [has, lacks].map((matrix) => new SpokenRows(matrix, { points, row }));
  const parts = [...rows.sets.members(receivers)].map((to) => {
    const got = isIngress ? spoken.map((one) => one.of(to)) : [has, lacks].map((matrix) => matrix.row(to, 'to').sure);
    return { to, row: got.reduce((all, one) => rows.and(all, one), row) };
  });
  return countPairs(classes, rows, parts);
}

function totals(differences: readonly Difference[], effect: Statement['effect']): Totals {
  const all = differences.map((difference) => ({
    certain: totalsIn(difference, { effect, certainty: 'certain' }),
    perhaps: totalsIn(difference, { effect, certainty: 'perhaps' }),
  }));
  const sum = (certainty: 'certain' | 'perhaps', of: keyof Totals): number =>
    all.reduce((total, one) => total + one[certainty][of], 0);
  return {
    pairs: { certain: sum('certain', 'pairs'), perhaps: sum('perhaps', 'pairs') },
    exposed: { certain: sum('certain', 'exposed'), perhaps: sum('perhaps', 'exposed') },
  };
}

/** Each pair once, however many statements speak of it. */
function totalsIn(
  { classes, rows, statements }: Difference,
  { effect, certainty }: Pick<Statement, 'effect' | 'certainty'>,
): { readonly pairs: number; readonly exposed: number } {
  const merged = new Map<ClassId, RowId>();
  for (const one of statements) {
    if (one.effect !== effect || one.certainty !== certainty || one.about !== 'traffic') continue;
    for (const { to, row } of one.parts) merged.set(to, rows.or(merged.get(to) ?? EMPTY_ROW, row));
  }
  const parts = [...merged].map(([to, row]) => ({ to, row }));
  const outside = outsideClasses(classes, rows);
  const exposed = parts.filter(({ row }) => rows.masked(row, outside) !== EMPTY_ROW);
  return {
    pairs: countPairs(classes, rows, parts),
    exposed: exposed.reduce((sum, { to }) => sum + endsOf(classes, [to]).members.length, 0),
  };
}

function portsKey({ sourcePorts }: Statement): string {
  return sourcePorts === undefined ? '' : `${sourcePorts.tcp.join()};${sourcePorts.udp.join()}`;
}

type Interest = { readonly head: Statement; readonly touchesInternet: boolean; readonly pairs: number };

function interestOf({ parts }: { readonly parts: readonly Part[] }, ends: EndsList): Omit<Interest, 'head'> {
  return {
    touchesInternet: parts.some(({ difference, from }) => ends.outsideOf(difference, from).allBut !== null),
    pairs: parts.reduce((sum, part) => sum + part.pairs, 0),
  };
}

/** What is opened before what is closed, certain before perhaps, to the internet before inside, more pairs before fewer. */
function byInterest(a: Interest, b: Interest): number {
  return (
    order(a.head.effect === 'closes', b.head.effect === 'closes') ||
    order(a.head.certainty === 'perhaps', b.head.certainty === 'perhaps') ||
    order(!a.touchesInternet, !b.touchesInternet) ||
    b.pairs - a.pairs
  );
}

function order(a: boolean, b: boolean): number {
  return Number(a) - Number(b);
}
