import { formatAddress } from '../../core/net/address.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { Draft } from '../control/draft.ts';
import { type Realm, zonesOf } from '../control/env.ts';
import { ROOT_DEVICE } from '../control/instances/images.ts';
import { INSTANCE_TYPES } from '../control/instances/instance-types.ts';
import { eniFilters } from './eni-filters.ts';
import { groupShapes } from './eni-shapes.ts';
import type { FilterView } from './filters.ts';
import { instanceShape, type InstanceView, profileIdOf, stateShape, zoneOfInstance } from './instance-shapes.ts';

/** The filters of DescribeInstances; those on interfaces look at all of an instance's. */
export function instanceFilters(draft: Draft, realm: Realm): FilterView<InstanceView> {
  return {
    ...SAME_FILTERS,
    ...recordFilters(),
    ...networkFilters(draft, realm),
    ...blockFilters(draft),
    'availability-zone': (view) => optional(zoneOfInstance(draft, view)),
    'availability-zone-id': (view) =>
      zonesOf(realm.region).flatMap(({ name, id }) => (name === zoneOfInstance(draft, view) ? [id] : [])),
    'owner-id': () => [realm.accountId],
    'requester-id': () => [],
    'dns-name': (view) => filled(instanceShape(draft, view, realm).PublicDnsName),
    'private-dns-name': (view) => filled(instanceShape(draft, view, realm).PrivateDnsName),
    reason: (view) => filled(instanceShape(draft, view, realm).StateTransitionReason),
    'state-reason-code': (view) => optional(instanceShape(draft, view, realm).StateReason?.Code),
    'state-reason-message': (view) => optional(instanceShape(draft, view, realm).StateReason?.Message),
  };
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function filled(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : [value];
}

/** What is the same for all instances here; what none has, has no value. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  affinity: [],
  'boot-mode': [],
  'capacity-reservation-id': [],
  'capacity-reservation-specification.capacity-reservation-preference': ['open'],
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id': [],
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn': [],
  'current-instance-boot-mode': [],
  'ena-support': ['true'],
  'enclave-options.enabled': ['false'],
  'hibernation-options.configured': ['false'],
  'host-id': [],
  hypervisor: ['xen'],
  'instance-lifecycle': [],
  'kernel-id': [],
  'maintenance-options.auto-recovery': ['default'],
  'operator.managed': ['false'],
  'operator.principal': [],
  'outpost-arn': [],
  'placement-group-name': [],
  'placement-partition-number': [],
  platform: [],
  'platform-details': ['Linux/UNIX'],
  'product-code': [],
  'product-code.type': [],
  'ramdisk-id': [],
  'root-device-name': [ROOT_DEVICE.name],
  'root-device-type': ['ebs'],
  'spot-instance-request-id': [],
  tenancy: ['default'],
  'tpm-support': [],
  'usage-operation': ['RunInstances'],
  'usage-operation-update-time': [],
  'virtualization-type': ['hvm'],
};

const SAME_FILTERS: FilterView<InstanceView> = Object.fromEntries(
  Object.entries(SAME).map(([name, values]) => [name, () => values]),
);

function recordFilters(): FilterView<InstanceView> {
  return {
    architecture: ({ detail }) => optional(INSTANCE_TYPES.get(detail.instanceType ?? '')?.architecture),
    'client-token': ({ detail }) => optional(detail.clientToken),
    'ebs-optimized': ({ detail }) => [String(detail.isEbsOptimized)],
    'iam-instance-profile.arn': ({ detail }) => optional(detail.profileArn),
    'iam-instance-profile.id': ({ detail: { profileArn } }) =>
      profileArn === undefined ? [] : [profileIdOf(profileArn)],
    'iam-instance-profile.name': ({ detail: { profileArn } }) => optional(profileArn?.split('/').at(-1)),
    'image-id': ({ detail }) => optional(detail.imageId),
    'instance-id': ({ instance }) => [instance.id],
    'instance-state-code': ({ instance }) => [String(stateShape(instance.state).Code ?? '')],
    'instance-state-name': ({ instance }) => [instance.state],
    'instance-type': ({ detail }) => optional(detail.instanceType),
    'key-name': ({ detail }) => optional(detail.keyName),
    'launch-index': ({ detail }) => [String(detail.launchIndex)],
    'launch-time': ({ detail }) => optional(detail.launchTime),
    'metadata-options.http-endpoint': ({ detail }) => [detail.metadata.httpEndpoint],
    'metadata-options.http-protocol-ipv4': ({ detail }) => [detail.metadata.httpEndpoint],
    'metadata-options.http-protocol-ipv6': ({ detail }) => [detail.metadata.ipv6],
    'metadata-options.http-put-response-hop-limit': ({ detail }) => [String(detail.metadata.hopLimit)],
    'metadata-options.http-tokens': ({ detail }) => [detail.metadata.httpTokens],
    'metadata-options.instance-metadata-tags': ({ detail }) => [detail.metadata.tags],
    'metadata-options.state': () => ['applied'],
    'monitoring-state': ({ detail }) => [detail.hasMonitoring ? 'enabled' : 'disabled'],
    'private-dns-name-options.enable-resource-name-dns-a-record': ({ detail }) => [String(detail.dns.a)],
    'private-dns-name-options.enable-resource-name-dns-aaaa-record': ({ detail }) => [String(detail.dns.aaaa)],
    'private-dns-name-options.hostname-type': ({ detail }) => [detail.dns.hostnameType],
    'reservation-id': ({ detail }) => [detail.reservationId],
  };
}

/** A filter on the primary interface. */
function first(read: (eni: Eni) => readonly (string | undefined)[]): (view: InstanceView) => readonly string[] {
  return ({ enis: [eni] }) => (eni === undefined ? [] : read(eni).filter((value) => value !== undefined));
}

/** A filter on all interfaces. */
function all(read: (eni: Eni) => readonly string[]): (view: InstanceView) => readonly string[] {
  return ({ enis }) => enis.flatMap(read);
}

function networkFilters(draft: Draft, realm: Realm): FilterView<InstanceView> {
  return {
    ...Object.fromEntries(
      Object.entries(eniFilters(draft, realm)).map(([name, read]) => [`network-interface.${name}`, all(read)]),
    ),
    'network-interface.tag-key': all(({ tags }) => tags.map(({ key }) => key)),
    'network-interface.tag-value': all(({ tags }) => tags.map(({ value }) => value)),
    'instance.group-id': first(({ groups }) => groups),
    'instance.group-name': first((eni) => groupShapes(draft, eni).map(({ GroupName }) => GroupName)),
    'ip-address': first(({ addresses }) => [outerText(addresses.find(({ isPrimary }) => isPrimary))]),
    'ipv6-address': all(({ addresses }) =>
      addresses.flatMap(({ address }) => (address.family === 'ipv6' ? [formatAddress(address)] : [])),
    ),
    'private-ip-address': first(({ addresses }) =>
      addresses.flatMap(({ address, isPrimary }) => (isPrimary ? [formatAddress(address)] : [])),
    ),
    'source-dest-check': first(({ sourceDestCheck }) => [String(sourceDestCheck)]),
    'subnet-id': first(({ subnetId }) => [subnetId]),
    'vpc-id': first(({ vpcId }) => [vpcId]),
  };
}

function outerText(own: Eni['addresses'][number] | undefined): string | undefined {
  return own?.public === undefined ? undefined : formatAddress(own.public.address);
}

function blockFilters(draft: Draft): FilterView<InstanceView> {
  const read =
    (member: 'attachTime' | 'deleteOnTermination' | 'deviceName') =>
    ({ detail }: InstanceView): readonly string[] =>
      detail.volumeIds.flatMap((id) => {
        const attachment = draft.get('volumes', id)?.attachment;
        return attachment === undefined ? [] : [String(attachment[member])];
      });
  return {
    'block-device-mapping.attach-time': read('attachTime'),
    'block-device-mapping.delete-on-termination': read('deleteOnTermination'),
    'block-device-mapping.device-name': read('deviceName'),
    'block-device-mapping.status': ({ detail }) => detail.volumeIds.map(() => 'attached'),
    'block-device-mapping.volume-id': ({ detail }) => detail.volumeIds,
  };
}
