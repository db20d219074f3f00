import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCases } from '../cases/read-cases.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { oracleVerdict } from './packet-oracle.ts';

describe('the packet oracle on the cases', () => {
  for (const one of readCases().filter((each) => each.kind === 'packet'))
    test(`${one.file} ${one.name}`, () => {
      const { packet, expect } = one.data;
      assert.ok(packet !== undefined && expect !== undefined);
      const said = oracleVerdict(one.compact, packet);
      assert.equal(said.verdict, expect.verdict);
      if (expect.forward !== undefined) assert.equal(said.forward, expect.forward, 'forward');
      if (expect.reply !== undefined && said.forward === 'allow') assert.equal(said.reply, expect.reply, 'reply');
    });
});

const PACKETS_PER_WORLD = 40;

describe('the packet oracle on random worlds', () => {
  test('agrees with evaluate on every packet, and the worlds are well mixed', () => {
    const counts = { allow: 0, deny: 0, unknown: 0 };
    const worlds = checks(600);
    for (let seed = 0; seed < worlds; seed += 1) {
      const compact = randomWorld(seed);
      const world = compactWorld(compact);
      for (const question of randomQuestions(compact, seed, PACKETS_PER_WORLD)) {
        const { origin, packet } = packetQuestion(world, question);
        const verdict = evaluate(world, origin, packet);
        const said = oracleVerdict(compact, question);
        const about = (): string => `seed ${seed}, ${JSON.stringify(question)}`;
        if (verdict.outcome !== said.verdict)
          assert.fail(`${verdict.outcome}, the oracle says ${said.verdict}: ${about()}`);
        // After a refusal the engine goes on in thought; the oracle does not everywhere.
        if (verdict.forward.outcome !== 'deny') assert.equal(verdict.forward.outcome, said.forward, about());
        counts[verdict.outcome] += 1;
      }
    }
    const total = worlds * PACKETS_PER_WORLD;
    assert.ok(
      counts.allow > total * 0.15 && counts.deny > total * 0.3 && counts.unknown > total * 0.03,
      JSON.stringify(counts),
    );
  });
});
