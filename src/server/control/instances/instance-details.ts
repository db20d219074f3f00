import type { Eni, Instance } from '../../../core/model/eni.ts';
import type { DnsOptions, InstanceDetail, MetadataOptions } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import { derivedId } from '../env.ts';

/** What an instance has when neither its launch nor its image says more (API InstanceMetadataOptionsRequest). */
export const METADATA: MetadataOptions = {
  httpTokens: 'optional',
  hopLimit: 1,
  httpEndpoint: 'enabled',
  ipv6: 'disabled',
  tags: 'disabled',
};

export const DNS: DnsOptions = { hostnameType: 'ip-name', a: false, aaaa: false };

/** What the API shows of an instance. One that came without details has AWS's defaults, and no image, type and time of launch. */
export function instanceDetailOf(draft: Draft, { id }: Instance): InstanceDetail {
  return (
    draft.get('instanceDetails', id) ?? {
      id,
      reservationId: derivedId('r', id),
      launchIndex: 0,
      hasMonitoring: false,
      isEbsOptimized: false,
      disableApiTermination: false,
      disableApiStop: false,
      shutdownBehavior: 'stop',
      metadata: METADATA,
      dns: DNS,
      hasPublicAddress: primaryEniOf(draft, id)?.addresses.some(isFromPool) === true,
      volumeIds: [],
    }
  );
}

/** Whether a public address stands behind this one that is no Elastic one. */
export function isFromPool({ public: outer }: Eni['addresses'][number]): boolean {
  return outer !== undefined && outer.allocationId === undefined;
}

/** The interfaces of an instance, by device index. */
export function enisOf(draft: Draft, instanceId: string): readonly Eni[] {
  return draft
    .listBy('enisByInstance', instanceId)
    .toSorted((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
}

/** The interface at device index 0. */
export function primaryEniOf(draft: Draft, instanceId: string): Eni | undefined {
  return enisOf(draft, instanceId).find(({ attachment }) => attachment?.deviceIndex === 0);
}
