import { formatAddress } from '../../core/net/address.ts';
import type { Eni, EniAddress } from '../../core/model/eni.ts';
import type { Draft } from '../control/draft.ts';
import { eniDetailOf } from '../control/enis/eni-details.ts';
import { type Realm, zonesOf } from '../control/env.ts';
import { privateDnsName } from './dns-names.ts';
import { associationShape, attachmentOwner, groupShapes } from './eni-shapes.ts';
import type { FilterView } from './filters.ts';

/** The filters of DescribeNetworkInterfaces. Those on addresses and associations look at all of an interface's. */
export function eniFilters(draft: Draft, realm: Realm): FilterView<Eni> {
  return { ...ownFilters(draft, realm), ...addressFilters(draft, realm), ...attachmentFilters(draft) };
}

function ownFilters(draft: Draft, realm: Realm): FilterView<Eni> {
  const zoneOf = ({ subnetId }: Eni): readonly string[] => {
    const zone = draft.get('subnets', subnetId)?.availabilityZone;
    return zone === undefined ? [] : [zone];
  };
  return {
    'availability-zone': zoneOf,
    'availability-zone-id': (eni) =>
      zonesOf(realm.region).flatMap(({ name, id }) => (zoneOf(eni).includes(name) ? [id] : [])),
    description: ({ description }) => [description],
    'group-id': ({ groups }) => groups,
    'group-name': (eni) => groupShapes(draft, eni).map(({ GroupName }) => GroupName),
    'interface-type': ({ interfaceType }) => [interfaceType],
    'mac-address': (eni) => [eniDetailOf(draft, eni).macAddress],
    'network-interface-id': ({ id }) => [id],
    'operator.managed': () => ['false'],
    'operator.principal': () => [],
    'owner-id': ({ ownerId }) => [ownerId],
    // Who made an interface for somebody is not kept.
    'requester-id': () => [],
    'requester-managed': (eni) => [String(eniDetailOf(draft, eni).requesterManaged)],
    'source-dest-check': ({ sourceDestCheck }) => [String(sourceDestCheck)],
    status: ({ attachment }) => [attachment === undefined ? 'available' : 'in-use'],
    'subnet-id': ({ subnetId }) => [subnetId],
    'vpc-id': ({ vpcId }) => [vpcId],
  };
}

function ofFamily({ addresses }: Eni, family: 'ipv4' | 'ipv6'): readonly EniAddress[] {
  return addresses.filter(({ address }) => address.family === family);
}

function texts(eni: Eni, family: 'ipv4' | 'ipv6'): readonly string[] {
  return ofFamily(eni, family).map(({ address }) => formatAddress(address));
}

function ipv4Texts(eni: Eni): readonly string[] {
  return texts(eni, 'ipv4');
}

function addressFilters(draft: Draft, realm: Realm): FilterView<Eni> {
  const associated =
    (member: 'PublicIp' | 'PublicDnsName' | 'IpOwnerId' | 'AllocationId' | 'AssociationId') =>
    (eni: Eni): readonly string[] =>
      eni.addresses.flatMap((own) => associationShape(draft, eni, { own, realm })?.[member] ?? []);
  return {
    'addresses.association.owner-id': associated('IpOwnerId'),
    'addresses.association.public-ip': associated('PublicIp'),
    'addresses.primary': (eni) => ofFamily(eni, 'ipv4').map(({ isPrimary }) => String(isPrimary)),
    'addresses.private-ip-address': ipv4Texts,
    'association.allocation-id': associated('AllocationId'),
    'association.association-id': associated('AssociationId'),
    'association.ip-owner-id': associated('IpOwnerId'),
    'association.public-dns-name': associated('PublicDnsName'),
    'association.public-ip': associated('PublicIp'),
    'ipv6-addresses.ipv6-address': (eni) => texts(eni, 'ipv6'),
    'private-dns-name': (eni) =>
      ofFamily(eni, 'ipv4').flatMap(({ address, isPrimary }) => (isPrimary ? [privateDnsName(address, realm)] : [])),
    'private-ip-address': ipv4Texts,
  };
}

/** A filter on what an interface is attached to; one that is free has no value. */
function attached(
  read: (eni: Eni, attachment: NonNullable<Eni['attachment']>) => string | undefined,
): (eni: Eni) => readonly string[] {
  return (eni) => {
    const value = eni.attachment === undefined ? undefined : read(eni, eni.attachment);
    return value === undefined ? [] : [value];
  };
}

function attachmentFilters(draft: Draft): FilterView<Eni> {
  return {
    'attachment.attach-time': attached((eni) => eniDetailOf(draft, eni).attachTime),
    'attachment.attachment-id': attached((_, { attachmentId }) => attachmentId),
    'attachment.delete-on-termination': attached((eni) => String(eniDetailOf(draft, eni).deleteOnTermination)),
    'attachment.device-index': attached((_, { deviceIndex }) => String(deviceIndex)),
    'attachment.instance-id': attached((_, { instanceId }) => instanceId),
    'attachment.instance-owner-id': attached(attachmentOwner),
    'attachment.status': attached(() => 'attached'),
  };
}
