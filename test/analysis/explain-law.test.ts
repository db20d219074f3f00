// Laws of explanations: they repeat the verdict, every rule they name would do alone, and every remedy of a filter works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectOk } from '../../src/core/net/result.ts';
import { formatTransport, parseTraffic, type Transport } from '../../src/core/net/traffic.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { asId } from '../../src/core/model/ids.ts';
import { sortEntries } from '../../src/core/model/network-acl.ts';
import type { Rule } from '../../src/core/model/security-group.ts';
import { applyChange, getRecord, type World } from '../../src/core/model/world.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { type GateAnswer, judgePath, type Verdict } from '../../src/core/policy/evaluate.ts';
import { explain } from '../../src/core/policy/explain.ts';
import { remedies, type Remedy, remedyText } from '../../src/core/policy/explain-remedy.ts';
import { denyText, nearMissText, passText, unknownText } from '../../src/core/policy/explain-text.ts';
import { chooseRoute } from '../../src/core/policy/route.ts';
import type { RuleRef } from '../../src/core/policy/verdict.ts';
import { resolveEndpoint } from '../../src/analysis/endpoint.ts';
import { listPairs, questionFamilies, stopsOf } from '../../src/analysis/question.ts';
import { planTrip } from '../../src/analysis/trip.ts';
import { compactWorld } from '../compact.ts';
import { compactWorlds } from './world-arbitrary.ts';

const transport: fc.Arbitrary<Transport> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('tcp' as const, 'udp' as const),
    sourcePort: fc.constantFrom(1024, 40_000, 50_000),
    destinationPort: fc.constantFrom(22, 53, 443, 1500),
  }),
  fc.record({ kind: fc.constant('icmp' as const), type: fc.constantFrom(0, 8), code: fc.constant(0) }),
  fc.record({ kind: fc.constant('protocol' as const), protocol: fc.constantFrom(47, 50) }),
);
const ends = fc.constantFrom('a', 'b', 'c', 'd', '198.51.100.10', '203.0.113.12', '192.168.7.7', '203.0.113.200');

type Seen = { readonly world: World; readonly verdict: Verdict; readonly transport: Transport };

