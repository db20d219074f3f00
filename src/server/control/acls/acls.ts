import { ok, type Result } from '../../../core/net/result.ts';
import { type AclId, asId } from '../../../core/model/ids.ts';
import type { NetworkAcl } from '../../../core/model/network-acl.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { derivedId, type Env, newId } from '../env.ts';
import type { Refusal } from '../refusal.ts';
import { vpcNotFound } from '../vpcs/vpc-refusals.ts';
import {
  aclAssociationNotFound,
  aclInUse,
  aclIsDefault,
  aclNotFound,
  aclOfOtherVpc,
  aclsLimit,
} from './acl-refusals.ts';

/** A new NACL has no entries: nothing passes either way (API CreateNetworkAcl). */
export function createAcl(
  draft: Draft,
  asked: { readonly vpcId: string; readonly tags: Tags },
  env: Env,
): Result<NetworkAcl, Refusal> {
  const vpc = draft.get('vpcs', asked.vpcId);
  if (vpc === undefined) return vpcNotFound(asked.vpcId);
  if (draft.listBy('aclsByVpc', vpc.id).length >= env.limits.aclsPerVpc) return aclsLimit();
  const acl: NetworkAcl = {
    id: asId(newId(env, 'acl')),
    vpcId: vpc.id,
    ownerId: env.realm.accountId,
    isDefault: false,
    entries: [],
    tags: asked.tags,
  };
  draft.put('acls', acl);
  return ok(acl);
}

/** The NACL of an id. */
export function aclFor(draft: Draft, aclId: string): Result<NetworkAcl, Refusal> {
  const acl = draft.get('acls', aclId);
  return acl === undefined ? aclNotFound(aclId) : ok(acl);
}

/** Deletes a NACL that filters no subnet; the default one stays (API DeleteNetworkAcl). */
export function deleteAcl(draft: Draft, aclId: string): Result<NetworkAcl, Refusal> {
  const acl = aclFor(draft, aclId);
  if (!acl.ok) return acl;
  if (acl.value.isDefault) return aclIsDefault(aclId);
  const holders = subnetsUnder(draft, acl.value);
  if (holders.length > 0)
    return aclInUse(
      aclId,
      holders.map(({ id }) => id),
    );
  draft.remove('acls', aclId);
  return acl;
}

/** The subnets that a NACL filters, by id. */
export function subnetsUnder(draft: Draft, acl: NetworkAcl): readonly Subnet[] {
  return draft.listBy('subnetsByVpc', acl.vpcId).filter(({ networkAcl }) => networkAcl?.aclId === acl.id);
}

/** The id under which a subnet is associated with its NACL; a record that came without one has one that its own id leads to. */
export function aclAssociationIdOf({ id, networkAcl }: Subnet): string {
  const known = networkAcl?.associationId ?? '';
  return known === '' ? derivedId('aclassoc', id) : known;
}

/**
 * Puts another NACL in front of a subnet under a new association; gives its id. The same NACL again changes nothing: the call is idempotent
 * (API ReplaceNetworkAclAssociation).
 */
export function replaceAclAssociation(
  draft: Draft,
  asked: { readonly associationId: string; readonly aclId: string },
  env: Env,
): Result<string, Refusal> {
  const subnet = [...draft.list('subnets')].find(
    (one) => one.networkAcl !== undefined && aclAssociationIdOf(one) === asked.associationId,
  );
  if (subnet === undefined) return aclAssociationNotFound(asked.associationId);
  const acl = aclFor(draft, asked.aclId);
  if (!acl.ok) return acl;
  if (acl.value.vpcId !== subnet.vpcId) return aclOfOtherVpc(asked.aclId, subnet.id);
  if (subnet.networkAcl?.aclId === acl.value.id) return ok(asked.associationId);
  const associationId = newId(env, 'aclassoc');
  draft.put('subnets', { ...subnet, networkAcl: { associationId, aclId: asId<AclId>(asked.aclId) } });
  return ok(associationId);
}
