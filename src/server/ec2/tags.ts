import type { Tag as AwsTag, TagSpecification } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import { type Tag, sortTags, type Tags } from '../../core/model/tag.ts';
import { invalidParameter, invalidValue, missingParameter, refuse, type Refusal } from '../control/refusal.ts';

/** Bounds of tags (API Tag; E2:Using_Tags). */
export const TAG_LIMITS = { perResource: 50, keyLength: 127, valueLength: 256 } as const;

/** Tags from a request, in canonical order. A missing value is an empty one. Refused: none or two of a key, too long, `aws:` (API CreateTags). */
export function tagsOf(given: readonly AwsTag[] | undefined): Result<Tags, Refusal> {
  const tags = new Map<string, Tag>();
  for (const { Key: key, Value: value = '' } of given ?? []) {
    if (key === undefined || key === '') return missingParameter('Tag.Key');
    if (key.length > TAG_LIMITS.keyLength)
      return invalidParameter('Tag.Key', key.slice(0, 20), 'Keys have at most 127 characters.');
    if (value.length > TAG_LIMITS.valueLength)
      return invalidParameter('Tag.Value', value.slice(0, 20), 'Values have at most 256 characters.');
    if (/^aws:/i.test(key)) return invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    if (tags.has(key)) return invalidValue(`Duplicate tag key '${key}' specified.`);
    tags.set(key, { key, value });
  }
  if (tags.size > TAG_LIMITS.perResource)
    return refuse('TagLimitExceeded', `More than ${TAG_LIMITS.perResource} tags specified.`);
  return ok(sortTags([...tags.values()]));
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
