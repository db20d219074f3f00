import type { Instance as InstanceShape, InstanceState, Reservation } from '@aws-sdk/client-ec2';
import { formatAddress } from '../../core/net/address.ts';
import type { Eni, Instance } from '../../core/model/eni.ts';
import type { InstanceDetail, MetadataOptions } from '../control/details/instance-detail.ts';
import type { Draft } from '../control/draft.ts';
import { derivedId, type Realm, zonesOf } from '../control/env.ts';
import { ROOT_DEVICE } from '../control/instances/images.ts';
import { enisOf, instanceDetailOf } from '../control/instances/instance-details.ts';
import { INSTANCE_TYPES } from '../control/instances/instance-types.ts';
import { privateDnsName } from './dns-names.ts';
import { eniShape, groupShapes } from './eni-shapes.ts';
import { tagShapes } from './tags.ts';

/** The number of each state (API InstanceState). */
const STATE_CODES: ReadonlyMap<string, number> = new Map([
  ['pending', 0],
  ['running', 16],
  ['shutting-down', 32],
  ['terminated', 48],
  ['stopping', 64],
  ['stopped', 80],
]);

/** A state with its number. */
export function stateShape(state: string): InstanceState {
  const code = STATE_CODES.get(state);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- states of records are AWS's words
  return { ...(code === undefined ? {} : { Code: code }), Name: state as NonNullable<InstanceState['Name']> };
}

/** An instance with everything that is shown of it. */
export type InstanceView = {
  readonly instance: Instance;
  readonly detail: InstanceDetail;
  readonly enis: readonly Eni[];
};

export function viewOf(draft: Draft, instance: Instance): InstanceView {
  return { instance, detail: instanceDetailOf(draft, instance), enis: enisOf(draft, instance.id) };
}

/** Instances as reservations: those of one launch together. */
export function reservationShapes(draft: Draft, instances: readonly Instance[], realm: Realm): Reservation[] {
  const views = instances.map((instance) => viewOf(draft, instance));
  return [...Map.groupBy(views, ({ detail }) => detail.reservationId)].map(([ReservationId, own]) => ({
    ReservationId,
    OwnerId: realm.accountId,
    Groups: [],
    Instances: own
      .toSorted((a, b) => a.detail.launchIndex - b.detail.launchIndex)
      .map((view) => instanceShape(draft, view, realm)),
  }));
}

/** An instance as DescribeInstances shows it. */
export function instanceShape(draft: Draft, view: InstanceView, realm: Realm): InstanceShape {
  const { instance, detail } = view;
  return {
    InstanceId: instance.id,
    State: stateShape(instance.state),
    AmiLaunchIndex: detail.launchIndex,
    ...(detail.imageId === undefined ? {} : { ImageId: detail.imageId }),
    ...(detail.launchTime === undefined ? {} : { LaunchTime: new Date(detail.launchTime) }),
    ...(detail.keyName === undefined ? {} : { KeyName: detail.keyName }),
    ...typeMembers(detail),
    ...endMembers(view),
    ...networkMembers(draft, view, realm),
    Placement: placementShape(draft, view, realm),
    ClientToken: detail.clientToken ?? '',
    EbsOptimized: detail.isEbsOptimized,
    ...profileMember(detail),
    Monitoring: { State: detail.hasMonitoring ? 'enabled' : 'disabled' },
    MetadataOptions: metadataShape(detail.metadata),
    PrivateDnsNameOptions: {
      HostnameType: detail.dns.hostnameType,
      EnableResourceNameDnsARecord: detail.dns.a,
      EnableResourceNameDnsAAAARecord: detail.dns.aaaa,
    },
    RootDeviceName: ROOT_DEVICE.name,
    RootDeviceType: 'ebs',
    BlockDeviceMappings: blockShapes(draft, detail),
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    EnaSupport: true,
    HibernationOptions: { Configured: false },
    EnclaveOptions: { Enabled: false },
    CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
    MaintenanceOptions: { AutoRecovery: 'default' },
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    ProductCodes: [],
    Tags: tagShapes(instance.tags),
  };
}

function typeMembers({ instanceType }: InstanceDetail): Partial<InstanceShape> {
  if (instanceType === undefined) return {};
  const type = INSTANCE_TYPES.get(instanceType);
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names of types are AWS's words
    InstanceType: instanceType as NonNullable<InstanceShape['InstanceType']>,
    ...(type === undefined
      ? {}
      : {
          Architecture: type.architecture,
          CpuOptions: { CoreCount: type.vcpus * type.coresPerVcpu, ThreadsPerCore: 1 / type.coresPerVcpu },
        }),
  };
}

