import { AXIS_SIZE } from '../../core/net/axis.ts';
import { EMPTY_SET, type IntervalSet, subtractSets } from '../../core/net/interval-set.ts';
import { NO_CLASSES, type SetId } from './bitsets.ts';
import { type ClassId, selfClasses } from './classes.ts';
import type { Matrix } from './matrix.ts';
import { EMPTY_ROW, type RowId } from './rows.ts';
import { outsideKind } from './spots.ts';

/** What is put together to one end: interfaces, by id, or everybody outside of one kind. */
export type Together = ReadonlySet<string> | ReturnType<typeof outsideKind>;

/** The traffic between two ends, in three parts without anything in common. */
export type EndTraffic = {
  /** Gets through for certain between every two of them. */
  readonly every: IntervalSet;
  /** Gets through for certain between some two of them. */
  readonly some: IntervalSet;
  /** Perhaps gets through between some two of them. */
  readonly perhaps: IntervalSet;
};

/** Rows of all classes of an end, as one. */
type Joined = { readonly every: RowId; readonly some: RowId; readonly perhaps: RowId };

/** Of the classes of a sender, some one or all of them. */
type Least = 'one' | 'all';

/** So much of what sets have of senders is remembered. */
const MOST_BYTES = 2 ** 25;

type Side = {
  readonly isOutside: boolean;
  readonly classes: readonly ClassId[];
  /** The same as a set. */
  readonly set: SetId;
  /** The interface, where the end has but one. */
  readonly only: string | undefined;
  /** For each class of which the end has but one interface, the classes of which it has that one alone. */
  readonly sole: ReadonlyMap<ClassId, readonly ClassId[]>;
};

/**
 * A matrix by ends: what every two, and what some two of their members have. A pair is of two different interfaces, or of an interface and an
 * address outside. Two ends have either all members of a class in common, or no interface, or they are the same end.
 */
export class EndTable {
  readonly #matrix: Matrix;
  readonly #sides: readonly Side[];
  readonly #senders: readonly number[];
  /** What `#heldBy` said. */
  readonly #held = { one: new Map<SetId, Uint8Array>(), all: new Map<SetId, Uint8Array>() };

  /** `senders`: the places of the ends whose traffic is asked for. */
  constructor(matrix: Matrix, ends: readonly Together[], senders: readonly number[]) {
    this.#matrix = matrix;
    this.#sides = ends.map((one) => (typeof one === 'string' ? outsideSide(matrix, one) : insideSide(matrix, one)));
    this.#senders = senders;
  }

  /** The traffic from each sender to one end, by its place: without those of which there is no pair with it. */
  into(to: number): ReadonlyMap<number, EndTraffic> {
    const receiver = this.#sides[to];
    if (receiver === undefined) return new Map();
    const senders = this.#senders.filter((from) => isPair(this.#sides[from], receiver));
    const others = senders.filter((from) => from !== to);
    const joined = this.#join(receiver, (id) => selfClasses(this.#matrix.classes, id));
    const found = this.#trafficOf(joined, others);
    if (others.length === senders.length) return found;
    const own = this.#join(receiver, (id) => receiver.sole.get(id) ?? []);
    return new Map([...found, ...this.#trafficOf(own, [to])]);
  }

  /** The rows of all classes of a receiver as one. `except`: the classes that make no pair with a class. */
  #join(receiver: Side, except: (id: ClassId) => readonly ClassId[]): Joined {
    const { rows } = this.#matrix;
    let made: Joined = { every: rows.everywhere(rows.sets.all), some: EMPTY_ROW, perhaps: EMPTY_ROW };
    for (const id of receiver.classes) {
      const { sure, possible } = this.#matrix.row(id, 'to');
      const none = rows.sets.of(except(id));
      const others = rows.sets.without(rows.sets.all, none);
      made = {
        every: rows.and(made.every, none === NO_CLASSES ? sure : rows.or(sure, rows.everywhere(none))),
        some: rows.or(made.some, rows.masked(sure, others)),
        perhaps: rows.or(made.perhaps, rows.masked(possible, others)),
      };
    }
    return made;
  }

  #trafficOf(joined: Joined, senders: readonly number[]): ReadonlyMap<number, EndTraffic> {
    const every = this.#sweep(joined.every, senders, 'all');
    const some = this.#sweep(joined.some, senders, 'one');
    const possible = joined.perhaps === joined.some ? some : this.#sweep(joined.perhaps, senders, 'one');
    const traffic = (at: number): EndTraffic => {
      const [all, any, maybe] = [every[at] ?? EMPTY_SET, some[at] ?? EMPTY_SET, possible[at] ?? EMPTY_SET];
      return {
        every: all,
        some: subtractSets(any, all),
        perhaps: maybe === any ? EMPTY_SET : subtractSets(maybe, any),
      };
    };
    return new Map(senders.map((from, at) => [from, traffic(at)]));
  }

