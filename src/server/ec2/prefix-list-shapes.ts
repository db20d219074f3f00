import type { AddPrefixListEntry, ManagedPrefixList, PrefixListEntry as EntryShape } from '@aws-sdk/client-ec2';
import type { Family } from '../../core/net/address.ts';
import { type Cidr, formatCidr, parseCidr } from '../../core/net/cidr.ts';
import { ok, type Result } from '../../core/net/result.ts';
import { AWS_OWNER } from '../../core/model/limits.ts';
import type { PrefixList, PrefixListEntry } from '../../core/model/prefix-list.ts';
import { arnOf, type Realm } from '../control/env.ts';
import { addressFamilyUnknown, listEntryMalformed } from '../control/prefix-lists/list-refusals.ts';
import { versionOf } from '../control/prefix-lists/list-versions.ts';
import { missingParameter, type Refusal } from '../control/refusal.ts';
import { tagShapes } from './tags.ts';

/** A list as DescribeManagedPrefixLists shows it; AWS's own have neither version nor size [R]. */
export function listShape(list: PrefixList, realm: Realm): ManagedPrefixList {
  const isAws = list.ownerId === AWS_OWNER;
  return {
    PrefixListId: list.id,
    AddressFamily: list.family === 'ipv4' ? 'IPv4' : 'IPv6',
    State: stateOf(list),
    PrefixListArn: arnOf(isAws ? { ...realm, accountId: 'aws' } : realm, 'prefix-list', list.id),
    PrefixListName: list.name,
    ...(isAws || list.weight === undefined ? {} : { MaxEntries: list.weight }),
    ...(isAws ? {} : { Version: versionOf(list) }),
    Tags: tagShapes(list.tags),
    OwnerId: list.ownerId,
  };
}

function stateOf({ state }: PrefixList): NonNullable<ManagedPrefixList['State']> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commands write the SDK's words, and what was imported came in them
  return state as NonNullable<ManagedPrefixList['State']>;
}

/** An entry as GetManagedPrefixListEntries shows it. */
export function listEntryShape({ cidr, description }: PrefixListEntry): EntryShape {
  return { Cidr: formatCidr(cidr), ...(description === undefined ? {} : { Description: description }) };
}

/** `IPv4` or `IPv6`. */
export function familyOf(text: string): Result<Family, Refusal> {
  if (text === 'IPv4') return ok('ipv4');
  return text === 'IPv6' ? ok('ipv6') : addressFamilyUnknown(text);
}

/** The entries that a request gives; host bits are cleared as everywhere in EC2 [I], an empty description is none. */
export function listEntriesOf(
  given: readonly AddPrefixListEntry[] | undefined,
): Result<readonly PrefixListEntry[], Refusal> {
  const entries: PrefixListEntry[] = [];
  for (const { Cidr: text, Description: description } of given ?? []) {
    const cidr = listCidrOf(text);
    if (!cidr.ok) return cidr;
    entries.push({
      cidr: cidr.value,
      ...(description === undefined || description === '' ? {} : { description }),
    });
  }
  return ok(entries);
}

/** A prefix of an entry. */
export function listCidrOf(text: string | undefined): Result<Cidr, Refusal> {
  if (text === undefined) return missingParameter('Cidr');
  const cidr = parseCidr(text);
  return cidr.ok ? ok(cidr.value) : listEntryMalformed(text);
}
