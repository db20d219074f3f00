import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../net/address.ts';
import { parseCidr } from '../net/cidr.ts';
import { expectOk } from '../net/result.ts';
import { asId } from '../model/ids.ts';
import type { Route, RouteTable } from '../model/route-table.ts';
import { type World, worldOf } from '../model/world.ts';
import { chooseRoute } from './route.ts';

type RouteText = { readonly to: string; readonly via: string; readonly more?: Partial<Route> };

function route({ to, via, more = {} }: RouteText): Route {
  return {
    destination: to.startsWith('pl-')
      ? { kind: 'prefix-list', prefixListId: asId(to) }
      : { kind: 'cidr', cidr: expectOk(parseCidr(to)) },
    target: { kind: 'unmodelled', id: via },
    state: 'active',
    origin: 'static',
    ...more,
  };
}

function table(...routes: readonly RouteText[]): RouteTable {
  return { id: asId('rtb-1'), vpcId: asId('vpc-1'), routes: routes.map(route), tags: [] };
}

/** A world with one IPv4 list of known entries and one that is not known. */
const WORLD: World = worldOf({
  prefixLists: [
    {
      id: asId('pl-known'),
      name: 'known',
      ownerId: '1',
      family: 'ipv4',
      entries: [{ cidr: expectOk(parseCidr('172.31.0.0/24')) }],
      versions: [],
      state: 'create-complete',
      tags: [],
    },
    {
      id: asId('pl-dark'),
      name: 'dark',
      ownerId: '2',
      family: 'ipv4',
      versions: [],
      state: 'create-complete',
      tags: [],
    },
  ],
});

function chosen(routes: RouteTable, destination: string): string {
  const choice = chooseRoute(WORLD, routes, expectOk(parseAddress(destination)));
  if (choice.kind === 'unknown') return `unknown ${choice.unknowns.join(' ')}`;
  return choice.kind === 'none' || choice.route.target.kind === 'local' ? choice.kind : choice.route.target.id;
}

test('the longest prefix wins whatever the order of the routes', () => {
  const routes: RouteText[] = [
    { to: '0.0.0.0/0', via: 'far' },
    { to: '172.31.0.0/16', via: 'near' },
  ];
  for (const list of [routes, routes.toReversed()]) {
    assert.equal(chosen(table(...list), '172.31.9.9'), 'near');
    assert.equal(chosen(table(...list), '172.32.0.0'), 'far');
  }
});

test('families do not mix', () => {
  assert.equal(chosen(table({ to: '0.0.0.0/0', via: 'far' }), '2001:db8::1'), 'none');
});

test('at equal length static wins over prefix list, and prefix list over propagated', () => {
  const stated: RouteText = { to: '172.31.0.0/24', via: 'static' };
  const listed: RouteText = { to: 'pl-known', via: 'list' };
  const learned: RouteText = { to: '172.31.0.0/24', via: 'propagated', more: { origin: 'propagated' } };
  assert.equal(chosen(table(learned, listed, stated), '172.31.0.1'), 'static');
  assert.equal(chosen(table(learned, listed), '172.31.0.1'), 'list');
  assert.equal(chosen(table(learned), '172.31.0.1'), 'propagated');
});

test('a filtered route is not in force', () => {
  assert.equal(chosen(table({ to: '0.0.0.0/0', via: 'far', more: { state: 'filtered' } }), '1.1.1.1'), 'none');
});

test('a list whose entries are not known makes the choice unknown, unless it leads to the same target', () => {
  const known: RouteText = { to: '0.0.0.0/0', via: 'far' };
  assert.equal(chosen(table(known, { to: 'pl-dark', via: 'other' }), '1.1.1.1'), 'unknown pl-dark');
  assert.equal(chosen(table(known, { to: 'pl-gone', via: 'other' }), '1.1.1.1'), 'unknown pl-gone');
  assert.equal(chosen(table(known, { to: 'pl-dark', via: 'far' }), '1.1.1.1'), 'far');
  assert.equal(chosen(table({ to: '::/0', via: 'far' }, { to: 'pl-dark', via: 'other' }), '2001:db8::1'), 'far');
});
