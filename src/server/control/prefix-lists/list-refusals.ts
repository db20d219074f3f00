// AWS's words for what prefix lists refuse; grades as in the groups' texts.
import {
  dependency,
  invalidCombination,
  invalidParameter,
  invalidValue,
  refuse,
  type Refusal,
  unsupported,
} from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Codes [D], text [E]. */
export function prefixListNotFound(prefixListId: string): Refused {
  return /^pl-[0-9a-f]{1,17}$/.test(prefixListId)
    ? refuse('InvalidPrefixListID.NotFound', `The prefix list ID '${prefixListId}' does not exist`)
    : refuse('InvalidPrefixListId.Malformed', `Invalid id: "${prefixListId}" (expecting "pl-...")`);
}

/** [L] */
export function listNameReserved(): Refused {
  return invalidValue('The prefix list name cannot begin with (com.amazonaws., com.amazon., com.aws.).');
}

/** Length [D], text [U]. */
export function listNameTooLong(): Refused {
  return invalidValue('The prefix list name must have 1 to 255 characters.');
}

/** Values [D], text [U]. */
export function addressFamilyUnknown(family: string): Refused {
  return invalidParameter('AddressFamily', family.slice(0, 40), 'Valid values are IPv4 and IPv6.');
}

/** [L] */
export function maxEntriesRange(most: number): Refused {
  return invalidValue(`Must specify a max size between 1 and ${most}`);
}

/** [L] */
export function createdEntriesLimit(most: number): Refused {
  return invalidValue(`The number of entries per request cannot exceeds limit (${most}).`);
}

/** [L] */
export function modifiedEntriesLimit(most: number): Refused {
  return invalidValue(`Request cannot contain more than ${most} entry additions or removals`);
}

/** [L] */
export function entriesAndMaxEntries(): Refused {
  return invalidCombination(
    'You cannot modify the entries and the maximum entries for the prefix list in the same request.',
  );
}

/** [L] */
export function nothingToModify(): Refused {
  return refuse('InvalidRequest', 'The request received was invalid.');
}

/** [L] */
export function listVersionMismatch(): Refused {
  return refuse('PrefixListVersionMismatch', 'The prefix list has the incorrect version number.');
}

/** [U] */
export function listVersionUnknown(version: number): Refused {
  return invalidValue(`The prefix list has no version (${version}).`);
}

/** [L] */
export function entryAddedAndRemoved(cidr: string): Refused {
  return invalidValue(`Request cannot contain Cidr ${cidr} in both AddPrefixListEntries and RemovePrefixListEntries`);
}

/** [U] */
export function listEntryRepeated(cidr: string): Refused {
  return invalidValue(`Request cannot contain Cidr ${cidr} more than once`);
}

/** [L] */
export function listEntryExists(cidr: string, description: string): Refused {
  return refuse(
    'InvalidPrefixListModification',
    `An entry with the CIDR (${cidr}) and description (${description}) already exists.`,
  );
}

/** Code and end of the text [L]. */
export function listEntryNotFound(cidr: string): Refused {
  return refuse('InvalidPrefixListModification', `The entry with the CIDR (${cidr}) does not exist.`);
}

/** [U] */
export function listEntryFamily(cidr: string, family: string): Refused {
  return invalidValue(`The CIDR (${cidr}) is not of the address family ${family} of the prefix list.`);
}

/** [U] */
export function listEntryMalformed(text: string): Refused {
  return invalidValue(`The CIDR (${text.slice(0, 80)}) is invalid.`);
}

/** Length [D], text [U]. */
export function listEntryDescriptionTooLong(): Refused {
  return invalidValue('The description of a prefix list entry must have at most 255 characters.');
}

/** Code [L], text [U]. */
export function listEntriesLimit(most: number): Refused {
  return refuse(
    'PrefixListMaxEntriesExceeded',
    `The number of entries exceeds the maximum (${most}) of the prefix list.`,
  );
}

/** Code and text [U]. */
export function maxEntriesBelowEntries(count: number): Refused {
  return refuse(
    'InvalidPrefixListModification',
    `The maximum cannot be less than the number of entries (${count}) of the prefix list.`,
  );
}

/**
 * Rule [D API ModifyManagedPrefixList]; on AWS the list ends as modify-failed with a message that names ten resources, here the request is
 * refused and all are named.
 */
export function maxEntriesWithoutRoom(listId: string, holders: readonly string[]): Refused {
  return refuse(
    'PrefixListMaxEntriesExceeded',
    `The resources that reference the prefix list '${listId}' cannot support the new maximum size: ${holders.slice(0, 10).join(', ')}`,
    holders,
  );
}

/** [U] */
export function listsLimit(): Refused {
  return refuse('PrefixListLimitExceeded', 'The maximum number of prefix lists has been reached.');
}

/** Rule [D], pattern of the text [L] for other kinds. On AWS the list ends as delete-failed. */
export function listInUse(listId: string, holders: readonly string[]): Refused {
  return dependency(`The prefix list '${listId}' has dependencies and cannot be deleted.`, holders);
}

/** Rule [D V:working-with-aws-managed-prefix-lists], code and text [U]. */
export function listIsAws(listId: string): Refused {
  return refuse('OperationNotPermitted', `The prefix list '${listId}' is managed by AWS and cannot be changed.`);
}

/** This server's own: what it does not know it does not make up. */
export function listEntriesUnknown(listId: string): Refused {
  return unsupported(`the entries of the prefix list '${listId}': they are not known here`);
}
