// What the case format cannot say: a subnet that only its interfaces name, a gateway with a route table, a network that is not modelled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordChange } from '../src/core/model/change.ts';
import type { Kind, Records } from '../src/core/model/records.ts';
import { asId } from '../src/core/model/ids.ts';
import { applyChange, getRecord, type World } from '../src/core/model/world.ts';
import { evaluate, type Verdict } from '../src/core/policy/evaluate.ts';
import { unknown } from '../src/core/policy/verdict.ts';
import { type PacketQuestion, packetQuestion } from './cases/packet-question.ts';
import { type Compact, compactWorld } from './compact.ts';

const COMPACT: Compact = {
  vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
  subnets: {
    S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'], routeTable: 'R1' },
    S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'] },
  },
  routeTables: { R1: { vpc: 'V1', routes: ['0.0.0.0/0 igw:G1'] } },
  internetGateways: { G1: { vpc: 'V1' } },
  groups: { A: { vpc: 'V1', ingress: ['all 0.0.0.0/0'] }, B: { vpc: 'V1', ingress: ['tcp/22 group:A'] } },
  enis: {
    a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'], public: { '10.0.1.10': '198.51.100.10' } },
    b: { subnet: 'S2', addresses: ['10.0.2.20'], groups: ['B'] },
  },
};
const WORLD = compactWorld(COMPACT);

function replaced<K extends Kind>(kind: K, id: string, to: Records[K] | undefined): World {
  return applyChange(WORLD, recordChange(kind, getRecord(WORLD, kind, id), to));
}

function asked(world: World, question: PacketQuestion): Verdict {
  const { origin, packet } = packetQuestion(world, question);
  return evaluate(world, origin, packet);
}

function doubts(verdict: Verdict): readonly string[] {
  return verdict.doubts.flatMap(({ gate, decision }) =>
    decision.outcome === 'unknown'
      ? [`${gate.way} ${gate.stage} ${decision.reason} ${decision.unknowns.join(' ')}`]
      : [],
  );
}

test('an interface in a subnet that the world does not hold: its NACL and its way back are unknown', () => {
  const question = { from: 'a', to: 'b', traffic: 'tcp/22' };
  assert.equal(asked(WORLD, question).outcome, 'allow');
  const verdict = asked(replaced('subnets', 'S2', undefined), question);
  assert.equal(verdict.outcome, 'unknown');
  assert.deepEqual(doubts(verdict), ['forward acl-ingress unknown-subnet S2', 'reply route unknown-subnet S2']);
});

test('an internet gateway with a route table of its own may send what comes in elsewhere', () => {
  const question = { from: 'internet:203.0.113.12', to: '198.51.100.10', traffic: 'tcp/22' };
  assert.equal(asked(WORLD, question).outcome, 'allow');
  const gateway = getRecord(WORLD, 'internetGateways', 'G1');
  assert.ok(gateway !== undefined);
  const verdict = asked(replaced('internetGateways', 'G1', { ...gateway, edgeRouteTableId: asId('edge') }), question);
  assert.equal(verdict.outcome, 'unknown');
  assert.deepEqual(doubts(verdict), ['forward gateway unmodelled-target edge']);
});

test('from a network that is not modelled a member of a group may come', () => {
  const { packet } = packetQuestion(WORLD, { from: 'a', to: 'b', traffic: 'tcp/22', source: '172.16.0.1' });
  const why = unknown('unmodelled-target', ['tgw']);
  const verdict = evaluate(WORLD, { kind: 'elsewhere', vpcId: asId('V1'), why }, packet);
  assert.equal(verdict.forward.outcome, 'unknown');
  assert.deepEqual(doubts({ ...verdict, doubts: verdict.doubts.filter((one) => one.gate.way === 'forward') }), [
    'forward gateway unmodelled-target tgw',
    'forward group-ingress unknown-interface A',
  ]);
});

test('whether an answer that leaves by the internet gets to such a network is unknown', () => {
  const { packet } = packetQuestion(WORLD, { from: 'a', to: 'a', traffic: 'tcp/22', source: '203.0.113.12' });
  const why = unknown('unmodelled-target', ['tgw']);
  const verdict = evaluate(WORLD, { kind: 'elsewhere', vpcId: asId('V1'), why }, packet);
  assert.equal(verdict.reply.outcome, 'unknown');
  assert.deepEqual(doubts(verdict), [
    'forward gateway unmodelled-target tgw',
    'reply route unmodelled-target 203.0.113.12',
  ]);
});
