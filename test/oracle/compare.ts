import assert from 'node:assert/strict';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { evaluate, evaluateBy, type Verdict } from '../../src/core/policy/evaluate.ts';
import { hasTransport, reachOf } from '../../src/core/policy/reach.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { compactWorld } from '../compact.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { oracleVerdict } from './packet-oracle.ts';

/** Compares the oracle with evaluate, classifier and reach on packets of one random world; throws where one differs. Gives the verdicts. */
export function compareWithOracle(seed: number, packets: number): readonly Verdict['outcome'][] {
  const compact = randomWorld(seed);
  const world = compactWorld(compact);
  return randomQuestions(compact, seed, packets).map((question) => {
    const { origin, packet } = packetQuestion(world, question);
    const verdict = evaluate(world, origin, packet);
    const said = oracleVerdict(compact, question);
    const about = `seed ${seed}, ${JSON.stringify(question)}`;
    assert.equal(verdict.outcome, said.verdict, `evaluate: ${about}`);
    // After a refusal the engine goes on in thought; the oracle does not everywhere.
    if (verdict.forward.outcome !== 'deny') assert.equal(verdict.forward.outcome, said.forward, `forward: ${about}`);
    const compiled = evaluateBy(decideByClassifier, world, { origin, packet });
    assert.equal(compiled.outcome, said.verdict, `classifier: ${about}`);
    const { sure, possible } = reachOf(world, verdict.path);
    const isSure = hasTransport(sure, packet.transport, packet.family);
    const isPossible = hasTransport(possible, packet.transport, packet.family);
    assert.equal(isSure ? 'allow' : isPossible ? 'unknown' : 'deny', said.verdict, `reach: ${about}`);
    return verdict.outcome;
  });
}
