import { type Rule, ruleIdentity } from '../../core/model/security-group.ts';
import { sortEntries } from '../../core/model/network-acl.ts';
import { type Kind, KINDS, type Records } from '../../core/model/records.ts';
import { getRecord, listRecords, type RecordLists, type World, worldOf } from '../../core/model/world.ts';
import type { PlanWorlds } from './plan.ts';

/**
 * A plan laid over a live world, by ids: before, the live world as it is; after, with what the plan changes. A record that the plan does not
 * change stays as it is live, also where Terraform believes otherwise; what the plan changes is as the plan has it, with what the live world knows
 * of it and the plan does not say. Interfaces that stand for those of services which are there already are left out: the live world has the real ones.
 */
export function overlayPlan(live: World, plan: PlanWorlds): { readonly before: World; readonly after: World } {
  const [before, after] = [plan.before.world, plan.after.world];
  const lists: { [K in Kind]?: readonly Records[Kind][] } = {};
  for (const kind of KINDS) lists[kind] = laid(kind, { live, before, after });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind was filled from the records of that kind
  const all = lists as RecordLists;
  const acls = (all.acls ?? []).map((acl) => ({ ...acl, entries: sortEntries(acl.entries) }));
  return { before: live, after: worldOf({ ...all, acls }, live.missing) };
}

type Worlds = { readonly live: World; readonly before: World; readonly after: World };

function laid(kind: Kind, { live, before, after }: Worlds): readonly Records[Kind][] {
  const records = new Map<string, Records[Kind]>([...listRecords(live, kind)].map((record) => [record.id, record]));
  for (const old of listRecords(before, kind)) if (getRecord(after, kind, old.id) === undefined) records.delete(old.id);
  for (const next of listRecords(after, kind)) {
    const old: Records[Kind] | undefined = getRecord(before, kind, next.id);
    const own = records.get(next.id);
    if (old === next) continue;
    if (own === undefined && old !== undefined && kind === 'enis') continue;
    records.set(next.id, own === undefined ? next : merged(own, old, next));
  }
  return [...records.values()];
}

/** A live record with the members that the plan changes. Rules and entries that the plan leaves alone keep what they are live. */
function merged(own: Records[Kind], old: Records[Kind] | undefined, next: Records[Kind]): Records[Kind] {
  const was = new Map<string, unknown>(Object.entries(old ?? {}));
  const kept = Object.fromEntries(
    Object.entries(next).filter(([name, value]) => JSON.stringify(was.get(name)) !== JSON.stringify(value)),
  );
  const lists = Object.fromEntries(
    LISTS.filter((name) => Object.hasOwn(kept, name) && Object.hasOwn(own, name)).map((name) => [
      name,
      mergedList(listOf(own, name), listOf(old, name), listOf(next, name)),
    ]),
  );
  const dropped = new Set([...was.keys()].filter((name) => !Object.hasOwn(next, name)));
  const rest = Object.fromEntries(Object.entries(own).filter(([name]) => !dropped.has(name)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- members of two records of one kind make a third
  return { ...rest, ...kept, ...lists } as Records[Kind];
}

/** Lists of which the live world may have more than Terraform manages. */
const LISTS = ['rules', 'entries', 'routes'];

function mergedList(own: readonly object[], old: readonly object[], next: readonly object[]): readonly object[] {
  const [oldKeys, nextKeys] = [old, next].map((list) => new Set(list.map(keyOf)));
  const kept = own.filter((one) => oldKeys?.has(keyOf(one)) !== true || nextKeys?.has(keyOf(one)) === true);
  const known = new Set(kept.map(keyOf));
  return [...kept, ...next.filter((one) => !known.has(keyOf(one)))];
}

/** What an element says, whatever its id, tags and description; of a peer group also not whose it is, which a plan does not say. */
function keyOf(one: object): string {
  if ('peer' in one) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rules alone have a peer
    const rule = one as Rule;
    return `${ruleIdentity(rule)} ${rule.doubt ?? ''}`;
  }
  return JSON.stringify(
    Object.entries(one).filter(([name]) => !['id', 'tags', 'description', 'state', 'origin'].includes(name)),
  );
}

function listOf(record: object | undefined, name: string): readonly object[] {
  const found: unknown = record === undefined ? [] : Object.entries(record).find(([key]) => key === name)?.[1];
  return Array.isArray(found) ? (found as readonly object[]) : [];
}
