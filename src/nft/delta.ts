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

/**
 * Transactions, each a list of lines of `nft -f`, to be applied one after another. At most three: `prepare` makes what nobody leads to yet,
 * `change` alone changes what is let through, `clean` removes what nobody leads to any more.
 */
export type Delta = { readonly transactions: readonly (readonly string[])[]; readonly isWhole: boolean };

/**
 * What leads from a listing to a ruleset: nothing that is right already is touched, sets that packets fill never. A packet that meets the change
 * halfway may have looked up one thing before it and the next one after: so what it was led to by then stays until all such packets are
 * through, which the end of a transaction waits for. A set or base chain that would have to become something else makes the whole table new.
 */
export function delta(actual: Listing, desired: Ruleset): Delta {
  const isFresh = actual.chains.size === 0 && actual.sets.size === 0;
  if (isFresh) {
    const lines = [...allLines(desired)];
    return { transactions: lines.length === 0 ? [] : [[`add table ${TABLE}`, ...lines]], isWhole: false };
  }
  if (mustBeNew(actual, desired))
    return { transactions: [[`delete table ${TABLE}`, `add table ${TABLE}`, ...allLines(desired)]], isWhole: true };
  const transactions = [prepareLines(actual, desired), changeLines(actual, desired), cleanLines(actual, desired)];
  return { transactions: transactions.filter((lines) => lines.length > 0), isWhole: false };
}

/** Everything from nothing, in one transaction. */
function allLines(desired: Ruleset): readonly string[] {
  const nothing: Listing = { chains: new Map(), sets: new Map(), timeouts: new Map() };
  return [...prepareLines(nothing, desired), ...changeLines(nothing, desired)];
}

function prepareLines(actual: Listing, desired: Ruleset): readonly string[] {
  const lines: string[] = [];
  for (const [name, timeout] of desired.timeouts) if (!actual.timeouts.has(name)) lines.push(addTimeout(timeout));
  const chains = [...desired.chains.values()].filter(({ hook }) => hook === undefined);
  const fresh = chains.filter((chain) => !hasRules(actual, chain));
  for (const chain of fresh)
    lines.push(actual.chains.has(chain.name) ? `flush chain ${TABLE} ${chain.name}` : addChain(chain));
  for (const [name, set] of desired.sets) {
    const known = actual.sets.get(name);
    if (known !== undefined && !FACTS.has(name)) continue;
    if (known === undefined) lines.push(addSet(set));
    lines.push(...elementLines(known?.content, set, { isComing: true }));
  }
  for (const chain of fresh) for (const rule of chain.rules) lines.push(addRule(chain.name, rule));
  return lines;
}

function changeLines(actual: Listing, desired: Ruleset): readonly string[] {
  const lines: string[] = [];
  const live = liveNumbers(desired);
  for (const set of desired.sets.values()) {
    const known = actual.sets.get(set.name)?.content;
    if (known === undefined || FACTS.has(set.name)) continue;
    lines.push(...elementLines(known, set, { isComing: true, isGoing: (key) => !isOrphan(set.name, key, live) }));
  }
  for (const chain of desired.chains.values()) {
    if (chain.hook === undefined || hasRules(actual, chain)) continue;
    lines.push(actual.chains.has(chain.name) ? `flush chain ${TABLE} ${chain.name}` : addChain(chain));
    for (const rule of chain.rules) lines.push(addRule(chain.name, rule));
  }
  for (const [name, { head }] of actual.chains)
    if (head !== '' && !desired.chains.has(name))
      lines.push(`flush chain ${TABLE} ${name}`, `delete chain ${TABLE} ${name}`);
  return lines;
}

