import { AXIS_SIZE } from '../../core/net/axis.ts';
import { EMPTY_SET, type IntervalSet, subtractSets } from '../../core/net/interval-set.ts';
import { NO_CLASSES } from './bitsets.ts';
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

type Side = {
  readonly isOutside: boolean;
  readonly classes: readonly ClassId[];
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
  #sweep(row: RowId, senders: readonly number[], least: 'one' | 'all'): readonly IntervalSet[] {
    const { rows } = this.#matrix;
    const points: number[][] = senders.map(() => []);
    const enough = senders.map((from) => (least === 'one' ? 1 : (this.#sides[from]?.classes.length ?? 0)));
    const counts = new Int32Array(senders.length);
    const ofClass = this.#placesOf(senders);
    let before = NO_CLASSES;
    const changed: number[] = [];
    const isChanged = new Uint8Array(senders.length);
    const tell = (id: number, isIn: boolean): void => {
      for (const at of ofClass[id] ?? []) {
        counts[at] = (counts[at] ?? 0) + (isIn ? 1 : -1);
        if (isChanged[at] === 1) continue;
        isChanged[at] = 1;
        changed.push(at);
      }
    };
    for (const { from, set } of rows.runs(row)) {
      rows.sets.eachChange(before, set, tell);
      for (const at of changed) {
        const own = points[at] ?? [];
        const isOpen = own.length % 2 === 1;
        if ((counts[at] ?? 0) >= (enough[at] ?? 0) !== isOpen) own.push(isOpen ? from - 1 : from);
        isChanged[at] = 0;
      }
      before = set;
      changed.length = 0;
    }
    for (const own of points) if (own.length % 2 === 1) own.push(AXIS_SIZE - 1);
    return points;
  }

  /** For each class, the places among the senders of those that have some of it. */
  #placesOf(senders: readonly number[]): readonly (readonly number[] | undefined)[] {
    const places: number[][] = [];
    for (const [at, from] of senders.entries())
      for (const id of this.#sides[from]?.classes ?? []) (places[id] ??= []).push(at);
    return places;
  }
}

function isPair(sender: Side | undefined, receiver: Side): boolean {
  if (sender === undefined || sender.classes.length === 0 || receiver.classes.length === 0) return false;
  if (sender.isOutside && receiver.isOutside) return false;
  return sender.only === undefined || sender.only !== receiver.only;
}

function insideSide({ classes }: Matrix, enis: ReadonlySet<string>): Side {
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
  return { isOutside: false, classes: [...present.keys()], only: members.size === 1 ? only : undefined, sole };
}

function outsideSide({ classes }: Matrix, kind: ReturnType<typeof outsideKind>): Side {
  const ids = [...classes.list.keys()].filter((id) => {
    const member = classes.list[id]?.members[0];
    return member !== undefined && member.eniId === undefined && outsideKind(member.sample) === kind;
  });
  return { isOutside: true, classes: ids, only: undefined, sole: new Map() };
}
