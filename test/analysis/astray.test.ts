// An address that two interfaces have: packets to it come to one of them, whichever was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asId, type EniId } from '../../src/core/model/ids.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { reachOf } from '../../src/core/policy/reach.ts';
import { pointsOf } from '../../src/analysis/pairs/links.ts';
import { eniPlaceAt } from '../../src/analysis/place.ts';
import { planTrip, type Trip } from '../../src/analysis/trip.ts';
import { compactWorld } from '../compact.ts';

const OPEN = { ingress: ['all 0.0.0.0/0'], egress: ['all 0.0.0.0/0'] };
const HOME = { cidrs: ['10.0.0.0/16'] };

test('VPCs that overlap: what the sender has too stays with it, what a neighbour has goes to that', () => {
  const world = compactWorld({
    vpcs: { V1: HOME, V2: HOME },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] }, S2: { vpc: 'V2', cidrs: ['10.0.1.0/24'] } },
    groups: { G1: { vpc: 'V1', ...OPEN }, G2: { vpc: 'V2', ...OPEN } },
    enis: {
      A: { subnet: 'S1', addresses: ['10.0.1.5'], groups: ['G1'] },
      B: { subnet: 'S2', addresses: ['10.0.1.5'], groups: ['G2'] },
      C: { subnet: 'S1', addresses: ['10.0.1.6'], groups: ['G1'] },
    },
  });
  isLost(world, tripOf(world, 'A', 'B'), 'A, not of B: the VPCs overlap');
  isLost(world, tripOf(world, 'C', 'B'), 'A, not of B: the VPCs overlap');
  isOpen(world, tripOf(world, 'C', 'A'));
});

test('an export that was not taken at one moment: an address that moved is of two interfaces', () => {
  const world = compactWorld({
    vpcs: { V1: HOME },
    subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] } },
    groups: { G1: { vpc: 'V1', ...OPEN } },
    enis: {
      A: { subnet: 'S1', addresses: ['10.0.1.5'], groups: ['G1'] },
      B: { subnet: 'S1', addresses: ['10.0.1.5', '10.0.1.7'], groups: ['G1'] },
    },
  });
  isLost(world, tripOf(world, 'A', 'B'), 'A, not of B: both have it');
  isOpen(world, tripOf(world, 'A', 'B', 1));
});

function tripOf(world: World, from: string, to: string, at = 0): Trip {
  const [source, target] = [stopAt(world, from, 0), stopAt(world, to, at)];
  return planTrip(world, source, target);
}

function stopAt(world: World, id: string, at: number): Trip['from'] {
  const eni = getRecord(world, 'enis', asId<EniId>(id));
  const address = eni?.addresses[at]?.address;
  assert.ok(eni !== undefined && address !== undefined);
  return { place: eniPlaceAt(eni, address), address };
}

function isLost(world: World, trip: Trip, why: string): void {
  assert.deepEqual(pointsOf(reachOf(world, trip.path).possible), []);
  assert.ok(trip.note?.endsWith(why), trip.note);
}

function isOpen(world: World, trip: Trip): void {
  assert.equal(trip.note, undefined);
  assert.ok(pointsOf(reachOf(world, trip.path).sure).length > 0);
}
