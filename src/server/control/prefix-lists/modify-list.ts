import { type Cidr, formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { AWS_OWNER } from '../../../core/model/limits.ts';
import type { PrefixList, PrefixListEntry } from '../../../core/model/prefix-list.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { listFor } from './aws-lists.ts';
import { checkEntries, isMaxEntries, listNameOf } from './create-list.ts';
import { referrersOf, withoutRoom } from './list-references.ts';
import {
  entriesAndMaxEntries,
  entryAddedAndRemoved,
  listEntriesUnknown,
  listEntryExists,
  listEntryNotFound,
  listInUse,
  listIsAws,
  listVersionMismatch,
  listVersionUnknown,
  maxEntriesBelowEntries,
  maxEntriesRange,
  maxEntriesWithoutRoom,
  modifiedEntriesLimit,
  nothingToModify,
} from './list-refusals.ts';
import { entriesAt, putNextVersion, versionOf } from './list-versions.ts';

export type ModifyList = {
  readonly listId: string;
  readonly currentVersion: number | undefined;
  readonly name: string | undefined;
  readonly maxEntries: number | undefined;
  readonly added: readonly PrefixListEntry[];
  readonly removed: readonly Cidr[];
};

/**
 * Changes a list: its entries, which makes a new version, or its size, and its name (API ModifyManagedPrefixList). A current version that is
 * not the true one refuses the request, as does a size for which a group or route table that names the list has no room.
 */
export function modifyList(draft: Draft, asked: ModifyList, env: Env): Result<PrefixList, Refusal> {
  const found = ownList(draft, asked.listId, env);
  if (!found.ok) return found;
  const changesEntries = asked.added.length > 0 || asked.removed.length > 0;
  if (changesEntries && asked.maxEntries !== undefined) return entriesAndMaxEntries();
  if (!changesEntries && asked.maxEntries === undefined && asked.name === undefined) return nothingToModify();
  if (asked.currentVersion !== undefined && asked.currentVersion !== versionOf(found.value))
    return listVersionMismatch();
  const name = asked.name === undefined ? ok(found.value.name) : listNameOf(asked.name);
  if (!name.ok) return name;
  const list: PrefixList = { ...found.value, name: name.value, state: 'modify-complete' };
  if (asked.maxEntries !== undefined) return resizeList(draft, list, { maxEntries: asked.maxEntries, env });
  if (!changesEntries) {
    draft.put('prefixLists', list);
    return ok(list);
  }
  const entries = changedEntries(list, asked, env);
  return entries.ok ? putNextVersion(draft, { list, entries: entries.value, state: list.state }, env) : entries;
}

/** A list that may be changed: the realm's own. */
function ownList(draft: Draft, listId: string, env: Env): Result<PrefixList, Refusal> {
  const list = listFor(draft, listId, env);
  return list.ok && list.value.ownerId === AWS_OWNER ? listIsAws(listId) : list;
}

function resizeList(
  draft: Draft,
  list: PrefixList,
  { maxEntries, env }: { readonly maxEntries: number; readonly env: Env },
): Result<PrefixList, Refusal> {
  if (!isMaxEntries(maxEntries, env)) return maxEntriesRange(env.limits.entriesPerPrefixList);
  const count = list.entries?.length ?? 0;
  if (maxEntries < count) return maxEntriesBelowEntries(count);
  const resized: PrefixList = { ...list, weight: maxEntries };
  draft.put('prefixLists', resized);
  const isLarger = maxEntries > (list.weight ?? 0);
  const holders = isLarger ? withoutRoom(draft, resized, env) : [];
  return holders.length > 0 ? maxEntriesWithoutRoom(list.id, holders) : ok(resized);
}

/** What the entries become. An entry that is there is given another description by adding it anew; the same again is refused [I]. */
function changedEntries(
  list: PrefixList,
  { added, removed }: Pick<ModifyList, 'added' | 'removed'>,
  env: Env,
): Result<readonly PrefixListEntry[], Refusal> {
  if (list.entries === undefined) return listEntriesUnknown(list.id);
  const most = env.limits.entriesPerPrefixListCall;
  if (added.length > most || removed.length > most) return modifiedEntriesLimit(most);
  const checked = checkEntries([...added], list.family);
  if (!checked.ok) return checked;
  const removals = checkEntries(
    removed.map((cidr) => ({ cidr })),
    list.family,
  );
  if (!removals.ok) return removals;
  const entries = new Map(list.entries.map((entry) => [formatCidr(entry.cidr), entry]));
  const gone = new Set(removed.map(formatCidr));
  for (const text of gone) if (!entries.delete(text)) return listEntryNotFound(text);
  for (const entry of added) {
    const text = formatCidr(entry.cidr);
    if (gone.has(text)) return entryAddedAndRemoved(text);
    const known = entries.get(text);
    const description = entry.description ?? '';
    if (known !== undefined && (known.description ?? '') === description) return listEntryExists(text, description);
    entries.set(text, entry);
  }
  return ok([...entries.values()]);
}

/** Makes the entries of an earlier version those of a new one (API RestoreManagedPrefixListVersion). */
export function restoreList(
  draft: Draft,
  asked: { readonly listId: string; readonly previousVersion: number; readonly currentVersion: number },
  env: Env,
): Result<PrefixList, Refusal> {
  const found = ownList(draft, asked.listId, env);
  if (!found.ok) return found;
  const list = found.value;
  if (asked.currentVersion !== versionOf(list)) return listVersionMismatch();
  const entries = entriesAt(draft, list, asked.previousVersion);
  if (entries === undefined) return listVersionUnknown(asked.previousVersion);
  return putNextVersion(draft, { list, entries, state: 'restore-complete' }, env);
}

/** Deletes a list that nothing refers to, with all its versions (API DeleteManagedPrefixList). */
export function deleteList(draft: Draft, listId: string, env: Env): Result<PrefixList, Refusal> {
  const found = ownList(draft, listId, env);
  if (!found.ok) return found;
  const holders = referrersOf(draft, listId);
  if (holders.length > 0)
    return listInUse(
      listId,
      holders.map(({ id }) => id),
    );
  for (const { id, prefixListId } of draft.list('prefixListVersions'))
    if (prefixListId === listId) draft.remove('prefixListVersions', id);
  draft.remove('prefixLists', listId);
  return ok({ ...found.value, state: 'delete-complete' });
}
