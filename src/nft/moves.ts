import { type Members, membersBetween, NO_MEMBERS } from '../core/policy/members.ts';
import { chainsToMake, type Listing } from './listing.ts';
import { entriesAt, keysBetween } from './patched-map.ts';
import { elementTexts, ruleText } from './render.ts';
import type { Content, Ruleset, Value } from './ruleset.ts';
import { keysWith } from './text-map.ts';

type Packed = Extract<Content, { kind: 'packed' }>;

/**
 * Whether members that come may come before a change of rules and members that go may go after it. Some must come and some go: then a machine
 * may move from one group to another, and whoever meets both sets halfway must find it in one of them. And no interface whose rules change
 * may have one of them as its peer: that one would meet new members under old rules, which is neither the old nor the new.
 */
export function movesApart(actual: Listing, desired: Ruleset): boolean {
  const { come, gone } = membersThatChange(actual, desired);
  if (come.size === 0 || gone.size === 0) return false;
  const devices = devicesThatChange(actual, desired);
  if (devices === undefined) return false;
  const moved = new Set([...come, ...gone]);
  const owns = (device: Value, address: Value): boolean =>
    ['at4', 'at6'].some((name) =>
      [actual.sets.get(name)?.content, desired.sets.get(name)?.content].some((content) =>
        textsIn(content).has(`${device} . ${address}`),
      ),
    );
  return [...devices].every((device) => [...moved].every((address) => owns(device, address)));
}

/** What comes to sets of members and what goes, set by set and family by family. */
function membersThatChange(
  actual: Listing,
  desired: Ruleset,
): { readonly come: ReadonlySet<Value>; readonly gone: ReadonlySet<Value> } {
  const come = new Set<Value>();
  const gone = new Set<Value>();
  for (const { name, content } of desired.sets.values()) {
    const before = actual.sets.get(name)?.content;
    if (content.kind !== 'packed' || before?.kind !== 'packed') continue;
    const { added, removed } = packedBetween(before, content);
    for (const text of [...elementTexts(added)].flat()) come.add(text);
    for (const text of [...elementTexts(removed)].flat()) gone.add(text);
  }
  return { come, gone };
}

/** What a set of members gets and loses. */
export function packedBetween(before: Packed, after: Packed): { readonly added: Packed; readonly removed: Packed } {
  const { family } = after;
  const none: Packed = { kind: 'packed', family, words: NO_MEMBERS[family] };
  if (before.words === after.words) return { added: none, removed: none };
  const { added, removed } = membersBetween(asMembers(before), asMembers(after));
  return { added: { ...none, words: added[family] }, removed: { ...none, words: removed[family] } };
}

function asMembers({ family, words }: Packed): Members {
  return { ...NO_MEMBERS, [family]: words };
}

const POINTERS = ['e4', 'e6', 'i4', 'i6'] as const;
const NUMBERED = ['ports', 'irregular', 'classes'] as const;

/** The devices for whose packets other rules are looked up than before; undefined where it may be all of them. */
function devicesThatChange(actual: Listing, desired: Ruleset): ReadonlySet<Value> | undefined {
  for (const { name, hook, rules } of chainsToMake(actual, desired))
    if (hook !== undefined && actual.chains.get(name)?.rules.join('\n') !== rules.map(ruleText).join('\n'))
      return undefined;
  const numbers = new Set<Value>();
  for (const name of NUMBERED)
    for (const [key] of difference(elementsOf(actual, name), textsIn(desired.sets.get(name)?.content)))
      numbers.add(key.split(' . ')[0] ?? '');
  // A class that leads elsewhere changes the profiles that lead to it.
  for (const elements of [elementsOf(actual, 'ports'), textsIn(desired.sets.get('ports')?.content)])
    for (const key of keysWith(elements, numbers)) numbers.add(key.split(' . ')[0] ?? '');
  const devices = new Set<Value>();
  for (const name of POINTERS) {
    const [before, after] = [elementsOf(actual, name), textsIn(desired.sets.get(name)?.content)];
    for (const [device] of difference(before, after)) devices.add(device);
    for (const elements of [before, after]) for (const device of keysWith(elements, numbers)) devices.add(device);
  }
  return devices;
}

/** Keys that are on one side only, or have other data there. */
function* difference(
  before: ReadonlyMap<Value, Value>,
  after: ReadonlyMap<Value, Value>,
): Generator<readonly [Value, Value], void, undefined> {
  const keys = keysBetween(before, after);
  for (const [key, data] of entriesAt(before, keys)) if (after.get(key) !== data) yield [key, data];
  for (const [key, data] of entriesAt(after, keys)) if (!before.has(key)) yield [key, data];
}

function elementsOf({ sets }: Listing, name: string): ReadonlyMap<Value, Value> {
  return textsIn(sets.get(name)?.content);
}

function textsIn(content: Content | undefined): ReadonlyMap<Value, Value> {
  return content?.kind === 'texts' ? content.elements : new Map();
}