/** Runs a check on verdicts of all kinds; says so when the worlds gave too few of them. */
function forVerdicts(atLeast: number, check: (seen: Seen) => number): void {
  let hits = 0;
  fc.assert(
    fc.property(compactWorlds, ends, ends, transport, (compact, from, to, sent) => {
      const world = compactWorld(compact);
      const question = {
        from: expectOk(resolveEndpoint(world, from)),
        to: expectOk(resolveEndpoint(world, to)),
        traffic: expectOk(parseTraffic('all')),
        family: 'ipv4' as const,
      };
      const families = questionFamilies(question);
      const listed = listPairs(question, families.ok ? families.value : [], 4);
      if (!listed.ok) return;
      for (const pair of listed.value.pairs) {
        for (const stops of stopsOf(world, pair)) {
          const { path } = planTrip(world, stops.from, stops.to);
          hits += check({ world, verdict: judgePath(decideGate, world, { path, transport: sent }), transport: sent });
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(hits >= atLeast, `only ${hits} checks`);
}

const answersOf = (verdict: Verdict): readonly GateAnswer[] => [...verdict.forward.gates, ...verdict.reply.gates];

test('an explanation has the verdict of the definition, gate by gate', () => {
  forVerdicts(200, ({ verdict }) => {
    const trace = explain(verdict);
    assert.equal(trace.outcome, verdict.outcome);
    const steps = [...trace.forward, ...trace.reply];
    assert.deepEqual(
      steps.map((step) => `${step.way} ${step.stage} ${step.resource} ${step.outcome}`),
      answersOf(verdict).map(({ gate, decision }) => `${gate.way} ${gate.stage} ${gate.resource} ${decision.outcome}`),
    );
    for (const step of steps) assert.ok(step.lines.length > 0 && step.lines.every((line) => line.trim() !== ''));
    return 1;
  });
});

test('every rule, entry and route that lets a packet pass exists and would do alone', () => {
  forVerdicts(500, ({ world, verdict, transport: sent }) => {
    let checked = 0;
    for (const { gate, decision } of answersOf(verdict)) {
      if (decision.outcome !== 'pass') continue;
      for (const ref of decision.rules) {
        if (ref.kind === 'route') assert.equal(routeAlone(world, ref, gate.destination), true);
        else {
          const again = decideGate(alone(world, ref), gate, sent);
          assert.equal(again.outcome, 'pass', `${gate.stage} ${formatTransport(sent)}`);
        }
        checked += 1;
      }
    }
    return checked;
  });
});

test('what a remedy of a group or NACL asks for, done, lets the packet pass there', () => {
  forVerdicts(300, ({ world, verdict, transport: sent }) => {
    const changes = remedies(world, verdict, { transport: sent });
    assert.equal(changes.length, verdict.blockers.length, 'one for each blocker');
    let checked = 0;
    for (const [index, { gate }] of verdict.blockers.entries()) {
      const remedy = changes[index]!;
      assert.ok(remedyText(remedy).length > 10);
      for (const changed of applied(world, remedy)) {
        assert.equal(decideGate(changed, gate, sent).outcome, 'pass', remedyText(remedy));
        checked += 1;
      }
    }
    return checked;
  });
});

const naming = (id: string): string => `name of ${id}`;

test('every gate has words for whatever it says', () => {
  forVerdicts(500, ({ verdict }) => {
    for (const { gate, decision } of answersOf(verdict)) {
      const text =
        decision.outcome === 'pass'
          ? passText(gate, decision.by, naming)
          : decision.outcome === 'deny'
            ? [denyText(gate, decision, naming), ...decision.nearest.map((miss) => nearMissText(miss, naming))].join()
            : unknownText(gate, decision, naming);
      assert.doesNotMatch(text, /undefined|\[object/);
    }
    return answersOf(verdict).length;
  });
});

/** The world in which the rule's group, or the entry's NACL, holds it and nothing else in its direction. */
function alone(world: World, ref: Exclude<RuleRef, { kind: 'route' }>): World {
  if (ref.kind === 'default-entry') throw new Error('the final deny lets nothing pass');
  if (ref.kind === 'rule') {
    const group = getRecord(world, 'groups', ref.groupId)!;
    assert.ok(group.rules.includes(ref.rule), 'the rule exists');
    let changed = world;
    for (const other of ['A', 'B', 'C']) {
      const record = getRecord(changed, 'groups', other)!;
      const rules = other === ref.groupId ? [ref.rule] : [];
      changed = applyChange(changed, recordChange('groups', record, { ...record, rules }));
    }
    return changed;
  }
  const acl = getRecord(world, 'acls', ref.aclId)!;
  assert.ok(acl.entries.includes(ref.entry), 'the entry exists');
  return applyChange(world, recordChange('acls', acl, { ...acl, entries: [ref.entry] }));
}

function routeAlone(
  world: World,
  ref: Extract<RuleRef, { kind: 'route' }>,
  destination: GateAnswer['gate']['destination'],
): boolean {
  const table = getRecord(world, 'routeTables', ref.routeTableId)!;
  assert.ok(table.routes.includes(ref.route), 'the route exists');
  return chooseRoute(world, { ...table, routes: [ref.route] }, destination).kind === 'route';
}

/** The worlds that a remedy leads to: with a rule by address, with a rule by reference, with an entry. */
function applied(world: World, remedy: Remedy): readonly World[] {
  if (remedy.kind === 'add-rule') {
    const { direction, traffic } = remedy;
    const peers: readonly Rule['peer'][] = [
      { kind: 'cidr', cidr: remedy.cidr },
      ...remedy.peerGroups.map((groupId): Rule['peer'] => ({ kind: 'group', groupId })),
    ];
    return remedy.groups.flatMap((id) => {
      const group = getRecord(world, 'groups', id);
      if (group === undefined) return [];
      return peers.map((peer) => {
        const rule: Rule = { id: asId('new'), direction, traffic, peer, tags: [] };
        return applyChange(world, recordChange('groups', group, { ...group, rules: [...group.rules, rule] }));
      });
    });
  }
  if (remedy.kind !== 'add-entry') return [];
  const acl = getRecord(world, 'acls', remedy.aclId)!;
  const { direction, traffic, cidr, below } = remedy;
  const rest = below === 1 ? acl.entries.filter((one) => one.number !== 1 || one.direction !== direction) : acl.entries;
  const taken = new Set(rest.filter((one) => one.direction === direction).map((one) => one.number));
  const highest = below === undefined || below === 1 ? 32_766 : below - 1;
  let number = below === 1 ? 1 : highest;
  while (taken.has(number)) number -= 1;
  if (number < 1) return [];
  const entry = { number, direction, action: 'allow' as const, cidr, traffic };
  return [applyChange(world, recordChange('acls', acl, { ...acl, entries: sortEntries([...rest, entry]) }))];
}
