import { isMapHead } from './delta.ts';
import type { Listing } from './listing.ts';
import { elementTexts } from './render.ts';
import { TABLE } from './ruleset.ts';

/**
 * The lines of `nft -f` that make the table again what a listing says, in one transaction, whatever it has become; no table where there was none. What
 * packets put into sets is gone then, and rules of others' making, which a listing does not hold as text.
 */
export function* undoLines({ chains, sets, timeouts }: Listing): Generator<string, void, undefined> {
  // Only what is there can be deleted.
  yield `add table ${TABLE}`;
  yield `delete table ${TABLE}`;
  if (chains.size + sets.size + timeouts.size === 0) return;
  yield `add table ${TABLE}`;
  for (const [name, text] of timeouts) yield `add ct timeout ${TABLE} ${name} { ${text} }`;
  for (const [name, { head }] of chains) yield `add chain ${TABLE} ${name}${head === '' ? '' : ` { ${head} }`}`;
  for (const [name, { head, content }] of sets) {
    yield `add ${isMapHead(head) ? 'map' : 'set'} ${TABLE} ${name} { ${head} }`;
    for (const piece of elementTexts(content)) yield `add element ${TABLE} ${name} { ${piece.join(', ')} }`;
  }
  for (const [name, { rules }] of chains)
    for (const rule of rules) if (!isForeign(rule)) yield `add rule ${TABLE} ${name} ${rule}`;
}

/** A listing writes what no rule of ours contains as its JSON. */
function isForeign(rule: string): boolean {
  return rule === '' || rule.includes('foreign ');
}
