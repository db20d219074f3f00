import { ok, type Result } from '../../../core/net/result.ts';
import type { Instance } from '../../../core/model/eni.ts';
import type { InstanceDetail, MetadataOptions } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import { modifyEni } from '../enis/modify-eni.ts';
import type { Env } from '../env.ts';
import { invalidParameter, type Refusal } from '../refusal.ts';
import { enisOf, instanceDetailOf, primaryEniOf } from './instance-details.ts';
import {
  addressesOfTypeLimit,
  creditsUnsupported,
  interfacesLimit,
  isTerminated,
  notStopped,
  severalInterfaces,
  typeUnknown,
} from './instance-refusals.ts';
import { instanceOf } from './instance-states.ts';
import { INSTANCE_TYPES } from './instance-types.ts';
import { isTooMany } from './launch-interfaces.ts';

/** What one call changes of an instance (API ModifyInstanceAttribute): one attribute. */
export type InstanceChange =
  | { readonly kind: 'groups'; readonly groupIds: readonly string[] }
  | { readonly kind: 'source-dest-check'; readonly isOn: boolean }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'user-data'; readonly userData: string | undefined }
  | { readonly kind: 'ebs-optimized'; readonly isOn: boolean }
  | { readonly kind: 'disable-termination'; readonly isOn: boolean }
  | { readonly kind: 'disable-stop'; readonly isOn: boolean }
  | { readonly kind: 'shutdown-behavior'; readonly behavior: 'stop' | 'terminate' }
  | { readonly kind: 'volumes'; readonly kept: ReadonlyMap<string, boolean> };

/** Changes one attribute. Type, user data and EBS optimisation only while it is stopped; nothing once it is terminated. */
export function modifyInstance(
  draft: Draft,
  { instanceId, change }: { readonly instanceId: string; readonly change: InstanceChange },
  env: Env,
): Result<Instance, Refusal> {
  const found = livingInstance(draft, instanceId);
  if (!found.ok) return found;
  const instance = found.value;
  switch (change.kind) {
    case 'groups':
    case 'source-dest-check':
      return modifyPrimary(draft, instance, { change, env });
    case 'volumes':
      return keepVolumes(draft, instance, change.kept);
    case 'type':
      return resize(draft, instance, change.type);
    case 'user-data': {
      if (instance.state !== 'stopped') return notStopped(instance.id);
      const { userData: _, ...rest } = instanceDetailOf(draft, instance);
      draft.put('instanceDetails', {
        ...rest,
        ...(change.userData === undefined ? {} : { userData: change.userData }),
      });
      return ok(instance);
    }
    case 'ebs-optimized':
      if (instance.state !== 'stopped') return notStopped(instance.id);
      return changeDetail(draft, instance, { isEbsOptimized: change.isOn });
    case 'disable-termination':
      return changeDetail(draft, instance, { disableApiTermination: change.isOn });
    case 'disable-stop':
      return changeDetail(draft, instance, { disableApiStop: change.isOn });
    case 'shutdown-behavior':
      return changeDetail(draft, instance, { shutdownBehavior: change.behavior });
  }
}

/** The instance of an id, which has not ended. */
function livingInstance(draft: Draft, instanceId: string): Result<Instance, Refusal> {
  const found = instanceOf(draft, instanceId);
  return found.ok && found.value.state === 'terminated' ? isTerminated(instanceId) : found;
}

function changeDetail(draft: Draft, instance: Instance, change: Partial<InstanceDetail>): Result<Instance, Refusal> {
  draft.put('instanceDetails', { ...instanceDetailOf(draft, instance), ...change });
  return ok(instance);
}

