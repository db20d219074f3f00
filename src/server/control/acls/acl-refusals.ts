// AWS's words for what network ACLs refuse; grades as in the groups' texts.
import { dependency, invalidParameter, invalidValue, missingParameter, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Codes [D], text [E]. */
export function aclNotFound(aclId: string): Refused {
  return /^acl-[0-9a-f]{1,17}$/.test(aclId)
    ? refuse('InvalidNetworkAclID.NotFound', `The network acl ID '${aclId}' does not exist`)
    : refuse('InvalidNetworkAclId.Malformed', `Invalid id: "${aclId}" (expecting "acl-...")`);
}

/** Code [D], text [U]. */
export function aclsLimit(): Refused {
  return refuse('NetworkAclLimitExceeded', 'The maximum number of network ACLs has been reached.');
}

/** [L] */
export function aclIsDefault(aclId: string): Refused {
  return invalidValue(`cannot delete default network ACL ${aclId}`);
}

/** Pattern [L], this instance [E]. */
export function aclInUse(aclId: string, holders: readonly string[]): Refused {
  return dependency(`The networkAcl '${aclId}' has dependencies and cannot be deleted.`, holders);
}

/** Range [D], text [L]. */
export function entryNumberRange(number: number): Refused {
  return invalidParameter('ruleNumber', number, 'Rulenumber must be in range 1..32766');
}

/** [L] */
export function entryExists(number: number): Refused {
  return refuse('NetworkAclEntryAlreadyExists', `The network acl entry identified by ${number} already exists.`);
}

/** Code [D], text [E]. */
export function entryNotFound(number: number): Refused {
  return refuse('InvalidNetworkAclEntry.NotFound', `The network acl entry identified by ${number} does not exist.`);
}

/** [L] */
export function entriesLimit(): Refused {
  return refuse('NetworkAclEntryLimitExceeded', 'The maximum number of network acl entries has been reached');
}

/** The text of groups' rules: numbers alone are protocols here (API CreateNetworkAclEntry), so names are unknown [U]. */
export function entryProtocolUnknown(protocol: string): Refused {
  return invalidValue(`Invalid value '${protocol.slice(0, 40)}' for IP protocol. Unknown protocol.`);
}

/** Rule [D], code and text [U]. */
export function entryPortsMissing(): Refused {
  return missingParameter('PortRange');
}

/** Rule [D], code and text [U]. */
export function entryIcmpMissing(): Refused {
  return missingParameter('IcmpTypeCode');
}

/** Codes [D], text [E]. */
export function aclAssociationNotFound(associationId: string): Refused {
  return /^aclassoc-[0-9a-f]{1,17}$/.test(associationId)
    ? refuse('InvalidAssociationID.NotFound', `The association ID '${associationId}' does not exist`)
    : refuse('InvalidAssociationID.Malformed', `Invalid id: "${associationId}" (expecting "aclassoc-...")`);
}

/** Rule [D V:vpc-network-acls], code and text [U], as AWS says of route tables. */
export function aclOfOtherVpc(aclId: string, subnetId: string): Refused {
  return invalidValue(`network acl ${aclId} and subnet ${subnetId} belong to different networks`);
}
