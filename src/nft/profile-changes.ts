import type { SecurityGroup } from '../core/model/security-group.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { quote } from './device-sets.ts';
import type { Difference } from './difference.ts';
import { type KeptProfile, keptProfile } from './group-chains.ts';
import { combinationOf, type Layout } from './layout.ts';
import type { Plan } from './plan.ts';
import type { Value } from './ruleset.ts';
import { type Side, SIDES, sideName } from './side.ts';
import { keysWith } from './text-map.ts';

/** The numbers that devices have instead of those of before; undefined where they have none any more. */
type Pointers = ReadonlyMap<Value, Value | undefined>;

/** Profiles that go and that come, by key, one in the place of the other where rules changed; and what devices point to, by side. */
export type ProfileChanges = {
  readonly gone: ReadonlyMap<string, KeptProfile>;
  readonly come: ReadonlyMap<string, KeptProfile>;
  readonly pointers: ReadonlyMap<string, Pointers>;
};

/** Lays out the profiles that a change of groups, of prefix lists and of who is in which group leads to. */
export function changeProfiles(plan: Plan, before: Layout, of: Of): ProfileChanges {
  const stale = [...before.kept.profiles].filter(([, one]) => isStale(one, of.difference));
  const parts = SIDES.map((side) => {
    const name = sideName(side);
    const own = stale.filter(([key]) => key.startsWith(`${name} `));
    return [name, changeSide(plan, before, { ...of, side, stale: new Map(own) })] as const;
  });
  return {
    gone: new Map(parts.flatMap(([, { gone }]) => [...gone])),
    come: new Map(parts.flatMap(([, { come }]) => [...come])),
    pointers: new Map(parts.map(([name, { pointers }]) => [name, pointers])),
  };
}

/** From where, and what is other now. */
type Of = { readonly from: HostView; readonly difference: Difference };

/** Whether something of what a profile was made of is not as it was. */
function isStale({ groups, work }: KeptProfile, { groups: others, lists, odd }: Difference): boolean {
  return (
    groups.some(({ id }) => others.has(id)) ||
    (lists.size > 0 && work.lists.some(([id]) => lists.has(id))) ||
    (odd.size > 0 && work.members.some((id) => odd.has(id)))
  );
}

type SideChanges = Omit<ProfileChanges, 'pointers'> & { readonly pointers: Pointers };

/** A combination of groups that some devices have from now on. */
type Wanted = { readonly groups: readonly SecurityGroup[]; readonly devices: Value[] };

function changeSide(
  plan: Plan,
  { kept, ruleset }: Layout,
  {
    from,
    difference: { moved },
    side,
    stale,
  }: Of & { readonly side: Side; readonly stale: ReadonlyMap<string, KeptProfile> },
): SideChanges {
  const content = ruleset.sets.get(sideName(side))?.content;
  const known: ReadonlyMap<Value, Value> = content?.kind === 'texts' ? content.elements : new Map();
  const movers = new Set(moved.map(({ attachment }) => quote(attachment.device)));
  /** Devices that have had a profile and did not move. */
  const staying = ({ profile }: KeptProfile): readonly Value[] =>
    [...keysWith(known, new Set([String(profile.number)]))].filter((device) => !movers.has(device));
  const gone = new Map(stale);
  const wanted = new Map<string, Wanted>();
  for (const [key, one] of gone) {
    const devices = staying(one);
    const groups = one.groups.flatMap(({ id }) => getRecord(plan.world, 'groups', id) ?? []);
    if (devices.length > 0) wanted.set(key, { groups, devices: [...devices] });
  }
  const pointers = new Map<Value, Value | undefined>();
  for (const { attachment, to } of moved) {
    pointers.set(quote(attachment.device), undefined);
    if (to === undefined) continue;
    const { key, groups } = combinationOf(plan.world, to, side);
    const one = wanted.get(key) ?? { groups, devices: [] };
    one.devices.push(quote(attachment.device));
    wanted.set(key, one);
  }
  for (const one of moved) {
    const { key } = combinationOf(from.world, one.from, side);
    const left = kept.profiles.get(key);
    if (left !== undefined && !wanted.has(key) && staying(left).length === 0) gone.set(key, left);
  }
  const come = new Map<string, KeptProfile>();
  for (const [key, { groups, devices }] of wanted) {
    const there = gone.has(key) ? undefined : kept.profiles.get(key);
    const one = there ?? keptProfile(plan, groups, { side, known: undefined });
    if (there === undefined) come.set(key, one);
    for (const device of devices) pointers.set(device, String(one.profile.number));
  }
  return { gone, come, pointers };
}
