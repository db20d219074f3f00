import { type Command, type Transaction, wholeCommands } from './command.ts';
import { chainsToMake, chainsToRemove, type Listing, listsRules } from './listing.ts';
import { movesApart, packedBetween } from './moves.ts';
import { entriesAt, keysBetween } from './patched-map.ts';
import { chainHead, elementTexts, setHead, timeoutText } from './render.ts';
import type { Content, NftSet, Ruleset, Value } from './ruleset.ts';
import { hasFamily, TABLE_FAMILIES, type TableFamily } from './tables.ts';
import { valuesIn } from './text-map.ts';
import { TURN } from './turn.ts';

/**
 * Transactions to be applied one after another. At most three: the first makes what nobody leads to yet, the second alone changes what is let
 * through, the third removes what nobody leads to any more.
 */
export type Delta = { readonly transactions: readonly Transaction[]; readonly isWhole: boolean };

/**
 * What leads from a listing to a ruleset: nothing that is right already is touched, sets that packets fill never. A packet that meets the change
 * halfway may have looked up one thing before it and the next one after: so what it was led to by then stays until all such packets are
 * through, which the end of a transaction waits for. A set or base chain that would have to become something else makes the whole table new.
 */
export function delta(actual: Listing, desired: Ruleset): Delta {
  if (mustBeNew(actual, desired)) {
    const gone = TABLE_FAMILIES.filter((family) => holdsTable(actual, family));
    const commands: readonly Command[] = [
      ...gone.map((family): Command => ({ kind: 'delete-table', family })),
      ...wholeCommands(desired),
    ];
    return { transactions: [{ commands, isHidden: false }], isWhole: true };
  }
  let live: Step['isLive'] | undefined;
  const isLive = (number: Value): boolean => (live ??= liveNumbers(desired))(number);
  const step: Step = { actual, desired, isLive };
  const isApart = movesApart(actual, desired);
  const prepared = [...prepareCommands(actual, desired), ...(isApart ? memberCommands(actual, desired, 'come') : [])];
  const changed = changeCommands(step, isApart);
  const cleaned = [...cleanCommands(step), ...(isApart ? memberCommands(actual, desired, 'go') : [])];
  const made = TABLE_FAMILIES.filter((family) => holdsTable(desired, family) && !holdsTable(actual, family));
  const left = !holdsTable(desired, 'arp') && holdsTable(actual, 'arp');
  const transactions: readonly Transaction[] = [
    { commands: [...made.map((family): Command => ({ kind: 'create-table', family })), ...prepared], isHidden: true },
    { commands: changed, isHidden: false },
    { commands: left ? [...cleaned, { kind: 'delete-table', family: 'arp' }] : cleaned, isHidden: true },
  ];
  return { transactions: transactions.filter(({ commands }) => commands.length > 0), isWhole: false };
}

/** From where to where, and whether a lookup may give a number once that is done, which is known when it is first asked. */
type Step = { readonly actual: Listing; readonly desired: Ruleset; readonly isLive: (number: Value) => boolean };

/** Whether anything is in the table of a family. */
function holdsTable({ chains, sets, timeouts }: Parts, family: TableFamily): boolean {
  return [chains, sets, timeouts].some((things) => hasFamily(things.keys(), family));
}

type Parts = { readonly [P in keyof Ruleset]: ReadonlyMap<string, unknown> };

function prepareCommands(actual: Listing, desired: Ruleset): readonly Command[] {
  const commands: Command[] = [];
  // Whatever part of this is done first, it is somebody's turn.
  const turn = desired.sets.get(TURN.name);
  if (turn !== undefined && !actual.sets.has(turn.name)) commands.push({ kind: 'add-set', set: turn });
  for (const [name, timeout] of desired.timeouts)
    if (!actual.timeouts.has(name)) commands.push({ kind: 'add-timeout', timeout });
  const fresh = [...chainsToMake(actual, desired)].filter(
    ({ name, hook }) => hook === undefined && !actual.chains.has(name),
  );
  for (const chain of fresh) commands.push({ kind: 'add-chain', chain });
  for (const [name, set] of desired.sets) {
    const known = actual.sets.get(name);
    if (known !== undefined && !FACTS.has(name)) continue;
    if (known === undefined && set !== turn) commands.push({ kind: 'add-set', set });
    commands.push(...elementCommands(known?.content, set, { isComing: true }));
  }
  for (const chain of fresh) commands.push({ kind: 'add-rules', chain });
  return commands;
}

