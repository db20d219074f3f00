import { type IntervalSet, unionSets } from '../../core/net/interval-set.ts';
import type { SetId } from '../pairs/bitsets.ts';
import type { ClassId } from '../pairs/classes.ts';
import type { FindingScope } from './finding.ts';
import type { FamilySight, Pair } from './sight.ts';

type Box = {
  readonly sight: FamilySight;
  readonly points: IntervalSet;
  readonly from: SetId;
  readonly to: ClassId[];
  readonly sourcePort?: number;
};

/** The exact scope of a finding: traffic by who sends it and who receives it, receivers with the same senders and traffic together. */
export class ScopeList {
  readonly #boxes = new Map<string, Box>();

  /** Takes in what gets from some classes to one, by senders; `sourcePort`: of the packet to be shown. */
  add(
    sight: FamilySight,
    to: ClassId,
    { pieces, sourcePort }: { readonly pieces: ReadonlyMap<SetId, IntervalSet>; readonly sourcePort?: number },
  ): void {
    for (const [from, points] of pieces) {
      const key = `${sight.family} ${from} ${points.join()}`;
      const known = this.#boxes.get(key);
      const own = sourcePort === undefined ? {} : { sourcePort };
      if (known === undefined) this.#boxes.set(key, { sight, points, from, to: [to], ...own });
      else if (known.to.at(-1) !== to) known.to.push(to);
    }
  }

  /** The scopes, each with a packet of it. */
  get scopes(): readonly FindingScope[] {
    return this.#merged.map((box) => {
      const { sight, points, from, to } = box;
      return sight.scope(points, from, { to: sight.matrix.rows.sets.of(to), shown: pairOf(box) });
    });
  }

  /** A packet of each scope. */
  get pairs(): readonly { readonly sight: FamilySight; readonly pair: Pair }[] {
    return this.#merged.map((box) => ({ sight: box.sight, pair: pairOf(box) }));
  }

  /** Few boxes that are the same together: traffic between the same ends, then senders of the same to the same. */
  get #merged(): readonly Box[] {
    const byEnds = merge([...this.#boxes.values()], ({ sight, from, to }) => `${sight.family} ${from} ${to.join()}`);
    return merge(byEnds, ({ sight, points, to }) => `${sight.family} ${points.join()} ${to.join()}`);
  }

  /** How many interfaces receive. */
  get interfaces(): number {
    const enis = new Set<string>();
    for (const { sight, to } of this.#boxes.values())
      for (const id of to)
        for (const { eniId } of sight.matrix.classes.list[id]?.members ?? []) if (eniId !== undefined) enis.add(eniId);
    return enis.size;
  }
}

/** Points by senders, gathered from runs of a row. */
export function piecesOf(
  segments: Iterable<{ readonly points: IntervalSet; readonly set: SetId }>,
): ReadonlyMap<SetId, IntervalSet> {
  const pieces = new Map<SetId, IntervalSet>();
  for (const { points, set } of segments)
    if (points.length > 0) pieces.set(set, unionSets(pieces.get(set) ?? [], points));
  return pieces;
}

function pairOf({ sight, points, from, to, sourcePort }: Box): Pair {
  const { sets } = sight.matrix.rows;
  const [receiver = 0] = to;
  // A pair of one interface alone is none.
  const sender = [...sets.members(from)].find((id) => sight.areTwo(id, receiver)) ?? 0;
  const pair = { from: sender, to: receiver, point: points[0] ?? 0 };
  return sourcePort === undefined ? pair : { ...pair, sourcePort };
}

function merge(boxes: readonly Box[], keyOf: (box: Box) => string): readonly Box[] {
  return [...Map.groupBy(boxes, keyOf).values()].flatMap((alike): readonly Box[] => {
    const [first] = alike;
    if (first === undefined) return [];
    const { sets } = first.sight.matrix.rows;
    const points = alike.reduce((all: IntervalSet, one) => unionSets(all, one.points), []);
    return [{ ...first, points, from: sets.union(alike.map(({ from }) => from)) }];
  });
}
