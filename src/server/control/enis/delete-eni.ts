import { ok, type Result } from '../../../core/net/result.ts';
import type { Eni } from '../../../core/model/eni.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { isManaged } from './eni-details.ts';
import { eniInUse, eniManaged, eniNotFound } from './eni-refusals.ts';
import { releaseElastic } from './release.ts';
import { settleRoutes } from './routes-to.ts';

/** Deletes an interface for a user: one that is attached to nothing, and no service's (API DeleteNetworkInterface). */
export function deleteEni(draft: Draft, eniId: string): Result<Eni, Refusal> {
  const eni = draft.get('enis', eniId);
  if (eni === undefined) return eniNotFound(eniId);
  if (eni.attachment !== undefined) return eniInUse(eniId);
  if (isManaged(draft, eni)) return eniManaged();
  removeEni(draft, eni);
  return ok(eni);
}

/**
 * Takes an interface away, whoever holds it: for what owns it, an instance that is terminated or a NAT gateway that is deleted. Its Elastic
 * addresses are free again, and routes to it lead nowhere.
 */
export function removeEni(draft: Draft, eni: Eni): void {
  releaseElastic(draft, eni.addresses);
  draft.remove('enis', eni.id);
  draft.remove('eniDetails', eni.id);
  settleRoutes(draft, eni);
}
