// What a kernel is asked before anything is enforced holds one of everything that rules can be made of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRecords } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import { specimenLines, specimenRuleset } from '../../src/nft/specimen.ts';
import type { Ruleset, Step } from '../../src/nft/ruleset.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { plantOf } from './legs.ts';

/**
 * What a ruleset asks of a kernel: fields and what is done with them, which are expressions of their own to it; sets by their types, hooks.
 * Values do not matter to it.
 */
function featuresOf({ chains, sets, timeouts }: Ruleset): ReadonlySet<string> {
  const features = new Set<string>();
  for (const { hook, rules } of chains.values()) {
    if (hook !== undefined) features.add(`hook ${hook.hook} ${hook.priority}`);
    for (const rule of rules) for (const step of rule) for (const feature of stepFeatures(step)) features.add(feature);
  }
  for (const { key, data, isInterval, content } of sets.values())
    features.add(
      `set ${key.join(' . ')} : ${data ?? ''} ${isInterval} ${content.kind === 'dynamic' ? `dynamic ${content.expires} ${content.counts}` : ''}`,
    );
  for (const { l3proto, protocol } of timeouts.values()) features.add(`timeout ${l3proto} ${protocol}`);
  return features;
}

function stepFeatures(step: Step): readonly string[] {
  const fields = 'key' in step ? step.key : 'field' in step ? [step.field] : [];
  return [kindOf(step), ...fields.map((field) => `reads ${field}`)];
}

function kindOf(step: Step): string {
  if (step.kind === 'lookup') return `lookup ${step.key.length > 1} ${step.operator}`;
  if (step.kind === 'map-mark' || step.kind === 'verdict-map') return `${step.kind} ${typeof step.map}`;
  if (step.kind === 'update') return `update ${step.timeoutSeconds === undefined}`;
  return step.kind === 'verdict' ? `verdict ${step.verdict.split(' ')[0]}` : step.kind;
}

for (const mode of ['forward', 'local'] as const)
  test(`the specimen of ${mode} mode holds whatever layouts of random worlds hold`, () => {
    const held = featuresOf(specimenRuleset(mode));
    const seen = new Set<string>();
    for (let seed = 0; seed < checks(150); seed += 1) {
      const world = compactWorld(randomWorld(seed));
      const forward = [...plantOf(world).wirings.values()];
      const local = [...listRecords(world, 'enis')].slice(0, 2).map(({ id }): Wiring => ({
        mode: 'local',
        enis: new Map([[id, { device: 'eth0', mac: '02:00:00:00:00:01' }]]),
        fabric: new Set(['eth0']),
        stateful: new Set(),
        natGateways: new Map(),
      }));
      for (const wiring of mode === 'forward' ? forward : local) {
        const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
        const first = layout(view, wiring);
        const emptied = layout(hostViewOf(world, []), wiring, first.numbering);
        for (const { ruleset } of [first, emptied]) for (const feature of featuresOf(ruleset)) seen.add(feature);
      }
    }
    assert.ok(seen.size > 60, String(seen.size));
    assert.deepEqual([...seen].filter((feature) => !held.has(feature)).toSorted(), []);
  });

test('the specimen names no table but its own', () => {
  for (const mode of ['forward', 'local'] as const)
    for (const line of specimenLines(mode))
      assert.match(line, /^(?:create|add) [a-z ]+ (?:inet|arp) crenel-specimen(?: |$)/u);
});
