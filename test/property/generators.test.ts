// The laws say nothing on worlds in which nothing happens: the generator must keep meeting all that can happen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DenyReason, UnknownReason } from '../../src/core/policy/verdict.ts';
import { compactWorld } from '../compact.ts';
import { judge } from './asked.ts';
import { randomQuestions, randomWorld } from './generators.ts';

/** Every reason that one packet on a sound compact world can meet. */
const REASONS: Readonly<Record<Exclude<DenyReason, Sequence> | Exclude<UnknownReason, Unsound>, true>> = {
  'source-not-own': true,
  'no-rules': true,
  'no-matching-rule': true,
  'acl-entry': true,
  'acl-default': true,
  'no-route': true,
  'blackhole-route': true,
  'no-interface': true,
  'asymmetric-route': true,
  'forwarding-loop': true,
  'no-public-address': true,
  'gateway-detached': true,
  'not-internet-routable': true,
  'egress-only': true,
  'nat-inbound': true,
  'nat-unavailable': true,
  'nat-protocol': true,
  'peering-inactive': true,
  'peering-not-transitive': true,
  'destination-not-own': true,
  'unknown-group': true,
  'unknown-prefix-list': true,
  'unknown-acl': true,
  'unknown-route-table': true,
  'unknown-gateway': true,
  'unknown-interface': true,
  'unmodelled-target': true,
  'nat-port-varies': true,
};

/** Reasons of packets that come after others. */
type Sequence = 'conntrack-full' | 'nat-expired' | 'nat-full';
/** Reasons that a compact world cannot give without naming what does not exist. */
type Unsound =
  | 'unknown-subnet'
  | 'unknown-vpc'
  | 'unknown-peer'
  | 'nat-address-varies'
  // Of plans alone: test/analysis/doubt-law.test.ts.
  | 'unknown-rule'
  | 'unknown-entry'
  | 'unknown-route'
  | 'unknown-address';

test('random worlds are well mixed and meet every reason', () => {
  const counts = { allow: 0, deny: 0, unknown: 0 };
  const met = new Set<string>();
  for (let seed = 0; seed < 2000; seed += 1) {
    const compact = randomWorld(seed);
    const world = compactWorld(compact);
    for (const question of randomQuestions(compact, seed, 6)) {
      const verdict = judge(world, question);
      for (const { decision } of [...verdict.blockers, ...verdict.doubts])
        if (decision.outcome !== 'pass') met.add(decision.reason);
      // What the VPC itself answers is always allowed and says nothing of rules.
      if (verdict.path.end.kind !== 'service') counts[verdict.outcome] += 1;
    }
  }
  const total = counts.allow + counts.deny + counts.unknown;
  const isMixed = counts.allow > total * 0.15 && counts.deny > total * 0.3 && counts.unknown > total * 0.03;
  assert.ok(isMixed, JSON.stringify(counts));
  assert.deepEqual(
    Object.keys(REASONS).filter((reason) => !met.has(reason)),
    [],
  );
});
