import type { Listing } from '../../src/nft/listing.ts';

/** A listing as plain data in the order of names: the kernel lists things in its own. What packets fill is not in it. */
export function comparable(listing: Listing): unknown {
  return {
    chains: sorted(listing.chains),
    sets: sorted(listing.sets).map(([name, { head, content }]) => [
      name,
      head,
      content.kind === 'texts' ? sorted(content.elements) : content,
    ]),
    timeouts: sorted(listing.timeouts),
  };
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
