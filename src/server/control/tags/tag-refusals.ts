// AWS's words about tags; grades as in the groups' texts.
import { invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Most tags of a record; longest key and value in characters (E2:Using_Tags; API Tag says 127 for keys). */
export const TAG_LIMITS = { perResource: 50, keyLength: 128, valueLength: 256, resourcesPerCall: 1000 } as const;

/** [L] */
export function tagKeyEmpty(): Refused {
  return invalidValue("Value ( '' ) for parameter Tag key is invalid. Tag key cannot be null or empty.");
}

/** As for values [L]. */
export function tagKeyTooLong(): Refused {
  return invalidValue(`Tag key exceeds the maximum length of ${TAG_LIMITS.keyLength} characters`);
}

/** [L] */
export function tagValueTooLong(): Refused {
  return invalidValue(`Tag value exceeds the maximum length of ${TAG_LIMITS.valueLength} characters`);
}

/** [E] */
export function tagKeyReserved(): Refused {
  return invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
}

/** [E] */
export function tagKeyRepeated(key: string): Refused {
  return invalidValue(`Duplicate tag key '${key}' specified.`);
}

/** Code [D], text [U]. */
export function tagsLimit(): Refused {
  return refuse('TagLimitExceeded', `More than ${TAG_LIMITS.perResource} tags specified.`);
}

/** Limit [D API CreateTags], code and text [U]. */
export function taggedLimit(): Refused {
  return invalidValue(`A request names at most ${TAG_LIMITS.resourcesPerCall} resources.`);
}

/** [L]: of a form that nothing that can be tagged has. */
export function taggedIdInvalid(id: string): Refused {
  return refuse('InvalidID', `The ID '${id.slice(0, 80)}' is not valid`);
}

/** Rule [D V:working-with-aws-managed-prefix-lists], code and text [U]. */
export function taggedIsAws(id: string): Refused {
  return refuse('OperationNotPermitted', `The resource ${id} is managed by AWS and cannot be tagged.`);
}
