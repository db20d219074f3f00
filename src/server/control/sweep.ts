import type { DepartingKind } from './details/request-records.ts';
import type { Draft } from './draft.ts';
import type { DetailKind } from './estate.ts';

/** How long AWS still shows what was terminated or deleted: about an hour (API TerminateInstances, DeleteNatGateway). In milliseconds. */
export const SHOWN_AFTER_END = 3_600_000;

/** Where the details of what has ended stand. */
const DETAILS: Readonly<Record<DepartingKind, DetailKind>> = {
  instances: 'instanceDetails',
  natGateways: 'natDetails',
  peerings: 'peeringDetails',
};

/** Notes that a record has ended and is shown only for a while from now on. */
export function depart(
  draft: Draft,
  { kind, id }: { readonly kind: DepartingKind; readonly id: string },
  now: number,
): void {
  draft.put('departures', { id, kind, goneAt: now });
}

/** Takes away what ended long enough ago. Every write begins with it; few records wait at any time. */
export function sweep(draft: Draft, now: number): void {
  for (const { id, kind, goneAt } of draft.list('departures')) {
    if (goneAt + SHOWN_AFTER_END > now) continue;
    draft.remove(kind, id);
    draft.remove(DETAILS[kind], id);
    draft.remove('departures', id);
  }
}
