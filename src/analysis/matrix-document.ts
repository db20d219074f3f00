import type { Family } from '../core/net/address.ts';
import type { IntervalSet } from '../core/net/interval-set.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { World } from '../core/model/world.ts';
import type { EndpointError } from './endpoint.ts';
import { pointsDocument } from './ends-document.ts';
import {
  type EndMembers,
  familiesOf,
  findEnds,
  type MatrixEnd,
  matrixEnds,
  type MatrixKind,
  unplacedIn,
} from './matrix-ends.ts';
import { EndTable, type EndTraffic } from './pairs/end-table.ts';
import { type Matrices, matricesOf } from './pairs/matrices.ts';
import type { Matrix } from './pairs/matrix.ts';
import type { TrafficDocument } from './part-documents.ts';

/** What gets from one end to another in one family, in three parts without anything in common; null for a part without traffic. */
export type MatrixCell = {
  /** The place of the receiving end in `ends`. */
  readonly to: number;
  readonly family: Family;
  /** Gets through for certain from every interface of the one to every interface of the other. */
  readonly every: TrafficDocument | null;
  /** Gets through for certain between some two interfaces, not between every two. */
  readonly some: TrafficDocument | null;
  /** Perhaps gets through between some two interfaces. */
  readonly perhaps: TrafficDocument | null;
};

/** A matrix by ends. `version` grows when a field changes its meaning or goes. */
export type MatrixDocument = {
  readonly version: 1;
  readonly kind: 'matrix';
  readonly revision: number;
  readonly by: MatrixKind;
  readonly families: readonly Family[];
  readonly ends: readonly MatrixEnd[];
  /** Interfaces that may carry groups which are not known: what is said of a group is said of its known interfaces. */
  readonly unplaced: number;
  /** Which of the rows that were asked for these are: `page` of `pages`, from 1, `size` rows each. */
  readonly page: { readonly page: number; readonly pages: number; readonly size: number; readonly rows: number };
  /** A row for each sending end; cells without any traffic are left out. */
  readonly rows: readonly { readonly from: number; readonly cells: readonly MatrixCell[] }[];
};

/** What of a matrix is asked for. */
export type MatrixQuery = {
  readonly by: MatrixKind;
  readonly families?: readonly Family[];
  /** Ids or names of ends; all of them where absent. */
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  /** From 1. */
  readonly page?: number;
  /** Rows on a page. */
  readonly size?: number;
  /** The world's, where another answer reads them too. */
  readonly matrices?: Matrices;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
};

/** Who reaches whom by groups, subnets or instances. An unknown name or page is an error. */
export function matrixDocument(world: World, query: MatrixQuery): Result<MatrixDocument, EndpointError> {
  const all = matrixEnds(world, query.by);
  const from = query.from === undefined ? ok([...all.keys()]) : findEnds(all, query.from);
  if (!from.ok) return from;
  const to = query.to === undefined ? ok([...all.keys()]) : findEnds(all, query.to);
  if (!to.ok) return to;
  const size = query.size ?? Math.max(1, from.value.length);
  const pages = Math.max(1, Math.ceil(from.value.length / size));
  const page = query.page ?? 1;
  if (page > pages)
    return fail({ kind: 'unknown', message: `there is no page ${page}: there are ${pages}`, suggestions: [] });
  const families = query.families ?? familiesOf(world);
  const senders = from.value.slice((page - 1) * size, page * size);
  const matrices = query.matrices ?? matricesOf(world);
  const cells = new Map(senders.map((sender) => [sender, [] as MatrixCell[]]));
  for (const [at, family] of families.entries())
    fill(cells, { matrix: matrices(family), all, receivers: to.value }, (done) =>
      query.onProgress?.((at + done) / families.length),
    );
  return ok({
    version: 1,
    kind: 'matrix',
    revision: world.revision,
    by: query.by,
    families,
    ends: all.map(({ end }) => end),
    unplaced: unplacedIn(world, query.by),
    page: { page, pages, size, rows: from.value.length },
    rows: senders.map((sender) => ({ from: sender, cells: (cells.get(sender) ?? []).toSorted(byReceiver) })),
  });
}

type Asked = {
  readonly matrix: Matrix;
  readonly all: readonly EndMembers[];
  readonly receivers: readonly number[];
};

function fill(
  cells: ReadonlyMap<number, MatrixCell[]>,
  { matrix, all, receivers }: Asked,
  onProgress: (done: number) => void,
): void {
  const { family } = matrix.classes;
  const table = new EndTable(
    matrix,
    all.map(({ end, enis }) => (end.kind === 'outside' ? end.id : new Set<string>(enis))),
    [...cells.keys()],
  );
  const documents = new Map<string, TrafficDocument>();
  for (const [done, to] of receivers.entries()) {
    onProgress(done / receivers.length);
    for (const [from, traffic] of table.into(to))
      if (!isNothing(traffic)) cells.get(from)?.push(cellOf(traffic, { to, family, documents }));
  }
}

function cellOf(
  { every, some, perhaps }: EndTraffic,
  {
    to,
    family,
    documents,
  }: { readonly to: number; readonly family: Family; readonly documents: Map<string, TrafficDocument> },
): MatrixCell {
  // Each traffic once: a large matrix repeats few.
  const part = (points: IntervalSet): TrafficDocument | null => {
    if (points.length === 0) return null;
    const key = points.join();
    const document = documents.get(key) ?? pointsDocument(points, family);
    documents.set(key, document);
    return document;
  };
  return { to, family, every: part(every), some: part(some), perhaps: part(perhaps) };
}

function isNothing({ every, some, perhaps }: EndTraffic): boolean {
  return every.length + some.length + perhaps.length === 0;
}

function byReceiver(a: MatrixCell, b: MatrixCell): number {
  return a.to - b.to || (a.family < b.family ? -1 : 1);
}
