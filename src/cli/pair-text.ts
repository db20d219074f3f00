import { formatAddress } from '../core/net/address.ts';
import { formatCidr } from '../core/net/cidr.ts';
import type { World } from '../core/model/world.ts';
import { type AddressSpace, subtractSpaces } from '../analysis/address-space.ts';
import type { Answer, AnswerGroup } from '../analysis/answer.ts';
import { eniName } from '../analysis/names.ts';
import { isHostCidr, type Place } from '../analysis/place.ts';

const MAX_NAMES = 4;
/** How a part of the outside begins that is told by what it leaves out. */
export const ALL_BUT = 'everything but ';

/** The pairs of a group on one line: `web-1 → app-1, app-2`. */
export function pairsText(world: World, answer: Answer, group: AnswerGroup): string {
  const bySource = new Map<string, Set<string>>();
  for (const pair of group.pairs) {
    const from = placeName(world, answer.question.from.places, pair.from);
    const to = placeName(world, answer.question.to.places, pair.to);
    bySource.set(from, (bySource.get(from) ?? new Set<string>()).add(to));
  }
  const rows = Map.groupBy(bySource, ([, targets]) => [...targets].toSorted().join('\n'));
  const texts = [...rows.values()].map(
    (sources) => `${namesText(sources.map(([name]) => name))} → ${namesText([...(sources[0]?.[1] ?? [])])}`,
  );
  const shown = texts.slice(0, MAX_NAMES).join('; ');
  return texts.length > MAX_NAMES ? `${shown}; and ${texts.length - MAX_NAMES} more` : shown;
}

/** A short name for a place; external space is told against all that the endpoint named. */
export function placeName(world: World, all: readonly Place[], place: Place): string {
  switch (place.kind) {
    case 'eni': {
      const name = eniName(world, place.eni) ?? place.eni.id;
      const [first] = place.space;
      return first === undefined || isHostCidr(first) ? name : `${name} ${spaceText(place.space)}`;
    }
    case 'vacant':
      return spaceText(place.space);
    case 'internet':
    case 'elsewhere': {
      const whole = all.find((one) => one.kind === place.kind && one.family === place.family)?.space ?? [];
      return partText(place.kind, place.space, whole);
    }
  }
}

/** `1 pair`, `3 pairs`. */
export function countText(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}

/** Prefixes on one line; single addresses without their length. */
export function spaceText(space: AddressSpace): string {
  return space.map((cidr) => (isHostCidr(cidr) ? formatAddress(cidr.base) : formatCidr(cidr))).join(', ');
}

/** A part of a space by its prefixes where they are few, else by what it leaves out. */
function partText(kind: string, part: AddressSpace, whole: AddressSpace): string {
  const rest = subtractSpaces(whole, part);
  if (rest.length === 0)
    return part.length <= MAX_NAMES ? spaceText(part) : kind === 'internet' ? 'the internet' : 'everywhere';
  if (part.length <= MAX_NAMES) return spaceText(part);
  return rest.length <= MAX_NAMES ? `${ALL_BUT}${spaceText(rest)}` : 'everything else';
}

/** Names in a row; of many, the first four and how many more. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
