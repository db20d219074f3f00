import type { Eni } from '../../../core/model/eni.ts';
import type { Route, RouteTarget } from '../../../core/model/route-table.ts';
import type { Draft } from '../draft.ts';

/**
 * The state of a route to a target that is there: one to an interface that is attached to nothing is a black hole (API RouteState; Terraform's
 * tests against AWS).
 */
export function stateOfRouteTo(draft: Draft, target: RouteTarget): Route['state'] {
  return target.kind === 'eni' && draft.get('enis', target.id)?.attachment === undefined ? 'blackhole' : 'active';
}

/**
 * Sets the state of the routes that lead to an interface: `active` while it is attached to something, else `blackhole`, as AWS shows them
 * (API RouteState). Call it after an interface was attached, detached or deleted.
 */
export function settleRoutes(draft: Draft, { id, vpcId }: Eni): void {
  const state = stateOfRouteTo(draft, { kind: 'eni', id });
  const isStale = ({ target, ...route }: Route): boolean =>
    target.kind === 'eni' && target.id === id && route.state !== state;
  for (const table of draft.listBy('routeTablesByVpc', vpcId))
    if (table.routes.some(isStale))
      draft.put('routeTables', {
        ...table,
        routes: table.routes.map((route) => (isStale(route) ? { ...route, state } : route)),
      });
}