/** Why it is not running. */
function endMembers({ instance, detail }: InstanceView): Partial<InstanceShape> {
  const { endTime } = detail;
  if (endTime === undefined || instance.state === 'running') return { StateTransitionReason: '' };
  const code = 'Client.UserInitiatedShutdown';
  return {
    StateTransitionReason: `User initiated (${endTime.slice(0, 10)} ${endTime.slice(11, 19)} GMT)`,
    StateReason: { Code: code, Message: `${code}: User initiated shutdown` },
  };
}

/** The members that tell of the primary interface, and the list of all of them. A terminated instance has none. */
function networkMembers(draft: Draft, { enis, instance, detail }: InstanceView, realm: Realm): Partial<InstanceShape> {
  const shapes = enis.map((eni) => eniShape(draft, eni, realm));
  const [first] = enis;
  const [shape] = shapes;
  if (first === undefined || shape === undefined)
    return { PrivateDnsName: '', PublicDnsName: '', NetworkInterfaces: [], SecurityGroups: [] };
  const own = first.addresses.find(({ isPrimary }) => isPrimary);
  const ipv6 = first.addresses.find(({ address }) => address.family === 'ipv6');
  return {
    VpcId: first.vpcId,
    SubnetId: first.subnetId,
    ...(own === undefined ? {} : { PrivateIpAddress: formatAddress(own.address) }),
    PrivateDnsName: privateNameOf(instance, { detail, own, realm }),
    ...(own?.public === undefined ? {} : { PublicIpAddress: formatAddress(own.public.address) }),
    PublicDnsName: shape.Association?.PublicDnsName ?? '',
    ...(ipv6 === undefined ? {} : { Ipv6Address: formatAddress(ipv6.address) }),
    SourceDestCheck: first.sourceDestCheck,
    SecurityGroups: groupShapes(draft, first),
    NetworkInterfaces: shapes.map(({ Attachment, ...one }) => ({
      ...one,
      ...(Attachment === undefined ? {} : { Attachment }),
    })),
  };
}

/** Its own name inside the VPC: by its address, or by its id (E2:ec2-instance-naming). */
function privateNameOf(
  { id }: Instance,
  {
    detail,
    own,
    realm,
  }: { readonly detail: InstanceDetail; readonly own: Eni['addresses'][number] | undefined; readonly realm: Realm },
): string {
  if (detail.dns.hostnameType === 'ip-name') return own === undefined ? '' : privateDnsName(own.address, realm);
  const domain = realm.region === 'us-east-1' ? 'ec2.internal' : `${realm.region}.compute.internal`;
  return `${id}.${domain}`;
}

/** The zone of an instance: of its interfaces, or where it was. */
export function zoneOfInstance(draft: Draft, { detail, enis }: InstanceView): string | undefined {
  const [eni] = enis;
  return (eni === undefined ? undefined : draft.get('subnets', eni.subnetId)?.availabilityZone) ?? detail.zone;
}

function placementShape(draft: Draft, view: InstanceView, { region }: Realm): NonNullable<InstanceShape['Placement']> {
  const zone = zoneOfInstance(draft, view);
  const zoneId = zonesOf(region).find(({ name }) => name === zone)?.id;
  return {
    ...(zone === undefined ? {} : { AvailabilityZone: zone }),
    ...(zoneId === undefined ? {} : { AvailabilityZoneId: zoneId }),
    GroupName: '',
    Tenancy: 'default',
  };
}

function profileMember({ profileArn }: InstanceDetail): Partial<InstanceShape> {
  return profileArn === undefined ? {} : { IamInstanceProfile: { Arn: profileArn, Id: profileIdOf(profileArn) } };
}

/** An id for a profile, which exists by its ARN alone. */
export function profileIdOf(arn: string): string {
  return `AIPA${derivedId('', arn).slice(1).toUpperCase()}`;
}

/** How the metadata would be had. */
export function metadataShape(metadata: MetadataOptions): NonNullable<InstanceShape['MetadataOptions']> {
  return {
    State: 'applied',
    HttpTokens: metadata.httpTokens,
    HttpPutResponseHopLimit: metadata.hopLimit,
    HttpEndpoint: metadata.httpEndpoint,
    HttpProtocolIpv6: metadata.ipv6,
    InstanceMetadataTags: metadata.tags,
  };
}

/** The volumes of an instance, as it shows them. */
export function blockShapes(
  draft: Draft,
  { volumeIds }: InstanceDetail,
): NonNullable<InstanceShape['BlockDeviceMappings']> {
  return volumeIds.flatMap((id) => {
    const attachment = draft.get('volumes', id)?.attachment;
    if (attachment === undefined) return [];
    const { deviceName, attachTime, deleteOnTermination } = attachment;
    return [
      {
        DeviceName: deviceName,
        Ebs: {
          VolumeId: id,
          AttachTime: new Date(attachTime),
          DeleteOnTermination: deleteOnTermination,
          Status: 'attached' as const,
        },
      },
    ];
  });
}
