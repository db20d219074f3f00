import { ok, type Result } from '../../../core/net/result.ts';
import type { Instance } from '../../../core/model/eni.ts';
import { asId, type InstanceId } from '../../../core/model/ids.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { DnsOptions, InstanceDetail, MetadataOptions } from '../details/instance-detail.ts';
import { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import { keyPairNamed } from '../keys/key-pairs.ts';
import { invalidParameter, missingParameter, type Refusal, unsupported } from '../refusal.ts';
import { subnetDetailOf } from '../vpcs/vpc-details.ts';
import { imageOf } from './images.ts';
import { METADATA } from './instance-details.ts';
import { architectureDiffers, creditsUnsupported, imageMalformed, typeUnknown } from './instance-refusals.ts';
import { INSTANCE_TYPES, type InstanceType } from './instance-types.ts';
import { makeInterface, type NetworkAsk, planInterfaces, type PlannedInterface } from './launch-interfaces.ts';
import { type BlockAsk, makeVolumes, planVolumes } from './launch-volumes.ts';

/** What a launch asks for; what is absent is AWS's default. */
export type LaunchAsk = NetworkAsk & {
  readonly imageId: string | undefined;
  readonly instanceType: string | undefined;
  readonly keyName: string | undefined;
  readonly blocks: readonly BlockAsk[];
  /** What is kept and shown, and decides nothing. */
  readonly shown: Partial<
    Pick<
      InstanceDetail,
      | 'userData'
      | 'profileArn'
      | 'hasMonitoring'
      | 'isEbsOptimized'
      | 'cpuCredits'
      | 'disableApiTermination'
      | 'disableApiStop'
      | 'shutdownBehavior'
      | 'clientToken'
    >
  >;
  readonly metadata: Partial<MetadataOptions>;
  readonly dns: Partial<DnsOptions>;
  readonly tags: { readonly instance: Tags; readonly eni: Tags; readonly volume: Tags };
};

/** The instances of one launch. */
export type Reservation = { readonly id: string; readonly instances: readonly Instance[] };

/** Most instances of one launch. AWS's own bound is the account's quota. */
export const MOST_INSTANCES = 1000;

type Plan = {
  readonly ask: LaunchAsk;
  readonly type: InstanceType;
  readonly interfaces: readonly PlannedInterface[];
  readonly volumes: Parameters<typeof makeVolumes>[1]['planned'];
};

/**
 * Launches as many instances as there is room for, from `minCount` to `maxCount` of them, or none at all (API RunInstances). They are running
 * at once, and nothing boots.
 */
export function runInstances(
  draft: Draft,
  { ask, minCount, maxCount }: { readonly ask: LaunchAsk; readonly minCount: number; readonly maxCount: number },
  env: Env,
): Result<Reservation, Refusal> {
  if (!Number.isInteger(minCount) || minCount < 1)
    return invalidParameter('minCount', minCount, 'It must be greater than 0.');
  if (!Number.isInteger(maxCount) || maxCount < minCount || maxCount > MOST_INSTANCES)
    return invalidParameter('maxCount', maxCount, `It must be from minCount to ${MOST_INSTANCES}.`);
  const plan = planLaunch(draft, ask, { maxCount, env });
  if (!plan.ok) return plan;
  const reservationId = newId(env, 'r');
  const instances: Instance[] = [];
  while (instances.length < maxCount) {
    // What is beyond the least count may fail for want of room, and must then leave nothing behind.
    const trial = instances.length < minCount ? draft : new Draft(draft.estate);
    const made = launchOne(trial, plan.value, { reservationId, launchIndex: instances.length, env });
    if (made.ok) {
      instances.push(made.value);
      draft.adopt(trial);
    } else if (trial === draft || made.error.code !== 'InsufficientFreeAddressesInSubnet') return made;
    else break;
  }
  return ok({ id: reservationId, instances });
}

function planLaunch(
  draft: Draft,
  ask: LaunchAsk,
  { maxCount, env }: { readonly maxCount: number; readonly env: Env },
): Result<Plan, Refusal> {
  if (ask.imageId === undefined) return missingParameter('ImageId');
  const image = imageOf(env.realm, ask.imageId);
  if (image === undefined) return imageMalformed(ask.imageId.slice(0, 80));
  if (ask.instanceType === undefined)
    return unsupported('launching without InstanceType, which AWS takes for m1.small');
  const type = INSTANCE_TYPES.get(ask.instanceType);
  if (type === undefined) return typeUnknown(ask.instanceType.slice(0, 80));
  if (image.architecture !== undefined && image.architecture !== type.architecture)
    return architectureDiffers(type.architecture, image.architecture);
  if (ask.shown.cpuCredits !== undefined && !type.isBurstable) return creditsUnsupported(type.name);
  if (ask.keyName !== undefined) {
    const key = keyPairNamed(draft, ask.keyName);
    if (!key.ok) return key;
  }
  const volumes = planVolumes(ask.blocks);
  if (!volumes.ok) return volumes;
  const interfaces = planInterfaces(draft, { ask, type, maxCount }, env);
  return interfaces.ok ? ok({ ask, type, interfaces: interfaces.value, volumes: volumes.value }) : interfaces;
}

type Place = { readonly reservationId: string; readonly launchIndex: number; readonly env: Env };

function launchOne(draft: Draft, plan: Plan, { reservationId, launchIndex, env }: Place): Result<Instance, Refusal> {
  const { ask, type, interfaces } = plan;
  const id = asId<InstanceId>(newId(env, 'i'));
  const instance: Instance = { id, state: 'running', tags: ask.tags.instance };
  draft.put('instances', instance);
  for (const planned of interfaces) {
    const eni = makeInterface(draft, planned, { instanceId: id, type, tags: ask.tags.eni }, env);
    if (!eni.ok) return eni;
  }
  const subnet = draft.get('subnets', interfaces[0]?.subnetId ?? '');
  const zone = subnet?.availabilityZone;
  const born = subnet === undefined ? undefined : subnetDetailOf(draft, subnet);
  draft.put('instanceDetails', {
    id,
    reservationId,
    launchIndex,
    ...(ask.imageId === undefined ? {} : { imageId: ask.imageId }),
    instanceType: type.name,
    launchTime: nowText(env),
    ...(ask.keyName === undefined ? {} : { keyName: ask.keyName }),
    hasMonitoring: false,
    isEbsOptimized: false,
    ...(type.isBurstable ? { cpuCredits: type.name.startsWith('t2.') ? 'standard' : 'unlimited' } : {}),
    disableApiTermination: false,
    disableApiStop: false,
    shutdownBehavior: 'stop',
    ...ask.shown,
    metadata: { ...METADATA, ...ask.metadata },
    dns: {
      hostnameType: born?.hostnameType ?? 'ip-name',
      a: born?.resourceNameDnsA ?? false,
      aaaa: born?.resourceNameDnsAaaa ?? false,
      ...ask.dns,
    },
    hasPublicAddress: interfaces.some(({ wantsPublic }) => wantsPublic),
    ...(zone === undefined ? {} : { zone }),
    volumeIds: makeVolumes(draft, { planned: plan.volumes, instanceId: id, zone, tags: ask.tags.volume }, env),
  });
  return ok(instance);
}
