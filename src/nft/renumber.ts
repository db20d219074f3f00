import type { HostView } from '../core/policy/host-view.ts';
import { amended } from './amend.ts';
import { type Layout, layout } from './layout.ts';
import { type Listing, listingOf } from './listing.ts';
import { keysOfNumbers } from './packed-map.ts';
import { entriesAt, keysBetween } from './patched-map.ts';
import type { Numbering } from './plan.ts';
import type { Content, Ruleset, Value } from './ruleset.ts';
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
  return withoutClashes(layout(view, wiring, previous), { view, wiring, actual, previous });
}

/** A layout that takes the place of another one of the same agent. */
export function layoutAfter(before: Layout, view: HostView, wiring: Wiring): Layout {
  const previous = before.numbering;
  const next = amended(before, view, wiring) ?? layout(view, wiring, previous, before.kept);
  // The same key has the same number: only an interface that leaves one which others keep could meet what is theirs.
  return isLeft(before.ruleset, next.ruleset) && mayClash(before, next)
    ? withoutClashes(next, { view, wiring, actual: listingOf(before.ruleset), previous })
    : next;
}

type Over = {
  readonly view: HostView;
  readonly wiring: Wiring;
  readonly actual: Listing;
  readonly previous: Numbering;
};

function withoutClashes(first: Layout, { view, wiring, actual, previous }: Over): Layout {
  const [held, wanted] = [meanings(actual), meanings(listingOf(first.ruleset))];
  const kept = [...first.numbering.numbers].filter(([, number]) => {
    const before = held.get(String(number));
    return before === undefined || mayBecome(before, wanted.get(String(number)) ?? NOTHING);
  });
  if (kept.length === first.numbering.numbers.size) return first;
  return layout(
    view,
    wiring,
    { ...previous, numbers: new Map(kept), reserved: new Set([...held.keys()].map(Number)) },
    first.kept,
  );
}

/** Whether some device gets another number than it had. */
function isLeft(before: Ruleset, after: Ruleset): boolean {
  return POINTERS.some((name) => losses(before, after, name).next().done !== true);
}

/** What is another in a map than before, or is not there any more. */
function* losses(before: Ruleset, after: Ruleset, name: string): Generator<readonly [Value, Value], void, undefined> {
  const [known, next] = [textsIn(before.sets.get(name)?.content), textsIn(after.sets.get(name)?.content)];
  for (const [key, data] of entriesAt(known, keysBetween(known, next))) if (next.get(key) !== data) yield [key, data];
}

/** Whether any number that is given before and after could mean something else: if not, there is nothing to compare. Costs what differs. */
function mayClash({ ruleset: before, numbering: known }: Layout, { ruleset: after, numbering: next }: Layout): boolean {
  const keys = (name: string): readonly Value[] =>
    [losses(before, after, name), losses(after, before, name)].flatMap((all) => [...all].map(([key]) => key));
  const ports = new Set(keys('ports').map(numberIn));
  const numbers = new Set([
    ...['irregular', 'classes'].flatMap(keys),
    ...[...losses(before, after, 'subnet-devices')].map(([key]) => numberIn(key)),
    ...POINTERS.flatMap((name) => [...losses(before, after, name)].flatMap(([, one]) => (ports.has(one) ? [one] : []))),
  ]);
  const both = keysOfNumbers(known.numbers, new Set([...numbers].map(Number)));
  return [...both].some((key) => next.numbers.has(key));
}

/** The number that a key starts with. */
function numberIn(key: Value): Value {
  return key.split(' . ')[0] ?? '';
}

const POINTERS = ['e4', 'e6', 'i4', 'i6'] as const;

/** What is looked up by a number, and who is led to it. */
type Meaning = {
  /** Where the maps lead that are asked by the number alone. */
  readonly onward: readonly string[];
  readonly ports: readonly string[];
  readonly pointers: readonly string[];
  readonly neighbours: readonly string[];
};

const NOTHING: Meaning = { onward: [], ports: [], pointers: [], neighbours: [] };

/** Whether whoever has the number before the change meets nothing by it after the change but what became of its own rules: ports may change. */
function mayBecome(before: Meaning, after: Meaning): boolean {
  const isSame = (part: 'onward' | 'ports'): boolean =>
    before[part].toSorted().join('\n') === after[part].toSorted().join('\n');
  const remain = (part: 'pointers' | 'neighbours'): boolean => {
    const there = new Set(after[part]);
    return before[part].every((one) => there.has(one));
  };
  return isSame('onward') && remain('neighbours') && (remain('pointers') || isSame('ports'));
}

type Draft = { readonly [P in keyof Meaning]: string[] };

/** What each number of a table means. */
function meanings({ sets }: Listing): ReadonlyMap<Value, Meaning> {
  const found = new Map<Value, Draft>();
  const of = (number: Value): Draft => {
    const known = found.get(number) ?? { onward: [], ports: [], pointers: [], neighbours: [] };
    found.set(number, known);
    return known;
  };
  const elements = (name: string): ReadonlyMap<Value, Value> => textsIn(sets.get(name)?.content);
  for (const name of POINTERS)
    for (const [device, number] of elements(name)) of(number).pointers.push(`${name} ${device}`);
  for (const [key, own] of elements('ports')) {
    of(key.split(' . ')[0] ?? '').ports.push(`${key} ${own}`);
    of(own);
  }
  for (const name of ['irregular', 'classes'])
    for (const [number, verdict] of elements(name)) of(number).onward.push(`${name} ${verdict}`);
  for (const key of elements('subnet-devices').keys()) {
    const [number = '', device = ''] = key.split(' . ');
    of(number).neighbours.push(device);
  }
  return found;
}

function textsIn(content: Content | undefined): ReadonlyMap<Value, Value> {
  return content?.kind === 'texts' ? content.elements : new Map();
}
