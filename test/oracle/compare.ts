import assert from 'node:assert/strict';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { evaluate, evaluateBy, type Verdict } from '../../src/core/policy/evaluate.ts';
import { hasTransport, reachOf } from '../../src/core/policy/reach.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import type { Compact } from '../compact-format.ts';
import { compactWorld } from '../compact.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { oracleVerdict } from './packet-oracle.ts';

/** A world, what is asked of it, and how to make it again. */
export type Compared = {
  readonly compact: Compact;
  readonly questions: readonly PacketQuestion[];
  readonly name: string;
};

/** Compares on packets of one random world, as `compareWorld` does. */
export function compareWithOracle(seed: number, packets: number): readonly Verdict['outcome'][] {
  const compact = randomWorld(seed);
  return compareWorld({ compact, questions: randomQuestions(compact, seed, packets), name: `seed ${seed}` });
}

/** Compares the oracle with evaluate, classifier and reach on packets of one world; throws where one differs. Gives the verdicts. */
export function compareWorld({ compact, questions, name }: Compared): readonly Verdict['outcome'][] {
  const world = compactWorld(compact);
  return questions.map((question) => {
    const { origin, packet } = packetQuestion(world, question);
    const verdict = evaluate(world, origin, packet);
    const said = oracleVerdict(compact, question);
    const about = `${name}, ${JSON.stringify(question)}`;
    assert.equal(verdict.outcome, said.verdict, `evaluate: ${about}`);
    assert.equal(verdict.forward.outcome, said.forward, `forward: ${about}`);
    // After a refusal the engine goes on in thought to find more blockers; the oracle stops where the packet has no way.
    const isOver = said.forward === 'deny' && said.reply === 'none';
    if (!isOver) assert.equal(verdict.reply.outcome, said.reply, `reply: ${about}`);
    const compiled = evaluateBy(decideByClassifier, world, { origin, packet });
    assert.equal(compiled.outcome, said.verdict, `classifier: ${about}`);
    const { sure, possible } = reachOf(world, verdict.path);
    const isSure = hasTransport(sure, packet.transport, packet.family);
    const isPossible = hasTransport(possible, packet.transport, packet.family);
    assert.equal(isSure ? 'allow' : isPossible ? 'unknown' : 'deny', said.verdict, `reach: ${about}`);
    return verdict.outcome;
  });
}