/** Members that come before everything, or go after it. */
function memberCommands(actual: Listing, desired: Ruleset, which: 'come' | 'go'): readonly Command[] {
  const wanted: Wanted = which === 'come' ? { isComing: true } : { isComing: false, isGoing: () => true };
  return [...desired.sets.values()].flatMap((set) => {
    const known = actual.sets.get(set.name)?.content;
    return known === undefined || set.content.kind !== 'packed' ? [] : elementCommands(known, set, wanted);
  });
}

function changeCommands({ actual, desired, isLive }: Step, withoutMembers: boolean): readonly Command[] {
  const commands: Command[] = [];
  for (const set of desired.sets.values()) {
    const known = actual.sets.get(set.name)?.content;
    if (known === undefined || FACTS.has(set.name) || (withoutMembers && set.content.kind === 'packed')) continue;
    commands.push(
      ...elementCommands(known, set, { isComing: true, isGoing: (key) => !isOrphan(set.name, key, isLive) }),
    );
  }
  for (const chain of chainsToMake(actual, desired)) {
    const isThere = actual.chains.has(chain.name);
    // A chain that is there and has other rules was changed by somebody else: packets may be led to it.
    if (listsRules(actual.chains.get(chain.name), chain) || (!isThere && chain.hook === undefined)) continue;
    commands.push(isThere ? { kind: 'flush-chain', name: chain.name } : { kind: 'add-chain', chain });
    commands.push({ kind: 'add-rules', chain });
  }
  for (const [name, { head }] of chainsToRemove(actual, desired))
    if (head !== '') commands.push({ kind: 'flush-chain', name }, { kind: 'delete-chain', name });
  return commands;
}

function cleanCommands({ actual, desired, isLive }: Step): readonly Command[] {
  const commands: Command[] = [];
  for (const set of desired.sets.values()) {
    const known = actual.sets.get(set.name)?.content;
    if (known === undefined || set.content.kind === 'packed') continue;
    const isGoing = FACTS.has(set.name) ? () => true : (key: Value) => isOrphan(set.name, key, isLive);
    commands.push(...elementCommands(known, set, { isComing: false, isGoing }));
  }
  const stale = [...chainsToRemove(actual, desired)].filter(([, { head }]) => head === '');
  for (const [name] of stale) commands.push({ kind: 'flush-chain', name });
  for (const [name, { head }] of actual.sets)
    if (!desired.sets.has(name)) commands.push({ kind: 'delete-set', name, isMap: isMapHead(head) });
  for (const [name] of stale) commands.push({ kind: 'delete-chain', name });
  for (const name of actual.timeouts.keys())
    if (!desired.timeouts.has(name)) commands.push({ kind: 'delete-timeout', name });
  return commands;
}

/** Sets that say what is so whatever the rules are: they come before a change and go after it. */
const FACTS: ReadonlySet<string> = new Set(['subnet-devices', 'gone4', 'gone6', 'gone6p']);
/** Maps whose keys start with a number that another lookup gave. */
const NUMBERED: ReadonlySet<string> = new Set(['ports', 'irregular', 'classes']);

/** The numbers that a lookup may give once the change is through. */
function liveNumbers({ sets }: Ruleset): Step['isLive'] {
  const given = [...sets.values()].flatMap(({ name, data, content }) =>
    content.kind === 'texts' && data === 'mark' && name !== 'holders' ? [valuesIn(content.elements)] : [],
  );
  const classes = sets.get('classes')?.content;
  return (number) =>
    (classes?.kind === 'texts' && classes.elements.has(number)) || given.some((isGiven) => isGiven(number));
}

