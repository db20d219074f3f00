// Running a conformance case through an engine: shared by the conformance test and the check that mutants are killed.
import assert from 'node:assert/strict';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { type Decide, evaluateBy, type Verdict } from '../../src/core/policy/evaluate.ts';
import { planPath } from '../../src/core/policy/plan.ts';
import { hasTransport, isNoTraffic, reachOf } from '../../src/core/policy/reach.ts';
import type { RuleRef } from '../../src/core/policy/verdict.ts';
import { compactWorld } from '../compact.ts';
import { packetQuestion } from './packet-question.ts';
import { assertBoxes } from './reach-boxes.ts';
import type { Case } from './read-cases.ts';

/** One way of turning a world and a packet into a verdict. `explains`: it names reasons and rules, not only the outcome. */
export type Engine = { readonly name: string; readonly decide: Decide; readonly explains: boolean };

export const ENGINES: readonly Engine[] = [
  { name: 'evaluate', decide: decideGate, explains: true },
  { name: 'classifier', decide: decideByClassifier, explains: false },
];

/** Compares the exact set of a pair with what the case expects; throws where they differ. */
export function runReach(one: Case): void {
  const { pair, expect } = one.data;
  assert.ok(pair !== undefined && expect !== undefined, 'a reach case has a pair and an expectation');
  const world = compactWorld(one.compact);
  const { origin, packet } = packetQuestion(world, { ...pair, traffic: 'protocol/50' });
  const reach = reachOf(world, planPath(world, origin, packet));
  assert.equal(
    isNoTraffic(reach.possible) ? 'blocked' : isNoTraffic(reach.sure) ? 'depends' : 'allowed',
    expect.verdict,
  );
  assertBoxes(reach.sure, expect, reach.family);
}

/** The exact set holds the packet of a packet case exactly when the case allows it. */
export function runReachPacket(one: Case): void {
  const { packet: question, expect } = one.data;
  assert.ok(question !== undefined && expect !== undefined, 'a packet case has a packet and an expectation');
  const world = compactWorld(one.compact);
  const { origin, packet } = packetQuestion(world, question);
  const reach = reachOf(world, planPath(world, origin, packet));
  const sure = hasTransport(reach.sure, packet.transport, packet.family);
  const possible = hasTransport(reach.possible, packet.transport, packet.family);
  assert.equal(sure ? 'allow' : possible ? 'unknown' : 'deny', expect.verdict);
}

/** Compares the verdict on a packet with what the case expects; throws where they differ. */
export function runPacket(engine: Engine, one: Case): void {
  const world = compactWorld(one.compact);
  const { packet, expect } = one.data;
  assert.ok(packet !== undefined && expect !== undefined, 'a packet case has a packet and an expectation');
  const verdict = evaluateBy(engine.decide, world, packetQuestion(world, packet));
  assert.equal(verdict.outcome, expect.verdict, `verdict; ${said(verdict)}`);
  if (expect.forward !== undefined) assert.equal(verdict.forward.outcome, expect.forward, `forward; ${said(verdict)}`);
  if (expect.reply !== undefined) assert.equal(verdict.reply.outcome, expect.reply, `reply; ${said(verdict)}`);
  if (!engine.explains) return;
  if (expect.blockers !== undefined) assert.deepEqual(blockersOf(verdict), expect.blockers);
  if (expect.unknowns !== undefined) assert.deepEqual(unknownsOf(verdict), expect.unknowns.toSorted());
  for (const [gate, names] of Object.entries(expect.rules ?? {}))
    assert.deepEqual(rulesAt(verdict, gate), names.toSorted(), `rules at ${gate}`);
}

function blockersOf(verdict: Verdict): readonly string[] {
  return verdict.blockers.map(
    ({ gate, decision }) => `${gate.way} ${gate.stage} ${decision.outcome === 'deny' ? decision.reason : ''}`,
  );
}

function unknownsOf(verdict: Verdict): readonly string[] {
  return [
    ...new Set(verdict.doubts.flatMap(({ decision }) => (decision.outcome === 'unknown' ? decision.unknowns : []))),
  ].toSorted();
}

function rulesAt(verdict: Verdict, place: string): readonly string[] {
  const gates = [...verdict.forward.gates, ...verdict.reply.gates].filter(
    ({ gate }) => `${gate.way} ${gate.stage}` === place,
  );
  return gates
    .flatMap(({ decision }) =>
      decision.outcome === 'pass'
        ? decision.rules
        : decision.outcome === 'deny' && decision.winner !== undefined
          ? [decision.winner]
          : [],
    )
    .map(ruleName)
    .toSorted();
}

function ruleName(ref: RuleRef): string {
  switch (ref.kind) {
    case 'rule':
      return ref.rule.id;
    case 'entry':
      return `${ref.aclId}.${ref.entry.direction}.${ref.entry.number}`;
    case 'default-entry':
      return `${ref.aclId}.*`;
    case 'route':
      return ref.routeTableId;
  }
}

function said(verdict: Verdict): string {
  const doubts = verdict.doubts.map(
    ({ gate, decision }) => `${gate.way} ${gate.stage} ${decision.outcome === 'unknown' ? decision.reason : ''}`,
  );
  return `blockers [${blockersOf(verdict).join(', ')}] doubts [${doubts.join(', ')}]`;
}
