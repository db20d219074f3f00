import { isMapHead } from './delta.ts';
import type { Listing } from './listing.ts';
import { elementTexts, fullName } from './render.ts';
import { hasFamily, TABLE_FAMILIES, TABLES } from './tables.ts';

/**
 * The lines of `nft -f` that make the tables again what a listing says, in one transaction, whatever they have become; no table where there was none. What
 * packets put into sets is gone then, and rules of others' making, which a listing does not hold as text.
 */
export function* undoLines({ chains, sets, timeouts }: Listing): Generator<string, void, undefined> {
  // Only what is there can be deleted.
  const names = [...chains.keys(), ...sets.keys(), ...timeouts.keys()];
  for (const family of TABLE_FAMILIES) {
    yield `add table ${TABLES[family]}`;
    yield `delete table ${TABLES[family]}`;
    if (hasFamily(names, family)) yield `add table ${TABLES[family]}`;
  }
  for (const [name, text] of timeouts) yield `add ct timeout ${fullName(name)} { ${text} }`;
  for (const [name, { head }] of chains) yield `add chain ${fullName(name)}${head === '' ? '' : ` { ${head} }`}`;
  for (const [name, { head, content }] of sets) {
    yield `add ${isMapHead(head) ? 'map' : 'set'} ${fullName(name)} { ${head} }`;
    for (const piece of elementTexts(content)) yield `add element ${fullName(name)} { ${piece.join(', ')} }`;
  }
  for (const [name, { rules }] of chains)
    for (const rule of rules) if (!isForeign(rule)) yield `add rule ${fullName(name)} ${rule}`;
}

/** A listing writes what no rule of ours contains as its JSON. */
function isForeign(rule: string): boolean {
  return rule === '' || rule.includes('foreign ');
}
