import type {
  AttachNetworkInterfaceRequest,
  CreateNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { attachEni, detachEni } from '../../control/enis/attach-eni.ts';
import { type CreateEni, createEni } from '../../control/enis/create-eni.ts';
import { deleteEni } from '../../control/enis/delete-eni.ts';
import { eniNotFound } from '../../control/enis/eni-refusals.ts';
import { invalidParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import { eniFilters } from '../eni-filters.ts';
import { claimOf, privateAddressesOf, timeoutsOf } from '../eni-input.ts';
import { eniShape } from '../eni-shapes.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor } from '../tags.ts';

export const eniActions: Actions = {
  CreateNetworkInterface: create,
  DeleteNetworkInterface: ({ NetworkInterfaceId: eniId }, { draft }) => {
    const gone = deleteEni(draft, eniId ?? '');
    return gone.ok ? ok({}) : gone;
  },
  DescribeNetworkInterfaces: describe,
  AttachNetworkInterface: attach,
  // Force is accepted: here nothing can hang that it would have to tear off.
  DetachNetworkInterface: ({ AttachmentId: attachmentId }, { draft }) => {
    const free = detachEni(draft, attachmentId ?? '');
    return free.ok ? ok({}) : free;
  },
};

function create(input: CreateNetworkInterfaceRequest, { draft, env }: Call): Result<object, Refusal> {
  const asked = creation(input);
  if (!asked.ok) return asked;
  const eni = createEni(draft, asked.value, env);
  if (!eni.ok) return eni;
  return ok({
    NetworkInterface: eniShape(draft, eni.value, env.realm),
    ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
  });
}

/** What users may make; the other types of AWS's carry no IP traffic, or that of other interfaces. */
const TYPES: ReadonlySet<string> = new Set(['interface', 'efa']);
const FOREIGN_TYPES: ReadonlySet<string> = new Set(['branch', 'efa-only', 'trunk']);

function creation(input: CreateNetworkInterfaceRequest): Result<CreateEni, Refusal> {
  const foreign = refuseGiven(input, ['Operator']);
  if (foreign !== undefined) return foreign;
  const interfaceType: string = input.InterfaceType ?? 'interface';
  if (FOREIGN_TYPES.has(interfaceType)) return unsupported(`network interfaces of the type ${interfaceType}`);
  if (!TYPES.has(interfaceType)) return invalidParameter('InterfaceType', interfaceType, 'Use interface or efa.');
  const tags = tagsFor('network-interface', input.TagSpecifications);
  if (!tags.ok) return tags;
  const privates = privateAddressesOf(input.PrivateIpAddress, input.PrivateIpAddresses);
  if (!privates.ok) return privates;
  const ipv4 = claimOf('ipv4', {
    addresses: privates.value.others,
    count: input.SecondaryPrivateIpAddressCount,
    prefixes: input.Ipv4Prefixes?.map(({ Ipv4Prefix: prefix }) => prefix),
    prefixCount: input.Ipv4PrefixCount,
  });
  if (!ipv4.ok) return ipv4;
  const ipv6 = claimOf('ipv6', {
    addresses: input.Ipv6Addresses?.map(({ Ipv6Address: address }) => address),
    count: input.Ipv6AddressCount,
    prefixes: input.Ipv6Prefixes?.map(({ Ipv6Prefix: prefix }) => prefix),
    prefixCount: input.Ipv6PrefixCount,
  });
  if (!ipv6.ok) return ipv6;
  const saysIpv6 = [input.Ipv6Addresses, input.Ipv6AddressCount, input.Ipv6Prefixes, input.Ipv6PrefixCount].some(
    (given) => given !== undefined,
  );
  return ok({
    subnetId: input.SubnetId ?? '',
    groupIds: input.Groups === undefined || input.Groups.length === 0 ? undefined : input.Groups,
    description: input.Description,
    primary: privates.value.primary,
    ipv4: ipv4.value,
    ipv6: saysIpv6 ? ipv6.value : undefined,
    hasPrimaryIpv6: input.EnablePrimaryIpv6,
    interfaceType,
    timeouts: timeoutsOf(input.ConnectionTrackingSpecification),
    tags: tags.value,
  });
}

function describe(input: DescribeNetworkInterfacesRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.NetworkInterfaceIds,
    find: (id) => draft.get('enis', id),
    all: () => draft.list('enis'),
    notFound: eniNotFound,
    idOf: ({ id }) => id,
    view: eniFilters(draft, env.realm),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  const { items } = page.value;
  return ok({ NetworkInterfaces: items.map((eni) => eniShape(draft, eni, env.realm)), ...nextTokenOf(page.value) });
}

function attach(input: AttachNetworkInterfaceRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['EnaSrdSpecification', 'EnaQueueCount']);
  if (foreign !== undefined) return foreign;
  if ((input.NetworkCardIndex ?? 0) !== 0) return unsupported('network cards beyond the first');
  const { NetworkInterfaceId: eniId = '', InstanceId: instanceId = '', DeviceIndex: deviceIndex = -1 } = input;
  const eni = attachEni(draft, { eniId, instanceId, deviceIndex }, env);
  return eni.ok ? ok({ AttachmentId: eni.value.attachment?.attachmentId, NetworkCardIndex: 0 }) : eni;
}
