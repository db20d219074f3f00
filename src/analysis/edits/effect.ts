import type { Transport } from '../../core/net/traffic.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath, type Verdict } from '../../core/policy/evaluate.ts';
import { type DiffDocument, diffDocument } from '../diff-document.ts';
import { spaceSize } from '../address-space.ts';
import type { ClassId, Classes } from '../pairs/classes.ts';
import type { Difference, Statement } from '../pairs/difference.ts';
import { EMPTY_ROW, type RowId, type Rows } from '../pairs/rows.ts';
import type { Trials } from '../pairs/trials.ts';
import { planTrip, type Stop, type Trip } from '../trip.ts';

/** Exactly what worlds differ by, and how much of `effect` that is: pairs of addresses times kinds of traffic, as a float for ranking. */
export type Measured = { readonly diff: DiffDocument; readonly size: number };

/** What an edited world opens or closes against the one that edits are tried in. */
export function measure(trials: Trials, after: World, effect: Statement['effect']): Measured {
  const differences = trials.differencesTo(after);
  const size = differences.reduce((sum, one) => sum + sizeOf(one, effect), 0);
  return { diff: diffDocument(trials.world, after, differences), size };
}

/** The verdict on the packet of a trip in another world, where its interfaces may carry other groups. */
export function judgeIn(world: World, trip: Pick<Trip, 'from' | 'to'>, transport: Transport): Verdict {
  const [from, to] = [trip.from, trip.to].map((stop) => stopIn(world, stop));
  const { path } = planTrip(world, from ?? trip.from, to ?? trip.to);
  return judgePath(decideGate, world, { path, transport });
}

function stopIn(world: World, stop: Stop): Stop {
  if (stop.place.kind !== 'eni') return stop;
  const eni = getRecord(world, 'enis', stop.place.eni.id);
  return eni === undefined ? stop : { ...stop, place: { ...stop.place, eni } };
}

function sizeOf({ classes, rows, statements }: Difference, effect: Statement['effect']): number {
  const merged = new Map<ClassId, RowId>();
  for (const one of statements)
    if (one.effect === effect)
      for (const { to, row } of one.parts) merged.set(to, rows.or(merged.get(to) ?? EMPTY_ROW, row));
  return [...merged].reduce((sum, [to, row]) => sum + rowSize(rows, classes, row) * addressesOf(classes, to), 0);
}

function rowSize(rows: Rows, classes: Classes, row: RowId): number {
  let size = 0;
  for (const { from, to, set } of rows.segments(row))
    for (const id of rows.sets.members(set)) size += (to - from + 1) * addressesOf(classes, id);
  return size;
}

function addressesOf({ list }: Classes, id: ClassId): number {
  return (list[id]?.members ?? []).reduce((sum, { space }) => sum + spaceSize(space), 0);
}
