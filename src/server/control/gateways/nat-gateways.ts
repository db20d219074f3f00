import { type Address, sameAddress } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { ElasticAddress, NatAddress, NatGateway } from '../../../core/model/gateway.ts';
import { asId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import { addressAssociated, networkNotAttached } from '../addresses/address-refusals.ts';
import { connect, elasticFor } from '../addresses/elastic-addresses.ts';
import type { Draft } from '../draft.ts';
import { createEni } from '../enis/create-eni.ts';
import { removeEni } from '../enis/delete-eni.ts';
import { type Env, newId, nowText } from '../env.ts';
import { invalidCombination, missingParameter, type Refusal } from '../refusal.ts';
import { blackhole } from '../routes/routes.ts';
import { depart } from '../sweep.ts';
import { subnetNotFound } from '../vpcs/vpc-refusals.ts';
import { natGatewayNotFound } from './gateway-refusals.ts';

export type CreateNat = {
  readonly subnetId: string;
  readonly connectivity: 'public' | 'private';
  readonly allocationId: string | undefined;
  readonly primary: Address | undefined;
  readonly tags: Tags;
};

/** A NAT gateway with an interface of its own in a subnet; a public one needs an Elastic address that nobody has (API CreateNatGateway). */
export function createNatGateway(draft: Draft, asked: CreateNat, env: Env): Result<NatGateway, Refusal> {
  const { subnetId, connectivity, allocationId } = asked;
  const subnet = draft.get('subnets', subnetId);
  if (subnet === undefined) return subnetNotFound(subnetId);
  const elastic = elasticOf(draft, asked);
  if (!elastic.ok) return elastic;
  if (connectivity === 'public' && draft.listBy('internetGatewaysByVpc', subnet.vpcId).length === 0)
    return networkNotAttached(subnet.vpcId);
  const id = newId(env, 'nat');
  const eni = createEni(
    draft,
    {
      subnetId,
      description: `Interface for NAT Gateway ${id}`,
      primary: asked.primary,
      interfaceType: 'nat_gateway',
      requesterManaged: true,
      sourceDestCheck: false,
    },
    env,
  );
  if (!eni.ok) return eni;
  const [place] = eni.value.addresses;
  if (place === undefined) return missingParameter('SubnetId');
  if (elastic.value !== undefined) connect(draft, { elastic: elastic.value, eniId: eni.value.id, place }, env);
  const address: NatAddress = {
    private: place.address,
    eniId: eni.value.id,
    ...(elastic.value === undefined || allocationId === undefined
      ? {}
      : { public: elastic.value.public, allocationId: elastic.value.id }),
  };
  const nat: NatGateway = {
    id: asId(id),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    connectivity,
    state: 'available',
    addresses: [address],
    tags: asked.tags,
  };
  draft.put('natGateways', nat);
  draft.put('natDetails', { id, createTime: nowText(env) });
  return ok(nat);
}

function elasticOf(
  draft: Draft,
  { connectivity, allocationId }: CreateNat,
): Result<ElasticAddress | undefined, Refusal> {
  if (connectivity === 'private')
    return allocationId === undefined ? ok(undefined) : invalidCombination('A private NAT gateway has no AllocationId');
  if (allocationId === undefined) return missingParameter('AllocationId');
  const elastic = elasticFor(draft, { allocationId });
  if (!elastic.ok) return elastic;
  return elastic.value.associationId === undefined
    ? elastic
    : addressAssociated(elastic.value.id, elastic.value.associationId);
}

/** Deletes a NAT gateway: its interface goes, its Elastic address is free, routes to it become black holes; it is shown for a while (API DeleteNatGateway). */
export function deleteNatGateway(draft: Draft, id: string, env: Env): Result<NatGateway, Refusal> {
  const nat = draft.get('natGateways', id);
  if (nat === undefined) return natGatewayNotFound(id);
  if (nat.state === 'deleted') return ok(nat);
  for (const { eniId, private: address } of nat.addresses) {
    const eni =
      eniId === undefined
        ? draft
            .listBy('enisBySubnet', nat.subnetId)
            .find((one) => one.addresses.some((own) => sameAddress(own.address, address)))
        : draft.get('enis', eniId);
    if (eni !== undefined) removeEni(draft, eni);
  }
  blackhole(draft, id);
  // Its addresses may be given to others at once: a record that is only shown holds none.
  const deleted: NatGateway = { ...nat, state: 'deleted', addresses: [] };
  draft.put('natGateways', deleted);
  draft.put('natDetails', {
    id,
    createTime: draft.get('natDetails', id)?.createTime ?? nowText(env),
    deleteTime: nowText(env),
  });
  depart(draft, { kind: 'natGateways', id }, env.now);
  return ok(deleted);
}
