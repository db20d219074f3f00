// Claim: a change of one interface among 100,000 shares all the rest of the world, and costs the compiled policy a few entries only.
import assert from 'node:assert/strict';
import { recordChange } from '../src/core/model/change.ts';
import type { Eni } from '../src/core/model/eni.ts';
import { applyChange, getRecord, listRecords, type World } from '../src/core/model/world.ts';
import { Classifier } from '../src/core/policy/classifier.ts';
import { compare, report } from './harness.ts';
import { Random } from './random.ts';
import { generateWorld } from './world.ts';

const CHANGES = 50;

const first = generateWorld({ enis: 100_000, groups: 2000, subnets: 200 });
const random = new Random(5);
const enis = [...listRecords(first, 'enis')];
const flat: ReadonlyMap<string, Eni> = new Map(enis.map((eni) => [eni.id, eni]));

/** An interface with the groups of another: it leaves two or more groups and joins as many. */
function regrouped(world: World): { readonly from: Eni; readonly to: Eni } {
  const from = getRecord(world, 'enis', random.pick(enis).id);
  if (from === undefined) throw new Error('an interface went missing');
  return { from, to: { ...from, groups: random.pick(enis).groups } };
}

let world = first;
const persistent = {
  name: 'world',
  operations: CHANGES,
  run: (): number => {
    for (let count = 0; count < CHANGES; count += 1) {
      const { from, to } = regrouped(world);
      world = applyChange(world, recordChange('enis', from, to));
    }
    return world.revision;
  },
};

let map = flat;
const copied = {
  name: 'flat map',
  operations: 1,
  run: (): number => {
    const { to } = regrouped(first);
    const next = new Map(map);
    next.set(to.id, to);
    map = next;
    return map.size;
  },
};

const copying = compare(persistent, copied, { rounds: 7, chunksPerRound: 3 });
assert.equal(map.size, enis.length);
assert.equal(world.records.enis.size, enis.length);

const classifier = new Classifier(world);
const followed = {
  name: 'classifier',
  operations: CHANGES,
  run: (): number => {
    for (let count = 0; count < CHANGES; count += 1) {
      const { from, to } = regrouped(world);
      const change = recordChange('enis', from, to);
      world = applyChange(world, change);
      classifier.apply(change, world);
    }
    return classifier.membership.size;
  },
};
const following = compare(followed, persistent, { rounds: 7, chunksPerRound: 3 });
const start = performance.now();
assert.equal(new Classifier(world).membership.size, classifier.membership.size);
const anewMilliseconds = performance.now() - start;

report('change', [
  {
    claim: 'one change in a world of 100,000 interfaces, a copied flat map against the world with its indexes',
    unit: '×',
    target: { atLeast: 50 },
    measured: copying.ratio,
    details: { 'map ms': copying.baseline.p50 / 1e6, 'world µs': copying.subject.p50 / 1000 },
  },
  {
    claim: 'the same change with the compiled policy following, against the world alone',
    unit: '×',
    target: { atMost: 1.5 },
    measured: 1 / following.ratio,
    details: { µs: following.subject.p50 / 1000, 'anew ms': anewMilliseconds },
  },
]);
