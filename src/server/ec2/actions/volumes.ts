import type { DescribeVolumesRequest, Volume as VolumeShape } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Volume } from '../../control/details/instance-detail.ts';
import { type Realm, zonesOf } from '../../control/env.ts';
import { volumeNotFound } from '../../control/instances/instance-refusals.ts';
import { deleteVolume } from '../../control/instances/volumes.ts';
import type { Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';
import { tagShapes } from '../tags.ts';

/** Volumes come with instances and go with them; there is no other way to make one. */
export const volumeActions: Actions = {
  DescribeVolumes: describe,
  DeleteVolume: ({ VolumeId: id }, { draft }) => {
    const gone = deleteVolume(draft, id ?? '');
    return gone.ok ? ok({}) : gone;
  },
};

function describe(input: DescribeVolumesRequest, { draft, env }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    ids: input.VolumeIds,
    find: (id) => draft.get('volumes', id),
    all: () => draft.list('volumes'),
    notFound: volumeNotFound,
    idOf: ({ id }) => id,
    view: volumeFilters(env.realm),
    tagsOf: ({ tags }) => tags,
  });
  if (!page.ok) return page;
  return ok({
    Volumes: page.value.items.map((volume) => volumeShape(volume, env.realm)),
    ...nextTokenOf(page.value),
  });
}

function stateOf({ attachment }: Volume): 'available' | 'in-use' {
  return attachment === undefined ? 'available' : 'in-use';
}

function zoneIdOf({ zone }: Volume, { region }: Realm): string | undefined {
  return zonesOf(region).find(({ name }) => name === zone)?.id;
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function volumeFilters(realm: Realm): FilterView<Volume> {
  return {
    'attachment.attach-time': ({ attachment }) => optional(attachment?.attachTime),
    'attachment.delete-on-termination': ({ attachment }) =>
      attachment === undefined ? [] : [String(attachment.deleteOnTermination)],
    'attachment.device': ({ attachment }) => optional(attachment?.deviceName),
    'attachment.instance-id': ({ attachment }) => optional(attachment?.instanceId),
    'attachment.status': ({ attachment }) => (attachment === undefined ? [] : ['attached']),
    'availability-zone': ({ zone }) => optional(zone),
    'availability-zone-id': (volume) => optional(zoneIdOf(volume, realm)),
    'create-time': ({ createTime }) => [createTime],
    encrypted: ({ isEncrypted }) => [String(isEncrypted)],
    'fast-restored': () => ['false'],
    'multi-attach-enabled': () => ['false'],
    'operator.managed': () => ['false'],
    'operator.principal': () => [],
    size: ({ size }) => [String(size)],
    'snapshot-id': () => [],
    'source-volume-id': () => [],
    status: (volume) => [stateOf(volume)],
    'volume-id': ({ id }) => [id],
    'volume-type': ({ type }) => [type],
  };
}

function volumeShape(volume: Volume, realm: Realm): VolumeShape {
  const { id, attachment, zone } = volume;
  const zoneId = zoneIdOf(volume, realm);
  return {
    VolumeId: id,
    State: stateOf(volume),
    Size: volume.size,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- types were checked when the volume was made
    VolumeType: volume.type as NonNullable<VolumeShape['VolumeType']>,
    ...(volume.iops === undefined ? {} : { Iops: volume.iops }),
    ...(volume.throughput === undefined ? {} : { Throughput: volume.throughput }),
    Encrypted: volume.isEncrypted,
    ...(volume.kmsKeyId === undefined ? {} : { KmsKeyId: volume.kmsKeyId }),
    SnapshotId: '',
    ...(zone === undefined ? {} : { AvailabilityZone: zone }),
    ...(zoneId === undefined ? {} : { AvailabilityZoneId: zoneId }),
    CreateTime: new Date(volume.createTime),
    MultiAttachEnabled: false,
    Attachments:
      attachment === undefined
        ? []
        : [
            {
              VolumeId: id,
              InstanceId: attachment.instanceId,
              Device: attachment.deviceName,
              State: 'attached',
              AttachTime: new Date(attachment.attachTime),
              DeleteOnTermination: attachment.deleteOnTermination,
            },
          ],
    Tags: tagShapes(volume.tags),
  };
}
