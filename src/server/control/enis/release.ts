import type { Eni, EniAddress } from '../../../core/model/eni.ts';
import type { ElasticAddress } from '../../../core/model/gateway.ts';
import type { Draft } from '../draft.ts';

/** Frees the Elastic addresses that stand behind addresses which an interface gives up; they stay the account's. */
export function releaseElastic(draft: Draft, addresses: readonly EniAddress[]): void {
  for (const { public: outer } of addresses) {
    const elastic = outer?.allocationId === undefined ? undefined : draft.get('elasticAddresses', outer.allocationId);
    if (elastic === undefined) continue;
    const { associationId: _association, eniId: _eni, private: _private, ...free } = elastic;
    draft.put('elasticAddresses', free);
  }
}

/** Lets the Elastic address behind an address follow it to another interface (API AssignPrivateIpAddresses). */
export function moveElastic(draft: Draft, { public: outer }: EniAddress, to: Eni): void {
  const elastic = outer?.allocationId === undefined ? undefined : draft.get('elasticAddresses', outer.allocationId);
  if (elastic === undefined) return;
  const moved: ElasticAddress = { ...elastic, eniId: to.id };
  draft.put('elasticAddresses', moved);
}
