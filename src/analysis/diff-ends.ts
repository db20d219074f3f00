import { type Cidr, compareCidrs } from '../core/net/cidr.ts';
import { intervalsOf } from '../core/net/interval-set.ts';
import { getRecord, type World } from '../core/model/world.ts';
import type { EndsDocument } from './ends-document.ts';
import { eniName } from './names.ts';
import type { SetId } from './pairs/bitsets.ts';
import type { Difference } from './pairs/difference.ts';
import { endsOf, outsideClasses, spaceTexts } from './pairs/ends.ts';
import type { Member } from './pairs/members.ts';
import type { Ranges } from './part-documents.ts';

/** An address of an interface, or of a delegated prefix the part that traffic tells apart. Names are those of the second world, where it has the interface. */
export type InterfaceRow = EndsDocument['interfaces'][number];

/** Ends of traffic, which many boxes share: `interfaces` are places in the document's table, first and last. */
export type SharedEnds = Omit<EndsDocument, 'interfaces'> & { readonly interfaces: Ranges };

/** The tables of a document: a place in `ends` stands for a whole list of ends. */
export type EndsTables = { readonly interfaces: readonly InterfaceRow[]; readonly ends: readonly SharedEnds[] };

type Worlds = { readonly before: World; readonly after: World };
type Outside = Pick<EndsDocument, 'outside' | 'allBut'>;

/** Gives each set of classes that differences speak of a place, and then says what is in all of these places. */
export class EndsList {
  readonly #worlds: Worlds;
  readonly #sides: { readonly difference: Difference; readonly set: SetId }[] = [];
  readonly #places = new Map<Difference, Map<SetId, number>>();
  readonly #outside = new Map<Difference, { readonly all: SetId; readonly known: Map<SetId, Outside> }>();

  constructor(worlds: Worlds) {
    this.#worlds = worlds;
  }

  /** The place of a set. */
  placeOf(difference: Difference, set: SetId): number {
    const places = this.#places.get(difference) ?? new Map<SetId, number>();
    this.#places.set(difference, places);
    let place = places.get(set);
    if (place === undefined) {
      place = this.#sides.push({ difference, set }) - 1;
      places.set(set, place);
    }
    return place;
  }

  /** What of a set is outside of all interfaces. */
  outsideOf(difference: Difference, set: SetId): Outside {
    const { classes, rows } = difference;
    const outside = this.#outside.get(difference) ?? {
      all: outsideClasses(classes, rows),
      known: new Map<SetId, Outside>(),
    };
    this.#outside.set(difference, outside);
    const own = rows.sets.and(set, outside.all);
    let made = outside.known.get(own);
    if (made === undefined) {
      const ends = endsOf(classes, rows.sets.members(own));
      made = { outside: spaceTexts(ends.outside), allBut: ends.allBut === undefined ? null : spaceTexts(ends.allBut) };
      outside.known.set(own, made);
    }
    return made;
  }

  /** The tables of all sets that have a place. */
  tables(): EndsTables {
    const interfaces: InterfaceRow[] = [];
    const numbers = new Map<Difference, Numbers>();
    for (const [difference, places] of this.#places)
      numbers.set(
        difference,
        numberMembers(difference, [...places.keys()], (members) => {
          const first = interfaces.length;
          for (const member of members) interfaces.push(this.#row(member));
          return first;
        }),
      );
    const ends = this.#sides.map(({ difference, set }): SharedEnds => ({
      interfaces: rangesIn(difference, set, numbers.get(difference)),
      ...this.outsideOf(difference, set),
    }));
    return { interfaces, ends };
  }

  #row({ eniId, space }: Member): InterfaceRow {
    const { before, after } = this.#worlds;
    const id: string = eniId ?? '';
    const world = getRecord(after, 'enis', id) === undefined ? before : after;
    const eni = getRecord(world, 'enis', id);
    return {
      eni: id,
      instance: eni?.attachment?.instanceId ?? null,
      name: eni === undefined ? null : (eniName(world, eni) ?? null),
      addresses: spaceTexts(space),
    };
  }
}

/** The whole list of ends at a place, an interface once, in the order that people expect. */
export function endsAt({ interfaces, ends }: EndsTables, place: number): EndsDocument {
  const shared = ends[place] ?? { interfaces: [], outside: [], allBut: null };
  const byEni = new Map<string, InterfaceRow>();
  for (const [first, last] of shared.interfaces)
    for (const row of interfaces.slice(first, last + 1)) {
      const known = byEni.get(row.eni);
      byEni.set(row.eni, known === undefined ? row : { ...known, addresses: [...known.addresses, ...row.addresses] });
    }
  const keyed = [...byEni.values()].map((row) => ({ key: `${row.name ?? '~'} ${row.eni}`, row }));
  return { ...shared, interfaces: keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row) };
}

/** Where the members of each class stand in the table, which has those of one difference after those of another. */
type Numbers = {
  readonly first: number;
  readonly count: number;
  readonly ofClass: readonly (readonly number[] | undefined)[];
};

/** Numbers the members of interfaces in these sets in the order of their addresses: whatever the classes are, and prefixes are few ranges. */
function numberMembers(
  { classes, rows }: Difference,
  sets: readonly SetId[],
  place: (members: readonly Member[]) => number,
): Numbers {
  const used = [...rows.sets.members(rows.sets.union(sets))].flatMap((id) =>
    (classes.list[id]?.members ?? []).flatMap((member) =>
      member.eniId === undefined ? [] : [{ id, member, cidr: member.space[0] }],
    ),
  );
  const sorted = used.toSorted(byAddress);
  const first = place(sorted.map(({ member }) => member));
  const ofClass: (number[] | undefined)[] = classes.list.map(() => undefined);
  for (const [number, { id }] of sorted.entries()) (ofClass[id] ??= []).push(number);
  return { first, count: sorted.length, ofClass };
}

type Placed = { readonly member: Member; readonly cidr: Cidr | undefined };

function byAddress(a: Placed, b: Placed): number {
  const order = a.cidr === undefined || b.cidr === undefined ? 0 : compareCidrs(a.cidr, b.cidr);
  return (
    order ||
    compareTexts(a.member.eniId ?? '', b.member.eniId ?? '') ||
    compareTexts(textOf(a.member), textOf(b.member))
  );
}

function textOf({ space }: Member): string {
  return spaceTexts(space).join(' ');
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function rangesIn({ rows }: Difference, set: SetId, numbers: Numbers | undefined): Ranges {
  if (numbers === undefined) return [];
  const { first, count, ofClass } = numbers;
  const has = new Uint8Array(count + 1);
  for (const id of rows.sets.members(set)) for (const number of ofClass[id] ?? []) has[number] = 1;
  const points: number[] = [];
  let at = has.indexOf(1);
  while (at >= 0) {
    // One more than there are numbers: a 0 follows each run.
    const end = has.indexOf(0, at);
    points.push(first + at, first + end - 1);
    at = has.indexOf(1, end);
  }
  return intervalsOf(points);
}
