import { type Address, formatAddress } from '../net/address.ts';
import { type Cidr, cidrOf, formatCidr } from '../net/cidr.ts';
import { type Change, changeOf, stepsOf } from './change.ts';
import type { Eni } from './eni.ts';
import type { VpcId } from './ids.ts';
import { INDEXES, type IndexName, indexKeys } from './indexes.ts';
import { type Kind, KINDS, type Records } from './records.ts';
import {
  changedKeys,
  emptyTable,
  lazyTable,
  type Table,
  tableAnyKey,
  tableDelete,
  tableGet,
  tableKeys,
  tableOfColumns,
  tableOfSets,
  tableSet,
  tableValues,
} from './table.ts';

/**
 * All records at one revision, immutable. Indexes are part of the snapshot: a reader that holds a world holds its indexes too.
 * INVARIANT: indexes are what recomputing them from the records would give (`rebuildWorld` is the definition).
 */
export type World = {
  readonly revision: number;
  /** Kinds that the source of this world did not deliver: absence of a record then means unknown, not none. */
  readonly missing: ReadonlySet<Kind>;
  readonly records: { readonly [K in Kind]: Table<Records[K]> };
  readonly indexes: { readonly [I in IndexName]: Table<Table<true>> };
};

/** Records by kind, as a reader of a document collects them. */
export type RecordLists = { readonly [K in Kind]?: readonly Records[K][] };

type AnyRecord = Records[Kind];

/** A world from scratch at revision 0. Ids must be unique within a kind; a later record of the same id is refused by the readers. */
export function worldOf(lists: RecordLists, missing: Iterable<Kind> = []): World {
  const records: { [K in Kind]?: Table<AnyRecord> } = {};
  for (const kind of KINDS) {
    const list: readonly AnyRecord[] = lists[kind] ?? [];
    records[kind] = tableOfColumns(
      list.map((record) => record.id),
      list,
    );
  }
  return rebuildWorld({ revision: 0, missing: new Set(missing), records: records as World['records'] });
}

/** The world with its indexes computed anew from the records: the definition that incremental maintenance must equal. */
export function rebuildWorld(base: Pick<World, 'revision' | 'missing' | 'records'>): World {
  const indexes: { [I in IndexName]?: Table<Table<true>> } = {};
  for (const kind of KINDS) {
    const table: Table<AnyRecord> = base.records[kind];
    // Made when first asked for: most readers ask for two or three. Later worlds share what was made.
    for (const name of indexNamesOf(kind)) indexes[name] = lazyTable(() => indexOf(name, table));
  }
  return {
    revision: base.revision,
    missing: base.missing,
    records: base.records,
    indexes: indexes as World['indexes'],
  };
}

/** The next world. Throws when the change does not start from this world: that is a fault of the caller, not of data. */
export function applyChange(world: World, change: Change): World {
  const records = changedRecords(world, change);
  const indexes: { [I in IndexName]: Table<Table<true>> } = { ...world.indexes };
  for (const kind of KINDS) {
    for (const [id, { from, to }] of stepsOf(change, kind))
      for (const name of indexNamesOf(kind))
        indexes[name] = reindex(indexes[name], id, { gone: keysOf(name, from), come: keysOf(name, to) });
  }
  return { revision: world.revision + 1, missing: world.missing, records, indexes };
}

/**
 * The next world for a reader who hardly asks for indexes: those of `applyChange` are kept up whether anybody asks or not, these are made when first
 * asked for, anew in each world. Throws as `applyChange` does.
 */
export function applyToRecords(world: World, change: Change): World {
  return rebuildWorld({
    revision: world.revision + 1,
    missing: world.missing,
    records: changedRecords(world, change),
  });
}

function changedRecords(world: World, change: Change): World['records'] {
  const records: { [K in Kind]: Table<AnyRecord> } = { ...world.records };
  for (const kind of KINDS) {
    for (const [id, { from, to }] of stepsOf(change, kind)) {
      const found = tableGet(records[kind], id);
      if (!sameData(found, from) || (to !== undefined && to.id !== id))
        throw new Error(`change does not fit the world: ${kind} ${id}`);
      records[kind] = to === undefined ? tableDelete(records[kind], id) : tableSet(records[kind], id, to);
    }
  }
  return records as World['records'];
}

