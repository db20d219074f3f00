import type { DescribeImagesRequest, Image as ImageShape } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { arnOf, type Realm } from '../../control/env.ts';
import { catalogue, type Image, imageOf, ROOT_DEVICE } from '../../control/instances/images.ts';
import { imageMalformed } from '../../control/instances/instance-refusals.ts';
import type { Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';

export const imageActions: Actions = { DescribeImages: describe };

function describe(input: DescribeImagesRequest, { env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['ExecutableUsers']);
  if (foreign !== undefined) return foreign;
  const { realm } = env;
  const page = describeRecords(input, {
    ids: input.ImageIds,
    find: (id) => imageOf(realm, id),
    all: () => (isOwnedBy(input.Owners, realm) ? catalogue(realm) : []),
    notFound: imageMalformed,
    idOf: ({ id }) => id,
    view: imageFilters(realm),
    tagsOf: () => [],
    sizes: { least: 1, most: 1000 },
  });
  if (!page.ok) return page;
  const items = page.value.items.filter(({ name }) => name === undefined || isOwnedBy(input.Owners, realm));
  return ok({ Images: items.map((image) => imageShape(image, realm)), ...nextTokenOf(page.value) });
}

/** The images of the catalogue are the account's own, not Amazon's. */
function isOwnedBy(owners: readonly string[] | undefined, { accountId }: Realm): boolean {
  return owners === undefined || owners.length === 0 || owners.includes('self') || owners.includes(accountId);
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function same(value: string): () => readonly string[] {
  return () => [value];
}

function imageFilters({ accountId }: Realm): FilterView<Image> {
  return {
    architecture: ({ architecture }) => optional(architecture),
    'block-device-mapping.delete-on-termination': same('true'),
    'block-device-mapping.device-name': same(ROOT_DEVICE.name),
    'block-device-mapping.encrypted': same('false'),
    'block-device-mapping.snapshot-id': () => [],
    'block-device-mapping.volume-size': same(String(ROOT_DEVICE.size)),
    'block-device-mapping.volume-type': same(ROOT_DEVICE.type),
    'creation-date': ({ creationDate }) => optional(creationDate),
    description: ({ description }) => [description],
    'ena-support': same('true'),
    'free-tier-eligible': same('false'),
    hypervisor: same('xen'),
    'image-allowed': same('true'),
    'image-id': ({ id }) => [id],
    'image-type': same('machine'),
    'is-public': same('false'),
    'kernel-id': () => [],
    'manifest-location': () => [],
    name: ({ name }) => optional(name),
    'owner-alias': () => [],
    'owner-id': ({ name }) => (name === undefined ? [] : [accountId]),
    platform: () => [],
    'product-code': () => [],
    'product-code.type': () => [],
    'ramdisk-id': () => [],
    'root-device-name': same(ROOT_DEVICE.name),
    'root-device-type': same('ebs'),
    'source-image-id': () => [],
    'source-image-region': () => [],
    'source-instance-id': () => [],
    state: same('available'),
    'state-reason-code': () => [],
    'state-reason-message': () => [],
    'sriov-net-support': () => [],
    'virtualization-type': same('hvm'),
  };
}

function imageShape({ id, name, description, architecture, creationDate }: Image, realm: Realm): ImageShape {
  return {
    ImageId: id,
    ...(name === undefined ? {} : { Name: name, OwnerId: realm.accountId, ImageLocation: arnOf(realm, 'image', id) }),
    Description: description,
    ...(architecture === undefined ? {} : { Architecture: architecture }),
    ...(creationDate === undefined ? {} : { CreationDate: creationDate }),
    ImageType: 'machine',
    Public: false,
    State: 'available',
    EnaSupport: true,
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    RootDeviceType: 'ebs',
    RootDeviceName: ROOT_DEVICE.name,
    BlockDeviceMappings: [
      {
        DeviceName: ROOT_DEVICE.name,
        Ebs: {
          DeleteOnTermination: true,
          Encrypted: false,
          VolumeSize: ROOT_DEVICE.size,
          VolumeType: ROOT_DEVICE.type,
        },
      },
    ],
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    ProductCodes: [],
    Tags: [],
  };
}
