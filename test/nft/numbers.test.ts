// There are numbers enough for hosts as large as the goals name, and places enough for interfaces of as many rules as AWS allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../src/core/model/change.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { Rule } from '../../src/core/model/security-group.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { layout } from '../../src/nft/layout.ts';
import { MAX_NUMBER, MAX_PEER, NUMBER_BITS } from '../../src/nft/plan.ts';
import { generateWorld } from '../../bench/world.ts';

const [ENIS, OWN_RULES, MOST_RULES] = [10_000, 60, 1000];

test('each of 1,000 rules of one port has a place of its own in the mark', () => {
  const { world, group, eni } = withRules(MOST_RULES, () => 443);
  const { meaning, ruleset } = laid(world, eni);
  const classOf = [...meaning.classes.values()].find((rules) => rules.length === MOST_RULES);
  assert.deepEqual(classOf?.toSorted(), group.map(({ id }) => id).toSorted());
  assert.ok(MAX_PEER >= MOST_RULES);
  const steps = [...ruleset.chains.values()].flatMap(({ rules }) => rules.flat());
  const places = new Set(steps.flatMap((step) => (step.kind === 'or-mark' ? [step.bits] : [])));
  assert.equal(places.size, MOST_RULES);
  for (const bits of places) assert.ok(bits % 2 ** NUMBER_BITS === 0 && bits < 2 ** 32, String(bits));
});

test('rules of their own for 10,000 interfaces leave numbers over', () => {
  const { world, eni } = withRules(OWN_RULES, (at) => 1000 + 2 * at);
  const { numbering } = laid(world, eni);
  assert.ok(numbering.numbers.size >= 2 * OWN_RULES, String(numbering.numbers.size));
  assert.ok(numbering.numbers.size * ENIS < MAX_NUMBER, String(numbering.numbers.size));
});

/** A world whose first interface has one group of so many rules, each of a peer of its own that both families know. */
function withRules(
  count: number,
  portOf: (at: number) => number,
): { readonly world: World; readonly group: readonly Rule[]; readonly eni: ReturnType<typeof firstEni> } {
  const made = generateWorld({ enis: 2, groups: 2, subnets: 1 });
  const eni = firstEni(made);
  const old = getRecord(made, 'groups', eni.groups[0] ?? '') ?? assert.fail('an interface has a group');
  const group = Array.from({ length: count }, (_, at): Rule => {
    const port = portOf(at);
    const id = at.toString(16).padStart(17, '0');
    return {
      id: asId(`sgr-${id}`),
      direction: 'ingress',
      traffic: { kind: 'tcp', ports: { from: port, to: port } },
      peer: { kind: 'group', groupId: asId(`sg-${id}`) },
      tags: [],
    };
  });
  const changes: readonly Change[] = [
    recordChange('groups', old, { ...old, rules: group }),
    recordChange('enis', eni, { ...eni, groups: [old.id] }),
  ];
  return { world: changes.reduce<World>(applyChange, made), group, eni };
}

function firstEni(world: World): NonNullable<ReturnType<typeof getRecord<'enis'>>> {
  const [eni] = listRecords(world, 'enis');
  return eni ?? assert.fail('there is an interface');
}

function laid(world: World, { id }: ReturnType<typeof firstEni>): ReturnType<typeof layout> {
  const enis = new Map([[id, { device: 'd0', mac: '02:00:00:00:00:01' }]]);
  const view = hostViewOf(world, [id]);
  // Each named group has a member, so that no rule is left out.
  return layout(view, { mode: 'forward', enis, fabric: new Set(), stateful: new Set(), natGateways: new Map() });
}