  /** For each sender the points at which a row has one, or all, of its classes: one walk along the row for all of them. */
  #sweep(row: RowId, senders: readonly number[], least: Least): readonly IntervalSet[] {
    const points: number[][] = senders.map(() => []);
    for (const { from, set } of this.#matrix.rows.runs(row)) {
      const held = this.#heldBy(set, least);
      for (const [at, own] of points.entries()) {
        const isOpen = own.length % 2 === 1;
        if ((held[senders[at] ?? 0] === 1) !== isOpen) own.push(isOpen ? from - 1 : from);
      }
    }
    for (const own of points) if (own.length % 2 === 1) own.push(AXIS_SIZE - 1);
    return points;
  }

  /** For each end, by its place, 1 where it is a sender of which a set has one, or all, of the classes. Many rows have the same sets. */
  #heldBy(set: SetId, least: Least): Uint8Array {
    const memory = this.#held[least];
    let held = memory.get(set);
    if (held === undefined) {
      const { sets } = this.#matrix.rows;
      held = new Uint8Array(this.#sides.length);
      for (const from of this.#senders) {
        const own = this.#sides[from]?.set ?? NO_CLASSES;
        held[from] = (least === 'one' ? sets.overlap(own, set) : sets.includes(set, own)) ? 1 : 0;
      }
      if (memory.size * held.length > MOST_BYTES) memory.clear();
      memory.set(set, held);
    }
    return held;
  }
}

function isPair(sender: Side | undefined, receiver: Side): boolean {
  if (sender === undefined || sender.classes.length === 0 || receiver.classes.length === 0) return false;
  if (sender.isOutside && receiver.isOutside) return false;
  return sender.only === undefined || sender.only !== receiver.only;
}

function insideSide({ classes, rows }: Matrix, enis: ReadonlySet<string>): Side {
  const present = new Map<ClassId, string[]>();
  for (const eni of enis)
    for (const id of classes.byEni.get(eni) ?? []) {
      const known = present.get(id);
      if (known === undefined) present.set(id, [eni]);
      else known.push(eni);
    }
  const alone = [...present].flatMap(([id, [eni, ...others]]) => (others.length > 0 ? [] : [{ id, eni }]));
  const sole = new Map<ClassId, readonly ClassId[]>();
  for (const group of Map.groupBy(alone, ({ eni }) => eni).values())
    for (const { id } of group)
      sole.set(
        id,
        group.map((one) => one.id),
      );
  const members = new Set([...present.values()].flat());
  const [only] = members;
  const set = rows.sets.of(present.keys());
  return { isOutside: false, classes: [...present.keys()], set, only: members.size === 1 ? only : undefined, sole };
}

function outsideSide({ classes, rows }: Matrix, kind: ReturnType<typeof outsideKind>): Side {
  const ids = [...classes.list.keys()].filter((id) => {
    const member = classes.list[id]?.members[0];
    return member !== undefined && member.eniId === undefined && outsideKind(member.sample) === kind;
  });
  return { isOutside: true, classes: ids, set: rows.sets.of(ids), only: undefined, sole: new Map() };
}
