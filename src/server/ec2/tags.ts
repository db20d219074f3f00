import type { Tag as AwsTag, TagSpecification } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import { type Tag, sortTags, type Tags } from '../../core/model/tag.ts';
import { invalidValue, missingParameter, type Refusal } from '../control/refusal.ts';
import type { UnwantedTag } from '../control/tags/change-tags.ts';
import {
  TAG_LIMITS,
  tagKeyEmpty,
  tagKeyRepeated,
  tagKeyReserved,
  tagKeyTooLong,
  tagsLimit,
  tagValueTooLong,
} from '../control/tags/tag-refusals.ts';

/** Tags from a request, in canonical order. A missing value is an empty one. Refused: none or two of a key, too long, `aws:` (API CreateTags). */
export function tagsOf(given: readonly AwsTag[] | undefined): Result<Tags, Refusal> {
  const tags = new Map<string, Tag>();
  for (const { Key: givenKey, Value: value = '' } of given ?? []) {
    const key = tagKeyOf(givenKey);
    if (!key.ok) return key;
    if (lengthOf(value) > TAG_LIMITS.valueLength) return tagValueTooLong();
    if (tags.has(key.value)) return tagKeyRepeated(key.value);
    tags.set(key.value, { key: key.value, value });
  }
  if (tags.size > TAG_LIMITS.perResource) return tagsLimit();
  return ok(sortTags([...tags.values()]));
}

/** The tags that a request wants to be gone: a missing value is any value, an empty one only the empty value (API DeleteTags). */
export function unwantedTagsOf(given: readonly AwsTag[] | undefined): Result<readonly UnwantedTag[], Refusal> {
  const tags: UnwantedTag[] = [];
  for (const { Key: givenKey, Value: value } of given ?? []) {
    const key = tagKeyOf(givenKey);
    if (!key.ok) return key;
    tags.push({ key: key.value, value });
  }
  return ok(tags);
}

function tagKeyOf(key: string | undefined): Result<string, Refusal> {
  if (key === undefined || key === '') return tagKeyEmpty();
  if (lengthOf(key) > TAG_LIMITS.keyLength) return tagKeyTooLong();
  return /^aws:/i.test(key) ? tagKeyReserved() : ok(key);
}

/** Unicode characters, as AWS counts (E2:Using_Tags). */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** The tags that a call gives to what it makes. A specification for another type of resource is refused, never passed over. */
export function specifiedTags(
  specifications: readonly TagSpecification[] | undefined,
  ...types: readonly string[]
): Result<ReadonlyMap<string, Tags>, Refusal> {
  const found = new Map<string, Tags>(types.map((type) => [type, []]));
  const seen = new Set<string>();
  for (const { ResourceType: type, Tags: given } of specifications ?? []) {
    if (type === undefined) return missingParameter('TagSpecification.ResourceType');
    if (!found.has(type)) return invalidValue(`'${type}' is not a valid taggable resource type for this operation.`);
    if (seen.has(type)) return invalidValue(`The resource type '${type}' is specified more than once.`);
    seen.add(type);
    const tags = tagsOf(given);
    if (!tags.ok) return tags;
    found.set(type, tags.value);
  }
  return ok(found);
}

/** The tags for the one type of resource that a call makes. */
export function tagsFor(type: string, specifications: readonly TagSpecification[] | undefined): Result<Tags, Refusal> {
  const found = specifiedTags(specifications, type);
  return found.ok ? ok(found.value.get(type) ?? []) : found;
}

/** Tags as AWS shows them. */
export function tagShapes(tags: Tags): AwsTag[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}
