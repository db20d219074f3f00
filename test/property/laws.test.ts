// The laws of the semantics on random worlds. A failure names the seed and the question: both make the same world again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import type { IntervalSet } from '../../src/core/net/interval-set.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { eniOwns } from '../../src/core/model/eni.ts';
import type { World } from '../../src/core/model/world.ts';
import { decideByClassifier } from '../../src/core/policy/classifier.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { evaluate, evaluateBy, judgePath, type Verdict } from '../../src/core/policy/evaluate.ts';
import { explain } from '../../src/core/policy/explain.ts';
import { hasTransport, type Reach, reachOf } from '../../src/core/policy/reach.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { checks } from './checks.ts';
import { randomQuestions, randomWorld } from './generators.ts';
import { embedIpv4, swapDirections } from './transforms.ts';

type Asked = {
  readonly compact: Compact;
  readonly world: World;
  readonly question: PacketQuestion;
  readonly seed: number;
};

/** Every question of so many random worlds. */
function* asked(worlds: number, perWorld: number, first = 0): Generator<Asked, void, undefined> {
  for (let seed = first; seed < first + checks(worlds); seed += 1) {
    const compact = randomWorld(seed);
    const world = compactWorld(compact);
    for (const question of randomQuestions(compact, seed + 7, perWorld)) yield { compact, world, question, seed };
  }
}

function judge(world: World, question: PacketQuestion): Verdict {
  const { origin, packet } = packetQuestion(world, question);
  return evaluate(world, origin, packet);
}

const about = ({ seed, question }: Asked): string => `seed ${seed}, ${JSON.stringify(question)}`;

/** A compact world with its groups' rules edited. */
function editGroups(
  compact: Compact,
  edit: (group: NonNullable<Compact['groups']>[string], name: string) => NonNullable<Compact['groups']>[string],
): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(([name, group]) => [name, edit(group, name)] as const);
  return { ...compact, groups: Object.fromEntries(groups) };
}

const ALL_OUT = ['all 0.0.0.0/0'];

