// A layout that makes anew only what changed is the layout that makes everything anew; and what did not change is not made again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateWorld } from '../../bench/world.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { plain } from './comparable.ts';
import { MORE_EDITS, withSameRecords } from './edits.ts';
import { plantOf } from './legs.ts';

test('after any change, what is kept gives what is made anew', () => {
  const edits = Object.entries(MORE_EDITS);
  const seen = { kept: 0, made: 0 };
  for (let seed = 1; seed <= checks(24); seed += 1) {
    let compact = randomWorld(seed);
    let world = compactWorld(compact);
    const kept = new Map<string, Layout>();
    for (let step = 0; step < 5; step += 1) {
      for (const [name, wiring] of plantOf(world).wirings) {
        const before = kept.get(name);
        const next = laid(world, wiring, before);
        if (before !== undefined) {
          const anew = layout(viewOf(world, wiring), wiring, before.numbering);
          assert.deepEqual(plain(next), plain(anew), `${seed} ${step} ${name}`);
          const same = [...next.kept.profiles].filter(([key, profile]) => before.kept.profiles.get(key) === profile);
          seen.kept += same.length;
          seen.made += next.kept.profiles.size - same.length;
        }
        kept.set(name, next);
      }
      const [, edit] = edits[(seed * 7 + step * 3) % edits.length] ?? assert.fail('there are edits');
      compact = edit(compact, seed + step);
      world = withSameRecords(world, compactWorld(compact));
    }
  }
  assert.ok(seen.kept > 100 && seen.made > 100, JSON.stringify(seen));
});

test('one rule makes anew the profiles of its group alone', () => {
  const world = generateWorld({ enis: 300, groups: 60, subnets: 10 });
  const enis = new Map(
    [...listRecords(world, 'enis')].map(({ id }, at) => [id, { device: `d${at}`, mac: macOf(at) }] as const),
  );
  const wiring: Wiring = { mode: 'forward', enis, fabric: new Set(), stateful: new Set(), natGateways: new Map() };
  const before = laid(world, wiring, undefined);
  const [eni] = listRecords(world, 'enis');
  const group = getRecord(world, 'groups', eni?.groups[0] ?? '') ?? assert.fail('an interface has a group');
  const changed = applyChange(world, recordChange('groups', group, { ...group, rules: group.rules.slice(1) }));
  const after = laid(changed, wiring, before);
  for (const [key, profile] of after.kept.profiles) {
    const isSame = before.kept.profiles.get(key) === profile;
    assert.equal(isSame, !key.split(' ').includes(group.id), key);
  }
  const chains = [...after.ruleset.chains.values()].filter((one) => before.ruleset.chains.get(one.name) !== one);
  assert.ok(chains.length < after.ruleset.chains.size / 10, `${chains.length} of ${after.ruleset.chains.size}`);
});

function viewOf(world: World, wiring: Wiring): ReturnType<typeof hostViewOf> {
  return hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
}

function laid(world: World, wiring: Wiring, before: Layout | undefined): Layout {
  return layout(viewOf(world, wiring), wiring, before?.numbering, before?.kept);
}

function macOf(at: number): string {
  return `02:00:00:00:${[at >> 8, at & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}
