import type { Eni } from '../../../core/model/eni.ts';
import type { Route } from '../../../core/model/route-table.ts';
import type { Draft } from '../draft.ts';

/**
 * Sets the state of the routes that lead to an interface: `active` while it is attached to something, else `blackhole`, as AWS shows them
 * (API RouteState). Call it after an interface was attached, detached or deleted.
 */
export function settleRoutes(draft: Draft, { id, vpcId }: Eni): void {
  const state: Route['state'] = draft.get('enis', id)?.attachment === undefined ? 'blackhole' : 'active';
  const isStale = ({ target, ...route }: Route): boolean =>
    target.kind === 'eni' && target.id === id && route.state !== state;
  for (const table of draft.listBy('routeTablesByVpc', vpcId))
    if (table.routes.some(isStale))
      draft.put('routeTables', {
        ...table,
        routes: table.routes.map((route) => (isStale(route) ? { ...route, state } : route)),
      });
}
