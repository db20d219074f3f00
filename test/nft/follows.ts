// The law of layouts that follow a change: what they hold, say and keep is what is made anew, and what leads there is what the long way says.
import assert from 'node:assert/strict';
import type { HostView } from '../../src/core/policy/host-view.ts';
import { amended } from '../../src/nft/amend.ts';
import { delta } from '../../src/nft/delta.ts';
import type { KeptProfile } from '../../src/nft/group-chains.ts';
import type { Work } from '../../src/nft/kept-work.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { linesOf, ruleText } from '../../src/nft/render.ts';
import { layoutAfter, layoutOver } from '../../src/nft/renumber.ts';
import type { Chain } from '../../src/nft/ruleset.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { plain, sorted } from './comparable.ts';

/** Holds a layout that followed a change to what is made anew, and what leads there to what the long way says. */
export function isWhole(
  before: Layout,
  view: HostView,
  { wiring, about }: { readonly wiring: Wiring; readonly about: string },
): boolean {
  const next = amended(before, view, wiring);
  const anew = layout(view, wiring, before.numbering);
  isSame(next ?? layout(view, wiring, before.numbering, before.kept), anew, about);
  if (next !== undefined) assert.deepEqual(linesBetween(before, next), linesBetween(before, anew), about);
  const after = layoutAfter(before, view, wiring);
  const over = layoutOver(view, wiring, { actual: listingOf(before.ruleset), previous: before.numbering });
  const pointers = new Map(pointersOf(after));
  const isLeft = pointersOf(before).some(([device, number]) => pointers.get(device) !== number);
  if (isLeft) assert.deepEqual(plain(after), plain(over), about);
  return next !== undefined;
}

/** Holds one layout to be another in all that it holds, says and keeps. */
export function isSame(next: Layout, anew: Layout, about: string): void {
  assert.deepEqual(plain(next), plain(anew), about);
  assert.deepEqual(keptOf(next), keptOf(anew), about);
  assert.deepEqual(delta(listingOf(next.ruleset), anew.ruleset).transactions, [], about);
  assert.deepEqual(delta(listingOf(anew.ruleset), next.ruleset).transactions, [], about);
}

/** Which device has which number, on all sides. */
function pointersOf({ ruleset }: Layout): readonly (readonly [string, string])[] {
  return ['e4', 'e6', 'i4', 'i6'].flatMap((name) => {
    const content = ruleset.sets.get(name)?.content;
    return content?.kind === 'texts'
      ? sorted(content.elements).map(([device, number]) => [`${name} ${device}`, number] as const)
      : [];
  });
}

/** What each transaction says, in the order of letters. */
function linesBetween(before: Layout, after: Layout): readonly (readonly string[])[] {
  const { transactions } = delta(listingOf(before.ruleset), after.ruleset);
  return transactions.map(({ commands }) => [...linesOf(commands)].flatMap(elementsOf).toSorted());
}

/** A line for each element. */
function elementsOf(line: string): readonly string[] {
  const [, start, list] = /^((?:add|delete) element [^{]+)\{ (.*) \}$/u.exec(line) ?? [];
  return list === undefined ? [line] : list.split(', ').map((one) => `${start ?? ''}${one}`);
}

/** All that is kept of a layout for the next one, as plain data: what went stale there would show steps later. */
function keptOf({ kept: { made, profiles, given, sets } }: Layout): unknown {
  return {
    profiles: sorted(profiles).map(([key, one]) => [key, profileOf(one)]),
    parts: Object.entries(made?.parts ?? {}).map(([name, work]) => [name, workOf(work)]),
    hasBorders: made?.hasBorders,
    unknown: made?.unknown.toSorted(),
    holders: sorted(made?.past.holders ?? new Map<string, number>()),
    numbers: sorted(given.numbers),
    classes: sorted(given.classes),
    sets: sorted(sets).map(([name, { content }]) => [name, content.kind === 'texts' ? sorted(content.elements) : '']),
  };
}

function profileOf({ profile, groups, work }: KeptProfile): unknown {
  return { profile, groups, work: workOf(work) };
}

function workOf({ chains, numbers, classes, lists, members, odd, problems }: Work): unknown {
  return {
    chains: chains.map(textOf).toSorted(),
    numbers: numbers.toSorted((a, b) => a - b),
    classes: classes.toSorted((a, b) => a - b),
    lists: sorted(new Map(lists)),
    members: members.toSorted(),
    odd: sorted(odd),
    problems: problems.toSorted(),
  };
}

function textOf(chain: Chain): string {
  const text = TEXTS.get(chain) ?? [chain.name, ...chain.rules.map(ruleText)].join('\n');
  TEXTS.set(chain, text);
  return text;
}

/** Memory of a pure function: chains never change. */
const TEXTS = new WeakMap<Chain, string>();
