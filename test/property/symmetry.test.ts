// Worlds that are mirrors of each other have mirrored verdicts: mixed-up directions and families that drift apart show here.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../../src/core/policy/evaluate.ts';
import { compactWorld } from '../compact.ts';
import { about, asked, judge, legOf } from './asked.ts';
import { embedIpv4, swapDirections } from './transforms.ts';

describe('symmetry', () => {
  test('swapped directions and ends swap what the groups say', () => {
    let seen = 0;
    for (const one of asked({ worlds: 400, questions: 12, first: 1600 })) {
      const swapped = compactWorld(swapDirections(one.compact));
      for (const question of one.questions) {
        const before = judge(one.world, question);
        if (legOf(one.compact, before) !== 'direct' || one.compact.enis?.[question.to] === undefined) continue;
        const after = judge(swapped, { ...question, from: question.to, to: question.from });
        // The way back may be another one: routes are each subnet's own.
        if (legOf(one.compact, after) !== 'direct') continue;
        seen += 1;
        assert.deepEqual(groupOutcomes(after), groupOutcomes(before).toReversed(), about(one, question));
      }
    }
    assert.ok(seen > 300, String(seen));
  });

  test('an IPv4 world carried over to IPv6 gives the same verdicts', () => {
    const seen = { allow: 0, deny: 0, unknown: 0 };
    for (const one of asked({ worlds: 300, questions: 12, first: 2000 }))
      for (const question of one.questions) {
        const moved = embedIpv4(one.compact, question);
        if (moved === undefined) continue;
        const after = judge(compactWorld(moved.compact), moved.question);
        const before = judge(compactWorld(moved.original), question);
        seen[before.outcome] += 1;
        assert.equal(after.outcome, before.outcome, about(one, question));
        assert.deepEqual(stages(after), stages(before), about(one, question));
      }
    assert.ok(Math.min(seen.allow, seen.deny) > 200, JSON.stringify(seen));
  });
});

function groupOutcomes(verdict: Verdict): readonly string[] {
  return verdict.forward.gates.filter(({ gate }) => gate.kind === 'groups').map(({ decision }) => decision.outcome);
}

function stages({ forward, reply }: Verdict): readonly string[] {
  return [...forward.gates, ...reply.gates].map(({ gate, decision }) => `${gate.stage} ${decision.outcome}`);
}
