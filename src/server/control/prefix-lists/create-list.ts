import type { Family } from '../../../core/net/address.ts';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { asId } from '../../../core/model/ids.ts';
import { AWS_OWNER } from '../../../core/model/limits.ts';
import type { PrefixList, PrefixListEntry } from '../../../core/model/prefix-list.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId } from '../env.ts';
import { missingParameter, type Refusal } from '../refusal.ts';
import {
  createdEntriesLimit,
  listEntriesLimit,
  listEntryDescriptionTooLong,
  listEntryFamily,
  listEntryRepeated,
  listNameReserved,
  listNameTooLong,
  listsLimit,
  maxEntriesRange,
} from './list-refusals.ts';

export type CreateList = {
  readonly name: string;
  readonly family: Family;
  readonly maxEntries: number;
  readonly entries: readonly PrefixListEntry[];
  readonly tags: Tags;
};

/** A new list, at version 1 and complete at once (API CreateManagedPrefixList). */
export function createList(draft: Draft, asked: CreateList, env: Env): Result<PrefixList, Refusal> {
  const { family, maxEntries, entries } = asked;
  const name = listNameOf(asked.name);
  if (!name.ok) return name;
  const { entriesPerPrefixList, entriesPerPrefixListCall, prefixListsPerRegion } = env.limits;
  if (!isMaxEntries(maxEntries, env)) return maxEntriesRange(entriesPerPrefixList);
  if (entries.length > entriesPerPrefixListCall) return createdEntriesLimit(entriesPerPrefixListCall);
  if (entries.length > maxEntries) return listEntriesLimit(maxEntries);
  const checked = checkEntries(entries, family);
  if (!checked.ok) return checked;
  const own = [...draft.list('prefixLists')].filter(({ ownerId }) => ownerId !== AWS_OWNER);
  if (own.length >= prefixListsPerRegion) return listsLimit();
  const list: PrefixList = {
    id: asId(newId(env, 'pl')),
    name: name.value,
    ownerId: env.realm.accountId,
    family,
    entries,
    versions: [],
    version: 1,
    weight: maxEntries,
    state: 'create-complete',
    tags: asked.tags,
  };
  draft.put('prefixLists', list);
  return ok(list);
}

/** A name that a list may have: AWS keeps some to itself. */
export function listNameOf(name: string): Result<string, Refusal> {
  if (name === '') return missingParameter('PrefixListName');
  if (/^com\.(?:amazonaws|amazon|aws)\./i.test(name)) return listNameReserved();
  return Array.from(name).length > 255 ? listNameTooLong() : ok(name);
}

/** Whether a list may be so large. */
export function isMaxEntries(count: number, env: Env): boolean {
  return Number.isInteger(count) && count >= 1 && count <= env.limits.entriesPerPrefixList;
}

/** Entries of one family, each prefix once. */
export function checkEntries(entries: readonly PrefixListEntry[], family: Family): Result<void, Refusal> {
  const seen = new Set<string>();
  for (const { cidr, description = '' } of entries) {
    const text = formatCidr(cidr);
    if (cidr.family !== family) return listEntryFamily(text, family === 'ipv4' ? 'IPv4' : 'IPv6');
    if (seen.has(text)) return listEntryRepeated(text);
    if (Array.from(description).length > 255) return listEntryDescriptionTooLong();
    seen.add(text);
  }
  return ok(undefined);
}
