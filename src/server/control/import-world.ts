import { fail, ok, type Result } from '../../core/net/result.ts';
import { violations } from '../../core/model/invariants.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/model/limits.ts';
import { KIND_NAMES, KINDS } from '../../core/model/records.ts';
import { hasDoubts } from '../../core/model/doubts.ts';
import { listRecords, type World } from '../../core/model/world.ts';
import type { Control, Failure } from './control.ts';
import type { Realm } from './env.ts';
import { type EstateKind, type EstateRecord, estateOf, recordsOf } from './estate.ts';

/** An account's quotas may have been raised: what was exported is not held to any. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the limits
export const NO_LIMITS: Limits = Object.fromEntries(
  Object.keys(DEFAULT_LIMITS).map((name) => [name, Number.MAX_SAFE_INTEGER]),
) as Limits;

/**
 * Puts a world that was read from documents into an empty realm; gives the number of records. Refused in words: a realm that has records, a
 * world that lacks kinds (a server would take what is unknown for none), a world that AWS would not have.
 */
export async function importWorld(control: Control, realm: Realm, world: World): Promise<Result<number>> {
  if (hasDoubts(world))
    return fail('some addresses or rules of this world are not known yet, as in a plan: a server holds what is there');
  const lacking = KINDS.filter((kind) => world.missing.has(kind)).map((kind) => KIND_NAMES[kind]);
  if (lacking.length > 0)
    return fail(`the export lacks ${lacking.join(', ')}, and a server would answer as if there were none`);
  const faults = violations(world, NO_LIMITS).map(({ message }) => message);
  if (faults.length > 0) return fail(`the export is not one that AWS would give: ${faults.slice(0, 3).join('; ')}`);
  const lists: { [K in EstateKind]?: readonly EstateRecord[] } = {};
  for (const kind of KINDS) lists[kind] = [...listRecords(world, kind)];
  const done = await control.submit(realm, (estate) =>
    KINDS.some((kind) => estate.world.records[kind].size > 0)
      ? fail({
          code: 'RealmNotEmpty',
          message: `account ${realm.accountId} has records in ${realm.region} already`,
          status: 400,
        })
      : ok({ estate: estateOf(lists), value: undefined }),
  );
  if (!done.ok) return fail(failureText(done.error));
  return ok(KINDS.reduce((count, kind) => count + [...recordsOf(done.value.after, kind)].length, 0));
}

/** Why nothing came of a command, in words. */
export function failureText(failure: Failure): string {
  return failure.kind === 'refused' ? failure.refusal.message : failure.fault.message;
}
