import { formatAddress, parseAddress, sameAddress } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Eni, EniAddress } from '../../../core/model/eni.ts';
import type { ElasticAddress } from '../../../core/model/gateway.ts';
import { asId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Draft } from '../draft.ts';
import { isManaged } from '../enis/eni-details.ts';
import { eniNotFound } from '../enis/eni-refusals.ts';
import { instanceNotFound } from '../instances/instance-refusals.ts';
import { freePublicAddress } from '../enis/public-pool.ts';
import { releaseElastic } from '../enis/release.ts';
import { type Env, newId } from '../env.ts';
import { invalidCombination, missingParameter, type Refusal } from '../refusal.ts';
import {
  addressAssociated,
  addressesLimit,
  addressInUse,
  addressNotFound,
  addressOfService,
  allocationNotFound,
  associationNotFound,
  networkNotAttached,
  privateAddressUnknown,
} from './address-refusals.ts';

/** Far above AWS's five, which every account raises; so that the pool is never eaten up by mistake. */
const MOST_ADDRESSES = 5000;

/** A public address of the account's own (API AllocateAddress). */
export function allocateAddress(draft: Draft, tags: Tags, env: Env): Result<ElasticAddress, Refusal> {
  if (draft.world.records.elasticAddresses.size >= MOST_ADDRESSES) return addressesLimit();
  const address = freePublicAddress(draft);
  if (!address.ok) return address;
  const elastic: ElasticAddress = { id: asId(newId(env, 'eipalloc')), public: address.value, tags };
  draft.put('elasticAddresses', elastic);
  return ok(elastic);
}

/** How a request names an Elastic address: by its allocation, or by the address itself. */
export type ElasticRef = { readonly allocationId?: string | undefined; readonly publicIp?: string | undefined };

/** The Elastic address that a request names. */
export function elasticFor(draft: Draft, { allocationId, publicIp }: ElasticRef): Result<ElasticAddress, Refusal> {
  if (allocationId !== undefined && publicIp !== undefined)
    return invalidCombination('You may specify public IP or allocation id, but not both in the same call');
  if (allocationId !== undefined) {
    const elastic = draft.get('elasticAddresses', allocationId);
    return elastic === undefined ? allocationNotFound(allocationId) : ok(elastic);
  }
  if (publicIp === undefined) return missingParameter('AllocationId');
  const address = parseAddress(publicIp);
  const [elastic] = address.ok ? draft.listBy('elasticAddressesByPublic', formatAddress(address.value)) : [];
  return elastic === undefined ? addressNotFound(publicIp) : ok(elastic);
}

/** Gives an address back that nobody has (API ReleaseAddress). */
export function releaseAddress(draft: Draft, ref: ElasticRef): Result<ElasticAddress, Refusal> {
  const found = elasticFor(draft, ref);
  if (!found.ok) return found;
  const { id, public: address, eniId } = found.value;
  if (eniId !== undefined) return addressInUse(formatAddress(address), eniId);
  draft.remove('elasticAddresses', id);
  return found;
}

export type AssociateAddress = {
  readonly elastic: ElasticRef;
  readonly eniId: string | undefined;
  readonly instanceId: string | undefined;
  readonly privateIp: string | undefined;
  /** Whether the address may be taken from whoever has it; undefined is as AWS: yes. */
  readonly allowReassociation: boolean | undefined;
};

/** Puts an Elastic address before a private one of an interface, by default its primary one (API AssociateAddress). */
export function associateAddress(draft: Draft, asked: AssociateAddress, env: Env): Result<ElasticAddress, Refusal> {
  const found = elasticFor(draft, asked.elastic);
  if (!found.ok) return found;
  const eni = interfaceFor(draft, asked);
  if (!eni.ok) return eni;
  const place = placeOn(eni.value, asked.privateIp);
  if (!place.ok) return place;
  if (draft.listBy('internetGatewaysByVpc', eni.value.vpcId).length === 0) return networkNotAttached(eni.value.vpcId);
  const { eniId: holder, associationId: held } = found.value;
  const isThere =
    holder === eni.value.id &&
    found.value.private !== undefined &&
    sameAddress(found.value.private, place.value.address);
  if (isThere) return found;
  const holding = holder === undefined ? undefined : draft.get('enis', holder);
  if (holding !== undefined && isManaged(draft, holding)) return addressOfService(holding.id);
  if (held !== undefined && asked.allowReassociation === false) return addressAssociated(found.value.id, held);
  if (place.value.public?.allocationId !== undefined && asked.allowReassociation !== true)
    return addressAssociated(eni.value.id, place.value.public.associationId ?? place.value.public.allocationId);
  if (holding !== undefined) clearPublic(draft, holding, found.value);
  releaseElastic(draft, [place.value]);
  return ok(connect(draft, { elastic: found.value, eniId: eni.value.id, place: place.value }, env));
}