describe('laws', () => {
  test('the classifier gives what evaluate gives', () => {
    for (const one of asked(250, 20)) {
      const question = packetQuestion(one.world, one.question);
      const compiled = evaluateBy(decideByClassifier, one.world, question);
      assert.equal(compiled.outcome, evaluate(one.world, question.origin, question.packet).outcome, about(one));
    }
  });

  test('an explanation says what evaluate says, gate by gate, and names rules that exist', () => {
    for (const one of asked(150, 12, 300)) {
      const verdict = judge(one.world, one.question);
      const { outcome, forward, reply } = explain(verdict);
      assert.equal(outcome, verdict.outcome, about(one));
      assert.deepEqual(
        [...forward, ...reply].map((step) => step.outcome),
        [...verdict.forward.gates, ...verdict.reply.gates].map(({ decision }) => decision.outcome),
        about(one),
      );
      for (const step of [...forward, ...reply]) {
        assert.ok(step.lines.length > 0, about(one));
        for (const ref of step.rules)
          if (ref.kind === 'rule') assert.ok(one.compact.groups?.[ref.groupId] !== undefined, about(one));
      }
    }
  });

  test('each rule that an allow names is enough alone at its gate', () => {
    for (const one of asked(150, 12, 500)) {
      const verdict = judge(one.world, one.question);
      const gates = verdict.forward.gates.filter(({ gate }) => gate.kind === 'groups');
      for (const [index, { decision }] of gates.entries()) {
        if (decision.outcome !== 'pass') continue;
        for (const ref of decision.rules) {
          if (ref.kind !== 'rule') continue;
          const { direction, id } = ref.rule;
          const place = Number(id.split('.')[2]);
          const alone = editGroups(one.compact, (group, name) => ({
            ...group,
            [direction]: name === ref.groupId ? [(group[direction] ?? ALL_OUT)[place] ?? ''] : [],
          }));
          const again = judge(compactWorld(alone), one.question).forward.gates.filter(
            ({ gate }) => gate.kind === 'groups',
          );
          assert.equal(again[index]?.decision.outcome, 'pass', `${id}: ${about(one)}`);
        }
      }
    }
  });

  test('a rule more never closes, a rule less never opens', () => {
    const order = { deny: 0, unknown: 1, allow: 2 } as const;
    for (const one of asked(250, 16, 700)) {
      const random = new Random(one.seed);
      const names = Object.keys(one.compact.groups ?? {});
      const edited = random.pick(names);
      const direction = random.pick(['ingress', 'egress'] as const);
      const added = random.pick([
        'all 0.0.0.0/0',
        'tcp/22-443 10.0.0.0/8',
        'all ::/0',
        `all group:${random.pick(names)}`,
        'icmp 0.0.0.0/0',
      ]);
      const more = editGroups(one.compact, (group, name) =>
        name === edited
          ? { ...group, [direction]: [...(group[direction] ?? (direction === 'egress' ? ALL_OUT : [])), added] }
          : group,
      );
      const less = editGroups(one.compact, (group, name) =>
        name === edited ? { ...group, [direction]: (group[direction] ?? ALL_OUT).slice(1) } : group,
      );
      const now = order[judge(one.world, one.question).outcome];
      assert.ok(order[judge(compactWorld(more), one.question).outcome] >= now, `more: ${about(one)}`);
      assert.ok(order[judge(compactWorld(less), one.question).outcome] <= now, `less: ${about(one)}`);
    }
  });

  test('order and repetition of rules and groups say nothing; entries go by number alone', () => {
    for (const one of asked(250, 12, 900)) {
      const turned = editGroups(one.compact, (group) => ({
        ...group,
        ingress: [...(group.ingress ?? []).toReversed(), ...(group.ingress ?? [])],
        egress: [...(group.egress ?? ALL_OUT).toReversed(), ...(group.egress ?? ALL_OUT)],
      }));
      const acls = Object.entries(one.compact.acls ?? {}).map(([name, acl]) => {
        const { ingress = [], egress = [] } = acl;
        return [name, { ...acl, ingress: ingress.toReversed(), egress: egress.toReversed() }] as const;
      });
      const enis = Object.entries(one.compact.enis ?? {}).map(
        ([name, eni]) => [name, { ...eni, groups: (eni.groups ?? []).toReversed() }] as const,
      );
      const other = { ...turned, acls: Object.fromEntries(acls), enis: Object.fromEntries(enis) };
      assert.equal(
        judge(compactWorld(other), one.question).outcome,
        judge(one.world, one.question).outcome,
        about(one),
      );
    }
  });

  test('a reference is its members written out, on direct legs within a VPC', () => {
    let seen = 0;
    for (const one of asked(300, 16, 1100)) {
      const before = judge(one.world, one.question);
      if (!isDirect(before)) continue;
      seen += 1;
      const written = editGroups(one.compact, (group) => ({
        ...group,
        ingress: (group.ingress ?? []).flatMap((rule) => writtenOut(one.compact, rule)),
        egress: (group.egress ?? ALL_OUT).flatMap((rule) => writtenOut(one.compact, rule)),
      }));
      assert.equal(judge(compactWorld(written), one.question).outcome, before.outcome, about(one));
    }
    assert.ok(seen > checks(300));
  });

  test('reach holds a packet exactly when evaluate lets it pass', () => {
    for (const one of asked(300, 20, 1300)) {
      const verdict = judge(one.world, one.question);
      const { packet } = packetQuestion(one.world, one.question);
      const reach = reachOf(one.world, verdict.path);
      const [sure, possible] = [reach.sure, reach.possible].map((set) =>
        hasTransport(set, packet.transport, packet.family),
      );
      assert.equal(sure === true ? 'allow' : possible === true ? 'unknown' : 'deny', verdict.outcome, about(one));
    }
  });

  test('reach is exact at the edges of its boxes', () => {
    for (const one of asked(120, 6, 1500)) {
      const { path } = judge(one.world, one.question);
      const reach = reachOf(one.world, path);
      for (const transport of edgeTransports(reach)) {
        const { outcome } = judgePath(decideGate, one.world, { path, transport });
        const [sure, possible] = [reach.sure, reach.possible].map((set) => hasTransport(set, transport, path.family));
        const expected = sure === true ? 'allow' : possible === true ? 'unknown' : 'deny';
        assert.equal(outcome, expected, `${JSON.stringify(transport)}: ${about(one)}`);
      }
    }
  });

  test('swapped directions and ends swap what the groups say', () => {
    let seen = 0;
    for (const one of asked(400, 12, 1600)) {
      const before = judge(one.world, one.question);
      if (!isDirect(before) || one.question.source !== undefined || one.compact.enis?.[one.question.to] === undefined)
        continue;
      if (one.question.from === one.question.to) continue;
      const swapped = swapDirections(one.compact);
      const after = judge(compactWorld(swapped), { ...one.question, from: one.question.to, to: one.question.from });
      // The way back may be another one: routes are each subnet's own.
      if (!isDirect(after)) continue;
      seen += 1;
      assert.deepEqual(groupOutcomes(after), groupOutcomes(before).toReversed(), about(one));
    }
    assert.ok(seen > checks(200));
  });

  test('an IPv4 world carried over to IPv6 gives the same verdicts', () => {
    let seen = 0;
    for (const one of asked(400, 12, 2000)) {
      const moved = embedIpv4(one.compact, one.question);
      if (moved === undefined) continue;
      seen += 1;
      const after = judge(compactWorld(moved.compact), moved.question);
      const before = judge(compactWorld(moved.original), one.question);
      assert.equal(after.outcome, before.outcome, about(one));
    }
    assert.ok(seen > checks(400));
  });
});

