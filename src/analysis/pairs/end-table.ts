import { AXIS_SIZE } from '../../core/net/axis.ts';
import { EMPTY_SET, type IntervalSet, subtractSets } from '../../core/net/interval-set.ts';
import { eachBit, NO_CLASSES, type SetId } from './bitsets.ts';
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

/** Bits for senders, by their place among those that are asked for: those of which something has one class, or all. */
type Held = { readonly one: Int32Array; readonly all: Int32Array };

/** So much of what sets have of senders is remembered. */
const MOST_BYTES = 2 ** 25;

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
  /** For each class, the places of the senders that have it; and of how many classes each sender is. */
  readonly #sendersOf: readonly (readonly number[])[];
  readonly #sizes: Int32Array;
  /** What `#heldBy` said. */
  readonly #held = new Map<SetId, Held>();
  /** How many classes of each sender a set has; and of which senders a run of points is open. */
  readonly #hits: Int32Array;
  readonly #open: Int32Array;

  /** `senders`: the places of the ends whose traffic is asked for. */
  constructor(matrix: Matrix, ends: readonly Together[], senders: readonly number[]) {
    this.#matrix = matrix;
    this.#sides = ends.map((one) => (typeof one === 'string' ? outsideSide(matrix, one) : insideSide(matrix, one)));
    this.#senders = senders;
    const sendersOf: number[][] = matrix.classes.list.map(() => []);
    for (const [place, from] of senders.entries())
      for (const id of this.#sides[from]?.classes ?? []) sendersOf[id]?.push(place);
    this.#sendersOf = sendersOf;
    this.#sizes = Int32Array.from(senders, (from) => this.#sides[from]?.classes.length ?? 0);
    this.#hits = new Int32Array(senders.length);
    this.#open = this.#noSenders();
  }

  /** The traffic from each sender to one end, by its place: without those of which there is no pair with it. */
  into(to: number): ReadonlyMap<number, EndTraffic> {
    const receiver = this.#sides[to];
    if (receiver === undefined) return new Map();
    const places = [...this.#senders.keys()].filter((at) => isPair(this.#sides[this.#senders[at] ?? 0], receiver));
    const others = places.filter((at) => this.#senders[at] !== to);
    const joined = this.#join(receiver, (id) => selfClasses(this.#matrix.classes, id));
    const found = this.#trafficOf(joined, others);
    if (others.length < places.length) {
      const own = this.#join(receiver, (id) => receiver.sole.get(id) ?? []);
      const itself = places.filter((at) => this.#senders[at] === to);
      for (const [from, traffic] of this.#trafficOf(own, itself)) found.set(from, traffic);
    }
    return found;
  }

  /** The rows of all classes of a receiver as one. `except`: the classes that make no pair with a class. */
  #join(receiver: Side, except: (id: ClassId) => readonly ClassId[]): Joined {
    const { rows } = this.#matrix;
    let made: Joined = { every: rows.everywhere(rows.sets.all), some: EMPTY_ROW, perhaps: EMPTY_ROW };
    for (const id of receiver.classes) {
      const { sure, possible } = this.#matrix.row(id, 'to');
      const alone = except(id);
      const none = alone.length === 0 ? NO_CLASSES : rows.sets.of(alone);
      const others = rows.sets.without(rows.sets.all, none);
      made = {
        every: rows.and(made.every, none === NO_CLASSES ? sure : rows.or(sure, rows.everywhere(none))),
        some: rows.or(made.some, rows.masked(sure, others)),
        perhaps: rows.or(made.perhaps, rows.masked(possible, others)),
      };
    }
    return made;
  }

  /** `places`: of the senders. */
  #trafficOf(joined: Joined, places: readonly number[]): Map<number, EndTraffic> {
    const asked = this.#noSenders();
    for (const at of places) setBit(asked, at);
    const every = this.#sweep(joined.every, asked, 'all');
    const some = this.#sweep(joined.some, asked, 'one');
    const possible = joined.perhaps === joined.some ? some : this.#sweep(joined.perhaps, asked, 'one');
    const traffic = new Map<number, EndTraffic>();
    for (const at of places) {
      const [all, any, maybe] = [every[at] ?? EMPTY_SET, some[at] ?? EMPTY_SET, possible[at] ?? EMPTY_SET];
      traffic.set(this.#senders[at] ?? 0, {
        every: all,
        some: all === EMPTY_SET ? any : subtractSets(any, all),
        perhaps: maybe === any ? EMPTY_SET : subtractSets(maybe, any),
      });
    }
    return traffic;
  }

  /**
   * For each of some senders the points at which a row has one, or all, of its classes, none where there are none: one walk along the row for all of
   * them, which looks from run to run at those alone that differ.
   */
  #sweep(row: RowId, asked: Int32Array, least: keyof Held): readonly (IntervalSet | undefined)[] {
    const points = this.#senders.map((): number[] | undefined => undefined);
    const open = this.#open.fill(0);
    const turn = (at: number, point: number): void => {
      const own = points[at];
      if (own === undefined) points[at] = [point];
      else own.push(own.length % 2 === 1 ? point - 1 : point);
    };
    for (const { from, set } of this.#matrix.rows.runs(row)) {
      const held = this.#heldBy(set)[least];
      for (let word = 0; word < open.length; word += 1) {
        const others = ((held[word] ?? 0) ^ (open[word] ?? 0)) & (asked[word] ?? 0);
        if (others === 0) continue;
        eachBit(others, (bit) => turn(word * 32 + bit, from));
        open[word] = (open[word] ?? 0) ^ others;
      }
    }
    for (let word = 0; word < open.length; word += 1)
      eachBit(open[word] ?? 0, (bit) => turn(word * 32 + bit, AXIS_SIZE));
    return points;
  }

  /** The senders of which a set has one, or all, of the classes. Many rows have the same sets. */
  #heldBy(set: SetId): Held {
    let held = this.#held.get(set);
    if (held === undefined) {
      held = { one: this.#noSenders(), all: this.#noSenders() };
      const hits = this.#hits.fill(0);
      this.#matrix.rows.sets.each(set, (id) => {
        for (const at of this.#sendersOf[id] ?? []) hits[at] = (hits[at] ?? 0) + 1;
      });
      for (let at = 0; at < hits.length; at += 1) {
        const count = hits[at] ?? 0;
        if (count > 0) setBit(held.one, at);
        if (count === this.#sizes[at]) setBit(held.all, at);
      }
      if (this.#held.size * held.one.byteLength * 2 > MOST_BYTES) this.#held.clear();
      this.#held.set(set, held);
    }
    return held;
  }

  #noSenders(): Int32Array {
    return new Int32Array((this.#senders.length + 31) >>> 5);
  }
}

function setBit(words: Int32Array, at: number): void {
  words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
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
