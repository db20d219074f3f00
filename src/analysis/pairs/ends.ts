import { formatAddress } from '../../core/net/address.ts';
import { formatCidr } from '../../core/net/cidr.ts';
import { type AddressSpace, spaceOf, subtractSpaces } from '../address-space.ts';
import { isHostCidr } from '../place.ts';
import type { SetId } from './bitsets.ts';
import type { ClassId, Classes } from './classes.ts';
import type { Member } from './members.ts';
import { NO_CLASSES } from './bitsets.ts';
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
  const space = spaceOf(outside.flatMap((one) => one.space));
  const rest = outside.length === 0 ? undefined : subtractSpaces(wholeInternet(classes), space);
  return { members, outside: space, allBut: rest !== undefined && rest.length < space.length ? rest : undefined };
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
    if (set === NO_CLASSES) continue;
    for (const from of rows.sets.members(set)) count += pairsBetween(classes, from, to);
  }
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
