import type { PrefixList, PrefixListEntry } from '../../../core/model/prefix-list.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { listEntriesLimit } from './list-refusals.ts';

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
  const most = maxEntriesOf(list, env);
  if (entries.length > most) return listEntriesLimit(most);
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
