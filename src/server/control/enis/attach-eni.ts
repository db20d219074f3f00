import { FAMILIES } from '../../../core/net/address.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import type { Eni } from '../../../core/model/eni.ts';
import type { InstanceId } from '../../../core/model/ids.ts';
import type { Draft } from '../draft.ts';
import { type Env, newId, nowText } from '../env.ts';
import { addressesOfTypeLimit, instanceNotFound, interfacesLimit } from '../instances/instance-refusals.ts';
import { invalidValue, type Refusal } from '../refusal.ts';
import { mostAddresses, placesTaken, typeOf } from './address-limits.ts';
import { eniDetailOf, isManaged } from './eni-details.ts';
import {
  attachmentManaged,
  attachmentNotFound,
  deviceIndexTaken,
  eniManaged,
  eniNotFound,
  eniTaken,
  instanceNotReady,
  primaryDetached,
  zonesDiffer,
} from './eni-refusals.ts';
import { withoutPublicAddress } from './modify-eni.ts';
import { settleRoutes } from './routes-to.ts';

export type AttachEni = {
  readonly eniId: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  /** Whether it goes with the instance; what is attached later does not (API AttachNetworkInterface). */
  readonly deleteOnTermination?: boolean;
};

/** More devices than any type of instance has. */
const MOST_DEVICES = 1024;

/**
 * Attaches an interface that is free to an instance, as a device that it does not have yet. The zone of an instance is that of its
 * interfaces: one that has none takes its first from anywhere. The instance may be one that is being launched (`pending`).
 */
export function attachEni(draft: Draft, asked: AttachEni, env: Env): Result<Eni, Refusal> {
  const eni = draft.get('enis', asked.eniId);
  if (eni === undefined) return eniNotFound(asked.eniId);
  if (isManaged(draft, eni)) return eniManaged();
  const { deviceIndex } = asked;
  if (!Number.isInteger(deviceIndex) || deviceIndex < 0 || deviceIndex >= MOST_DEVICES)
    return invalidValue(`Invalid value '${deviceIndex}' for deviceIndex.`);
  const instance = draft.get('instances', asked.instanceId);
  if (instance === undefined) return instanceNotFound(asked.instanceId);
  if (!['pending', 'running', 'stopped'].includes(instance.state)) return instanceNotReady(instance.id, instance.state);
  if (eni.attachment !== undefined) return eniTaken(eni.id);
  const others = draft.listBy('enisByInstance', instance.id);
  if (others.some(({ attachment }) => attachment?.deviceIndex === deviceIndex))
    return deviceIndexTaken(instance.id, deviceIndex);
  const fault = typeFault(draft, eni, { instanceId: instance.id, others });
  if (fault !== undefined) return fault;
  const zone = zoneOf(draft, eni);
  if (others.some((other) => zoneOf(draft, other) !== zone)) return zonesDiffer();
  return ok(attach(draft, eni, { ...asked, instanceId: instance.id }, env));
}

type Attaching = { readonly instanceId: string; readonly others: readonly Eni[] };

/** Why the type of an instance has no room for one more interface, or for that many addresses on it (E2:using-eni). */
function typeFault(
  draft: Draft,
  eni: Eni,
  { instanceId, others }: Attaching,
): ReturnType<typeof interfacesLimit> | undefined {
  const type = typeOf(draft, instanceId);
  if (type === undefined) return undefined;
  if (others.length >= type.interfaces) return interfacesLimit(others.length + 1, type.name);
  const isTooMuch = FAMILIES.some((family) => placesTaken(eni, family) > mostAddresses(type, family));
  return isTooMuch ? addressesOfTypeLimit() : undefined;
}

function attach(draft: Draft, eni: Eni, asked: AttachEni & { readonly instanceId: InstanceId }, env: Env): Eni {
  const attached: Eni = {
    ...eni,
    status: 'in-use',
    attachment: {
      instanceId: asked.instanceId,
      deviceIndex: asked.deviceIndex,
      attachmentId: newId(env, 'eni-attach'),
    },
  };
  draft.put('eniDetails', {
    ...eniDetailOf(draft, eni),
    deleteOnTermination: asked.deleteOnTermination ?? false,
    attachTime: nowText(env),
  });
  draft.put('enis', attached);
  settleRoutes(draft, attached);
  return attached;
}

function zoneOf(draft: Draft, { subnetId }: Eni): string | undefined {
  return draft.get('subnets', subnetId)?.availabilityZone;
}

/** Detaches an interface for a user: not the primary one of an instance, and no service's (API DetachNetworkInterface). */
export function detachEni(draft: Draft, attachmentId: string): Result<Eni, Refusal> {
  const [eni] = draft.listBy('enisByAttachment', attachmentId);
  if (eni === undefined) return attachmentNotFound(attachmentId);
  if (isManaged(draft, eni) || eni.attachment?.instanceId === undefined) return attachmentManaged(attachmentId);
  if (eni.attachment.deviceIndex === 0) return primaryDetached();
  return ok(releaseEni(draft, eni));
}

/**
 * Takes an interface from its instance, whichever device it is: for an instance that is terminated and leaves it behind. A public address
 * that is no Elastic one goes.
 */
export function releaseEni(draft: Draft, eni: Eni): Eni {
  const { attachment: _, ...rest } = eni;
  const free: Eni = {
    ...rest,
    status: 'available',
    addresses: withoutPublicAddress(eni).addresses,
  };
  const { attachTime: _time, ...detail } = eniDetailOf(draft, eni);
  draft.put('eniDetails', { ...detail, deleteOnTermination: false });
  draft.put('enis', free);
  settleRoutes(draft, free);
  return free;
}
