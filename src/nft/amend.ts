import type { Eni } from '../core/model/eni.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { layFacesAfter } from './amended-faces.ts';
import { amendedChains, amendedGiven, amendedSets, layTouched } from './amended-parts.ts';
import { layBorders } from './border-chains.ts';
import { attachedEnis, GONE } from './device-sets.ts';
import { type Difference, differenceOf } from './difference.ts';
import { layElements, layHooks, type Layout, type Made, textSets, unknownGroups } from './layout.ts';
import { NO_NUMBERS, Plan, type Problem } from './plan.ts';
import { changeProfiles } from './profile-changes.ts';
import type { Ruleset } from './ruleset.ts';
import { draftOf, seal } from './seal.ts';
import type { Wiring } from './wiring.ts';

/**
 * The layout after few records changed: what they touch is made anew, and everything else stays the same thing, in maps with few changes on top.
 * Undefined where more changed than can be followed so; then `layout` makes all anew, and would say the same here.
 */
export function amended(before: Layout, view: HostView, wiring: Wiring): Layout | undefined {
  const { made } = before.kept;
  if (made === undefined || made.wiring !== wiring || !goesOn(before, made)) return undefined;
  const difference = differenceOf(made, view);
  if (difference === undefined) return undefined;
  const plan = new Plan(view, wiring, before.numbering, before.kept.given);
  const parts = layParts(plan, before, { made, difference });
  if (parts === undefined) return undefined;
  const changes = changeProfiles(plan, before, { from: made.view, difference });
  const profiles = new Map(before.kept.profiles);
  for (const key of changes.gone.keys()) profiles.delete(key);
  const gone = [
    ...[...changes.gone.values()].map(({ work }) => work),
    ...PARTS.flatMap((name) => (parts[name] === made.parts[name] ? [] : [made.parts[name]])),
  ];
  const touched = layTouched(plan, changes, { members: difference.members, others: profiles });
  layElements(
    plan,
    [...changes.come.values()].map(({ profile }) => profile),
  );
  const sealed = seal(plan.ruleset);
  const ruleset: Ruleset = {
    chains: amendedChains(before.ruleset.chains, sealed, { gone, others: profiles }),
    sets: amendedSets(before.ruleset.sets, sealed, {
      changes,
      touched: new Set([...touched, ...(difference.faces.length > 0 ? GONE.map(([name]) => name) : [])]),
    }),
    timeouts: before.ruleset.timeouts,
  };
  for (const [key, one] of changes.come) {
    // Chains that stay are held as they were, not a second time.
    const chains = one.work.chains.map((chain) => draftOf(ruleset.chains.get(sealed.nameOf(chain.name)) ?? chain));
    profiles.set(key, { ...one, work: { ...one.work, chains } });
  }
  const unknown = unknownAfter(made, view, difference);
  const given = amendedGiven(before, plan, gone);
  const { past } = plan;
  const entries = new Map([...plan.entries].map(([chain, entry]) => [sealed.nameOf(chain), entry] as const));
  const works = [...PARTS.map((name) => parts[name]), ...[...profiles.values()].map(({ work }) => work)];
  return {
    ruleset,
    meaning: {
      entries: parts.borders === made.parts.borders ? before.meaning.entries : entries,
      classes: given.classes,
    },
    numbering: { ...before.numbering, numbers: given.numbers, reserved: NO_NUMBERS.reserved, past },
    problems: [...new Set([...unknown, ...works.flatMap(({ problems }) => problems)])],
    kept: { made: { ...made, view, past, parts, unknown }, profiles, given, sets: textSets(ruleset.sets) },
  };
}

const PARTS = ['devices', 'state', 'borders', 'hooks'] as const;

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

/** What there is beside profiles, laid anew as far as the difference touches it; undefined where it comes to touch all. */
function layParts(
  plan: Plan,
  before: Layout,
  { made, difference }: { readonly made: Made; readonly difference: Difference },
): Made['parts'] | undefined {
  const { devices, state, borders, hooks } = made.parts;
  if (!plan.reuse(state) || !plan.reuse(devices)) return undefined;
  const isFaced = difference.faces.length > 0;
  if (isFaced) layFacesAfter(plan, before, { from: made.view, faces: difference.faces });
  else plan.goOn(before.numbering.past);
  const attached = plan.record(() => (isFaced || difference.hasAcls ? attachedEnis(plan) : []));
  if (!isFaced && !difference.hasAcls) return plan.reuse(borders) && plan.reuse(hooks) ? made.parts : undefined;
  const laid = plan.record(() => layBorders(plan, attached.result));
  if (laid.result !== made.hasBorders) return undefined;
  if (!isFaced) return plan.reuse(hooks) ? { devices, state, borders: laid.work, hooks } : undefined;
  const hooked = plan.record(() => {
    layHooks(plan, made.hasBorders);
  });
  return {
    devices: { ...devices, problems: attached.work.problems },
    state,
    borders: laid.work,
    hooks: hooked.work,
  };
}

/** What is to be said of groups that are not known: who did not move has those that it had. */
function unknownAfter({ unknown, wiring }: Made, { world }: HostView, { moved }: Difference): readonly Problem[] {
  const some = moved.flatMap(({ to }) => to ?? []);
  const all = (): readonly Eni[] => [...wiring.enis.keys()].flatMap((id) => getRecord(world, 'enis', id) ?? []);
  return unknownGroups(world, unknown.length === 0 ? some : all());
}
