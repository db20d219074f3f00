import { FAMILIES, type Family } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Eni } from '../core/model/eni.ts';
import { getRecord, listRecords, type World } from '../core/model/world.ts';
import type { EndpointError } from './endpoint.ts';
import { eniName, nameOf } from './names.ts';
import { ordinaryEnis } from './place.ts';
import { suggestNames } from './suggest.ts';

/** By what interfaces are put together. */
export const MATRIX_KINDS = ['group', 'subnet', 'instance'] as const;
export type MatrixKind = (typeof MATRIX_KINDS)[number];

/** The ends outside of all interfaces: the internet, and networks that it does not route. */
export const OUTSIDE_ENDS = ['internet', 'elsewhere'] as const;

/** One row and column of a matrix. An interface is of every group that it carries, of one subnet, of one instance at most. */
export type MatrixEnd = { readonly name: string | null; readonly interfaces: number } & (
  | {
      /** `interface`: of no instance; `no-group`: interfaces without groups, or of whose groups none is known. */
      readonly kind: MatrixKind | 'interface' | 'no-group';
      readonly id: string;
    }
  | { readonly kind: 'outside'; readonly id: (typeof OUTSIDE_ENDS)[number] }
);

/** An end and the ids of its interfaces; none outside. */
export type EndMembers = { readonly end: MatrixEnd; readonly enis: readonly string[] };

/** All ends of a matrix: by name, then id; those outside last. Groups and subnets without interfaces, too: that they reach nothing is an answer. */
export function matrixEnds(world: World, by: MatrixKind): readonly EndMembers[] {
  const found = new Map<string, Eni[]>();
  if (by === 'group') for (const { id } of listRecords(world, 'groups')) found.set(id, []);
  if (by === 'subnet') for (const { id } of listRecords(world, 'subnets')) found.set(id, []);
  for (const eni of ordinaryEnis(world))
    for (const id of endIdsOf(eni, by)) {
      const known = found.get(id);
      if (known === undefined) found.set(id, [eni]);
      else known.push(eni);
    }
  const inside = [...found].map(([id, enis]) => ({
    end: insideEnd(world, by, { id, enis }),
    enis: enis.map((eni) => eni.id),
  }));
  const outside = OUTSIDE_ENDS.map((id): EndMembers => ({
    end: { kind: 'outside', id, name: null, interfaces: 0 },
    enis: [],
  }));
  return [...inside.toSorted((a, b) => (endKey(a.end) < endKey(b.end) ? -1 : 1)), ...outside];
}

/** How many interfaces may carry groups that are not known, as in a plan: cells of groups do not count them there. */
export function unplacedIn(world: World, by: MatrixKind): number {
  return by === 'group' ? ordinaryEnis(world).filter(({ groupDoubt }) => groupDoubt !== undefined).length : 0;
}

/** The places among all ends of those that texts name by id or name. */
export function findEnds(
  all: readonly EndMembers[],
  texts: readonly string[],
): Result<readonly number[], EndpointError> {
  const places: number[] = [];
  for (const text of texts) {
    const byId = all.findIndex(({ end }) => end.id === text);
    const found = byId >= 0 ? [byId] : [...all.keys()].filter((at) => all[at]?.end.name === text);
    const [first] = found;
    if (first === undefined)
      return fail({
        kind: 'unknown',
        message: `the matrix has no row ${JSON.stringify(text)}`,
        suggestions: suggestNames(
          text,
          all.flatMap(({ end }) => (end.name === null ? [end.id] : [end.name, end.id])),
        ),
      });
    if (found.length > 1)
      return fail({
        kind: 'ambiguous',
        message: `${found.length} rows are called ${JSON.stringify(text)}: say which by id`,
        suggestions: found.slice(0, 5).map((at) => all[at]?.end.id ?? ''),
      });
    places.push(first);
  }
  return ok([...new Set(places)].toSorted((a, b) => a - b));
}

/** The families in which some interface of a world has an address. */
export function familiesOf(world: World): readonly Family[] {
  const enis = ordinaryEnis(world);
  return FAMILIES.filter((family) =>
    enis.some(
      ({ addresses, prefixes }) =>
        addresses.some(({ address }) => address.family === family) ||
        prefixes.some(({ base }) => base.family === family),
    ),
  );
}

const NO_GROUP = 'no group';
const NOT_KNOWN = 'groups not known';

function endIdsOf(eni: Eni, by: MatrixKind): readonly string[] {
  switch (by) {
    case 'group':
      if (eni.groups.length > 0) return [...new Set(eni.groups)];
      return [eni.groupDoubt === undefined ? NO_GROUP : NOT_KNOWN];
    case 'subnet':
      return [eni.subnetId];
    case 'instance':
      return [eni.attachment?.instanceId ?? eni.id];
  }
}

function insideEnd(
  world: World,
  by: MatrixKind,
  { id, enis }: { readonly id: string; readonly enis: readonly Eni[] },
): MatrixEnd {
  const interfaces = enis.length;
  if (id === NO_GROUP || id === NOT_KNOWN) return { kind: 'no-group', id, name: null, interfaces };
  const [first] = enis;
  if (by !== 'instance') return { kind: by, id, name: nameOf(world, id) ?? null, interfaces };
  const eni = getRecord(world, 'enis', id);
  if (eni !== undefined) return { kind: 'interface', id, name: eniName(world, eni) ?? null, interfaces };
  const name = nameOf(world, id) ?? (first === undefined ? undefined : eniName(world, first));
  return { kind: 'instance', id, name: name ?? null, interfaces };
}

function endKey({ kind, name, id }: MatrixEnd): string {
  return `${kind === 'no-group' ? 1 : 0} ${name ?? '~'} ${id}`;
}
