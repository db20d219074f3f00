import { AXIS_SIZE } from '../net/axis.ts';

/**
 * A cut of the axis into segments, within which every interval it was built from holds all points or none.
 * A page is 256 points. It lies in one segment, or its offsets count the segments from the page's first.
 */
export type AxisTable = {
  readonly segments: number;
  /** By page: its segment, or the complement of its place among the mixed pages. */
  readonly pages: Int32Array;
  /** By mixed page: the segment of its first point. */
  readonly bases: Int32Array;
  /** By mixed page and point: how many segments further. A page cannot hold more than 255 cuts after its first point. */
  readonly offsets: Uint8Array;
};

const PAGE_BITS = 8;
const PAGE_SIZE = 256;
const PAGES = Math.ceil(AXIS_SIZE / PAGE_SIZE);

/** The axis in one piece: what profiles without a rule, or with rules on all traffic only, share. */
const UNCUT: AxisTable = {
  segments: 1,
  pages: new Int32Array(PAGES),
  bases: new Int32Array(0),
  offsets: new Uint8Array(0),
};

/** The coarsest table that tells the intervals apart, given flat: first point, last point, and so on. */
export function axisTable(intervals: readonly number[]): AxisTable {
  const cuts = cutsOf(intervals);
  if (cuts.length === 1) return UNCUT;
  const pages = new Int32Array(PAGES);
  for (const [segment, start] of cuts.entries())
    pages.fill(segment, Math.ceil(start / PAGE_SIZE), Math.ceil((cuts[segment + 1] ?? AXIS_SIZE) / PAGE_SIZE));
  const bases: number[] = [];
  const offsets = new Uint8Array(new Set(cuts.filter(isInsidePage).map(pageOf)).size * PAGE_SIZE);
  for (const [segment, start] of cuts.entries()) {
    if (!isInsidePage(start)) continue;
    const page = pageOf(start);
    const known = pages[page] ?? 0;
    // The first cut inside a page makes it a mixed one; until then it stands for the segment that it begins in.
    if (known >= 0) pages[page] = ~(bases.push(known) - 1);
    const mixed = ~(pages[page] ?? 0);
    const from = mixed * PAGE_SIZE + (start % PAGE_SIZE);
    offsets.fill(segment - (bases[mixed] ?? 0), from, (mixed + 1) * PAGE_SIZE);
  }
  return { segments: cuts.length, pages, bases: Int32Array.from(bases), offsets };
}

function pageOf(point: number): number {
  return point >> PAGE_BITS;
}

function isInsidePage(point: number): boolean {
  return point % PAGE_SIZE !== 0;
}

/** The segment of a point. */
export function segmentAt(table: AxisTable, point: number): number {
  const page = table.pages[point >> PAGE_BITS] ?? 0;
  if (page >= 0) return page;
  return (table.bases[~page] ?? 0) + (table.offsets[(~page << PAGE_BITS) | (point & (PAGE_SIZE - 1))] ?? 0);
}

/** The first points of all segments, ascending; the first is 0. */
function cutsOf(intervals: readonly number[]): readonly number[] {
  const cuts = new Set([0]);
  for (let index = 0; index < intervals.length; index += 2) {
    cuts.add(intervals[index] ?? 0);
    const end = (intervals[index + 1] ?? 0) + 1;
    if (end < AXIS_SIZE) cuts.add(end);
  }
  return [...cuts].toSorted((a, b) => a - b);
}
