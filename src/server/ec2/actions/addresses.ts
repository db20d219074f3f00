import type {
  Address as AddressShape,
  AllocateAddressRequest,
  AssociateAddressRequest,
  DescribeAddressesAttributeRequest,
  DescribeAddressesRequest,
} from '@aws-sdk/client-ec2';
import { formatAddress } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { ElasticAddress } from '../../../core/model/gateway.ts';
import { addressNotFound, allocationNotFound } from '../../control/addresses/address-refusals.ts';
import {
  allocateAddress,
  associateAddress,
  disassociateAddress,
  elasticFor,
  releaseAddress,
} from '../../control/addresses/elastic-addresses.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import { invalidParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { filterItems, type FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const addressActions: Actions = {
  AllocateAddress: allocate,
  // Terraform gives the border group of every address that it releases.
  ReleaseAddress: (input, { draft, env }) => {
    const fault = borderFault(input.NetworkBorderGroup, env.realm);
    if (fault !== undefined) return fault;
    const gone = releaseAddress(draft, { allocationId: input.AllocationId, publicIp: input.PublicIp });
    return gone.ok ? ok({}) : gone;
  },
  AssociateAddress: associate,
  DisassociateAddress: (input, { draft }) => {
    const done = disassociateAddress(draft, { associationId: input.AssociationId, publicIp: input.PublicIp });
    return done.ok ? ok({}) : done;
  },
  DescribeAddresses: describe,
  DescribeAddressesAttribute: describeAttribute,
};

/** Why an address cannot be of a border group: here the region is the only one. */
function borderFault(border: string | undefined, { region }: Realm): ReturnType<typeof invalidParameter> | undefined {
  return border === undefined || border === region
    ? undefined
    : invalidParameter('NetworkBorderGroup', border, `Use ${region}.`);
}

function allocate(input: AllocateAddressRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['Address', 'CustomerOwnedIpv4Pool', 'IpamPoolId']);
  if (foreign !== undefined) return foreign;
  const { Domain: domain = 'vpc', PublicIpv4Pool: pool = 'amazon', NetworkBorderGroup: border } = input;
  if (domain !== 'vpc') return invalidParameter('domain', domain, 'Use vpc.');
  if (pool !== 'amazon') return invalidParameter('PublicIpv4Pool', pool, 'This server has the pool amazon alone.');
  const fault = borderFault(border, env.realm);
  if (fault !== undefined) return fault;
  const tags = tagsFor('elastic-ip', input.TagSpecifications);
  if (!tags.ok) return tags;
  const elastic = allocateAddress(draft, tags.value, env);
  if (!elastic.ok) return elastic;
  return ok({
    AllocationId: elastic.value.id,
    PublicIp: formatAddress(elastic.value.public),
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: env.realm.region,
    Domain: 'vpc',
  });
}

function associate(input: AssociateAddressRequest, { draft, env }: Call): Result<object, Refusal> {
  const done = associateAddress(
    draft,
    {
      elastic: { allocationId: input.AllocationId, publicIp: input.PublicIp },
      eniId: input.NetworkInterfaceId,
      instanceId: input.InstanceId,
      privateIp: input.PrivateIpAddress,
      allowReassociation: input.AllowReassociation,
    },
    env,
  );
  return done.ok ? ok({ AssociationId: done.value.associationId }) : done;
}

/** The addresses that a request names by allocation or by themselves; all of them where it names none. */
function chosen(
  input: { readonly AllocationIds?: readonly string[] | undefined; readonly PublicIps?: readonly string[] | undefined },
  draft: Draft,
): Result<readonly ElasticAddress[], Refusal> {
  const refs = [
    ...(input.AllocationIds ?? []).map((allocationId) => ({ allocationId })),
    ...(input.PublicIps ?? []).map((publicIp) => ({ publicIp })),
  ];
  if (refs.length === 0) return ok([...draft.list('elasticAddresses')].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  const found = new Map<string, ElasticAddress>();
  for (const ref of refs) {
    const elastic = elasticFor(draft, ref);
    if (!elastic.ok) return 'publicIp' in ref ? addressNotFound(ref.publicIp) : allocationNotFound(ref.allocationId);
    found.set(elastic.value.id, elastic.value);
  }
  return ok([...found.values()]);
}

function describe(input: DescribeAddressesRequest, { draft, env }: Call): Result<object, Refusal> {
  const addresses = chosen(input, draft);
  if (!addresses.ok) return addresses;
  const kept = filterItems(addresses.value, input.Filters, {
    view: addressFilters(draft, env.realm),
    tagsOf: ({ tags }) => tags,
  });
  return kept.ok ? ok({ Addresses: kept.value.map((one) => addressShape(draft, one, env.realm)) }) : kept;
}

function addressFilters(draft: Draft, realm: Realm): FilterView<ElasticAddress> {
  const shape = (read: (one: AddressShape) => string | undefined) => (elastic: ElasticAddress) => {
    const value = read(addressShape(draft, elastic, realm));
    return value === undefined ? [] : [value];
  };
  return {
    'allocation-id': ({ id }) => [id],
    'association-id': shape((one) => one.AssociationId),
    domain: () => ['vpc'],
    'instance-id': shape((one) => one.InstanceId),
    'network-border-group': () => [realm.region],
    'network-interface-id': shape((one) => one.NetworkInterfaceId),
    'network-interface-owner-id': shape((one) => one.NetworkInterfaceOwnerId),
    'private-ip-address': shape((one) => one.PrivateIpAddress),
    'public-ip': shape((one) => one.PublicIp),
  };
}

function addressShape(draft: Draft, elastic: ElasticAddress, realm: Realm): AddressShape {
  const eni = elastic.eniId === undefined ? undefined : draft.get('enis', elastic.eniId);
  const instanceId = eni?.attachment?.instanceId;
  return {
    AllocationId: elastic.id,
    PublicIp: formatAddress(elastic.public),
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: realm.region,
    Domain: 'vpc',
    ...(elastic.associationId === undefined ? {} : { AssociationId: elastic.associationId }),
    ...(elastic.eniId === undefined
      ? {}
      : { NetworkInterfaceId: elastic.eniId, NetworkInterfaceOwnerId: eni?.ownerId ?? realm.accountId }),
    ...(instanceId === undefined ? {} : { InstanceId: instanceId }),
    ...(elastic.private === undefined ? {} : { PrivateIpAddress: formatAddress(elastic.private) }),
    Tags: tagShapes(elastic.tags),
  };
}

/** Names of addresses cannot be changed here, so there is none to tell. */
function describeAttribute(input: DescribeAddressesAttributeRequest, { draft }: Call): Result<object, Refusal> {
  const page = describeRecords(
    { MaxResults: input.MaxResults, NextToken: input.NextToken },
    {
      ids: input.AllocationIds,
      find: (id) => draft.get('elasticAddresses', id),
      all: () => draft.list('elasticAddresses'),
      notFound: allocationNotFound,
      idOf: ({ id }) => id,
      view: {},
      sizes: { least: 1, most: 1000 },
    },
  );
  if (!page.ok) return page;
  return ok({
    Addresses: page.value.items.map((elastic) => ({
      PublicIp: formatAddress(elastic.public),
      AllocationId: elastic.id,
    })),
    ...nextTokenOf(page.value),
  });
}
