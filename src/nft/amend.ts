import { type Eni, isUnfiltered } from '../core/model/eni.ts';
import { changeBetween, getRecord, listRecords } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { amendedChains, amendedGiven, amendedSets, layTouched } from './amended-parts.ts';
import { layElements, type Layout, type Made, textSets, unknownGroups } from './layout.ts';
import { NO_NUMBERS, Plan, type Problem } from './plan.ts';
import { changeProfiles, type Moved } from './profile-changes.ts';
import type { Ruleset } from './ruleset.ts';
import { draftOf, seal } from './seal.ts';
import type { Wiring } from './wiring.ts';

/**
 * The layout after rules, prefix lists, members, or the groups of interfaces changed, and nothing else: the profiles that this touches are made anew, and
 * everything else stays the same thing, in maps with few changes on top. Undefined where more changed; then `layout` makes all anew, and would
 * say the same here.
 */
export function amended(before: Layout, view: HostView, wiring: Wiring): Layout | undefined {
  const { made } = before.kept;
  if (made === undefined || made.wiring !== wiring || !goesOn(before, made)) return undefined;
  const moved = movedEnis(made, view);
  if (moved === undefined) return undefined;
  const plan = new Plan(view, wiring, before.numbering, before.kept.given);
  plan.goOn(before.numbering.past);
  for (const part of Object.values(made.parts)) if (!plan.reuse(part)) return undefined;
  const changes = changeProfiles(plan, before, { from: made.view, moved });
  const profiles = new Map(before.kept.profiles);
  for (const key of changes.gone.keys()) profiles.delete(key);
  const touched = layTouched(plan, before.kept, { changes, others: profiles });
  layElements(
    plan,
    [...changes.come.values()].map(({ profile }) => profile),
  );
  const sealed = seal(plan.ruleset);
  const ruleset: Ruleset = {
    chains: amendedChains(before.ruleset.chains, sealed, { changes, others: profiles }),
    sets: amendedSets(before.ruleset.sets, sealed, { changes, touched }),
    timeouts: before.ruleset.timeouts,
  };
  for (const [key, one] of changes.come) {
    // Chains that stay are held as they were, not a second time.
    const chains = one.work.chains.map((chain) => draftOf(ruleset.chains.get(sealed.nameOf(chain.name)) ?? chain));
    profiles.set(key, { ...one, work: { ...one.work, chains } });
  }
  const unknown = unknownAfter(made, view, moved);
  const given = amendedGiven(before, plan, changes);
  return {
    ruleset,
    meaning: { ...before.meaning, classes: given.classes },
    numbering: { ...before.numbering, numbers: given.numbers, reserved: NO_NUMBERS.reserved },
    problems: [
      ...new Set([
        ...Object.values(made.parts).flatMap(({ problems }) => problems),
        ...unknown,
        ...[...profiles.values()].flatMap(({ work }) => work.problems),
      ]),
    ],
    kept: {
      made: { ...made, view, past: before.numbering.past, unknown },
      profiles,
      given,
      sets: textSets(ruleset.sets),
    },
  };
}

/** Whether numbers and past are those of this very layout. The next era may have another number: nobody has asked for it. */
function goesOn({ numbering, kept }: Layout, { past }: Made): boolean {
  const { era, since, holders, departures } = numbering.past;
  return (
    numbering.numbers === kept.given.numbers &&
    era === past.era &&
    since === past.since &&
    holders === past.holders &&
    departures === past.departures
  );
}

/** The interfaces that moved; undefined where more changed than can be followed. */
function movedEnis({ view: before, wiring }: Made, after: HostView): readonly Moved[] | undefined {
  if ([...before.world.missing].join() !== [...after.world.missing].join()) return undefined;
  const { groups, prefixLists: _, enis, ...others } = changeBetween(before.world, after.world);
  if (Object.keys(others).length > 0) return undefined;
  if ((enis?.added.length ?? 0) + (enis?.removed.length ?? 0) > 0) return undefined;
  const moved = new Map(enis?.updated.map(([from, to]) => [to.id, { from, to }]));
  for (const { from, to } of moved.values())
    if (isUnfiltered(from) || isUnfiltered(to) || !differInGroups(from, to)) return undefined;
  const found = new Set([...(groups?.added ?? []), ...(groups?.removed ?? [])].map(({ id }) => id));
  if (found.size > 0)
    for (const eni of listRecords(after.world, 'enis'))
      if (!moved.has(eni.id) && eni.groups.some((id) => found.has(id))) moved.set(eni.id, { from: eni, to: eni });
  return [...moved].flatMap(([id, ends]): readonly Moved[] => {
    const device = wiring.enis.get(id)?.device;
    return device === undefined ? [] : [{ device, ...ends }];
  });
}

/** Whether two records of an interface differ in nothing but what groups it has. */
function differInGroups(a: Eni, b: Eni): boolean {
  return textWithoutGroups(a) === textWithoutGroups(b);
}

function textWithoutGroups(eni: Eni): string {
  return JSON.stringify({ ...eni, groups: [], groupDoubt: '' });
}

/** What is to be said of groups that are not known: who did not move has those that it had. */
function unknownAfter({ unknown, wiring }: Made, { world }: HostView, moved: readonly Moved[]): readonly Problem[] {
  const some = moved.map(({ to }) => to);
  const all = (): readonly Eni[] => [...wiring.enis.keys()].flatMap((id) => getRecord(world, 'enis', id) ?? []);
  return unknownGroups(world, unknown.length === 0 ? some : all());
}
