import { asId } from '../../core/model/ids.ts';
import { changedKeys, type Table } from '../../core/model/table.ts';
import { getRecord, type World, worldOf } from '../../core/model/world.ts';
import { memberChanges, wholeGroup } from './member-change.ts';
import type { RecordMessage, ServerMessage } from './messages.ts';
import { HOST_KINDS, type HostKind } from './record-shapes.ts';
import { type Changed, NO_SCOPE, type Scope } from './scope.ts';

/** A world and what of it a host is told. */
export type Side = { readonly world: World; readonly scope: Scope };

/** What a host has that was told nothing. */
export const NOTHING_TOLD: Side = { world: worldOf({}), scope: NO_SCOPE };

/** The ids of what differs between two worlds; costs time by what differs. */
export function changedIds(before: World, after: World): Changed {
  const changed: { [K in HostKind]?: readonly string[] } = {};
  for (const kind of HOST_KINDS) {
    const [old, fresh]: [Table<unknown>, Table<unknown>] = [before.records[kind], after.records[kind]];
    changed[kind] = old === fresh ? [] : changedKeys(old, fresh);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop filled every kind
  return changed as Changed;
}

/**
 * What a host must hear so that what it was told of one world becomes what it is told of another, without the mark. In an order in which
 * references resolve after each message: members before rules that name the group, records before those that name them, removals the other
 * way round. Messages are made as they are asked for: a snapshot of a million addresses is never in memory at once.
 */
export function* deltaBetween(from: Side, to: Side, changed: Changed): Generator<ServerMessage, void, undefined> {
  const both = { has: (id: string) => from.scope.named.has(asId(id)) && to.scope.named.has(asId(id)) };
  for (const group of to.scope.named) if (!from.scope.named.has(group)) yield* wholeGroup(to.world, group);
  yield* memberChanges({ before: from.world, after: to.world }, changed.enis, both);
  for (const kind of HOST_KINDS)
    for (const id of idsToTell(kind, { from, to, changed })) {
      const record = told(to, kind, id);
      if (record === undefined || record === told(from, kind, id)) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the record was looked up by its kind
      yield { type: 'record', kind, record } as RecordMessage;
    }
  for (const kind of HOST_KINDS.toReversed())
    for (const id of idsToTell(kind, { from, to, changed }))
      if (told(from, kind, id) !== undefined && told(to, kind, id) === undefined) yield { type: 'gone', kind, id };
  for (const group of from.scope.named) if (!to.scope.named.has(group)) yield { type: 'forget', group };
}

type Sides = { readonly from: Side; readonly to: Side; readonly changed: Changed };

/** Ids of a kind that may have to be told: what changed in either scope, and what is in one of them alone. */
function* idsToTell(kind: HostKind, { from, to, changed }: Sides): Generator<string, void, undefined> {
  const [old, fresh]: [ReadonlySet<string>, ReadonlySet<string>] = [from.scope[kind], to.scope[kind]];
  for (const id of changed[kind]) if (old.has(id) && fresh.has(id)) yield id;
  if (from.scope === to.scope) return;
  for (const id of fresh) if (!old.has(id)) yield id;
  for (const id of old) if (!fresh.has(id)) yield id;
}

function told({ world, scope }: Side, kind: HostKind, id: string): unknown {
  const ids: ReadonlySet<string> = scope[kind];
  return ids.has(id) ? getRecord(world, kind, id) : undefined;
}
