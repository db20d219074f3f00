import { formatAddress } from '../../core/net/address.ts';
import { formatCidr } from '../../core/net/cidr.ts';
import { type AddressSpace, spaceOf, subtractSpaces } from '../address-space.ts';
import { isHostCidr } from '../place.ts';
import { type Bitsets, NO_CLASSES, type SetId } from './bitsets.ts';
import type { ClassId, Classes } from './classes.ts';
import type { Member } from './members.ts';
import type { RowId, Rows } from './rows.ts';
import { outsideKind } from './spots.ts';

/** A set of classes as people and documents want it: which addresses of interfaces, and which address space outside. */
export type Ends = {
  readonly members: readonly Member[];
  /** Minimal prefixes of the address space outside. */
  readonly outside: AddressSpace;
  /** What of the internet is not in `outside`, as far as it is outside of every world's own addresses; undefined where that is longer to tell. */
  readonly allBut: AddressSpace | undefined;
};

/** The ends that a set of classes stands for. */
export function endsOf(classes: Classes, ids: Iterable<ClassId>): Ends {
  const members: Member[] = [];
  const outside: Member[] = [];
  for (const id of ids)
    for (const member of classes.list[id]?.members ?? []) (member.eniId === undefined ? outside : members).push(member);
  return { members, ...outsideOf(classes, outside) };
}

/** The ends outside that members stand for. */
function outsideOf(classes: Classes, members: readonly Member[]): Omit<Ends, 'members'> {
  const space = spaceOf(members.flatMap((one) => one.space));
  const rest = members.length === 0 ? undefined : subtractSpaces(wholeInternet(classes), space);
  return { outside: space, allBut: rest !== undefined && rest.length < space.length ? rest : undefined };
}

function wholeInternet(classes: Classes): AddressSpace {
  let whole = WHOLE.get(classes);
  if (whole === undefined) {
    const all = classes.list.flatMap(({ members }) => members.filter(({ eniId }) => eniId === undefined));
    whole = spaceOf(all.filter((one) => outsideKind(one.sample) === 'internet').flatMap((one) => one.space));
    WHOLE.set(classes, whole);
  }
  return whole;
}

/** Memory of a pure function. */
const WHOLE = new WeakMap<Classes, AddressSpace>();

/** A space as texts: single addresses without their length. */
export function spaceTexts(space: AddressSpace): readonly string[] {
  return space.map((cidr) => (isHostCidr(cidr) ? formatAddress(cidr.base) : formatCidr(cidr)));
}

/** The classes outside of all interfaces. */
export function outsideClasses(classes: Classes, rows: Rows): SetId {
  return rows.sets.of([...classes.list.keys()].filter((id) => classes.list[id]?.members[0]?.eniId === undefined));
}

/** How many pairs of addresses of different interfaces rows hold at some point; pairs with an end outside are not counted. */
export function countPairs(
  classes: Classes,
  rows: Rows,
  parts: Iterable<{ readonly to: ClassId; readonly row: RowId }>,
): number {
  let count = 0;
  for (const { to, row } of parts) {
    const targets = inside(classes, to);
    if (targets === 0) continue;
    const set = rows.anywhere(row);
    if (set !== NO_CLASSES)
      count += membersIn(classes, rows.sets, set) * targets - ownPairsIn(classes, rows.sets, { set, to });
  }
  return count;
}

/** How many addresses of interfaces a set of classes has. */
function membersIn(classes: Classes, sets: Bitsets, set: SetId): number {
  const known = MEMBERS_IN.get(sets) ?? new Map<SetId, number>();
  MEMBERS_IN.set(sets, known);
  let count = known.get(set);
  if (count === undefined) {
    count = 0;
    for (const id of sets.members(set)) count += inside(classes, id);
    known.set(set, count);
  }
  return count;
}

/** Memory of a pure function: an arena is of the classes of one analysis. */
const MEMBERS_IN = new WeakMap<Bitsets, Map<SetId, number>>();

/** Pairs of members of a set with those of a class that are one interface's own. */
function ownPairsIn(
  classes: Classes,
  sets: Bitsets,
  { set, to }: { readonly set: SetId; readonly to: ClassId },
): number {
  let count = 0;
  for (const [eniId, addresses] of perEni(classes, to))
    for (const from of classes.byEni.get(eniId ?? '') ?? [])
      if (sets.has(set, from)) count += addresses * (perEni(classes, from).get(eniId) ?? 0);
  return count;
}

/** Pairs of addresses of different interfaces, one of each class; none with a class outside. */
export function pairsBetween(classes: Classes, from: ClassId, to: ClassId): number {
  const [senders, targets] = [inside(classes, from), inside(classes, to)];
  if (senders === 0 || targets === 0) return 0;
  return senders * targets - ownPairs(classes, from, to);
}

function inside(classes: Classes, id: ClassId): number {
  const members = classes.list[id]?.members ?? [];
  return members[0]?.eniId === undefined ? 0 : members.length;
}

/** Pairs of two classes that are one interface's own. */
function ownPairs(classes: Classes, from: ClassId, to: ClassId): number {
  const [senders, targets] = [perEni(classes, from), perEni(classes, to)];
  const [few, many] = senders.size < targets.size ? [senders, targets] : [targets, senders];
  let count = 0;
  for (const [eniId, addresses] of few) count += addresses * (many.get(eniId) ?? 0);
  return count;
}

/** How many members of a class are of one interface. */
function perEni(classes: Classes, id: ClassId): ReadonlyMap<string | undefined, number> {
  const one = classes.list[id];
  if (one === undefined) return new Map();
  let counts = PER_ENI.get(one);
  if (counts === undefined) {
    const made = new Map<string | undefined, number>();
    for (const { eniId } of one.members) made.set(eniId, (made.get(eniId) ?? 0) + 1);
    counts = made;
    PER_ENI.set(one, counts);
  }
  return counts;
}

/** Memory of a pure function. */
const PER_ENI = new WeakMap<Classes['list'][number], ReadonlyMap<string | undefined, number>>();
