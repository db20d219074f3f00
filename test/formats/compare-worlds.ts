// Worlds that were written as a document of another tool and read back: every pair of them compared.
import assert from 'node:assert/strict';
import { formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { intersectSets } from '../../src/core/net/interval-set.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import type { Reach } from '../../src/core/policy/reach.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import { eniPlaceAt } from '../../src/analysis/place.ts';
import type { Stop } from '../../src/analysis/trip.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { isSayable } from './terraform-writer.ts';

const OUTSIDE = ['203.0.113.12', '2600::1'].map((text) => expectOk(parseAddress(text)));

/** Random worlds that a document can say, with their seeds. */
export function* worlds(count: number): Generator<readonly [number, World]> {
  for (let seed = 1; seed <= checks(count); seed += 1) {
    const world = plain(compactWorld(randomWorld(seed)));
    if (isSayable(world)) yield [seed, world];
  }
}

/** Routes that are in force and that somebody wrote: Terraform shows no others. */
function plain(world: World): World {
  const updated = [...listRecords(world, 'routeTables')].map((table) => {
    const routes = table.routes.map((route) => ({
      ...route,
      state: 'active' as const,
      origin: route.origin === 'local' ? ('local' as const) : ('static' as const),
    }));
    return [table, { ...table, routes }] as const;
  });
  return applyChange(world, { routeTables: { added: [], removed: [], updated } });
}

/** What is told of a pair against what is so. */
export type Compare = (told: Reach, truth: Reach, label: string) => void;

/** What pairs were compared: all, those that are open, and those of which all is told for certain. */
export type Seen = { pairs: number; open: number; certain: number };

/** Compares a world that was read with the one that was written, pair by pair; `idOf`: what a record's id became. */
export function comparePairs(
  { world, read, seen }: { readonly world: World; readonly read: World; readonly seen: Seen },
  idOf: (id: string) => string,
  compare: Compare,
): void {
  const stops = stopsOf(world);
  for (const from of stops)
    for (const to of stops) {
      if (!isAsked(from, to)) continue;
      const [from2, to2] = [twin(from, read, idOf), twin(to, read, idOf)];
      const label = `${textOf(from)} to ${textOf(to)}`;
      // Of addresses that are not known it is not known either how many there are: the first stands for all.
      if (from2 === undefined || to2 === undefined) continue;
      const [truth, told] = [singleReach(world, from, to), singleReach(read, from2, to2)];
      compare(told, truth, label);
      seen.pairs += 1;
      if (pointsOf(truth.sure).length > 0) seen.open += 1;
      if (JSON.stringify(told.sure) === JSON.stringify(told.possible)) seen.certain += 1;
    }
}

/** Nothing is promised that is not so, and nothing ruled out that is. */
export function isSound(told: Reach, truth: Reach, label: string): void {
  for (const [inner, outer, what] of [
    [told.sure, truth.sure, 'promises too much'],
    [truth.possible, told.possible, 'rules out too much'],
  ] as const) {
    assert.deepEqual(intersectSets(pointsOf(inner), pointsOf(outer)), pointsOf(inner), `${label}: ${what}`);
    for (const part of ['tcp', 'udp'] as const)
      assert.deepEqual(
        intersectSets(inner[part].sourcePorts, outer[part].sourcePorts),
        inner[part].sourcePorts,
        `${label}: ${what}`,
      );
  }
}

function stopsOf(world: World): readonly Stop[] {
  const enis = [...listRecords(world, 'enis')].filter((eni) => eni.interfaceType !== 'nat_gateway');
  const inside = enis.flatMap((eni) =>
    eni.addresses
      .filter((own) => enis.every((other) => other.id === eni.id || !eniOwns(other, own.address)))
      .map((own): Stop => ({ place: eniPlaceAt(eni, own.address), address: own.address })),
  );
  return [
    ...inside,
    ...OUTSIDE.map((address): Stop => ({ place: { kind: 'internet', family: address.family, space: [] }, address })),
  ];
}

/** The same address of the same interface in the other world; addresses stand in one order in both. */
function twin(stop: Stop, world: World, idOf: (id: string) => string): Stop | undefined {
  const { place } = stop;
  if (place.kind !== 'eni') return stop;
  const eni = getRecord(world, 'enis', idOf(place.eni.id));
  const own = eni === undefined ? undefined : ownOf(place.eni, eni, stop);
  return eni === undefined || own === undefined ? undefined : { place: eniPlaceAt(eni, own), address: own };
}

function ownOf(known: Eni, eni: Eni, { address }: Stop): Stop['address'] | undefined {
  const family = (one: Eni): readonly Stop['address'][] =>
    one.addresses.map((own) => own.address).filter((own) => own.family === address.family);
  const exact = family(eni).find((own) => formatAddress(own) === formatAddress(address));
  return exact ?? family(eni)[family(known).findIndex((own) => formatAddress(own) === formatAddress(address))];
}

function isAsked(from: Stop, to: Stop): boolean {
  const isOne = from.place.kind === 'eni' && to.place.kind === 'eni' && from.place.eni.id === to.place.eni.id;
  return !isOne && from.address.family === to.address.family && (from.place.kind === 'eni' || to.place.kind === 'eni');
}

function textOf({ place, address }: Stop): string {
  return `${place.kind === 'eni' ? place.eni.id : place.kind} ${formatAddress(address)}`;
}
