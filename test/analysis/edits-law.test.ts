// Fixes let the packet pass that is asked about, cuts keep it out, and what they open or close is what two worlds differ by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRecords } from '../../src/core/model/world.ts';
import { answerQuestion } from '../../src/analysis/answer.ts';
import { diffDocument } from '../../src/analysis/diff-document.ts';
import { resolveEndpoint } from '../../src/analysis/endpoint.ts';
import { cutsOf } from '../../src/analysis/edits/cuts.ts';
import { withEdits } from '../../src/analysis/edits/edit.ts';
import { judgeIn } from '../../src/analysis/edits/effect.ts';
import { fixOf } from '../../src/analysis/edits/fixes.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { parseTraffic } from '../../src/core/net/traffic.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const TRAFFICS = ['tcp/22', 'tcp/443', 'udp/53', 'icmp/8'];

test('fixes let it pass and cuts keep it out, and both tell exactly what else they do', () => {
  const seen = { fixed: 0, steps: 0, choices: 0, open: 0, cuts: 0 };
  for (let seed = 1; seed <= checks(5); seed += 1) {
    const world = compactWorld(randomWorld(seed));
    const ends = ['internet', ...[...listRecords(world, 'enis')].map(({ id }) => id)];
    for (let at = 0; at < 6; at += 1) {
      const names = [ends[(seed * 7 + at * 3) % ends.length] ?? '', ends[(seed + at * 5 + 1) % ends.length] ?? ''];
      const [from, to] = names.map((name) => resolveEndpoint(world, name));
      const traffic = parseTraffic(TRAFFICS[(seed + at) % TRAFFICS.length] ?? 'all');
      assert.ok(from?.ok === true && to?.ok === true && traffic.ok);
      const answer = answerQuestion(world, { from: from.value, to: to.value, traffic: traffic.value });
      if (!answer.ok) continue;
      const [group] = answer.value.groups;
      if (group === undefined) continue;
      const label = `${seed} ${names.join(' to ')}`;
      const fix = fixOf(world, group, { traffic: traffic.value });
      if (fix !== undefined && group.blocked !== undefined) {
        const best = fix.steps.flatMap(({ choices }) => choices[0]?.edit ?? []);
        const fixed = withEdits(world, best);
        for (const acl of listRecords(fixed, 'acls')) {
          const keys = acl.entries.map(({ direction, number }) => `${direction} ${number}`);
          assert.equal(new Set(keys).size, keys.length, `${label}: each entry its own number`);
        }
        const isWhole = fix.steps.every(({ choices }) => choices.length > 0);
        const { outcome } = judgeIn(fixed, group.trip, group.blocked.transport);
        assert.equal(outcome, fix.outcome, label);
        if (isWhole) assert.notEqual(outcome, 'deny', label);
        assert.deepEqual(fix.measured.diff, diffDocument(world, fixed, differenceOf(world, fixed)), label);
        for (const { choices } of fix.steps) {
          const sizes = choices.map(({ measured }) => measured.size);
          assert.deepEqual(
            sizes,
            sizes.toSorted((a, b) => a - b),
            label,
          );
          seen.choices += choices.length;
        }
        seen.fixed += outcome === 'allow' ? 1 : 0;
        seen.open += outcome === 'allow' ? 0 : 1;
        seen.steps += fix.steps.length;
      }
      for (const { edit, measured } of cutsOf(world, group, { traffic: traffic.value })) {
        const cut = withEdits(world, [edit]);
        assert.ok(group.passing !== undefined);
        assert.equal(judgeIn(cut, group.trip, group.passing.transport).outcome, 'deny', label);
        assert.deepEqual(measured.diff, diffDocument(world, cut, differenceOf(world, cut)), label);
        assert.ok(measured.size > 0, label);
        seen.cuts += 1;
      }
    }
  }
  assert.ok(seen.fixed > 3 && seen.cuts > 3 && seen.choices > seen.steps, JSON.stringify(seen));
});
