import { ok, type Result } from '../../../core/net/result.ts';
import type { InstanceId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { Volume } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import { invalidCombination, invalidParameter, missingParameter, type Refusal } from '../refusal.ts';
import { ROOT_DEVICE } from './images.ts';

/** One block device as a launch asks for it; what is absent is AWS's default. */
export type BlockAsk = {
  readonly deviceName: string;
  /** A device of the image that is not wanted. */
  readonly isAbsent?: boolean | undefined;
  readonly size?: number | undefined;
  readonly type?: string | undefined;
  readonly iops?: number | undefined;
  readonly throughput?: number | undefined;
  readonly isEncrypted?: boolean | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly deleteOnTermination?: boolean | undefined;
};

type PlannedVolume = Omit<Volume, 'id' | 'createTime' | 'attachment' | 'tags' | 'zone'> & {
  readonly deviceName: string;
  readonly deleteOnTermination: boolean;
};

type Range = readonly [from: number, to: number];
type VolumeType = { readonly size: Range; readonly iops?: Range; readonly throughput?: Range };

/** What volumes may be (API EbsBlockDevice, CreateVolume). */
const TYPES: ReadonlyMap<string, VolumeType> = new Map<string, VolumeType>([
  ['gp2', { size: [1, 16_384] }],
  ['gp3', { size: [1, 65_536], iops: [3000, 80_000], throughput: [125, 2000] }],
  ['io1', { size: [4, 16_384], iops: [100, 64_000] }],
  ['io2', { size: [4, 65_536], iops: [100, 256_000] }],
  ['st1', { size: [125, 16_384] }],
  ['sc1', { size: [125, 16_384] }],
  ['standard', { size: [1, 1024] }],
]);

/** The volumes that a launch makes for each instance, the root one first, which every image has. */
export function planVolumes(asks: readonly BlockAsk[]): Result<readonly PlannedVolume[], Refusal> {
  const names = new Set(asks.map(({ deviceName }) => deviceName));
  if (names.size < asks.length)
    return invalidParameter('BlockDeviceMapping', [...names].join(', ').slice(0, 200), 'A device is mapped twice.');
  if (asks.length > MOST_DEVICES)
    return invalidParameter('BlockDeviceMapping', asks.length, `An instance has at most ${MOST_DEVICES} devices.`);
  const root = asks.find(({ deviceName }) => deviceName === ROOT_DEVICE.name);
  if (root?.isAbsent === true)
    return invalidParameter('NoDevice', ROOT_DEVICE.name, 'The root device of an instance cannot be left out.');
  const wanted = [
    { type: ROOT_DEVICE.type, size: ROOT_DEVICE.size, ...defined(root), deviceName: ROOT_DEVICE.name },
    ...asks.filter((ask) => ask !== root && ask.isAbsent !== true),
  ];
  const planned: PlannedVolume[] = [];
  for (const ask of wanted) {
    const volume = planVolume(ask);
    if (!volume.ok) return volume;
    planned.push(volume.value);
  }
  return ok(planned);
}

const MOST_DEVICES = 128;

function defined(ask: BlockAsk | undefined): Partial<BlockAsk> {
  return Object.fromEntries(Object.entries(ask ?? {}).filter(([, value]) => value !== undefined));
}

function planVolume(ask: BlockAsk): Result<PlannedVolume, Refusal> {
  const { deviceName, size, iops, throughput, kmsKeyId, isEncrypted = false } = ask;
  if (!/^[a-zA-Z0-9/]{1,64}$/.test(deviceName))
    return invalidParameter('DeviceName', deviceName.slice(0, 80), 'This is no name of a device.');
  const type = ask.type ?? 'gp2';
  const rules = TYPES.get(type);
  if (rules === undefined) return invalidParameter('VolumeType', type.slice(0, 80), 'Unknown volume type.');
  if (size === undefined) return missingParameter('size/snapshot');
  const fault =
    rangeFault('size', size, rules.size) ??
    limitFault('iops', type, { value: iops, range: rules.iops }) ??
    limitFault('throughput', type, { value: throughput, range: rules.throughput });
  if (fault !== undefined) return fault;
  if (iops === undefined && type.startsWith('io')) return missingParameter('iops');
  if (kmsKeyId !== undefined && !isEncrypted)
    return invalidCombination('The parameter KmsKeyId requires the parameter Encrypted to be set.');
  return ok({
    deviceName,
    size,
    type,
    ...iopsOf(type, size, iops),
    ...(type === 'gp3' ? { throughput: throughput ?? 125 } : {}),
    isEncrypted,
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    deleteOnTermination: ask.deleteOnTermination ?? true,
  });
}

/** What AWS shows where none were asked for: 3 for each GiB with gp2, 3,000 with gp3, none with disks (E2:ebs-volume-types). */
function iopsOf(type: string, size: number, iops: number | undefined): { readonly iops?: number } {
  if (type === 'gp2') return { iops: Math.min(16_000, Math.max(100, size * 3)) };
  if (type === 'gp3') return { iops: iops ?? 3000 };
  return iops === undefined ? {} : { iops };
}

type Fault = { readonly ok: false; readonly error: Refusal } | undefined;

function rangeFault(name: string, value: number, [from, to]: Range): Fault {
  return Number.isInteger(value) && value >= from && value <= to
    ? undefined
    : invalidParameter(name, value, `Expecting a value between ${from} and ${to}.`);
}

function limitFault(
  name: string,
  type: string,
  { value, range }: { readonly value: number | undefined; readonly range: Range | undefined },
): Fault {
  if (value === undefined) return undefined;
  return range === undefined
    ? invalidCombination(`The parameter ${name} is not supported for ${type} volumes.`)
    : rangeFault(name, value, range);
}

/** Makes the volumes of one instance and gives their ids. */
export function makeVolumes(
  draft: Draft,
  {
    planned,
    instanceId,
    zone,
    tags,
  }: {
    readonly planned: readonly PlannedVolume[];
    readonly instanceId: InstanceId;
    readonly zone: string | undefined;
    readonly tags: Tags;
  },
  env: Env,
): readonly string[] {
  return planned.map(({ deviceName, deleteOnTermination, ...rest }) => {
    const id = newId(env, 'vol');
    const attachTime = nowText(env);
    draft.put('volumes', {
      id,
      ...rest,
      ...(zone === undefined ? {} : { zone }),
      createTime: attachTime,
      attachment: { instanceId, deviceName, deleteOnTermination, attachTime },
      tags,
    });
    return id;
  });
}

/** Lets go of the volumes of an instance that has ended: those that were told to stay are free. */
export function releaseVolumes(draft: Draft, volumeIds: readonly string[]): void {
  for (const id of volumeIds) {
    const volume = draft.get('volumes', id);
    if (volume === undefined) continue;
    const { attachment, ...free } = volume;
    if (attachment?.deleteOnTermination === false) draft.put('volumes', free);
    else draft.remove('volumes', id);
  }
}
