import type { Family } from '../core/net/address.ts';
import { trafficInterval } from '../core/net/axis.ts';
import { intervalsOf, type IntervalSet, unionSets } from '../core/net/interval-set.ts';
import type { World } from '../core/model/world.ts';
import { type CauseDocument, causeDocument } from './cause-document.ts';
import { afterEffect, type AfterEffect } from './after-effect.ts';
import { type EndsDocument, endsDocument, pointsDocument } from './ends-document.ts';
import type { Ranges, TrafficDocument } from './part-documents.ts';
import { causeKey } from './pairs/causes.ts';
import type { ClassId } from './pairs/classes.ts';
import type { Difference, Statement } from './pairs/difference.ts';
import { countPairs, endsOf, outsideClasses } from './pairs/ends.ts';
import { EMPTY_ROW, type RowId } from './pairs/rows.ts';

/** Everything that one cause opens or closes in one family; `boxes` are exact and together all of it. */
export type PartDocument = {
  readonly family: Family;
  /** All traffic of the boxes. */
  readonly traffic: TrafficDocument;
  readonly from: EndsDocument;
  readonly to: EndsDocument;
  /** Pairs of addresses of interfaces that gain or lose something. */
  readonly pairs: number;
  /** Pairs that the same rule or gate speaks of and that had this before, for another reason; null where that is not a question. */
  readonly pairsBefore: number | null;
  /** Every sender with every receiver of a box. */
  readonly boxes: readonly {
    readonly traffic: TrafficDocument;
    readonly from: EndsDocument;
    readonly to: EndsDocument;
  }[];
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
export type DiffDocument = {
  readonly version: 1;
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
  const grouped = new Map<string, { readonly head: Statement; readonly parts: [Difference, Statement][] }>();
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
      if (known === undefined) grouped.set(key, { head: statement, parts: [[difference, statement]] });
      else known.parts.push([difference, statement]);
    }
  const statements = [...grouped.values()].map(({ head, parts }) => statementDocument({ before, after }, head, parts));
  return {
    version: 1,
    kind: 'diff',
    before: before.revision,
    after: after.revision,
    opens: totals(differences, 'opens'),
    closes: totals(differences, 'closes'),
    statements: statements.toSorted(byInterest),
  };
}

/** Whether a difference has nothing to say. */
export function isNoDifference(document: DiffDocument): boolean {
  return document.statements.length === 0;
}

function statementDocument(
  worlds: { readonly before: World; readonly after: World },
  head: Statement,
  parts: readonly (readonly [Difference, Statement])[],
): StatementDocument {
  const has = head.effect === 'opens' ? worlds.after : worlds.before;
  return {
    effect: head.effect,
    certainty: head.certainty,
    about: head.about,
    sourcePorts:
      head.sourcePorts === undefined ? null : intervalsOf(unionSets(head.sourcePorts.tcp, head.sourcePorts.udp)),
    cause: causeDocument(worlds, head),
    parts: parts.map(([difference, statement]) => partDocument(has, difference, statement)),
    openConnections: head.effect === 'opens' ? null : afterEffect(parts),
  };
}

function partDocument(world: World, difference: Difference, statement: Statement): PartDocument {
  const { classes, rows, family } = difference;
  const boxes = boxesOf(difference, statement);
  const points = boxes.map((box) => box.points).reduce(unionSets, []);
  const senders = new Set(boxes.flatMap((box) => box.from));
  const receivers = new Set(boxes.flatMap((box) => box.to));
  return {
    family,
    traffic: pointsDocument(points, family),
    from: endsDocument(world, endsOf(classes, senders)),
    to: endsDocument(world, endsOf(classes, receivers)),
    pairs: countPairs(classes, rows, statement.parts),
    pairsBefore: pairsBefore(difference, statement),
    boxes: boxes.map((box) => ({
      traffic: pointsDocument(box.points, family),
      from: endsDocument(world, endsOf(classes, box.from)),
      to: endsDocument(world, endsOf(classes, box.to)),
    })),
  };
}

type Box = { readonly points: IntervalSet; readonly from: readonly ClassId[]; readonly to: readonly ClassId[] };

/** The parts of a statement as few boxes: receivers with equal rows are one. */
function boxesOf({ rows }: Difference, statement: Statement): readonly Box[] {
  const byRow = new Map<RowId, ClassId[]>();
  for (const { to, row } of statement.parts) {
    const known = byRow.get(row);
    if (known === undefined) byRow.set(row, [to]);
    else known.push(to);
  }
  return [...byRow].flatMap(([row, to]) => {
    const bySet = new Map<number, IntervalSet>();
    for (const { from, to: last, set } of rows.segments(row))
      bySet.set(set, unionSets(bySet.get(set) ?? [], [from, last]));
    return [...bySet].map(([set, points]): Box => ({ points, from: [...rows.sets.members(set)], to }));
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
  const [senders, receivers] = rule.direction === 'ingress' ? [peers, carriers] : [carriers, peers];
  const spoken = rows.over(trafficInterval(rule.traffic, family), senders);
  const parts = [...rows.sets.members(receivers)].map((to) => {
    const both = rows.and(has.row(to, 'to').sure, lacks.row(to, 'to').sure);
    return { to, row: rows.and(both, spoken) };
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

/** What is opened before what is closed, certain before perhaps, to the internet before inside, more pairs before fewer. */
function byInterest(a: StatementDocument, b: StatementDocument): number {
  return (
    order(a.effect === 'closes', b.effect === 'closes') ||
    order(a.certainty === 'perhaps', b.certainty === 'perhaps') ||
    order(!touchesInternet(a), !touchesInternet(b)) ||
    pairsIn(b) - pairsIn(a)
  );
}

function order(a: boolean, b: boolean): number {
  return Number(a) - Number(b);
}

function touchesInternet({ parts }: StatementDocument): boolean {
  return parts.some((part) => part.from.allBut !== null);
}

function pairsIn({ parts }: StatementDocument): number {
  return parts.reduce((sum, part) => sum + part.pairs, 0);
}
