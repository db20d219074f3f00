// All engines mean the same: evaluate, classifier, explanation and reach, packet by packet and gate by gate.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { otherProtocol } from '../../src/core/net/axis.ts';
import type { IntervalSet } from '../../src/core/net/interval-set.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import type { RuleRef } from '../../src/core/policy/verdict.ts';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { evaluateBy, type GateAnswer, judgePath, type Verdict } from '../../src/core/policy/evaluate.ts';
import { explain } from '../../src/core/policy/explain.ts';
import type { Gate } from '../../src/core/policy/path.ts';
import { hasTransport, isNoTraffic, type Reach, reachOf } from '../../src/core/policy/reach.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { about, type Asked, asked, editAcls, editGroups, judge } from './asked.ts';

describe('engines', () => {
  test('the classifier gives what evaluate gives, at every gate', () => {
    for (const one of asked({ worlds: 250, questions: 16, first: 0 }))
      for (const question of one.questions) {
        const compiled = evaluateBy(decideByClassifier, one.world, packetQuestion(one.world, question));
        assert.deepEqual(saidOf(compiled), saidOf(judge(one.world, question)), about(one, question));
      }
  });

  test('an explanation says what evaluate says, gate by gate', () => {
    for (const one of asked({ worlds: 150, questions: 12, first: 300 }))
      for (const question of one.questions) {
        const verdict = judge(one.world, question);
        const { outcome, forward, reply } = explain(verdict);
        assert.equal(outcome, verdict.outcome, about(one, question));
        const gates = gatesOf(verdict);
        for (const [index, step] of [...forward, ...reply].entries()) {
          assert.equal(step.outcome, gates[index]?.decision.outcome, about(one, question));
          assert.equal(step.stage, gates[index]?.gate.stage, about(one, question));
          assert.ok(step.lines.length > 0, about(one, question));
        }
        assert.equal(forward.length + reply.length, gates.length, about(one, question));
      }
  });

  test('each rule that a gate names is enough alone there, and without them all the gate stays shut', () => {
    let seen = 0;
    for (const one of asked({ worlds: 120, questions: 6, first: 500 }))
      for (const question of one.questions) {
        const { transport } = packetQuestion(one.world, question).packet;
        for (const { gate, decision } of gatesOf(judge(one.world, question))) {
          if (decision.outcome !== 'pass' || decision.by !== 'rules') continue;
          seen += 1;
          const names = new Set(decision.rules.map(ruleName));
          const without = decideAgain(one, { gate, transport, as: (rule, name) => (names.has(name) ? NOBODY : rule) });
          assert.notEqual(without, 'pass', `without ${[...names].join(' ')}: ${about(one, question)}`);
          for (const name of names)
            assert.equal(
              decideAgain(one, { gate, transport, as: (rule, other) => (other === name ? rule : NOBODY) }),
              'pass',
              `${name}: ${about(one, question)}`,
            );
        }
      }
    assert.ok(seen > 200);
  });

  test('near misses are the rules that lack least, in their order, and each misses what it lacks', () => {
    let seen = 0;
    for (const one of asked({ worlds: 80, questions: 8, first: 1700 }))
      for (const question of one.questions) {
        const { transport } = packetQuestion(one.world, question).packet;
        for (const { gate, decision } of gatesOf(judge(one.world, question))) {
          if (gate.kind !== 'groups' || decision.outcome !== 'deny' || decision.reason !== 'no-matching-rule') continue;
          seen += decision.nearest.length;
          const lacking = rulesAt(one.world, gate).map((name) => [name, ...lackOf(one, { gate, transport, name })]);
          assert.deepEqual(
            decision.nearest.map(({ rule, misses }) => [ruleName(rule), ...misses]),
            lacking.toSorted((a, b) => a.length - b.length).slice(0, 8),
            about(one, question),
          );
        }
      }
    assert.ok(seen > 200);
  });

  test('the entry that a NACL names decides alone', () => {
    let seen = 0;
    for (const one of asked({ worlds: 120, questions: 8, first: 650 }))
      for (const question of one.questions) {
        const { transport } = packetQuestion(one.world, question).packet;
        for (const { gate, decision } of gatesOf(judge(one.world, question))) {
          const ref =
            decision.outcome === 'pass' ? decision.rules[0] : decision.outcome === 'deny' ? decision.winner : undefined;
          if (ref?.kind !== 'entry' || gate.kind !== 'acl') continue;
          seen += 1;
          const { direction, number } = ref.entry;
          const alone = editAcls(one.compact, (entries, side) =>
            entries.filter((line) => side === direction && Number(line.split(' ')[0]) === number),
          );
          const again = decideGate(compactWorld(alone), gate, transport).outcome;
          assert.equal(again, decision.outcome, `${number}: ${about(one, question)}`);
        }
      }
    assert.ok(seen > 200);
  });

  test('reach holds a packet exactly when evaluate lets it pass', () => {
    for (const one of asked({ worlds: 300, questions: 20, first: 1300 }))
      for (const question of one.questions) {
        const verdict = judge(one.world, question);
        const { packet } = packetQuestion(one.world, question);
        const held = heldBy(reachOf(one.world, verdict.path), packet.transport);
        assert.equal(held, verdict.outcome, about(one, question));
      }
  });

  test('reach is exact at the edges of its boxes, and what it allows has a witness', () => {
    for (const one of asked({ worlds: 120, questions: 6, first: 1500 }))
      for (const question of one.questions) {
        const { path } = judge(one.world, question);
        const reach = reachOf(one.world, path);
        const met = new Set<string>();
        for (const transport of edgeTransports(reach)) {
          const { outcome } = judgePath(decideGate, one.world, { path, transport });
          met.add(outcome);
          assert.equal(outcome, heldBy(reach, transport), `${JSON.stringify(transport)}: ${about(one, question)}`);
        }
        assert.equal(met.has('allow'), !isNoTraffic(reach.sure), about(one, question));
      }
  });
});

