import { type Members, membersBetween, NO_MEMBERS } from '../core/policy/members.ts';
import type { Listing } from './listing.ts';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTimeout,
  chainHead,
  elementTexts,
  ruleText,
  setHead,
  timeoutText,
} from './render.ts';
import { type Chain, type Content, type NftSet, type Ruleset, TABLE, type Value } from './ruleset.ts';

/** Lines of `nft -f`, to be applied as one transaction; `counts` says what they change, for a log. */
export type Delta = { readonly lines: readonly string[]; readonly isWhole: boolean };

/**
 * What leads from a listing to a ruleset: nothing that is right already is touched, sets that packets fill never. References resolve at
 * every line: what others need comes first, what nobody needs any more goes last. A set, base chain or timeout that would have to become
 * something else makes the whole table new, in the same transaction.
 */
export function delta(actual: Listing, desired: Ruleset): Delta {
  if (mustBeNew(actual, desired)) return { lines: [...renewed(actual), ...whole(desired)], isWhole: true };
  const lines: string[] = [];
  for (const [name, timeout] of desired.timeouts) if (!actual.timeouts.has(name)) lines.push(addTimeout(timeout));
  for (const [name, chain] of desired.chains) if (!actual.chains.has(name)) lines.push(addChain(chain));
  for (const [name, set] of desired.sets) if (!actual.sets.has(name)) lines.push(addSet(set));
  const stale = [...actual.chains.keys()].filter((name) => !desired.chains.has(name));
  const changed = [...desired.chains.values()].filter((chain) => !hasRules(actual, chain));
  for (const chain of changed) if (actual.chains.has(chain.name)) lines.push(`flush chain ${TABLE} ${chain.name}`);
  for (const name of stale) lines.push(`flush chain ${TABLE} ${name}`);
  for (const set of desired.sets.values()) lines.push(...elementLines(actual.sets.get(set.name)?.content, set));
  for (const chain of changed) for (const rule of chain.rules) lines.push(addRule(chain.name, rule));
  for (const [name, { head }] of actual.sets)
    if (!desired.sets.has(name)) lines.push(`delete ${isMapHead(head) ? 'map' : 'set'} ${TABLE} ${name}`);
  for (const name of stale) lines.push(`delete chain ${TABLE} ${name}`);
  for (const name of actual.timeouts.keys())
    if (!desired.timeouts.has(name)) lines.push(`delete ct timeout ${TABLE} ${name}`);
  const isEmpty = actual.chains.size === 0 && actual.sets.size === 0;
  return { lines: lines.length > 0 && isEmpty ? [`add table ${TABLE}`, ...lines] : lines, isWhole: false };
}

function mustBeNew(actual: Listing, desired: Ruleset): boolean {
  return (
    [...desired.sets].some(([name, set]) => differs(actual.sets.get(name)?.head, setHead(set))) ||
    [...desired.chains].some(([name, chain]) => differs(actual.chains.get(name)?.head, chainHead(chain))) ||
    [...desired.timeouts].some(([name, timeout]) => differs(actual.timeouts.get(name), timeoutText(timeout)))
  );
}

function differs(head: string | undefined, wanted: string): boolean {
  return head !== undefined && head !== wanted;
}

function renewed(actual: Listing): readonly string[] {
  return actual.chains.size === 0 && actual.sets.size === 0 ? [] : [`delete table ${TABLE}`];
}

function whole(desired: Ruleset): readonly string[] {
  return delta({ chains: new Map(), sets: new Map(), timeouts: new Map() }, desired).lines;
}

function isMapHead(head: string): boolean {
  return / : (?:mark|verdict);/u.test(head);
}

function hasRules(actual: Listing, chain: Chain): boolean {
  const rules = actual.chains.get(chain.name)?.rules;
  return (
    rules !== undefined &&
    rules.length === chain.rules.length &&
    chain.rules.every((rule, place) => ruleText(rule) === rules[place])
  );
}

/** The lines that change what a set holds: what goes out of it before what comes in: a key that gets other data does both. */
export function elementLines(before: Content | undefined, set: NftSet): readonly string[] {
  const { content } = set;
  if (before === undefined) return [...addElements(set.name, elementTexts(content))];
  if (content.kind === 'dynamic' || before.kind === 'dynamic') return [];
  if (content.kind === 'packed' && before.kind === 'packed') return packedLines(set.name, before, content);
  return textLines(set.name, textsOf(before), textsOf(content));
}

function textsOf(content: Content): ReadonlyMap<Value, Value> {
  if (content.kind === 'texts') return content.elements;
  return new Map([...elementTexts(content)].flat().map((text) => [text, '']));
}

function textLines(
  name: string,
  before: ReadonlyMap<Value, Value>,
  after: ReadonlyMap<Value, Value>,
): readonly string[] {
  const gone = new Map([...before].filter(([key, data]) => after.get(key) !== data));
  const come = new Map([...after].filter(([key, data]) => before.get(key) !== data));
  return [
    ...deleteElements(name, { kind: 'texts', elements: new Map([...gone.keys()].map((key) => [key, ''])) }),
    ...addElements(name, elementTexts({ kind: 'texts', elements: come })),
  ];
}

type Packed = Extract<Content, { kind: 'packed' }>;

function packedLines(name: string, before: Packed, after: Packed): readonly string[] {
  if (before.words === after.words) return [];
  const { family } = after;
  const { added, removed } = membersBetween(asMembers(before), asMembers(after));
  return [
    ...deleteElements(name, { kind: 'packed', family, words: removed[family] }),
    ...addElements(name, elementTexts({ kind: 'packed', family, words: added[family] })),
  ];
}

function asMembers({ family, words }: Packed): Members {
  return { ...NO_MEMBERS, [family]: words };
}

function* deleteElements(name: string, content: Content): Generator<string, void, undefined> {
  for (const piece of elementTexts(content)) yield `delete element ${TABLE} ${name} { ${piece.join(', ')} }`;
}
