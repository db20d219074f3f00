import type { HostView } from '../core/policy/host-view.ts';
import { type Layout, layout } from './layout.ts';
import { type Listing, listingOf } from './listing.ts';
import type { Numbering } from './plan.ts';
import type { Value } from './ruleset.ts';
import type { Wiring } from './wiring.ts';

/**
 * A layout that may take the place of what the kernel holds, whoever wrote that. While the change goes through, packets look up numbers that
 * the old rules gave them: so no number of the kernel gets another meaning. Those that would are given up for others.
 */
export function layoutOver(
  view: HostView,
  wiring: Wiring,
  { actual, previous }: { readonly actual: Listing; readonly previous: Numbering },
): Layout {
  const first = layout(view, wiring, previous);
  const [held, wanted] = [meanings(actual), meanings(listingOf(first.ruleset))];
  const clashes = (number: number): boolean => {
    const before = held.get(String(number));
    return before !== undefined && before !== wanted.get(String(number));
  };
  const kept = [...first.numbering.numbers].filter(([, number]) => !clashes(number));
  if (kept.length === first.numbering.numbers.size) return first;
  return layout(view, wiring, { numbers: new Map(kept), reserved: new Set([...held.keys()].map(Number)) });
}

/** Maps that give numbers: by device, and for ports the number of a class. */
const GIVING = ['e4', 'e6', 'i4', 'i6', 'subnets', 'ports'] as const;
/** Sets whose keys begin with a number. */
const ASKING = ['ports', 'irregular', 'classes', 'subnet-devices'] as const;

/** What each number of a table stands for: all that is looked up by it, as text. Empty for one that leads to nothing. */
function meanings({ sets }: Listing): ReadonlyMap<Value, string> {
  const found = new Map<Value, string[]>();
  const elements = (name: string): ReadonlyMap<Value, Value> => {
    const content = sets.get(name)?.content;
    return content?.kind === 'texts' ? content.elements : NOTHING;
  };
  for (const name of GIVING) for (const number of elements(name).values()) found.set(number, []);
  for (const name of ASKING)
    for (const [key, data] of elements(name)) {
      const [number = '', ...rest] = key.split(' . ');
      const texts = found.get(number) ?? [];
      texts.push(`${name} ${rest.join(' ')} ${data}`);
      found.set(number, texts);
    }
  return new Map([...found].map(([number, texts]) => [number, texts.toSorted().join('\n')]));
}

const NOTHING: ReadonlyMap<Value, Value> = new Map();