function gatesOf(verdict: Verdict): readonly GateAnswer[] {
  return [...verdict.forward.gates, ...verdict.reply.gates];
}

/** What every gate says, without the rules that only the definition names. */
function saidOf(verdict: Verdict): readonly string[] {
  return gatesOf(verdict).map(
    ({ gate, decision }) => `${gate.stage} ${decision.outcome === 'pass' ? 'pass' : decision.reason}`,
  );
}

function ruleName(ref: RuleRef): string {
  return ref.kind === 'rule' ? ref.rule.id : ref.kind;
}

/** The names of an interface's rules in a gate's direction, group by group. */
function rulesAt(world: World, { eni, direction }: Extract<Gate, { kind: 'groups' }>): readonly string[] {
  const rules = eni.groups.flatMap((id) => getRecord(world, 'groups', id)?.rules ?? []);
  return rules.filter((rule) => rule.direction === direction).map(({ id }) => id);
}

/** What a rule alone must be given, that the gate opens: another peer, other traffic, or both. */
function lackOf(
  one: Asked,
  { gate, transport, name }: Omit<Again, 'as'> & { readonly name: string },
): readonly string[] {
  const anyone = gate.source.family === 'ipv4' ? '0.0.0.0/0' : '::/0';
  const opens = (repaired: (traffic: string, peer: string) => string): boolean => {
    const as = (rule: string, other: string): string => {
      const [traffic = '', peer = ''] = rule.split(' ');
      return other === name ? repaired(traffic, peer) : NOBODY;
    };
    return decideAgain(one, { gate, transport, as }) === 'pass';
  };
  return [
    ...(opens((_, peer) => `all ${peer}`) ? [] : ['peer']),
    ...(opens((traffic) => `${traffic} ${anyone}`) ? [] : ['traffic']),
  ];
}

type Again = {
  readonly gate: Gate;
  readonly transport: Transport;
  readonly as: (rule: string, name: string) => string;
};

/** A rule that matches nobody here: in the place of others, so that those behind them keep their names. */
const NOBODY = 'protocol/254 192.0.2.1/32';

/** What the gate says where rules are others; they are named as `compactWorld` does. */
function decideAgain({ compact }: Asked, { gate, transport, as }: Again): string {
  const others = (group: string, direction: string, rules: readonly string[]): readonly string[] =>
    rules.map((rule, index) => as(rule, `${group}.${direction}.${index}`));
  const edited: Compact = editGroups(compact, ({ ingress, egress }, name) => ({
    ingress: others(name, 'ingress', ingress),
    egress: others(name, 'egress', egress),
  }));
  return decideGate(compactWorld(edited), gate, transport).outcome;
}

function heldBy({ sure, possible, family }: Reach, transport: Transport): Verdict['outcome'] {
  if (hasTransport(sure, transport, family)) return 'allow';
  return hasTransport(possible, transport, family) ? 'unknown' : 'deny';
}

/** The values at the ends of intervals, their neighbours, and the ends of the range. */
function around(sets: readonly IntervalSet[], most: number): readonly number[] {
  const all = [...sets.flat().flatMap((value) => [value - 1, value, value + 1]), 0, most];
  return [...new Set(all.filter((value) => value >= 0 && value <= most))];
}

/** Ranks on the axis of protocols without ports: 256 numbers but for TCP, UDP and the family's own ICMP. */
const LAST_RANK = 252;

/** Packets at the corners of the boxes of both sets and one step outside of them. */
function edgeTransports({ sure, possible, family }: Reach): readonly Transport[] {
  const ports = (['tcp', 'udp'] as const).flatMap((kind) =>
    around([sure[kind].destinationPorts, possible[kind].destinationPorts], 65_535).flatMap((destinationPort) =>
      around([sure[kind].sourcePorts, possible[kind].sourcePorts], 65_535).map((sourcePort): Transport => ({
        kind,
        sourcePort,
        destinationPort,
      })),
    ),
  );
  const icmp = around([sure.icmp, possible.icmp], 65_535).map((value): Transport => ({
    kind: family === 'ipv4' ? 'icmp' : 'icmpv6',
    type: value >> 8,
    code: value & 255,
  }));
  const others = around([sure.other, possible.other], LAST_RANK).map((rank): Transport => ({
    kind: 'protocol',
    protocol: otherProtocol(rank, family),
  }));
  return [...ports, ...icmp, ...others];
}