/** The change that leads from one world to another; costs time by what differs. */
export function changeBetween(before: World, after: World): Change {
  const steps = new Map(
    KINDS.map((kind) => {
      const old: Table<AnyRecord> = before.records[kind];
      const fresh: Table<AnyRecord> = after.records[kind];
      return [
        kind,
        new Map(
          changedKeys(old, fresh).map((id) => {
            const from = tableGet(old, id);
            const to = tableGet(fresh, id);
            return [id, { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
          }),
        ),
      ];
    }),
  );
  return changeOf(steps);
}

/** A record by kind and id, or undefined when the world has none such. */
export function getRecord<K extends Kind>(world: World, kind: K, id: string): Records[K] | undefined {
  const table: Table<Records[K]> = world.records[kind];
  return tableGet(table, id);
}

/** All records of a kind. */
export function listRecords<K extends Kind>(world: World, kind: K): Iterable<Records[K]> {
  const table: Table<Records[K]> = world.records[kind];
  return tableValues(table);
}

/** Ids that an index holds under a key, in no particular order. */
export function indexedIds(world: World, name: IndexName, key: string): Iterable<string> {
  const bucket = tableGet(world.indexes[name], key);
  return bucket === undefined ? [] : tableKeys(bucket);
}

/** The first id under a key; for keys that at most one record of a sound world has. */
export function indexedId(world: World, name: IndexName, key: string): string | undefined {
  const bucket = tableGet(world.indexes[name], key);
  return bucket === undefined ? undefined : tableAnyKey(bucket);
}

/** How many records an index holds under a key. */
export function indexedCount(world: World, name: IndexName, key: string): number {
  return tableGet(world.indexes[name], key)?.size ?? 0;
}

/** The ENI of a VPC that owns an address: as its own or inside a delegated prefix (/28 IPv4, /80 IPv6). */
export function eniAt(world: World, vpcId: VpcId, address: Address): Eni | undefined {
  const id =
    indexedId(world, 'enisByAddress', `${vpcId} ${formatAddress(address)}`) ??
    indexedId(world, 'enisByAddress', `${vpcId} ${formatCidr(delegatedPrefix(address))}`);
  return id === undefined ? undefined : getRecord(world, 'enis', id);
}

function delegatedPrefix(address: Address): Cidr {
  return cidrOf(address, address.family === 'ipv4' ? 28 : 80);
}

/** Whether two pieces of plain data are equal throughout: a change that was written down and read back has records of its own. */
function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const others = new Map(Object.entries(b));
  const entries = Object.entries(a);
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && sameData(value, others.get(key)))
  );
}

const NAMES_OF_KIND: ReadonlyMap<Kind, readonly IndexName[]> = new Map(
  KINDS.map((kind) => [kind, (Object.keys(INDEXES) as IndexName[]).filter((name) => INDEXES[name].kind === kind)]),
);

function indexNamesOf(kind: Kind): readonly IndexName[] {
  return NAMES_OF_KIND.get(kind) ?? [];
}

/** One index from scratch. */
function indexOf(name: IndexName, table: Table<AnyRecord>): Table<Table<true>> {
  const records = tableValues(table);
  return tableOfSets(
    records.map((record) => record.id),
    (row) => keysOf(name, records[row]),
  );
}

function keysOf(name: IndexName, record: AnyRecord | undefined): readonly string[] {
  return record === undefined ? [] : indexKeys(name, record);
}

function reindex(
  index: Table<Table<true>>,
  id: string,
  keys: { readonly gone: readonly string[]; readonly come: readonly string[] },
): Table<Table<true>> {
  // Most changes leave most keys as they are.
  if (keys.gone.length === keys.come.length && keys.gone.every((key, place) => key === keys.come[place])) return index;
  let next = index;
  const kept = new Set(keys.come);
  const old = new Set(keys.gone);
  for (const key of old) {
    if (kept.has(key)) continue;
    const bucket = tableDelete(tableGet(next, key) ?? emptyTable<true>(), id);
    next = bucket.size === 0 ? tableDelete(next, key) : tableSet(next, key, bucket);
  }
  for (const key of kept) {
    if (!old.has(key)) next = tableSet(next, key, tableSet(tableGet(next, key) ?? emptyTable<true>(), id, true));
  }
  return next;
}
