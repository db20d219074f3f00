import { type Cidr, cidrCovers, compareCidrs } from './cidr.ts';

/**
 * For each item whose prefix lies within an earlier one's (equal counts), that pair: the nearest prefix around it, then itself.
 * Empty exactly when no two items share an address. Prefixes are laminar, so one sort and one stack find all in n log n.
 */
export function nearestCovers<T extends { readonly cidr: Cidr }>(
  items: readonly T[],
): readonly (readonly [outer: T, inner: T])[] {
  const pairs: (readonly [T, T])[] = [];
  const open: T[] = [];
  for (const item of items.toSorted((a, b) => compareCidrs(a.cidr, b.cidr))) {
    let outer = open.at(-1);
    while (outer !== undefined && !cidrCovers(outer.cidr, item.cidr)) {
      open.pop();
      outer = open.at(-1);
    }
    if (outer !== undefined) pairs.push([outer, item]);
    open.push(item);
  }
  return pairs;
}
