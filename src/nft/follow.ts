import type { GroupId } from '../core/model/ids.ts';
import { KINDS } from '../core/model/records.ts';
import type { World } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { sameCidr } from '../core/net/cidr.ts';
import type { Members } from '../core/policy/members.ts';
import type { Command, Transaction } from './command.ts';
import { elementCommands } from './delta.ts';
import type { Layout } from './layout.ts';
import { memberSet } from './member-sets.ts';
import { nameOf } from './names.ts';
import type { NftSet } from './ruleset.ts';

/** A layout that followed a change, and the transactions that take the kernel there: whoever moves comes before it goes. */
export type Followed = { readonly layout: Layout; readonly transactions: readonly Transaction[] };

/**
 * The layout after members joined or left groups and nothing else happened: by far the most frequent change, and one that costs what changed,
 * not what there is. Undefined when more changed than that: then `layout` and `delta` say what to do, and would say the same here.
 */
export function followMembers(known: Layout, before: HostView, after: HostView): Followed | undefined {
  if (!hasSameRecords(before.world, after.world) || before.members.size !== after.members.size) return undefined;
  const sets = new Map<string, NftSet>();
  const [come, gone]: readonly [Command[], Command[]] = [[], []];
  for (const [id, members] of after.members) {
    const old = before.members.get(id);
    if (old === members) continue;
    if (old === undefined || !hasSamePrefixes(old, members)) return undefined;
    for (const set of changedSets(known, id, members)) {
      sets.set(set.name, set);
      const content = known.ruleset.sets.get(set.name)?.content;
      come.push(...elementCommands(content, set, { isComing: true }));
      gone.push(...elementCommands(content, set, { isComing: false, isGoing: () => true }));
    }
  }
  const kept = { ...known.kept, made: known.kept.made && { ...known.kept.made, view: after } };
  if (sets.size === 0) return { layout: { ...known, kept }, transactions: [] };
  const ruleset = { ...known.ruleset, sets: new Map([...known.ruleset.sets, ...sets]) };
  const transactions = [come, gone].filter((commands) => commands.length > 0);
  return {
    layout: { ...known, ruleset, kept },
    transactions: transactions.map((commands) => ({ commands, isHidden: false })),
  };
}

/** A revision that says nothing of this host's records leaves every table as it was. */
function hasSameRecords(a: World, b: World): boolean {
  return a === b || (a.missing === b.missing && KINDS.every((kind) => a.records[kind] === b.records[kind]));
}

/** Delegated IPv6 prefixes decide which rules there are. */
function hasSamePrefixes(a: Members, b: Members): boolean {
  return a.prefixes.length === b.prefixes.length && a.prefixes.every((one, at) => sameCidr(one, b.prefixes[at] ?? one));
}

function changedSets(known: Layout, id: GroupId, members: Members): readonly NftSet[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const name = nameOf(id, family === 'ipv4' ? '4' : '6');
    return known.ruleset.sets.has(name) ? [memberSet(name, members, family)] : [];
  });
}