type Connection = { readonly elastic: ElasticAddress; readonly eniId: string; readonly place: EniAddress };

/** Writes both sides of an association. */
export function connect(draft: Draft, { elastic, eniId, place }: Connection, env: Env): ElasticAddress {
  const eni = draft.get('enis', eniId);
  const associationId = newId(env, 'eipassoc');
  const associated: ElasticAddress = { ...elastic, associationId, eniId: asId(eniId), private: place.address };
  draft.put('elasticAddresses', associated);
  if (eni !== undefined)
    draft.put('enis', {
      ...eni,
      addresses: eni.addresses.map((own) =>
        sameAddress(own.address, place.address)
          ? { ...own, public: { address: elastic.public, allocationId: elastic.id, associationId } }
          : own,
      ),
    });
  return associated;
}

/** Takes an Elastic address from whoever has it (API DisassociateAddress). */
export function disassociateAddress(
  draft: Draft,
  { associationId, publicIp }: { readonly associationId: string | undefined; readonly publicIp: string | undefined },
): Result<ElasticAddress, Refusal> {
  const found = associationId === undefined ? elasticFor(draft, { publicIp }) : byAssociation(draft, associationId);
  if (!found.ok) return found;
  const { eniId } = found.value;
  const eni = eniId === undefined ? undefined : draft.get('enis', eniId);
  if (eni !== undefined && isManaged(draft, eni)) return addressOfService(eni.id);
  if (eni !== undefined) clearPublic(draft, eni, found.value);
  const { associationId: _association, eniId: _eni, private: _private, ...free } = found.value;
  draft.put('elasticAddresses', free);
  return ok(free);
}

function byAssociation(draft: Draft, associationId: string): Result<ElasticAddress, Refusal> {
  const elastic = [...draft.list('elasticAddresses')].find((one) => one.associationId === associationId);
  return elastic === undefined ? associationNotFound(associationId) : ok(elastic);
}

/** The interface that is named, or the primary one of the instance. */
function interfaceFor(draft: Draft, { eniId, instanceId }: AssociateAddress): Result<Eni, Refusal> {
  if ((eniId === undefined) === (instanceId === undefined))
    return invalidCombination('Exactly one of InstanceId and NetworkInterfaceId must be specified');
  const primary =
    instanceId === undefined
      ? undefined
      : draft.listBy('enisByInstance', instanceId).find(({ attachment }) => attachment?.deviceIndex === 0);
  const eni = eniId === undefined ? primary : draft.get('enis', eniId);
  if (eni === undefined) return eniId === undefined ? instanceNotFound(instanceId ?? '') : eniNotFound(eniId);
  return isManaged(draft, eni) ? addressOfService(eni.id) : ok(eni);
}

function placeOn({ id, addresses }: Eni, privateIp: string | undefined): Result<EniAddress, Refusal> {
  const ipv4 = addresses.filter(({ address }) => address.family === 'ipv4');
  const place =
    privateIp === undefined
      ? (ipv4.find(({ isPrimary }) => isPrimary) ?? ipv4[0])
      : ipv4.find(({ address }) => formatAddress(address) === privateIp);
  return place === undefined ? privateAddressUnknown(privateIp ?? '', id) : ok(place);
}

function clearPublic(draft: Draft, eni: Eni, elastic: ElasticAddress): void {
  const addresses = eni.addresses.map((own): EniAddress => {
    if (own.public?.allocationId !== elastic.id) return own;
    const { public: _, ...bare } = own;
    return bare;
  });
  draft.put('enis', { ...eni, addresses });
}
