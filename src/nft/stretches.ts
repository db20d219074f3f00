import { AXIS_SIZE, axisPart, type AxisPart, placeOnAxis, WHOLE_AXIS } from '../core/net/axis.ts';

/** Points of the axis from `from` to `to`, both included, within one part, for which the same thing holds. */
export type Stretch<T> = { readonly from: number; readonly to: number; readonly value: T };

export const AXIS_PARTS: readonly AxisPart[] = ['tcp', 'udp', 'icmp', 'other'];

/** The first and last point of a part. */
export function partBounds(part: AxisPart): readonly [number, number] {
  const own = axisPart(WHOLE_AXIS, part);
  const [from = 0, to = 0] = placeOnAxis(own, part);
  return [from, to];
}

/**
 * The axis cut at every end of an interval and at the ends of its parts: for each stretch the intervals that cover it, in the order given.
 * Stretches that nothing covers are left out.
 */
export function cover<T extends { readonly from: number; readonly to: number }>(
  intervals: readonly T[],
): readonly Stretch<readonly T[]>[] {
  const cuts = new Set<number>([...AXIS_PARTS.map((part) => partBounds(part)[0]), AXIS_SIZE]);
  for (const { from, to } of intervals) cuts.add(from).add(to + 1);
  const ordered = [...cuts].toSorted((a, b) => a - b);
  const starting = Map.groupBy(intervals.keys(), (index) => intervals[index]?.from ?? 0);
  const ending = Map.groupBy(intervals.keys(), (index) => (intervals[index]?.to ?? 0) + 1);
  const active = new Set<number>();
  const stretches: Stretch<readonly T[]>[] = [];
  for (const [place, from] of ordered.entries()) {
    for (const index of ending.get(from) ?? []) active.delete(index);
    for (const index of starting.get(from) ?? []) active.add(index);
    const next = ordered[place + 1];
    if (next === undefined || active.size === 0) continue;
    const value = [...active].toSorted((a, b) => a - b).flatMap((index) => intervals[index] ?? []);
    stretches.push({ from, to: next - 1, value });
  }
  return stretches;
}

/** Neighbours of one part with equal values made one. Stretches must be in order. */
export function joinStretches(stretches: readonly Stretch<string>[]): readonly Stretch<string>[] {
  const starts = new Set(AXIS_PARTS.map((part) => partBounds(part)[0]));
  const joined: Stretch<string>[] = [];
  for (const one of stretches) {
    const last = joined.at(-1);
    if (last?.value === one.value && last.to + 1 === one.from && !starts.has(one.from))
      joined[joined.length - 1] = { ...last, to: one.to };
    else joined.push(one);
  }
  return joined;
}