/** Groups are those of the primary interface; the check is refused where there are several (E2:changing-security-group, ERR InvalidInstanceID). */
function modifyPrimary(
  draft: Draft,
  instance: Instance,
  {
    change,
    env,
  }: { readonly change: Extract<InstanceChange, { kind: 'groups' | 'source-dest-check' }>; readonly env: Env },
): Result<Instance, Refusal> {
  const eni = primaryEniOf(draft, instance.id);
  const isAmbiguous = change.kind === 'source-dest-check' && enisOf(draft, instance.id).length > 1;
  if (eni === undefined || isAmbiguous) return severalInterfaces(instance.id);
  const done = modifyEni(draft, { eniId: eni.id, change }, env);
  return done.ok ? ok(instance) : done;
}

/** Another type, whose bounds the interfaces must keep. */
function resize(draft: Draft, instance: Instance, name: string): Result<Instance, Refusal> {
  const type = INSTANCE_TYPES.get(name);
  if (type === undefined) return typeUnknown(name.slice(0, 80));
  if (instance.state !== 'stopped') return notStopped(instance.id);
  const { cpuCredits, ...detail } = instanceDetailOf(draft, instance);
  const before = INSTANCE_TYPES.get(detail.instanceType ?? '');
  if (before !== undefined && before.architecture !== type.architecture)
    return invalidParameter('instanceType', name, `The architecture of the instance is ${before.architecture}.`);
  const enis = enisOf(draft, instance.id);
  if (enis.length > type.interfaces) return interfacesLimit(enis.length, name);
  if (enis.some((eni) => isTooMany(eni, type))) return addressesOfTypeLimit();
  const born = name.startsWith('t2.') ? 'standard' : 'unlimited';
  draft.put('instanceDetails', {
    ...detail,
    instanceType: name,
    ...(type.isBurstable ? { cpuCredits: cpuCredits ?? born } : {}),
  });
  return ok(instance);
}

/** Says of volumes, by their devices, whether they go with the instance. */
function keepVolumes(draft: Draft, instance: Instance, kept: ReadonlyMap<string, boolean>): Result<Instance, Refusal> {
  const volumes = instanceDetailOf(draft, instance).volumeIds.flatMap((id) => draft.get('volumes', id) ?? []);
  for (const [deviceName, deleteOnTermination] of kept) {
    const volume = volumes.find(({ attachment }) => attachment?.deviceName === deviceName);
    if (volume?.attachment === undefined)
      return invalidParameter('blockDeviceMapping', deviceName.slice(0, 80), 'No device is currently mapped there.');
    draft.put('volumes', { ...volume, attachment: { ...volume.attachment, deleteOnTermination } });
  }
  return ok(instance);
}

/** Changes how the metadata would be had (API ModifyInstanceMetadataOptions). */
export function modifyMetadata(
  draft: Draft,
  instanceId: string,
  change: Partial<MetadataOptions>,
): Result<MetadataOptions, Refusal> {
  const found = livingInstance(draft, instanceId);
  if (!found.ok) return found;
  const detail = instanceDetailOf(draft, found.value);
  const metadata: MetadataOptions = { ...detail.metadata, ...change };
  draft.put('instanceDetails', { ...detail, metadata });
  return ok(metadata);
}

/** Says of instances whether they would be monitored closely (API MonitorInstances, UnmonitorInstances). */
export function setMonitoring(
  draft: Draft,
  ids: readonly string[],
  hasMonitoring: boolean,
): Result<readonly Instance[], Refusal> {
  const changed: Instance[] = [];
  for (const id of new Set(ids)) {
    const found = livingInstance(draft, id);
    if (!found.ok) return found;
    draft.put('instanceDetails', { ...instanceDetailOf(draft, found.value), hasMonitoring });
    changed.push(found.value);
  }
  return ok(changed);
}

/** Changes how a burstable instance would be credited (API ModifyInstanceCreditSpecification). */
export function setCredits(draft: Draft, instanceId: string, cpuCredits: string): Result<Instance, Refusal> {
  const found = livingInstance(draft, instanceId);
  if (!found.ok) return found;
  const hasCredits = instanceDetailOf(draft, found.value).cpuCredits !== undefined;
  return hasCredits
    ? changeDetail(draft, found.value, { cpuCredits })
    : creditsUnsupported(`The instance ${instanceId}`);
}
