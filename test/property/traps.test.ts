// Every trap is one: it catches both ways, and the interpreter that shares no code with the engines says the same on all of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packetQuestion } from '../cases/packet-question.ts';
import { compactWorld } from '../compact.ts';
import { oracleVerdict } from '../oracle/packet-oracle.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { checks } from './checks.ts';
import { drawTrap, TRAP_NAMES } from './traps.ts';

describe('traps', () => {
  for (const name of TRAP_NAMES)
    test(name, () => {
      const counts = { allow: 0, deny: 0, unknown: 0 };
      for (let seed = 0; seed < checks(60); seed += 1) {
        const { compact, questions } = drawTrap(name, seed);
        const world = compactWorld(compact);
        for (const question of questions) {
          const { origin, packet } = packetQuestion(world, question);
          const { outcome } = evaluate(world, origin, packet);
          assert.equal(outcome, oracleVerdict(compact, question).verdict, `seed ${seed}, ${JSON.stringify(question)}`);
          counts[outcome] += 1;
        }
      }
      const total = counts.allow + counts.deny + counts.unknown;
      assert.ok(Math.min(counts.allow, counts.deny) > total * 0.05, JSON.stringify(counts));
    });
});