function cleanLines(actual: Listing, desired: Ruleset): readonly string[] {
  const lines: string[] = [];
  const live = liveNumbers(desired);
  for (const set of desired.sets.values()) {
    const known = actual.sets.get(set.name)?.content;
    if (known === undefined) continue;
    const isGoing = FACTS.has(set.name) ? () => true : (key: Value) => isOrphan(set.name, key, live);
    lines.push(...elementLines(known, set, { isComing: false, isGoing }));
  }
  const stale = [...actual.chains].filter(([name, { head }]) => head === '' && !desired.chains.has(name));
  for (const [name] of stale) lines.push(`flush chain ${TABLE} ${name}`);
  for (const [name, { head }] of actual.sets)
    if (!desired.sets.has(name)) lines.push(`delete ${isMapHead(head) ? 'map' : 'set'} ${TABLE} ${name}`);
  for (const [name] of stale) lines.push(`delete chain ${TABLE} ${name}`);
  for (const name of actual.timeouts.keys())
    if (!desired.timeouts.has(name)) lines.push(`delete ct timeout ${TABLE} ${name}`);
  return lines;
}

/** Sets that say what is so whatever the rules are: they come before a change and go after it. */
const FACTS: ReadonlySet<string> = new Set(['subnets', 'subnet-devices']);
/** Maps whose keys start with a number that another lookup gave. */
const NUMBERED: ReadonlySet<string> = new Set(['ports', 'irregular', 'classes']);

/** The numbers that a lookup may give once the change is through. */
function liveNumbers({ sets }: Ruleset): ReadonlySet<Value> {
  const live = new Set<Value>();
  for (const { name, data, content } of sets.values()) {
    if (content.kind !== 'texts') continue;
    if (data === 'mark' && name !== 'subnets') for (const number of content.elements.values()) live.add(number);
    if (name === 'classes') for (const number of content.elements.keys()) live.add(number);
  }
  return live;
}

/** Whether only a packet that met the old rules may still ask for the key. */
function isOrphan(name: string, key: Value, live: ReadonlySet<Value>): boolean {
  return NUMBERED.has(name) && !live.has(key.split(' . ')[0] ?? '');
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

/** Which of the changes of a set are wanted now; what goes is asked key by key. */
export type Wanted = { readonly isComing: boolean; readonly isGoing?: (key: Value) => boolean };

/** The lines that change what a set holds: what goes out of it before what comes in, for a key that gets other data does both. */
export function elementLines(before: Content | undefined, set: NftSet, wanted: Wanted): readonly string[] {
  const { content } = set;
  if (before === undefined) return [...addElements(set.name, elementTexts(content))];
  if (content.kind === 'dynamic' || before.kind === 'dynamic') return [];
  if (content.kind === 'packed' && before.kind === 'packed')
    return packedLines(set.name, { before, after: content }, wanted);
  return textLines(set.name, { before: textsOf(before), after: textsOf(content) }, wanted);
}

function textsOf(content: Content): ReadonlyMap<Value, Value> {
  if (content.kind === 'texts') return content.elements;
  return new Map([...elementTexts(content)].flat().map((text) => [text, '']));
}

type Ends<T> = { readonly before: T; readonly after: T };

function textLines(
  name: string,
  { before, after }: Ends<ReadonlyMap<Value, Value>>,
  { isComing, isGoing = () => false }: Wanted,
): readonly string[] {
  const come = new Map([...after].filter(([key, data]) => isComing && before.get(key) !== data));
  const gone = [...before.keys()].filter((key) => (after.has(key) ? come.has(key) : isGoing(key)));
  return [
    ...deleteElements(name, { kind: 'texts', elements: new Map(gone.map((key) => [key, ''])) }),
    ...addElements(name, elementTexts({ kind: 'texts', elements: come })),
  ];
}

type Packed = Extract<Content, { kind: 'packed' }>;

function packedLines(name: string, { before, after }: Ends<Packed>, { isComing, isGoing }: Wanted): readonly string[] {
  if (before.words === after.words) return [];
  const { family } = after;
  const { added, removed } = membersBetween(asMembers(before), asMembers(after));
  return [
    ...(isGoing?.('') === true ? deleteElements(name, { kind: 'packed', family, words: removed[family] }) : []),
    ...(isComing ? addElements(name, elementTexts({ kind: 'packed', family, words: added[family] })) : []),
  ];
}

function asMembers({ family, words }: Packed): Members {
  return { ...NO_MEMBERS, [family]: words };
}

function* deleteElements(name: string, content: Content): Generator<string, void, undefined> {
  for (const piece of elementTexts(content)) yield `delete element ${TABLE} ${name} { ${piece.join(', ')} }`;
}
