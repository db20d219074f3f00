import type { Eni } from '../../../core/model/eni.ts';
import type { EniDetail } from '../details/eni-detail.ts';
import type { Draft } from '../draft.ts';
import { derivedId } from '../env.ts';

/** Kinds of interface that users make; all others are made by services of AWS's (API InterfaceType). */
const USERS: ReadonlySet<string> = new Set(['interface', 'efa', 'efa-only', 'trunk', 'branch']);

/** Whether interfaces of the type are made by services of AWS's. */
export function isServiceType(interfaceType: string): boolean {
  return !USERS.has(interfaceType);
}

/** What the API shows of an ENI. One that came without details has a MAC address of its id, and goes with its instance if it is the primary one. */
export function eniDetailOf(draft: Draft, eni: Eni): EniDetail {
  return (
    draft.get('eniDetails', eni.id) ?? {
      id: eni.id,
      macAddress: macAddressOf(derivedId('eni', eni.id).slice(-10)),
      requesterManaged: isServiceType(eni.interfaceType),
      deleteOnTermination: eni.attachment?.instanceId !== undefined && eni.attachment.deviceIndex === 0,
    }
  );
}

/** Whether users may not change the interface: a service of AWS's made it. */
export function isManaged(draft: Draft, eni: Eni): boolean {
  return eniDetailOf(draft, eni).requesterManaged || isServiceType(eni.interfaceType);
}

/** A locally administered MAC address of ten hexadecimal digits. */
export function macAddressOf(digits: string): string {
  return `02:${digits.match(/../g)?.join(':') ?? ''}`;
}
