import type { PrefixList } from '../../../core/model/prefix-list.ts';
import type { RouteTable } from '../../../core/model/route-table.ts';
import type { SecurityGroup } from '../../../core/model/security-group.ts';
import { listWeight } from '../../../core/model/limits.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import { exceedsLimit } from '../groups/authorize.ts';

/** What refers to a prefix list: groups by their rules, route tables by their routes. */
export type Referrer = { readonly id: string; readonly ownerId: string | undefined };

/** Everything that refers to a list. */
export function referrersOf(draft: Draft, listId: string): readonly Referrer[] {
  return [...groupsNaming(draft, listId), ...tablesNaming(draft, listId)].map(({ id, ownerId }) => ({ id, ownerId }));
}

/** The ids of what refers to a list and is too full for it as it stands in the draft: rules and routes count what a list may hold at most. */
export function withoutRoom(draft: Draft, list: PrefixList, env: Env): readonly string[] {
  const groups = groupsNaming(draft, list.id).filter((group) => exceedsLimit(draft, group, env));
  const tables = tablesNaming(draft, list.id).filter(
    (table) => routeWeights(draft, table)[list.family] > env.limits.routesPerTable,
  );
  return [...groups, ...tables].map(({ id }) => id);
}

/** The routes of a table as its quota counts them, by family: what no gateway propagated, a prefix list as often as it may have entries. */
export function routeWeights(draft: Draft, { routes }: RouteTable): { readonly ipv4: number; readonly ipv6: number } {
  const count = { ipv4: 0, ipv6: 0 };
  for (const { destination, origin } of routes) {
    if (origin === 'propagated') continue;
    if (destination.kind === 'cidr') {
      count[destination.cidr.family] += 1;
      continue;
    }
    const list = draft.get('prefixLists', destination.prefixListId);
    if (list !== undefined) count[list.family] += listWeight(list) ?? 0;
  }
  return count;
}

function groupsNaming(draft: Draft, listId: string): readonly SecurityGroup[] {
  return draft.listBy('groupsByReference', listId);
}

function tablesNaming(draft: Draft, listId: string): readonly RouteTable[] {
  return [...draft.list('routeTables')].filter(({ routes }) =>
    routes.some(({ destination }) => destination.kind === 'prefix-list' && destination.prefixListId === listId),
  );
}
