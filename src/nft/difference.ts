import { type Eni, isUnfiltered } from '../core/model/eni.ts';
import type { KindChange } from '../core/model/change.ts';
import type { GroupId } from '../core/model/ids.ts';
import { changeBetween, listRecords, type World } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { isPlain } from './device-sets.ts';
import { samePrefixes } from './kept-work.ts';
import { hasOwnTimeouts, type Made } from './layout.ts';
import type { Attachment } from './wiring.ts';

/** An interface on its device, as it was and as it is; `to` is absent where it is gone. */
export type Altered = { readonly attachment: Attachment; readonly from: Eni; readonly to?: Eni };

/** What is other in a view than in the one before it, by ids. */
export type Difference = {
  readonly groups: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  /** Groups that have other members, and those of them of which rules may have to say something else. */
  readonly members: ReadonlySet<GroupId>;
  readonly odd: ReadonlySet<GroupId>;
  readonly hasAcls: boolean;
  /** Interfaces that may have other groups than before, or others of them are known. */
  readonly moved: readonly Altered[];
  /** Interfaces that are gone, or other in something else than their groups. */
  readonly faces: readonly Altered[];
};

/** What is other in a view; undefined where more is than a layout can follow in parts. */
export function differenceOf({ view: before, wiring }: Made, after: HostView): Difference | undefined {
  if ([...before.world.missing].join(' ') !== [...after.world.missing].join(' ')) return undefined;
  const { groups, prefixLists, acls, enis, ...others } = changeBetween(before.world, after.world);
  if (Object.keys(others).length > 0 || (enis?.added.length ?? 0) > 0) return undefined;
  const onDevice = (ends: Omit<Altered, 'attachment'>): readonly Altered[] => {
    const attachment = wiring.enis.get(ends.from.id);
    return attachment === undefined ? [] : [{ attachment, ...ends }];
  };
  const altered = [
    ...(enis?.updated ?? []).flatMap(([from, to]) => onDevice({ from, to })),
    ...(enis?.removed ?? []).flatMap((from) => onDevice({ from })),
  ];
  const faces = altered.filter(({ from, to }) => to === undefined || !differInGroups(from, to));
  if (!altered.every(isFiltered) || !faces.every(isFollowed)) return undefined;
  const found = new Set([...(groups?.added ?? []), ...(groups?.removed ?? [])].map(({ id }) => id));
  const known = new Set(altered.map(({ from }) => from.id));
  const stayed = carriersOf(after.world, found).filter(({ id }) => !known.has(id));
  const members = [...new Set([...before.members.keys(), ...after.members.keys()])].filter(
    (id) => before.members.get(id) !== after.members.get(id),
  );
  const isOdd = (id: GroupId): boolean =>
    !samePrefixes(before.members.get(id)?.prefixes, after.members.get(id)?.prefixes);
  return {
    groups: idsIn(groups),
    lists: idsIn(prefixLists),
    members: new Set(members),
    odd: new Set(members.filter(isOdd)),
    hasAcls: acls !== undefined,
    moved: [...altered, ...stayed.flatMap((eni) => onDevice({ from: eni, to: eni }))],
    faces,
  };
}

function idsIn<R extends { readonly id: string }>(change: KindChange<R> | undefined): ReadonlySet<string> {
  if (change === undefined) return new Set();
  const { added, updated, removed } = change;
  return new Set([...added, ...updated.map(([from]) => from), ...removed].map(({ id }) => id));
}

/** The interfaces that have one of some groups. */
function carriersOf(world: World, groups: ReadonlySet<GroupId>): readonly Eni[] {
  if (groups.size === 0) return [];
  return [...listRecords(world, 'enis')].filter((eni) => eni.groups.some((id) => groups.has(id)));
}

/** Whether two records of an interface differ in nothing but what groups it has. */
function differInGroups(a: Eni, b: Eni): boolean {
  return textWithoutGroups(a) === textWithoutGroups(b);
}

function textWithoutGroups(eni: Eni): string {
  return JSON.stringify({ ...eni, groups: [], groupDoubt: '' });
}

function isFiltered({ from, to = from }: Altered): boolean {
  return !isUnfiltered(from) && !isUnfiltered(to);
}

/** Whether what an interface has at its device is its own alone: then nobody else's becomes other with it. */
function isFollowed({ from, to = from }: Altered): boolean {
  const isInPlace = from.vpcId === to.vpcId && from.subnetId === to.subnetId;
  return isInPlace && [from, to].every((eni) => isPlain(eni) && !hasOwnTimeouts(eni));
}
