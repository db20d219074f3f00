import { compareCidrs, cidrsOverlap, parseCidr } from '../core/net/cidr.ts';
import { attachedAs, type Eni } from '../core/model/eni.ts';
import { CannotHold } from './cannot-hold.ts';
import { hashText } from './names.ts';
import { NumberMap } from './packed-map.ts';
import { entriesAt, keysBetween } from './patched-map.ts';
import type { Content, Elements, Value } from './ruleset.ts';

/**
 * What a table has to know of what it held before, so that whoever gets an address inherits nothing of the one who had it.
 *
 * A connection's bits say that interfaces track it; only addresses say which. So its mark also bears an era, and an era ends whenever an
 * address loses its holder: of marks that are older, the bits of that address's end count no more.
 */
export type Past = {
  /** The era that is. */
  readonly era: number;
  /** The lowest number that the era after it may have. */
  readonly next: number;
  /** The oldest era whose marks are believed. */
  readonly since: number;
  /** Who holds addresses and delegated prefixes, by `at-set address`. */
  readonly holders: ReadonlyMap<string, number>;
  /** Addresses that lost their holders, the longest ago first. */
  readonly departures: readonly Departure[];
};

/** Marks of the eras `from` up to but not including `era` say nothing of an address's end any more. */
export type Departure = { readonly set: GoneSet; readonly address: Value; readonly from: number; readonly era: number };

export type GoneSet = 'gone4' | 'gone6' | 'gone6p';

/** A past without anything in it. */
export const NO_PAST: Past = { era: 1, next: 2, since: 1, holders: new Map(), departures: [] };

/** An era is what a mark has room for beside the two bits; some room is left over. */
const MAX_ERA = 2 ** 29;
/** So many addresses that went are told apart, in each set. A thousand more cost the kernel a tenth of a second at a restart. */
const MAX_DEPARTURES = 16_384;

/**
 * The number of an era that begins at a time, in seconds since 1970. Numbers of tables that are made anew, or made what they were, are so those of
 * no other era.
 */
export function eraAt(seconds: number): number {
  return Math.min(Math.max(1, Math.floor(seconds) - SECONDS_UNTIL_2024), MAX_ERA - 2 ** 16);
}

/** The past of a table that is made anew in an era. */
export function pastFrom(era: number): Past {
  return { ...NO_PAST, era, next: era + 1, since: era };
}

const SECONDS_UNTIL_2024 = 1_704_067_200;

/** An attached interface as 32 bits: that two share a number by chance, and one address after another, is not to be expected. */
export function holderOf(eni: Eni): number {
  return Number.parseInt(hashText(attachedAs(eni)).slice(0, 8), 16);
}

/** Who holds what, in the sets that say which addresses are at which devices: of all addresses, or of some. */
export function holdersIn(
  sets: ReadonlyMap<string, { readonly content: Content }>,
  some?: ReadonlySet<string>,
): Past['holders'] {
  const byDevice = textsIn(sets, 'holders');
  const holders = new Map<string, number>();
  for (const set of AT_SETS)
    for (const text of textsIn(sets, set).keys()) {
      const [device = '', address = ''] = text.split(' . ');
      const key = `${set} ${address}`;
      if (some?.has(key) === false) continue;
      // A damaged world may give an address to two: whatever the order, the same one of them holds it.
      holders.set(key, Math.min(holders.get(key) ?? Infinity, Number(byDevice.get(device) ?? 0)));
    }
  return new NumberMap(holders);
}

const AT_SETS = ['at4', 'at6', 'at6p'] as const;

function textsIn(sets: ReadonlyMap<string, { readonly content: Content }>, name: string): ReadonlyMap<Value, Value> {
  const content = sets.get(name)?.content;
  return content?.kind === 'texts' ? content.elements : new Map();
}

/** The past that a table itself tells; undefined when there is none of ours. */
export function pastIn(sets: ReadonlyMap<string, { readonly content: Content }>): Past | undefined {
  const eras = [...textsIn(sets, 'eras').keys()].map(Number).toSorted((a, b) => a - b);
  const [since, era = since] = eras;
  if (since === undefined || era === undefined) return undefined;
  const departures = GONE_SETS.flatMap((set) =>
    [...textsIn(sets, set).keys()].map((key): Departure => {
      const [address = '', marks = ''] = key.split(' . ');
      const [from = 0, to = 0] = marks.split('-').map(Number);
      return { set, address, from: Math.floor(from / MARKS), era: Math.floor(to / MARKS) + 1 };
    }),
  );
  return {
    era,
    next: era + 1,
    since,
    holders: holdersIn(sets),
    departures: departures.toSorted((a, b) => a.era - b.era),
  };
}

const GONE_SETS = ['gone4', 'gone6', 'gone6p'] as const;

/** The marks of one era: as many as the two bits have values. */
const MARKS = 4;

/** What a mark of an era is without its bits. */
export function markOf(era: number): number {
  return era * MARKS;
}

/** The elements of a set of addresses that went: with each the marks that say nothing of it. */
export function departureElements({ departures }: Past, of: GoneSet): Elements {
  return departures
    .filter(({ set }) => set === of)
    .map(({ address, from, era }) => [`${address} . ${markOf(from)}-${markOf(era) - 1}`, '']);
}

/** The past once addresses have other holders. An era ends when one of them lost the one that it had. */
export function pastAfter(before: Past, holders: Past['holders']): Past {
  const held = entriesAt(before.holders, keysBetween(before.holders, holders));
  const went = [...held].flatMap(([key, holder]) => (holders.get(key) === holder ? [] : [key])).toSorted();
  if (went.length === 0) return { ...before, holders };
  const era = Math.max(before.era + 1, before.next);
  if (era >= MAX_ERA) throw new CannotHold('connections have been marked for more eras than a mark has room for');
  const last = new Map(before.departures.map((one) => [`${one.set} ${one.address}`, one.era]));
  const fresh = went.map((key): Departure => {
    const [at = '', address = ''] = key.split(' ');
    const set = at.replace('at', 'gone') as GoneSet;
    return { set, address, from: last.get(`${set} ${address}`) ?? 0, era };
  });
  const departures = [...before.departures, ...fresh];
  const since = Math.max(before.since, ...GONE_SETS.map((set) => oldestBelieved(departures, set, era)));
  return { era, next: era + 1, since, holders, departures: departures.filter((one) => one.era > since) };
}

/** From which era on a set has room for all departures; marks from before it are believed no more, so that nothing need be known of them. */
function oldestBelieved(departures: readonly Departure[], of: GoneSet, era: number): number {
  const own = departures.filter(({ set }) => set === of);
  // The kernel takes no prefixes that overlap.
  if (of === 'gone6p' && overlapsItself(own)) return era;
  return own.length <= MAX_DEPARTURES ? 0 : (own.at(-(MAX_DEPARTURES / 2))?.era ?? era);
}

function overlapsItself(departures: readonly Departure[]): boolean {
  const distinct = [...new Set(departures.map(({ address }) => address))].map(parseCidr);
  const cidrs = distinct.flatMap((one) => (one.ok ? [one.value] : [])).toSorted(compareCidrs);
  return cidrs.slice(1).some((one, at) => cidrsOverlap(one, cidrs[at] ?? one));
}
