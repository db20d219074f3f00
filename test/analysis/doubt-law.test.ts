// What is not known of records never makes a certain answer wrong: a world with doubts allows for certain no more, and perhaps no less, than
// each world that it may be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES, formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { intersectSets, type IntervalSet, sameSet } from '../../src/core/net/interval-set.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { hasDoubts } from '../../src/core/model/doubts.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { judgePath } from '../../src/core/policy/evaluate.ts';
import type { TrafficSet } from '../../src/core/policy/reach.ts';
import { transportAt } from '../../src/analysis/pairs/blame.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import { eniPlaceAt } from '../../src/analysis/place.ts';
import { planTrip, type Stop } from '../../src/analysis/trip.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';

const OUTSIDE = ['203.0.113.12', '198.18.0.9', '2001:db8:ffff::9'].map((text) => expectOk(parseAddress(text)));
const POINTS = [22, 443, 65_536 + 443, 131_072 + 8 * 256, 196_608 + 40];

const seen = { pairs: 0, certain: 0, opposite: 0 };

test('a world with doubts promises nothing that a world which it may be does not keep', () => {
  for (let seed = 1; seed <= checks(120); seed += 1) {
    keeps(compactWorld(randomWorld(seed)), seed, `random ${seed}`);
    keeps(compactWorld(wornWorld(seed)), seed, `worn ${seed}`);
  }
  for (const name of TRAP_NAMES)
    for (let seed = 1; seed <= checks(8); seed += 1)
      keeps(compactWorld(drawTrap(name, seed).compact), seed, `${name} ${seed}`);
  assert.ok(seen.certain > seen.pairs / 20 && seen.certain < seen.pairs, JSON.stringify(seen));
});

function keeps(world: World, seed: number, name: string): void {
  const doubtful = doubtfulWorld(world, seed);
  assert.ok(!hasDoubts(world));
  const [known, forgotten] = [stopsOf(world), stopsOf(doubtful, world)];
  for (const [i, from] of known.entries())
    for (const [j, to] of known.entries()) {
      const [from2, to2] = [forgotten[i], forgotten[j]];
      if (from2 === undefined || to2 === undefined || !isAsked(from, to)) continue;
      keepsPair(
        { world, from, to },
        { world: doubtful, from: from2, to: to2 },
        `${name}: ${textOf(from)} to ${textOf(to)}`,
      );
    }
}

type Asked = { readonly world: World; readonly from: Stop; readonly to: Stop };

function keepsPair(known: Asked, forgotten: Asked, label: string): void {
  const truth = singleReach(known.world, known.from, known.to);
  const told = singleReach(forgotten.world, forgotten.from, forgotten.to);
  isWithin(told.sure, truth.sure, `${label}: promises too much`);
  isWithin(truth.possible, told.possible, `${label}: rules out too much`);
  isWithin(told.sure, told.possible, `${label}: certain and not possible`);
  seen.pairs += 1;
  if (sameSet(pointsOf(told.sure), pointsOf(told.possible))) seen.certain += 1;
  const [one, other] = [known, forgotten].map(({ world, from, to }) => ({
    world,
    path: planTrip(world, from, to).path,
  }));
  for (const point of POINTS) {
    const transport = transportAt(point, 50_000, known.from.address.family);
    const outcomes = [one, other].map((asked) =>
      asked === undefined ? 'unknown' : judgePath(decideGate, asked.world, { path: asked.path, transport }).outcome,
    );
    assert.ok(
      outcomes[1] === 'unknown' || outcomes[0] === outcomes[1],
      `${label} ${point}: ${outcomes.join(' became ')}`,
    );
    if (other === undefined) continue;
    const compiled = judgePath(decideByClassifier, other.world, { path: other.path, transport });
    assert.equal(compiled.outcome, outcomes[1], `${label} ${point}: compiled`);
  }
}

/** The addresses of all interfaces and some outside; those of another world in the order of this one's. */
function stopsOf(world: World, like: World = world): readonly Stop[] {
  const inside = [...listRecords(like, 'enis')]
    .filter(
      (eni) => eni.interfaceType !== 'nat_gateway' && eni.addresses.every((own) => isAlone(like, eni, own.address)),
    )
    .flatMap(
      (eni) =>
        getRecord(world, 'enis', eni.id)?.addresses.map((own): Stop => ({
          place: eniPlaceAt(getRecord(world, 'enis', eni.id) ?? eni, own.address),
          address: own.address,
        })) ?? [],
    );
  return [
    ...inside,
    ...OUTSIDE.map((address): Stop => ({ place: { kind: 'internet', family: address.family, space: [] }, address })),
  ];
}

/** Two interfaces with one address are no world of AWS's. */
function isAlone(world: World, eni: Eni, address: Stop['address']): boolean {
  return [...listRecords(world, 'enis')].every((other) => other.id === eni.id || !eniOwns(other, address));
}

function isAsked(from: Stop, to: Stop): boolean {
  const isOne = from.place.kind === 'eni' && to.place.kind === 'eni' && from.place.eni.id === to.place.eni.id;
  return !isOne && from.address.family === to.address.family && (from.place.kind === 'eni' || to.place.kind === 'eni');
}

function isWithin(inner: TrafficSet, outer: TrafficSet, label: string): void {
  const parts: readonly (readonly [IntervalSet, IntervalSet])[] = [
    [pointsOf(inner), pointsOf(outer)],
    ...(['tcp', 'udp'] as const).map((part) => [inner[part].sourcePorts, outer[part].sourcePorts] as const),
  ];
  for (const [small, large] of parts) assert.deepEqual(intersectSets(small, large), small, label);
}

function textOf({ place, address }: Stop): string {
  return `${place.kind === 'eni' ? place.eni.id : place.kind} ${formatAddress(address)}`;
}

test('the worlds have both families', () => {
  assert.deepEqual(FAMILIES, ['ipv4', 'ipv6']);
});
