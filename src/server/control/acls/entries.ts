import { FAMILIES } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { type AclEntry, ENTRY_NUMBERS, type NetworkAcl, sortEntries } from '../../../core/model/network-acl.ts';
import type { Direction } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { entriesLimit, entryExists, entryNotFound, entryNumberRange } from './acl-refusals.ts';
import { aclFor } from './acls.ts';

/** Names an entry: its number is its own within a direction of a NACL, whatever its family. */
export type EntryRef = { readonly aclId: string; readonly direction: Direction; readonly number: number };

/** Adds an entry under a number that is free (API CreateNetworkAclEntry). */
export function createEntry(
  draft: Draft,
  asked: { readonly aclId: string; readonly entry: AclEntry },
  env: Env,
): Result<NetworkAcl, Refusal> {
  const { aclId, entry } = asked;
  const found = findEntry(draft, { aclId, direction: entry.direction, number: entry.number });
  if (!found.ok) return found;
  if (found.value.entry !== undefined) return entryExists(entry.number);
  const { acl } = found.value;
  return putEntries(draft, { ...acl, entries: [...acl.entries, entry] }, env);
}

/** Puts an entry in the place of the one with its number (API ReplaceNetworkAclEntry). */
export function replaceEntry(
  draft: Draft,
  asked: { readonly aclId: string; readonly entry: AclEntry },
  env: Env,
): Result<NetworkAcl, Refusal> {
  const { aclId, entry } = asked;
  const found = findEntry(draft, { aclId, direction: entry.direction, number: entry.number });
  if (!found.ok) return found;
  const { acl, entry: old } = found.value;
  if (old === undefined) return entryNotFound(entry.number);
  return putEntries(draft, { ...acl, entries: acl.entries.map((one) => (one === old ? entry : one)) }, env);
}

/** Takes an entry away (API DeleteNetworkAclEntry). */
export function deleteEntry(draft: Draft, asked: EntryRef, env: Env): Result<NetworkAcl, Refusal> {
  const found = findEntry(draft, asked);
  if (!found.ok) return found;
  const { acl, entry } = found.value;
  if (entry === undefined) return entryNotFound(asked.number);
  return putEntries(draft, { ...acl, entries: acl.entries.filter((one) => one !== entry) }, env);
}

type Found = { readonly acl: NetworkAcl; readonly entry: AclEntry | undefined };

function findEntry(draft: Draft, { aclId, direction, number }: EntryRef): Result<Found, Refusal> {
  const acl = aclFor(draft, aclId);
  if (!acl.ok) return acl;
  const { from, to } = ENTRY_NUMBERS;
  if (!Number.isInteger(number) || number < from || number > to) return entryNumberRange(number);
  const entry = acl.value.entries.find((one) => one.direction === direction && one.number === number);
  return ok({ acl: acl.value, entry });
}

/** The quota holds for each direction and family by itself; an ACL that is over it already may shrink. */
function putEntries(draft: Draft, acl: NetworkAcl, env: Env): Result<NetworkAcl, Refusal> {
  const sorted: NetworkAcl = { ...acl, entries: sortEntries(acl.entries) };
  const before = draft.get('acls', acl.id);
  for (const direction of ['egress', 'ingress'] as const)
    for (const family of FAMILIES) {
      const count = countOf(sorted, direction, family);
      const had = before === undefined ? 0 : countOf(before, direction, family);
      if (count > env.limits.entriesPerAcl && count > had) return entriesLimit();
    }
  draft.put('acls', sorted);
  return ok(sorted);
}

function countOf(acl: NetworkAcl, direction: Direction, family: AclEntry['cidr']['family']): number {
  return acl.entries.filter((entry) => entry.direction === direction && entry.cidr.family === family).length;
}
