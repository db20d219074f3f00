import type { Address } from '../../core/net/address.ts';
import { type Cidr, cidrContains } from '../../core/net/cidr.ts';
import type { World } from '../../core/model/world.ts';
import type { ClassId } from '../pairs/classes.ts';
import type { Matrix } from '../pairs/matrix.ts';
import type { Member } from '../pairs/members.ts';
import { NO_SPOT, outsideKind, stopOf } from '../pairs/spots.ts';
import type { Stop } from '../trip.ts';
import { idsOfEni, isAmong, mayBeGateway } from './scope-match.ts';
import type { Resources, ScopeEnd, ScopeQuestion } from './scope-question.ts';

/** Members of one spot of which all statements of a question say the same: what a scope means between two looks holds for each two of their members. */
export type Look = {
  readonly id: number;
  readonly isOutside: boolean;
  /** Whether a path that is looked for may start or end there. */
  readonly may: { readonly source: boolean; readonly destination: boolean };
  /** Members that stand for it, of different interfaces where it has more than one. */
  readonly stops: readonly Stop[];
};

/** The members of one class that have one look. */
export type Bucket = {
  readonly id: number;
  readonly classId: ClassId;
  readonly look: Look;
  readonly members: readonly Member[];
};

/** Sorts the members of all classes that a path can start or end at: interfaces, and the internet. */
export function bucketsOf(world: World, question: ScopeQuestion, matrix: Matrix): readonly Bucket[] {
  const looks = new Map<string, Look & { readonly stops: Stop[] }>();
  const buckets: Bucket[] = [];
  for (const [classId, { members }] of matrix.classes.list.entries()) {
    const spot = matrix.spotOf(classId);
    if (spot === NO_SPOT) continue;
    const isOpen = matrix.sideOf(classId)?.isUnfiltered === true;
    const own = new Map<Look, Member[]>();
    for (const member of members) {
      const isOutside = member.eniId === undefined;
      if (isOutside && outsideKind(member.sample) !== 'internet') continue;
      const stop = stopOf(world, member);
      const key = `${spot} ${isOpen} ${sayOf(world, question, { member, stop })}`;
      let look = looks.get(key);
      if (look === undefined) {
        look = { id: looks.size, isOutside, may: mayBe(world, question, member), stops: [] };
        looks.set(key, look);
      }
      const [first] = look.stops;
      if (look.stops.length < 2 && (first === undefined || eniOf(first) !== member.eniId)) look.stops.push(stop);
      const known = own.get(look);
      if (known === undefined) own.set(look, [member]);
      else known.push(member);
    }
    for (const [look, one] of own) buckets.push({ id: buckets.length, classId, look, members: one });
  }
  return buckets;
}

function eniOf({ place }: Stop): string | undefined {
  return place.kind === 'eni' ? place.eni.id : undefined;
}

/** What each statement of a question says of a member, as text: of what it belongs to, of its addresses, and of what paths from it run through. */
function sayOf(
  world: World,
  { match, exclude }: ScopeQuestion,
  { member, stop }: { readonly member: Member; readonly stop: Stop },
): string {
  const { place } = stop;
  const ids = place.kind === 'eni' ? idsOfEni(world, place.eni.id) : [];
  const addresses = [member.sample, ...(place.kind === 'eni' && place.public !== undefined ? [place.public] : [])];
  const paths = [...match, ...exclude];
  const ends = paths.flatMap(({ source, destination }) => [source, destination]);
  const says = ends.flatMap(({ resources, header }) => [
    resources !== undefined && isAmong(world, ids, resources),
    ...[header?.sources, header?.destinations].flatMap((space) => withins(space?.cidrs, addresses)),
  ]);
  const through = paths.flatMap((path) => path.through);
  // A path runs through subnets and NACLs that spots do not tell apart.
  const home = through.length === 0 || place.kind !== 'eni' ? '' : place.eni.subnetId;
  return `${home} ${[...says, ...through.map((one: Resources) => isAmong(world, ids, one))].map(Number).join('')}`;
}

function withins(cidrs: readonly Cidr[] | undefined, addresses: readonly Address[]): readonly boolean[] {
  return cidrs === undefined
    ? []
    : addresses.map((address) => cidrs.some((cidr) => cidr.family === address.family && cidrContains(cidr, address)));
}

function mayBe(world: World, { match }: ScopeQuestion, { eniId }: Member): Look['may'] {
  const may = ({ resources }: ScopeEnd): boolean => {
    if (resources === undefined) return true;
    if (eniId !== undefined) return isAmong(world, idsOfEni(world, eniId), resources);
    // Which gateway leads there is told by the path.
    return mayBeGateway(resources);
  };
  return {
    source: match.some(({ source }) => may(source)),
    destination: match.some(({ destination }) => may(destination)),
  };
}
