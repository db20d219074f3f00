import type { RuleId } from '../core/model/ids.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { ClassMap } from './class-map.ts';
import { classElements, type Profile, portElements, wideElements } from './group-chains.ts';
import { type Kept, type Layout, sameSet } from './layout.ts';
import { nameOf } from './names.ts';
import { keysOfNumbers, NumberMap } from './packed-map.ts';
import { patched } from './patched-map.ts';
import { listSet, memberSets } from './peer-chains.ts';
import type { Given, Plan } from './plan.ts';
import type { ProfileChanges } from './profile-changes.ts';
import type { Chain, Elements, NftSet, Ruleset, Value } from './ruleset.ts';
import { draftOf, type Sealed } from './seal.ts';
import { familyName } from './side.ts';
import { packTexts } from './text-map.ts';

// What becomes of the parts of a layout when some of its profiles become others.

/** Profiles that change, and those that do not. */
export type Among = { readonly changes: ProfileChanges; readonly others: Kept['profiles'] };

/** The chains: those that nobody leads to any more go. */
export function amendedChains(
  before: Ruleset['chains'],
  { ruleset }: Sealed,
  { changes, others }: Among,
): Ruleset['chains'] {
  const left = new Set([...changes.gone.values()].flatMap(({ work }) => work.chains.map(({ name }) => name)));
  for (const { work } of left.size > 0 ? others.values() : []) for (const { name } of work.chains) left.delete(name);
  const now = new Map<string, Chain | undefined>();
  for (const [name, chain] of left.size > 0 ? before : [])
    if (left.has(draftOf(chain).name) && !ruleset.chains.has(name)) now.set(name, undefined);
  for (const [name, chain] of ruleset.chains) if (!before.has(name)) now.set(name, chain);
  return patched(before, now, (map) => new Map(map));
}

/** Numbers that stand for something, and what those of classes count. */
export function amendedGiven({ numbering, meaning }: Layout, plan: Plan, { gone, come }: ProfileChanges): Given {
  const counted = plan.classes;
  const left = new Set<number>();
  const classes = new Map<number, readonly RuleId[] | undefined>();
  for (const { work } of gone.values()) {
    for (const number of [...work.numbers, ...work.classes]) left.add(number);
    for (const number of work.classes) classes.set(number, undefined);
  }
  for (const { work } of come.values()) for (const number of work.classes) classes.set(number, counted.get(number));
  const now = new Map<string, number | undefined>();
  for (const key of left.size > 0 ? keysOfNumbers(numbering.numbers, left) : []) now.set(key, undefined);
  for (const [key, number] of plan.asked) now.set(key, number);
  return {
    numbers: patched(numbering.numbers, now, (map) => new NumberMap(map)),
    classes: patched(meaning.classes, classes, (map) => new ClassMap(map)),
  };
}

/**
 * Lays the sets of members and of prefix lists that changed, or of which profiles that change know, as far as anybody looks into them. Gives the names of
 * all that there may have been of these.
 */
export function layTouched(plan: Plan, { made }: Kept, { changes, others }: Among): ReadonlySet<string> {
  const known: HostView['members'] = made?.view.members ?? new Map();
  const ids = new Set([...known.keys(), ...plan.view.members.keys()]);
  const other = [...ids].filter((id) => known.get(id) !== plan.view.members.get(id));
  const names = new Set<string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const isOf = (key: string): boolean => key[1] === familyName(family);
    const own = [...changes.gone, ...changes.come].flatMap(([key, { work }]) => (isOf(key) ? [work] : []));
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

/** The sets. `touched`: those of members and prefix lists that go where they were not laid. */
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
    if (known === undefined || of === undefined) sets.set(name, sameSet(known, set) ?? set);
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

/** What a profile has in the maps that all share. */
const ELEMENTS: Readonly<Record<string, (profile: Profile) => Elements>> = {
  ports: portElements,
  irregular: wideElements,
  classes: classElements,
};

function textsIn({ content }: NftSet): ReadonlyMap<Value, Value> {
  return content.kind === 'texts' ? content.elements : new Map();
}

function withChanges(set: NftSet, changes: ReadonlyMap<Value, Value | undefined>): NftSet {
  const known = textsIn(set);
  const elements = patched(known, changes, packTexts);
  return elements === known ? set : { ...set, content: { kind: 'texts', elements } };
}
