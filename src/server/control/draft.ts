import { type Change, recordChange } from '../../core/model/change.ts';
import { type IndexKinds, type IndexName, INDEXES } from '../../core/model/indexes.ts';
import type { Kind, Records } from '../../core/model/records.ts';
import { type Table, tableDelete, tableSet } from '../../core/model/table.ts';
import { applyChange, indexedIds, type World } from '../../core/model/world.ts';
import {
  type DetailKind,
  type DetailRecords,
  type Estate,
  type EstateKind,
  type EstateRecord,
  type EstateRecords,
  isWorldKind,
  recordOf,
  recordsOf,
} from './estate.ts';

/**
 * An estate in the making: commands read and write it, and what they wrote they see. Nothing outside changes; a draft whose command refused is
 * thrown away, so a request does all or nothing.
 */
export class Draft {
  #estate: Estate;

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** The estate as it is by now. */
  get estate(): Estate {
    return this.#estate;
  }

  get world(): World {
    return this.#estate.world;
  }

  /** Takes over what another draft that began with this one's estate led to: for what is tried, and kept only when it succeeds. */
  adopt(other: Draft): void {
    this.#estate = other.estate;
  }

  get<K extends EstateKind>(kind: K, id: string): EstateRecords[K] | undefined {
    return recordOf(this.#estate, kind, id);
  }

  list<K extends EstateKind>(kind: K): Iterable<EstateRecords[K]> {
    return recordsOf(this.#estate, kind);
  }

  /** The records that an index of the world files under a key, sorted by id. */
  listBy<I extends IndexName>(index: I, key: string): readonly Records[IndexKinds[I]][] {
    const kind: Kind = INDEXES[index].kind;
    const found = [...indexedIds(this.world, index, key)]
      .toSorted()
      .flatMap((id) => recordOf(this.#estate, kind, id) ?? []);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the index is of that kind
    return found as Records[IndexKinds[I]][];
  }

  /** Adds a record, or puts it in the place of the one with its id. */
  put<K extends EstateKind>(kind: K, record: EstateRecords[K]): void {
    this.#replace(kind, record.id, record);
  }

  /** Takes a record away; one that is not there stays away. */
  remove(kind: EstateKind, id: string): void {
    if (recordOf(this.#estate, kind, id) !== undefined) this.#replace(kind, id, undefined);
  }

  #replace(kind: EstateKind, id: string, to: EstateRecord | undefined): void {
    const { world, details } = this.#estate;
    if (isWorldKind(kind)) {
      const from: Records[Kind] | undefined = recordOf(this.#estate, kind, id);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the record is of the kind: `put` says so
      const change: Change = recordChange<Kind>(kind, from, to as Records[Kind] | undefined);
      this.#estate = { world: applyChange(world, change), details };
      return;
    }
    const table: Table<EstateRecord> = details[kind];
    const next = to === undefined ? tableDelete(table, id) : tableSet(table, id, to);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table was that of the kind
    this.#estate = { world, details: { ...details, [kind]: next as Table<DetailRecords[DetailKind]> } };
  }
}
