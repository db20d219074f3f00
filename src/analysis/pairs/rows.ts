import { AXIS_SIZE } from '../../core/net/axis.ts';
import type { IntervalSet } from '../../core/net/interval-set.ts';
import { type Bitsets, NO_CLASSES, type SetId } from './bitsets.ts';
import { grown, rehashed } from './hash-slots.ts';
import { NOT_KNOWN, PairMemo } from './pair-memo.ts';
import { MAX_ID } from './tuples.ts';

/** A row, by its number in a `Rows`: equal rows of one arena have equal numbers. */
export type RowId = number;

/** The row that has no class at any point. */
export const EMPTY_ROW: RowId = 0;

/** A run of points with one set of classes. */
export type Segment = { readonly from: number; readonly to: number; readonly set: SetId };

/** More than any point, so that two points pack into one number. */
const BOUND = 2 ** 18;

type Operation = 'and' | 'or' | 'without';

/**
 * Functions from points of an axis to sets of classes, constant over few runs, each kept once. A row says of one interface which classes
 * may talk to it at each point. INVARIANT: runs are maximal, so equal functions are equal rows.
 */
export class Rows {
  readonly sets: Bitsets;
  /** All rows, one after another, each flat: first point of a run, its set, and so on; the first run begins at 0. */
  #runs = new Int32Array(4096);
  /** Where each row begins in `#runs`, and where the last one ends. */
  #starts = new Int32Array(512);
  #count = 0;
  /** Open addressing, two words a slot: number of a row + 1 (0: free), and its hash. */
  #slots = new Int32Array(1024);
  readonly #memory: Readonly<Record<Operation, PairMemo>> = {
    and: new PairMemo(),
    or: new PairMemo(),
    without: new PairMemo(),
  };
  readonly #masked = new PairMemo();
  /** The row that is being made. */
  #out = new Int32Array(256);
  #length = 0;

  constructor(sets: Bitsets) {
    this.sets = sets;
    this.#begin();
    this.#put(0, NO_CLASSES);
    this.#intern();
  }

  /** The number of rows there are. */
  get count(): number {
    return this.#count;
  }

  /** The row that has one set at every point. */
  everywhere(set: SetId): RowId {
    this.#begin();
    this.#put(0, set);
    return this.#intern();
  }

  /** The row that has a set at some points and no class elsewhere. */
  over(points: IntervalSet, set: SetId): RowId {
    this.#begin();
    this.#put(0, NO_CLASSES);
    for (let at = 0; at < points.length; at += 2) {
      this.#put(points[at] ?? 0, set);
      if ((points[at + 1] ?? 0) + 1 < AXIS_SIZE) this.#put((points[at + 1] ?? 0) + 1, NO_CLASSES);
    }
    return this.#intern();
  }

  /** The union of many pieces at once, each a set over points: in one sweep along the axis. */
  ofPieces(pieces: Iterable<{ readonly points: IntervalSet; readonly set: SetId }>): RowId {
    const byBounds = new Map<number, SetId | SetId[]>();
    for (const { points, set } of pieces) {
      if (set === NO_CLASSES) continue;
      for (let at = 0; at < points.length; at += 2) {
        const key = (points[at] ?? 0) * BOUND + (points[at + 1] ?? 0);
        const known = byBounds.get(key);
        if (known === undefined) byBounds.set(key, set);
        else if (typeof known === 'number') byBounds.set(key, [known, set]);
        else known.push(set);
      }
    }
    return this.#sweep(byBounds);
  }

  /** Classes of both at each point. */
  and(a: RowId, b: RowId): RowId {
    if (a === b) return a;
    if (a === EMPTY_ROW || b === EMPTY_ROW) return EMPTY_ROW;
    return this.#remembered('and', Math.min(a, b), Math.max(a, b));
  }

  /** Classes of either at each point. */
  or(a: RowId, b: RowId): RowId {
    if (a === b || b === EMPTY_ROW) return a;
    return a === EMPTY_ROW ? b : this.#remembered('or', Math.min(a, b), Math.max(a, b));
  }

  /** Classes of any of these rows at each point, in one sweep: unions of some of them alone are not made. */
  union(rows: readonly RowId[]): RowId {
    const parts = [...new Set(rows)].filter((row) => row !== EMPTY_ROW);
    const [first = EMPTY_ROW, second = EMPTY_ROW] = parts;
    return parts.length <= 2 ? this.or(first, second) : this.#merged(parts);
  }

  /** Classes of the first that the second does not have, at each point. */
  without(a: RowId, b: RowId): RowId {
    if (a === b || a === EMPTY_ROW) return EMPTY_ROW;
    return b === EMPTY_ROW ? a : this.#remembered('without', a, b);
  }

  /** The row with a set's classes alone. */
  masked(row: RowId, set: SetId): RowId {
    if (set === this.sets.all || row === EMPTY_ROW) return row;
    if (set === NO_CLASSES) return EMPTY_ROW;
    const known = this.#masked.get(row, set);
    if (known !== NOT_KNOWN) return known;
    const made = this.#map(row, (one) => this.sets.and(one, set));
    this.#masked.set(row, set, made);
    return made;
  }

  /** The set at a point. */
  at(row: RowId, point: number): SetId {
    const [runs, start] = [this.#runs, this.#startOf(row)];
    let low = 0;
    let high = (this.#startOf(row + 1) - start) / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((runs[start + middle * 2] ?? 0) <= point) low = middle;
      else high = middle - 1;
    }
    return runs[start + low * 2 + 1] ?? NO_CLASSES;
  }

  /** The points at which a row has a class. */
  pointsOf(row: RowId, member: number): IntervalSet {
    const points: number[] = [];
    const [runs, end] = [this.#runs, this.#startOf(row + 1)];
    for (let at = this.#startOf(row); at < end; at += 2) {
      if (!this.sets.has(runs[at + 1] ?? NO_CLASSES, member)) continue;
      const from = runs[at] ?? 0;
      const to = (at + 2 < end ? (runs[at + 2] ?? 0) : AXIS_SIZE) - 1;
      if (points.length > 0 && points.at(-1) === from - 1) points[points.length - 1] = to;
      else points.push(from, to);
    }
    return points;
  }

  /** The classes that a row has at some point. */
  anywhere(row: RowId): SetId {
    const [start, end] = [this.#startOf(row), this.#startOf(row + 1)];
    if (end - start === 2) return this.#runs[start + 1] ?? NO_CLASSES;
    const sets = new Set<SetId>();
    for (let at = start + 1; at < end; at += 2) sets.add(this.#runs[at] ?? NO_CLASSES);
    return this.sets.union([...sets]);
  }

  /** All runs, in order: from which point a row has which set. */
  *runs(row: RowId): Generator<{ readonly from: number; readonly set: SetId }, void, undefined> {
    const end = this.#startOf(row + 1);
    for (let at = this.#startOf(row); at < end; at += 2)
      yield { from: this.#runs[at] ?? 0, set: this.#runs[at + 1] ?? NO_CLASSES };
  }

  /** The runs that have any class. */
  *segments(row: RowId): Generator<Segment, void, undefined> {
    const end = this.#startOf(row + 1);
    for (let at = this.#startOf(row); at < end; at += 2) {
      const set = this.#runs[at + 1] ?? NO_CLASSES;
      const to = (at + 2 < end ? (this.#runs[at + 2] ?? 0) : AXIS_SIZE) - 1;
      if (set !== NO_CLASSES) yield { from: this.#runs[at] ?? 0, to, set };
    }
  }

  /** The runs that have any class and a point between two, both included. */
  *segmentsIn(row: RowId, [first, last]: readonly [number, number]): Generator<Segment, void, undefined> {
    const end = this.#startOf(row + 1);
    for (let at = this.#runAt(first, this.#startOf(row), end); at < end; at += 2) {
      const from = this.#runs[at] ?? 0;
      if (from > last) return;
      const set = this.#runs[at + 1] ?? NO_CLASSES;
      const to = (at + 2 < end ? (this.#runs[at + 2] ?? 0) : AXIS_SIZE) - 1;
      if (set !== NO_CLASSES) yield { from, to, set };
    }
  }

  #remembered(operation: Operation, a: RowId, b: RowId): RowId {
    const memory = this.#memory[operation];
    const known = memory.get(a, b);
    if (known !== NOT_KNOWN) return known;
    const made = this.#merge(operation, a, b);
    memory.set(a, b, made);
    return made;
  }

  #merge(operation: Operation, a: RowId, b: RowId): RowId {
    const { sets } = this;
    const runs = this.#runs;
    const [endA, endB] = [this.#startOf(a + 1), this.#startOf(b + 1)];
    this.#begin();
    let i = this.#startOf(a);
    let j = this.#startOf(b);
    let point = 0;
    while (point < AXIS_SIZE) {
      const left = runs[i + 1] ?? NO_CLASSES;
      const right = runs[j + 1] ?? NO_CLASSES;
      this.#put(
        point,
        operation === 'and'
          ? sets.and(left, right)
          : operation === 'or'
            ? sets.or(left, right)
            : sets.without(left, right),
      );
      const nextA = i + 2 < endA ? (runs[i + 2] ?? 0) : AXIS_SIZE;
      const nextB = j + 2 < endB ? (runs[j + 2] ?? 0) : AXIS_SIZE;
      // Where one row has no class, how many runs the other has there makes no difference.
      if (left === NO_CLASSES && operation !== 'or') point = nextA;
      else if (right === NO_CLASSES && operation === 'and') point = nextB;
      else point = Math.min(nextA, nextB);
      i = this.#runAt(point, i, endA);
      j = this.#runAt(point, j, endB);
    }
    return this.#intern();
  }

  /** The place of the run that holds a point, not before `from`; found in steps that double, as it mostly is near. */
  #runAt(point: number, from: number, end: number): number {
    const runs = this.#runs;
    let low = from;
    let step = 2;
    while (low + step < end && (runs[low + step] ?? 0) <= point) {
      low += step;
      step *= 2;
    }
    for (; step >= 2; step /= 2) if (low + step < end && (runs[low + step] ?? 0) <= point) low += step;
    return low;
  }

  #merged(rows: readonly RowId[]): RowId {
    const runs = this.#runs;
    // The row with the most runs last: what the others have together mostly goes on where it changes.
    const ordered = rows.toSorted((a, b) => this.#lengthOf(a) - this.#lengthOf(b));
    const places = ordered.map((row) => this.#startOf(row));
    const ends = ordered.map((row) => this.#startOf(row + 1));
    /** The union of each row and those before it at the point. */
    const unions = ordered.map((): SetId => NO_CLASSES);
    this.#begin();
    let point = 0;
    while (point < AXIS_SIZE) {
      let set: SetId = NO_CLASSES;
      let next = AXIS_SIZE;
      let isOther = point === 0;
      for (let at = 0; at < ordered.length; at += 1) {
        const end = ends[at] ?? 0;
        let place = places[at] ?? 0;
        if (place + 2 < end && runs[place + 2] === point) {
          place += 2;
          places[at] = place;
          isOther = true;
        }
        if (place + 2 < end) next = Math.min(next, runs[place + 2] ?? 0);
        set = isOther ? this.sets.or(set, runs[place + 1] ?? NO_CLASSES) : (unions[at] ?? NO_CLASSES);
        unions[at] = set;
      }
      this.#put(point, set);
      point = next;
    }
    return this.#intern();
  }

  #map(row: RowId, change: (set: SetId) => SetId): RowId {
    const end = this.#startOf(row + 1);
    this.#begin();
    for (let at = this.#startOf(row); at < end; at += 2)
      this.#put(this.#runs[at] ?? 0, change(this.#runs[at + 1] ?? NO_CLASSES));
    return this.#intern();
  }

  /** `byBounds`: sets by first × BOUND + last point. */
  #sweep(byBounds: ReadonlyMap<number, SetId | readonly SetId[]>): RowId {
    if (byBounds.size === 0) return EMPTY_ROW;
    const keys = Float64Array.from(byBounds.keys()).toSorted();
    const cuts = new Int32Array(keys.length * 2);
    for (const [at, key] of keys.entries()) {
      cuts[at * 2] = Math.floor(key / BOUND);
      cuts[at * 2 + 1] = (key % BOUND) + 1;
    }
    cuts.sort();
    const made: number[] = [0, NO_CLASSES];
    /** The sets that go on, and up to where. */
    const open: SetId[] = [];
    const lasts: number[] = [];
    let next = 0;
    let last = -1;
    for (const cut of cuts) {
      if (cut === last || cut >= AXIS_SIZE) continue;
      last = cut;
      let kept = 0;
      for (let at = 0; at < open.length; at += 1) {
        const to = lasts[at] ?? 0;
        if (to < cut) continue;
        open[kept] = open[at] ?? NO_CLASSES;
        lasts[kept] = to;
        kept += 1;
      }
      open.length = kept;
      lasts.length = kept;
      for (; next < keys.length && Math.floor((keys[next] ?? 0) / BOUND) === cut; next += 1) {
        const sets = byBounds.get(keys[next] ?? 0) ?? NO_CLASSES;
        open.push(typeof sets === 'number' ? sets : this.sets.union(sets));
        lasts.push((keys[next] ?? 0) % BOUND);
      }
      made.push(cut, this.sets.union(open));
    }
    this.#begin();
    for (let at = 0; at < made.length; at += 2) this.#put(made[at] ?? 0, made[at + 1] ?? NO_CLASSES);
    return this.#intern();
  }

  #startOf(row: RowId): number {
    return this.#starts[row] ?? 0;
  }

  #lengthOf(row: RowId): number {
    return this.#startOf(row + 1) - this.#startOf(row);
  }

  #begin(): void {
    this.#length = 0;
  }

  #put(point: number, set: SetId): void {
    // A second run from the same point takes the place of the first.
    if (this.#length > 0 && this.#out[this.#length - 2] === point) this.#length -= 2;
    if (this.#length > 0 && this.#out[this.#length - 1] === set) return;
    if (this.#length + 2 > this.#out.length) this.#out = grown(this.#out, this.#length + 2);
    this.#out[this.#length] = point;
    this.#out[this.#length + 1] = set;
    this.#length += 2;
  }

  /** The number of the row that was put together. */
  #intern(): RowId {
    let hash = this.#length;
    for (let at = 0; at < this.#length; at += 1)
      hash = Math.imul(hash ^ (this.#out[at] ?? 0), 0x85eb_ca6b) ^ (hash >>> 13);
    const mask = this.#slots.length / 2 - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (this.#slots[slot * 2] ?? 0) - 1;
      if (id < 0) return this.#add(slot, hash);
      if (this.#slots[slot * 2 + 1] === hash && this.#equals(id)) return id;
      slot = (slot + 1) & mask;
    }
  }

  #equals(id: RowId): boolean {
    const start = this.#startOf(id);
    if (this.#startOf(id + 1) - start !== this.#length) return false;
    for (let at = 0; at < this.#length; at += 1) if (this.#runs[start + at] !== this.#out[at]) return false;
    return true;
  }

  #add(slot: number, hash: number): RowId {
    const id = this.#count;
    if (id >= MAX_ID) throw new Error('more rows than an analysis can number');
    const start = this.#startOf(id);
    const end = start + this.#length;
    if (end > this.#runs.length) this.#runs = grown(this.#runs, end);
    if (id + 2 > this.#starts.length) this.#starts = grown(this.#starts, id + 2);
    this.#runs.set(this.#out.subarray(0, this.#length), start);
    this.#starts[id + 1] = end;
    this.#slots[slot * 2] = id + 1;
    this.#slots[slot * 2 + 1] = hash;
    this.#count += 1;
    if (this.#count * 4 > this.#slots.length) this.#slots = rehashed(this.#slots);
    return id;
  }
}
