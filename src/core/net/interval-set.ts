/**
 * A set of integers as inclusive, sorted, disjoint, non-adjacent intervals, flat: `[from, to, from, to, …]`.
 * INVARIANT: canonical, so equal sets are equal arrays.
 */
export type IntervalSet = readonly number[];

/** The set with no member. */
export const EMPTY_SET: IntervalSet = [];

/** The set of one interval; empty when `from > to`. */
export function interval(from: number, to: number): IntervalSet {
  return from > to ? EMPTY_SET : [from, to];
}

/** The canonical set of intervals given flat in any order, overlapping or not. */
export function normalizeIntervals(flat: readonly number[]): IntervalSet {
  if (flat.length <= 2) return flat.length === 2 && (flat[0] ?? 0) <= (flat[1] ?? 0) ? flat : EMPTY_SET;
  const places = placesByStart(flat);
  const merged: number[] = [];
  for (const place of places) {
    const from = flat[place] ?? 0;
    const to = flat[place + 1] ?? 0;
    const last = merged.length - 1;
    const end = merged[last];
    if (end !== undefined && from <= end + 1) merged[last] = Math.max(end, to);
    else merged.push(from, to);
  }
  return merged;
}

/** Where the intervals that are not empty stand, by their first members. */
function placesByStart(flat: readonly number[]): readonly number[] {
  const places: number[] = [];
  for (let place = 0; place < flat.length; place += 2)
    if ((flat[place] ?? 0) <= (flat[place + 1] ?? 0)) places.push(place);
  if (places.length > FEW) return places.toSorted((a, b) => (flat[a] ?? 0) - (flat[b] ?? 0));
  // By insertion: quickest for the few intervals that the rules of one interface make.
  for (let end = 1; end < places.length; end += 1) {
    const place = places[end] ?? 0;
    const from = flat[place] ?? 0;
    let at = end;
    for (; at > 0 && from < (flat[places[at - 1] ?? 0] ?? 0); at -= 1) places[at] = places[at - 1] ?? 0;
    places[at] = place;
  }
  return places;
}

const FEW = 24;

/** Members of either. */
export function unionSets(a: IntervalSet, b: IntervalSet): IntervalSet {
  if (a.length === 0) return b;
  return b.length === 0 ? a : normalizeIntervals([...a, ...b]);
}

/** Members of both. */
export function intersectSets(a: IntervalSet, b: IntervalSet): IntervalSet {
  const both: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i] ?? 0, b[j] ?? 0);
    const aTo = a[i + 1] ?? 0;
    const bTo = b[j + 1] ?? 0;
    if (from <= Math.min(aTo, bTo)) both.push(from, Math.min(aTo, bTo));
    if (aTo < bTo) i += 2;
    else j += 2;
  }
  return both;
}

/** Members of `a` that are not in `b`. */
export function subtractSets(a: IntervalSet, b: IntervalSet): IntervalSet {
  const rest: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i] ?? 0;
    const to = a[i + 1] ?? 0;
    while (j < b.length && (b[j + 1] ?? 0) < from) j += 2;
    for (let k = j; k < b.length && (b[k] ?? 0) <= to; k += 2) {
      if ((b[k] ?? 0) > from) rest.push(from, (b[k] ?? 0) - 1);
      from = (b[k + 1] ?? 0) + 1;
    }
    if (from <= to) rest.push(from, to);
  }
  return rest;
}

/** The set moved up by `offset` (down when negative). */
export function shiftSet(set: IntervalSet, offset: number): IntervalSet {
  return set.map((value) => value + offset);
}

/** Whether the set has the member. */
export function setHas(set: IntervalSet, value: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value > (set[middle * 2 + 1] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low * 2 < set.length && value >= (set[low * 2] ?? 0);
}

/** Whether two sets have the same members. */
export function sameSet(a: IntervalSet, b: IntervalSet): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** The number of members. */
export function setSize(set: IntervalSet): number {
  let size = 0;
  for (let index = 0; index < set.length; index += 2) size += (set[index + 1] ?? 0) - (set[index] ?? 0) + 1;
  return size;
}

/** The intervals as pairs. */
export function intervalsOf(set: IntervalSet): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let index = 0; index < set.length; index += 2) pairs.push([set[index] ?? 0, set[index + 1] ?? 0]);
  return pairs;
}
