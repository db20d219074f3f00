import { ok, type Result } from '../../../core/net/result.ts';
import type { SecurityGroup } from '../../../core/model/security-group.ts';
import { AWS_OWNER } from '../../../core/model/limits.ts';
import { sortTags, type Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../draft.ts';
import { missingParameter, type Refusal } from '../refusal.ts';
import { TAG_LIMITS, taggedIdInvalid, taggedIsAws, taggedLimit, tagsLimit } from './tag-refusals.ts';
import { putRuleTags, putTags, TAGGABLE, type Taggable } from './taggable.ts';

/** Sets tags on records of any kind, all or none; what has the key already gets the new value (API CreateTags). */
export function createTags(
  draft: Draft,
  asked: { readonly ids: readonly string[]; readonly tags: Tags },
): Result<void, Refusal> {
  if (asked.tags.length === 0) return missingParameter('tagSet');
  return changeTags(draft, asked.ids, (tags) => {
    const merged = new Map([...tags, ...asked.tags].map((tag) => [tag.key, tag]));
    return sortTags([...merged.values()]);
  });
}

/** A tag to take away: with any value where none is said. */
export type UnwantedTag = { readonly key: string; readonly value: string | undefined };

/** Takes tags from records of any kind, all or none; all their tags when none is named (API DeleteTags). What is not there stays away. */
export function deleteTags(
  draft: Draft,
  asked: { readonly ids: readonly string[]; readonly tags: readonly UnwantedTag[] },
): Result<void, Refusal> {
  const isUnwanted = (key: string, value: string): boolean =>
    asked.tags.length === 0
      ? // AWS's own tags stay (API DeleteTags).
        !key.startsWith('aws:')
      : asked.tags.some((one) => one.key === key && (one.value === undefined || one.value === value));
  return changeTags(draft, asked.ids, (tags) => tags.filter(({ key, value }) => !isUnwanted(key, value)));
}

function changeTags(draft: Draft, asked: readonly string[], change: (tags: Tags) => Tags): Result<void, Refusal> {
  const ids = new Set(asked);
  if (ids.size === 0) return missingParameter('resourceIdSet');
  if (ids.size > TAG_LIMITS.resourcesPerCall) return taggedLimit();
  const wantedRules = new Set([...ids].filter((id) => id.startsWith('sgr-')));
  const holders = wantedRules.size === 0 ? new Map<string, string>() : groupsOfRules(draft, wantedRules);
  const changeWithin = (tags: Tags): Tags | undefined => {
    const changed = change(tags);
    // What came with more than AWS allows may still lose some.
    return changed.length > TAG_LIMITS.perResource && changed.length > tags.length ? undefined : changed;
  };
  for (const id of ids) {
    const taggable = TAGGABLE.get(id.slice(0, Math.max(0, id.indexOf('-'))));
    if (taggable === undefined) return taggedIdInvalid(id);
    const refusal =
      taggable.kind === 'rules'
        ? changeRule(draft, { id, groupId: holders.get(id), taggable }, changeWithin)
        : changeRecord(draft, { id, kind: taggable.kind, taggable }, changeWithin);
    if (!refusal.ok) return refusal;
  }
  return ok(undefined);
}

type ChangeWithin = (tags: Tags) => Tags | undefined;

function changeRecord(
  draft: Draft,
  {
    id,
    kind,
    taggable,
  }: { readonly id: string; readonly kind: Exclude<Taggable['kind'], 'rules'>; readonly taggable: Taggable },
  change: ChangeWithin,
): Result<void, Refusal> {
  const record = draft.get(kind, id);
  if (record === undefined) return noSuch(id, taggable);
  if ('ownerId' in record && record.ownerId === AWS_OWNER) return taggedIsAws(id);
  const tags = change(record.tags);
  if (tags === undefined) return tagsLimit();
  putTags(draft, kind, record, tags);
  return ok(undefined);
}

function changeRule(
  draft: Draft,
  { id, groupId, taggable }: { readonly id: string; readonly groupId: string | undefined; readonly taggable: Taggable },
  change: ChangeWithin,
): Result<void, Refusal> {
  const group = groupId === undefined ? undefined : draft.get('groups', groupId);
  const rule = group?.rules.find((one) => one.id === id);
  if (group === undefined || rule === undefined) return noSuch(id, taggable);
  const tags = change(rule.tags);
  if (tags === undefined) return tagsLimit();
  putRuleTags(draft, group, rule, tags);
  return ok(undefined);
}

/** An id of AWS's form has no record; another form is no id at all [L]. */
function noSuch(id: string, { notFound }: Taggable): ReturnType<Taggable['notFound']> {
  return /^[a-z]+-[0-9a-f]{1,17}$/.test(id) ? notFound(id) : taggedIdInvalid(id);
}

/** The groups that hold the rules, by rule id; one walk over all rules, however many are asked for. */
function groupsOfRules(draft: Draft, wanted: ReadonlySet<string>): ReadonlyMap<string, SecurityGroup['id']> {
  const holders = new Map<string, SecurityGroup['id']>();
  for (const group of draft.list('groups'))
    for (const { id } of group.rules) if (wanted.has(id)) holders.set(id, group.id);
  return holders;
}
