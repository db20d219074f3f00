import type { Layout } from '../../src/nft/layout.ts';
import { type Listing, listingOf } from '../../src/nft/listing.ts';

/** A listing as plain data in the order of names: the kernel lists things in its own. What packets fill is not in it. Maps may be packed: all is asked for. */
export function comparable(listing: Listing): unknown {
  return {
    chains: sorted(listing.chains).map(([name, { head, rules }]) => [name, head, rules]),
    sets: sorted(listing.sets).map(([name, { head, content }]) => [
      name,
      head,
      content.kind === 'texts' ? sorted(content.elements) : content,
    ]),
    timeouts: sorted(listing.timeouts),
  };
}

/** What a map holds, in the order of keys. */
export function sorted<K extends string | number, T>(map: ReadonlyMap<K, T>): readonly (readonly [K, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** All that a layout says, as plain data. */
export function plain({ ruleset, meaning, numbering, problems }: Layout): unknown {
  return {
    listing: comparable(listingOf(ruleset)),
    classes: sorted(meaning.classes),
    entries: meaning.entries,
    numbering: {
      ...numbering,
      numbers: sorted(numbering.numbers),
      past: { ...numbering.past, holders: sorted(numbering.past.holders) },
    },
    problems: problems.toSorted(),
  };
}
