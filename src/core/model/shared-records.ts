import { changeOf } from './change.ts';
import { type Kind, KINDS, type Records } from './records.ts';
import { applyChange, getRecord, listRecords, type World } from './world.ts';

/**
 * The second world with the records of the first where they say the same, so that the two share what does not change: then comparing them costs
 * time by what differs. It says nothing else than the second world did, at its revision.
 */
export function sharingRecords(before: World, after: World): World {
  const steps = new Map(
    KINDS.map((kind) => {
      const kept = new Map<string, { readonly from?: Records[Kind]; readonly to?: Records[Kind] }>();
      for (const from of listRecords(before, kind)) {
        const to: Records[Kind] | undefined = getRecord(after, kind, from.id);
        if (to === undefined) kept.set(from.id, { from });
        else if (from !== to && JSON.stringify(from) !== JSON.stringify(to)) kept.set(from.id, { from, to });
      }
      for (const to of listRecords(after, kind))
        if (getRecord(before, kind, to.id) === undefined) kept.set(to.id, { to });
      return [kind, kept] as const;
    }),
  );
  const same = [...before.missing].toSorted().join() === [...after.missing].toSorted().join();
  const shared = applyChange(before, changeOf(steps));
  return { ...shared, revision: after.revision, missing: same ? before.missing : after.missing };
}
