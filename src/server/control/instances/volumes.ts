import { ok, type Result } from '../../../core/net/result.ts';
import type { Volume } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import type { Refusal } from '../refusal.ts';
import { volumeInUse, volumeNotFound } from './instance-refusals.ts';

/** Deletes a volume that its instance left behind (API DeleteVolume). */
export function deleteVolume(draft: Draft, id: string): Result<Volume, Refusal> {
  const volume = draft.get('volumes', id);
  if (volume === undefined) return volumeNotFound(id);
  if (volume.attachment !== undefined) return volumeInUse(id, volume.attachment.instanceId);
  draft.remove('volumes', id);
  return ok(volume);
}
