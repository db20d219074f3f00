import type { Eni } from '../core/model/eni.ts';
import type { SecurityGroup } from '../core/model/security-group.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { quote } from './device-sets.ts';
import { type KeptProfile, keptProfile } from './group-chains.ts';
import { holdsIn } from './kept-work.ts';
import { combinationOf, type Kept, type Layout } from './layout.ts';
import type { Plan } from './plan.ts';
import type { Value } from './ruleset.ts';
import { type Side, SIDES, sideName } from './side.ts';
import { keysWith } from './text-map.ts';

/** An interface on its device that has other groups than before, or others of them are known. */
export type Moved = { readonly device: string; readonly from: Eni; readonly to: Eni };

/** Profiles that go and that come, by key, one in the place of the other where rules changed; and the numbers that devices have instead, by side. */
export type ProfileChanges = {
  readonly gone: ReadonlyMap<string, KeptProfile>;
  readonly come: ReadonlyMap<string, KeptProfile>;
  readonly pointers: ReadonlyMap<string, ReadonlyMap<Value, Value>>;
};

/** Lays out the profiles that a change of groups, of prefix lists and of who is in which group leads to. */
export function changeProfiles(
  plan: Plan,
  before: Layout,
  of: { readonly from: HostView; readonly moved: readonly Moved[] },
): ProfileChanges {
  const parts = SIDES.map((side) => [sideName(side), changeSide(plan, before, { ...of, side })] as const);
  return {
    gone: new Map(parts.flatMap(([, { gone }]) => [...gone])),
    come: new Map(parts.flatMap(([, { come }]) => [...come])),
    pointers: new Map(parts.map(([name, { pointers }]) => [name, pointers])),
  };
}

type SideChanges = Omit<ProfileChanges, 'pointers'> & { readonly pointers: ReadonlyMap<Value, Value> };

/** A combination of groups that some devices have from now on. */
type Wanted = { readonly groups: readonly SecurityGroup[]; readonly devices: Value[] };

function changeSide(
  plan: Plan,
  { kept, ruleset }: Layout,
  { from, moved, side }: { readonly from: HostView; readonly moved: readonly Moved[]; readonly side: Side },
): SideChanges {
  const content = ruleset.sets.get(sideName(side))?.content;
  const known: ReadonlyMap<Value, Value> = content?.kind === 'texts' ? content.elements : new Map();
  const movers = new Set(moved.map(({ device }) => quote(device)));
  /** Devices that have had a profile and did not move. */
  const staying = ({ profile }: KeptProfile): readonly Value[] =>
    [...keysWith(known, new Set([String(profile.number)]))].filter((device) => !movers.has(device));
  const gone = new Map([...kept.profiles].filter(([key, one]) => isOf(key, side) && !lasts(plan, one)));
  const wanted = new Map<string, Wanted>();
  for (const [key, one] of gone) {
    const devices = staying(one);
    const groups = one.groups.flatMap(({ id }) => getRecord(plan.world, 'groups', id) ?? []);
    if (devices.length > 0) wanted.set(key, { groups, devices: [...devices] });
  }
  for (const { device, to } of moved) {
    const { key, groups } = combinationOf(plan.world, to, side);
    const one = wanted.get(key) ?? { groups, devices: [] };
    one.devices.push(quote(device));
    wanted.set(key, one);
  }
  for (const one of moved) {
    const { key } = combinationOf(from.world, one.from, side);
    const left = kept.profiles.get(key);
    if (left !== undefined && !wanted.has(key) && staying(left).length === 0) gone.set(key, left);
  }
  const come = new Map<string, KeptProfile>();
  const pointers = new Map<Value, Value>();
  for (const [key, { groups, devices }] of wanted) {
    const there = gone.has(key) ? undefined : kept.profiles.get(key);
    const one = there ?? keptProfile(plan, groups, { side, known: undefined });
    if (there === undefined) come.set(key, one);
    for (const device of devices) pointers.set(device, String(one.profile.number));
  }
  return { gone, come, pointers };
}

/** Whether a profile is of a side. */
function isOf(key: string, side: Side): boolean {
  return key.startsWith(`${sideName(side)} `);
}

/** Whether all that a profile was made of is as it was. */
function lasts(
  { view }: Plan,
  { groups, work }: Kept['profiles'] extends ReadonlyMap<string, infer P> ? P : never,
): boolean {
  return groups.every((one) => getRecord(view.world, 'groups', one.id) === one) && holdsIn(work, view);
}
