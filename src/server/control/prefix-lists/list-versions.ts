import type { PrefixList, PrefixListEntry } from '../../../core/model/prefix-list.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { listEntriesLimit, listTooLarge } from './list-refusals.ts';

/** The number of the version in force; a list that came without one is at its first. */
export function versionOf(list: PrefixList): number {
  return list.version ?? 1;
}

/** The entries of a version that is still kept, or undefined. */
export function entriesAt(draft: Draft, list: PrefixList, version: number): readonly PrefixListEntry[] | undefined {
  if (version === versionOf(list)) return list.entries;
  return (
    draft.get('prefixListVersions', `${list.id}/${version}`)?.entries ??
    list.versions.find((one) => one.version === version)?.entries
  );
}

/** The most entries that a list may have. */
export function maxEntriesOf(list: PrefixList, env: Env): number {
  return Math.min(list.weight ?? env.limits.entriesPerPrefixList, env.limits.entriesPerPrefixList);
}

/**
 * Puts entries in force as the next version; the version before is kept for restoring. When a list has as many versions as it may, the oldest
 * goes (V:amazon-vpc-limits). Refused: more entries than the list may have.
 */
export function putNextVersion(
  draft: Draft,
  next: { readonly list: PrefixList; readonly entries: readonly PrefixListEntry[]; readonly state: string },
  env: Env,
): Result<PrefixList, Refusal> {
  const { list, entries, state } = next;
  const fault = entriesFault(list, entries, env);
  if (fault !== undefined) return fault;
  const version = versionOf(list);
  if (list.entries !== undefined)
    draft.put('prefixListVersions', {
      id: `${list.id}/${version}`,
      prefixListId: list.id,
      version,
      entries: list.entries,
    });
  draft.remove('prefixListVersions', `${list.id}/${version + 1 - env.limits.versionsPerPrefixList}`);
  const changed: PrefixList = { ...list, entries, state, version: version + 1 };
  draft.put('prefixLists', changed);
  return ok(changed);
}

/** Why a list cannot have the entries: too many, or too long for one stored record. */
export function entriesFault(
  list: PrefixList,
  entries: readonly PrefixListEntry[],
  env: Env,
): ReturnType<typeof listTooLarge> | undefined {
  const most = maxEntriesOf(list, env);
  if (entries.length > most) return listEntriesLimit(most);
  return storedBytes(entries) > MAX_STORED_BYTES ? listTooLarge() : undefined;
}

/** A stored value has at most 768 KiB; the rest of the record has its share. */
const MAX_STORED_BYTES = 700_000;

/** At most so many bytes of UTF-8 do the entries take as JSON. */
function storedBytes(entries: readonly PrefixListEntry[]): number {
  let bytes = 0;
  for (const character of JSON.stringify(entries)) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