/** Whether only a packet that met the old rules may still ask for the key. */
function isOrphan(name: string, key: Value, isLive: Step['isLive']): boolean {
  return NUMBERED.has(name) && !isLive(key.split(' . ')[0] ?? '');
}

function mustBeNew(actual: Listing, desired: Ruleset): boolean {
  return (
    [...desired.sets].some(([name, set]) => differs(actual.sets.get(name)?.head, setHead(set))) ||
    [...chainsToMake(actual, desired)].some((chain) =>
      differs(actual.chains.get(chain.name)?.head, chainHead(chain)),
    ) ||
    [...desired.timeouts].some(([name, timeout]) => differs(actual.timeouts.get(name), timeoutText(timeout)))
  );
}

function differs(head: string | undefined, wanted: string): boolean {
  return head !== undefined && head !== wanted;
}

/** Whether a set's head is that of a map. */
export function isMapHead(head: string): boolean {
  return / : (?:mark|verdict);/u.test(head);
}

/** Which of the changes of a set are wanted now; what goes is asked key by key. */
export type Wanted = { readonly isComing: boolean; readonly isGoing?: (key: Value) => boolean };

/** What changes what a set holds: what goes out of it before what comes in, for a key that gets other data does both. */
export function elementCommands(before: Content | undefined, set: NftSet, wanted: Wanted): readonly Command[] {
  const { content } = set;
  if (content.kind === 'dynamic' || before?.kind === 'dynamic') return [];
  if (before === undefined) return changes(set, { goes: undefined, comes: content });
  if (content.kind === 'packed' && before.kind === 'packed')
    return packedChanges(set, { before, after: content }, wanted);
  return textChanges(set, { before: textsOf(before), after: textsOf(content) }, wanted);
}

function changes(
  set: NftSet,
  { goes, comes }: { readonly goes: Content | undefined; readonly comes: Content | undefined },
): readonly Command[] {
  return [
    ...(holdsSomething(goes) ? [{ kind: 'delete-elements', set, content: goes } as const] : []),
    ...(holdsSomething(comes) ? [{ kind: 'add-elements', set, content: comes } as const] : []),
  ];
}

function holdsSomething(content: Content | undefined): content is Content {
  if (content === undefined || content.kind === 'dynamic') return false;
  return content.kind === 'texts' ? content.elements.size > 0 : content.words.length > 0;
}

function textsOf(content: Content): ReadonlyMap<Value, Value> {
  if (content.kind === 'texts') return content.elements;
  return new Map([...elementTexts(content)].flat().map((text) => [text, '']));
}

type Ends<T> = { readonly before: T; readonly after: T };

function textChanges(
  set: NftSet,
  { before, after }: Ends<ReadonlyMap<Value, Value>>,
  { isComing, isGoing = () => false }: Wanted,
): readonly Command[] {
  if (before === after) return [];
  const keys = keysBetween(before, after);
  const [come, gone] = [new Map<Value, Value>(), new Map<Value, Value>()];
  if (isComing) for (const [key, data] of entriesAt(after, keys)) if (before.get(key) !== data) come.set(key, data);
  for (const [key, data] of entriesAt(before, keys))
    if (after.has(key) ? come.has(key) : isGoing(key)) gone.set(key, data);
  return changes(set, {
    goes: { kind: 'texts', elements: gone },
    comes: { kind: 'texts', elements: come },
  });
}

type Packed = Extract<Content, { kind: 'packed' }>;

function packedChanges(
  set: NftSet,
  { before, after }: Ends<Packed>,
  { isComing, isGoing }: Wanted,
): readonly Command[] {
  const { added, removed } = packedBetween(before, after);
  return changes(set, { goes: isGoing?.('') === true ? removed : undefined, comes: isComing ? added : undefined });
}
