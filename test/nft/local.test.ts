// The machine that is itself the instance: its hooks say what evaluate says of its own gates. References match by address there, for nobody
// on the machine sees who is at the other end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { LOCAL_HOOKS } from '../../src/nft/local-hooks.ts';
import { trace } from '../../src/nft/trace.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { checks } from '../property/checks.ts';
import { about, askOf } from '../property/asked.ts';
import { DEVICE, type End, endsOf, isPlain, localLayout } from './ends.ts';
import { Legs, plantOf } from './legs.ts';

function check(world: World, end: End, of: { readonly transport: Transport; readonly about: string }): void {
  const { eni, direction, leg, gates, passes } = end;
  const { source, destination } = leg;
  const connection = { direction: 'original', mark: 0, isRelated: false } as const;
  const device = direction === 'egress' ? { oifname: DEVICE } : { iifname: DEVICE };
  const { verdict, by } = trace(localLayout(world, eni).ruleset, LOCAL_HOOKS[direction], {
    frame: { ...device, source, destination, transport: of.transport, opens: true, connection },
    memory: new Map(),
  });
  const said = gates.map(({ gate, decision }) => `${gate.stage} ${decision.outcome}`).join(', ');
  assert.equal(
    verdict,
    passes ? 'accept' : 'drop',
    `${of.about}: ${formatTransport(of.transport)} at ${eni.id} ${direction}, by ${by}: ${said}`,
  );
}

test('a machine that is the instance enforces its own gates', () => {
  const seen = { passed: 0, refused: 0 };
  for (let seed = 0; seed < checks(120); seed += 1) {
    const one = askOf(seed, 12);
    const plant = plantOf(one.world);
    for (const question of one.questions) {
      const { origin, packet } = packetQuestion(one.world, question);
      const verdict = evaluate(one.world, origin, packet);
      const legs = new Legs(one.world, plant).of({ origin, gates: verdict.forward.gates });
      for (const end of endsOf(one.world, plant, legs)) {
        if (!isPlain(one.world, end)) continue;
        check(one.world, end, { transport: packet.transport, about: about(one, question) });
        if (end.passes) seen.passed += 1;
        else seen.refused += 1;
      }
    }
  }
  assert.ok(seen.passed > 200 && seen.refused > 100, JSON.stringify(seen));
});
