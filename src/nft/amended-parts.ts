import type { GroupId, RuleId } from '../core/model/ids.ts';
import { ClassMap } from './class-map.ts';
import { classElements, type Profile, portElements, wideElements } from './group-chains.ts';
import type { Work } from './kept-work.ts';
import type { Kept, Layout } from './layout.ts';
import { nameOf } from './names.ts';
import { keysOfNumbers, NumberMap } from './packed-map.ts';
import { isMuch, keysBetween, patched } from './patched-map.ts';
import { listSet, memberSets } from './peer-chains.ts';
import type { Given, Plan } from './plan.ts';
import { ruleText } from './render.ts';
import type { ProfileChanges } from './profile-changes.ts';
import type { Chain, Elements, NftSet, Ruleset, Value } from './ruleset.ts';
import { draftOf, type Sealed, sealedLast } from './seal.ts';
import { familyName } from './side.ts';
import { packTexts } from './text-map.ts';

// What becomes of the parts of a layout when some of its profiles become others.

/** Work that is no longer in a layout or was done anew, and that of profiles that stay. */
export type Among = { readonly gone: readonly Work[]; readonly others: Kept['profiles'] };

/** The chains: those that nobody leads to any more go. */
export function amendedChains(
  before: Ruleset['chains'],
  { ruleset }: Sealed,
  { gone, others }: Among,
): Ruleset['chains'] {
  const left = new Map(gone.flatMap(({ chains }) => chains.map((chain) => [chain.name, chain])));
  for (const { work } of left.size > 0 ? others.values() : []) for (const { name } of work.chains) left.delete(name);
  const now = new Map<string, Chain | undefined>();
  for (const name of sealedNames(before, left)) if (!ruleset.chains.has(name)) now.set(name, undefined);
  for (const [name, chain] of ruleset.chains) if (!isThere(before.get(name), chain)) now.set(name, chain);
  return patched(before, now, (map) => new Map(map));
}

/** Whether a chain is the one that is wanted: but for base chains, names say what chains hold. */
function isThere(known: Chain | undefined, wanted: Chain): boolean {
  if (known === undefined || known === wanted || wanted.hook === undefined) return known !== undefined;
  return known.rules.map(ruleText).join('\n') === wanted.rules.map(ruleText).join('\n');
}

/** What chains are called in a ruleset, by what they were called before they were sealed: no two were called the same. */
function sealedNames(chains: Ruleset['chains'], drafts: ReadonlyMap<string, Chain>): readonly string[] {
  const names: string[] = [];
  const missed = new Set<string>();
  for (const [drafted, draft] of drafts) {
    const name = sealedLast(draft)?.name ?? '';
    const there = chains.get(name);
    if (there !== undefined && draftOf(there).name === drafted) names.push(name);
    else missed.add(drafted);
  }
  for (const [name, chain] of missed.size > 0 ? chains : []) if (missed.has(draftOf(chain).name)) names.push(name);
  return names;
}

/** Numbers that stand for something, and what those of classes count. */
export function amendedGiven({ numbering, meaning }: Layout, plan: Plan, gone: readonly Work[]): Given {
  const left = new Set(gone.flatMap((work) => [...work.numbers, ...work.classes]));
  const now = new Map<string, number | undefined>();
  for (const key of left.size > 0 ? keysOfNumbers(numbering.numbers, left) : []) now.set(key, undefined);
  for (const [key, number] of plan.asked) now.set(key, number);
  const classes = new Map<number, readonly RuleId[] | undefined>();
  for (const { classes: numbers } of gone) for (const number of numbers) classes.set(number, undefined);
  for (const [number, rules] of plan.classes) classes.set(number, rules);
  return {
    numbers: patched(numbering.numbers, now, (map) => new NumberMap(map)),
    classes: patched(meaning.classes, classes, (map) => new ClassMap(map)),
  };
}

/**
 * Lays the sets of members and of prefix lists that changed, or of which profiles that change know, as far as anybody looks into them. Gives the names of
 * all that there may have been of these.
 */
export function layTouched(
  plan: Plan,
  { gone, come }: ProfileChanges,
  { members: other, others }: { readonly members: ReadonlySet<GroupId>; readonly others: Kept['profiles'] },
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const isOf = (key: string): boolean => key[1] === familyName(family);
    const own = [...gone, ...come].flatMap(([key, { work }]) => (isOf(key) ? [work] : []));
    const members = new Set([...other, ...own.flatMap((work) => work.members)]);
    const lists = new Set(own.flatMap((work) => work.lists.map(([id]) => id)));
    for (const id of members) for (const part of family === 'ipv4' ? ['4'] : ['6', '6p']) names.add(nameOf(id, part));
    for (const id of lists) names.add(nameOf(id, familyName(family)));
    for (const [key, { work }] of members.size + lists.size > 0 ? others : []) {
      if (!isOf(key)) continue;
      for (const id of work.members) if (members.delete(id)) memberSets(plan, id, family);
      for (const [id] of work.lists) if (lists.delete(id)) listSet(plan, id, family);
    }
  }
  return names;
}

/** The sets. `touched`: those that go where they were not laid. */
export function amendedSets(
  before: Ruleset['sets'],
  { ruleset }: Sealed,
  { changes, touched }: { readonly changes: ProfileChanges; readonly touched: ReadonlySet<string> },
): Ruleset['sets'] {
  const sets = new Map(before);
  for (const name of touched) if (!ruleset.sets.has(name)) sets.delete(name);
  for (const [name, set] of ruleset.sets) {
    const known = before.get(name);
    const of = ELEMENTS[name];
    if (known === undefined) sets.set(name, set);
    else if (of === undefined) sets.set(name, onTop(known, set));
    else {
      const gone = [...changes.gone.values()].flatMap(({ profile }) =>
        of(profile).map(([key]) => [key, undefined] as const),
      );
      sets.set(name, withChanges(known, new Map<Value, Value | undefined>([...gone, ...textsIn(set)])));
    }
  }
  for (const [name, pointers] of changes.pointers) {
    const known = before.get(name);
    if (known !== undefined) sets.set(name, withChanges(known, pointers));
  }
  return sets;
}

/** A set that was made anew, as what is other in it than in the one before, where that is little. */
function onTop(known: NftSet, set: NftSet): NftSet {
  if (known.content.kind === 'packed' && set.content.kind === 'packed')
    return known.content.words === set.content.words ? known : set;
  if (known.content.kind !== 'texts' || set.content.kind !== 'texts') return set;
  const [before, after] = [known.content.elements, set.content.elements];
  if (keysBetween(before, after) !== undefined) return set;
  const changes = new Map<Value, Value | undefined>();
  for (const key of before.keys()) if (!after.has(key)) changes.set(key, undefined);
  for (const [key, data] of after) if (before.get(key) !== data) changes.set(key, data);
  return isMuch(changes, before) ? set : withChanges(known, changes);
}

/** What a profile has in the maps that all share. */
const ELEMENTS: Readonly<Record<string, (profile: Profile) => Elements>> = {
  ports: portElements,
  irregular: wideElements,
  classes: classElements,
};

export function textsIn({ content }: NftSet): ReadonlyMap<Value, Value> {
  return content.kind === 'texts' ? content.elements : new Map();
}

/** A set after some changes of its elements. */
export function withChanges(set: NftSet, changes: ReadonlyMap<Value, Value | undefined>): NftSet {
  const known = textsIn(set);
  const elements = patched(known, changes, packTexts);
  return elements === known ? set : { ...set, content: { kind: 'texts', elements } };
}