/** The values at the ends of intervals, their neighbours, and the ends of the range. */
function around(set: IntervalSet, most: number): readonly number[] {
  const all = [...set.flatMap((value) => [value - 1, value, value + 1]), 0, most];
  return [...new Set(all.filter((value) => value >= 0 && value <= most))];
}

/** Packets at the corners of the boxes of a set and one step outside of them. */
function edgeTransports({ possible, family }: Reach): readonly Transport[] {
  const ports = (['tcp', 'udp'] as const).flatMap((kind) =>
    around(possible[kind].destinationPorts, 65_535).flatMap((destinationPort) =>
      around(possible[kind].sourcePorts, 65_535).map((sourcePort): Transport => ({
        kind,
        sourcePort,
        destinationPort,
      })),
    ),
  );
  const icmp = around(possible.icmp, 65_535).map((value): Transport => ({
    kind: family === 'ipv4' ? 'icmp' : 'icmpv6',
    type: value >> 8,
    code: value & 255,
  }));
  return [...ports, ...icmp];
}

/** From interface to interface of one VPC, each end by an address of its own. */
function isDirect({ path }: Verdict): boolean {
  const groups = [...path.forward].filter((gate) => gate.kind === 'groups');
  const [first, last] = [groups[0], groups.at(-1)];
  return (
    groups.length === 2 &&
    path.end.kind === 'eni' &&
    path.translations.length === 0 &&
    first !== undefined &&
    last !== undefined &&
    first.eni.vpcId === last.eni.vpcId &&
    eniOwns(first.eni, first.source) &&
    eniOwns(last.eni, last.destination) &&
    !path.forward.some((gate) => gate.stage === 'gateway')
  );
}

function writtenOut(compact: Compact, rule: string): readonly string[] {
  const [traffic = '', peer = ''] = rule.split(' ');
  const group = /^group:(.*)$/.exec(peer)?.[1];
  if (group === undefined) return [rule];
  const members = Object.values(compact.enis ?? {}).filter((eni) => (eni.groups ?? []).includes(group));
  return members.flatMap((eni) => [
    ...(eni.addresses ?? []).map((address) => `${traffic} ${address}/${address.includes(':') ? 128 : 32}`),
    ...(eni.prefixes ?? []).map((prefix) => `${traffic} ${prefix}`),
  ]);
}

function groupOutcomes(verdict: Verdict): readonly string[] {
  return verdict.forward.gates.filter(({ gate }) => gate.kind === 'groups').map(({ decision }) => decision.outcome);
}
