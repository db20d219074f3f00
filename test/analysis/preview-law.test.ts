// What a preview of one rule says is what the world with that rule differs by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asId } from '../../src/core/model/ids.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { checkPreview } from './check-preview.ts';

/** Worlds that are hardly ever drawn: two interfaces with one prefix, whose pairs are asked one by one. */
const TELLING = [252];

test('a preview says what the edited world differs by', () => {
  const seen = { previews: 0, effects: 0, partly: 0, refused: 0 };
  const seeds = Array.from({ length: checks(80) }, (_, at) => at + 1);
  for (const seed of new Set([...seeds, ...TELLING])) {
    const world = compactWorld(seed % 4 === 0 ? wornWorld(seed) : randomWorld(seed));
    const donor = compactWorld(randomWorld(seed + 700));
    const strangers = [...listRecords(donor, 'groups')].flatMap((group) => group.rules);
    for (const [at, group] of [...listRecords(world, 'groups')].entries()) {
      const stranger = strangers[(seed + at) % strangers.length];
      const own = group.rules[seed % Math.max(1, group.rules.length)];
      if (stranger !== undefined && !group.rules.some(({ id }) => id === stranger.id))
        checkPreview(world, { kind: 'add', group, rule: stranger }, { seen, name: `${seed} ${group.id}` });
      if (own !== undefined)
        checkPreview(world, { kind: 'remove', group, rule: own }, { seen, name: `${seed} ${group.id}` });
    }
  }
  assert.ok(seen.effects > 100 && seen.partly > 5 && seen.refused > 5, JSON.stringify(seen));
});

test('a preview does not speak of rules that see a NAT gateway in place of the sender', () => {
  const world = compactWorld({
    vpcs: { V: { cidrs: ['10.0.0.0/16'] }, W: { cidrs: ['10.9.0.0/16'] } },
    subnets: {
      A: { vpc: 'V', cidrs: ['10.0.1.0/24'], routeTable: 'RA' },
      N: { vpc: 'V', cidrs: ['10.0.9.0/24'], routeTable: 'RN' },
      S: { vpc: 'W', cidrs: ['10.9.1.0/24'], routeTable: 'RW' },
    },
    routeTables: {
      RA: { vpc: 'V', routes: ['10.9.0.0/16 nat:X'] },
      RN: { vpc: 'V', routes: ['10.9.0.0/16 pcx:P'] },
      RW: { vpc: 'W', routes: ['10.0.0.0/16 pcx:P'] },
    },
    natGateways: { X: { subnet: 'N', private: '10.0.9.5' } },
    peerings: { P: { requester: 'V', accepter: 'W' } },
    groups: { G: { vpc: 'V', ingress: [] }, H: { vpc: 'W', ingress: ['tcp/80 10.0.9.5/32'] } },
    enis: {
      a: { subnet: 'A', addresses: ['10.0.1.10'], groups: ['G'] },
      c: { subnet: 'S', addresses: ['10.9.1.5'], groups: ['H'] },
    },
  });
  const group = [...listRecords(world, 'groups')].find(({ id }) => id === asId('H')) ?? assert.fail('there is H');
  const [rule = assert.fail('H has a rule')] = group.rules;
  const seen = { previews: 0, effects: 0, partly: 0, refused: 0 };
  checkPreview(world, { kind: 'remove', group, rule }, { seen, name: 'NAT' });
  assert.equal(seen.refused, 1);
});
