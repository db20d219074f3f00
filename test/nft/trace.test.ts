// The rulesets mean what `evaluate` means: every packet of random worlds and of all cases, leg by leg through the interpreter.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress } from '../../src/core/net/address.ts';
import { formatTransport, replyTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate, type Verdict } from '../../src/core/policy/evaluate.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { readCases } from '../cases/read-cases.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { about, askOf } from '../property/asked.ts';
import { randomQuestions } from '../property/generators.ts';
import { type Leg, Legs, NOWHERE, layoutsOf, plantOf } from './legs.ts';
import { longAclWorld } from './long-acls.ts';
import { Routers } from './router.ts';

/** Legs that were compared, by what the definition says of them. */
type Seen = { passed: number; refused: number; replies: number };

function compare(world: World, question: PacketQuestion, seen: Seen): void {
  const { origin, packet } = packetQuestion(world, question);
  const verdict = evaluate(world, origin, packet);
  const plant = plantOf(world);
  const routers = new Routers(plant, layoutsOf(world, plant));
  const forward = new Legs(world, plant).of({ origin, gates: verdict.forward.gates });
  if (!crossAll(routers, forward, { transport: packet.transport, opens: true, seen })) return;
  const reply = replyTransport(packet.transport);
  if (verdict.outcome !== 'allow' || reply === undefined || isTranslated(verdict)) return;
  seen.replies += 1;
  const back = new Legs(world, plant).of({ origin: verdict.path.end, gates: verdict.reply.gates });
  crossAll(routers, back, { transport: reply, opens: false, seen });
}

/** A NAT gateway gives the flow a port of its own, which only the kernel knows. */
function isTranslated({ path }: Verdict): boolean {
  return path.translations.length > 0;
}

/** Whether the packet came through all legs. */
function crossAll(
  routers: Routers,
  legs: readonly Leg[],
  packet: { readonly transport: Transport; readonly opens: boolean; readonly seen: Seen },
): boolean {
  for (const leg of legs) {
    // A NAT gateway sends nothing of its own accord.
    if (leg.iif === NOWHERE) return false;
    // An appliance that routes to itself knows the flow from the first time; evaluate has no memory.
    if (leg.iif === leg.oif) return false;
    const { verdict, by } = routers.cross({ leg, ...packet });
    const said = leg.gates.map(({ gate, decision }) => `${gate.stage} ${gate.resource} ${decision.outcome}`).join(', ');
    const what = `${formatTransport(packet.transport)} ${formatAddress(leg.source)} > ${formatAddress(leg.destination)}`;
    assert.equal(verdict, leg.passes ? 'accept' : 'drop', `${what} ${leg.iif} > ${leg.oif}, by ${by}: ${said}`);
    if (leg.passes) packet.seen.passed += 1;
    else packet.seen.refused += 1;
    if (!leg.passes) return false;
  }
  return true;
}

describe('the interpreter of rulesets', () => {
  test('says what evaluate says of random worlds', () => {
    const seen: Seen = { passed: 0, refused: 0, replies: 0 };
    for (let seed = 0; seed < checks(300); seed += 1) {
      const one = askOf(seed, 16);
      for (const question of one.questions) {
        try {
          compare(one.world, question, seen);
        } catch (error) {
          throw new Error(about(one, question), { cause: error });
        }
      }
    }
    assert.ok(seen.passed > 500 && seen.refused > 500 && seen.replies > 200, JSON.stringify(seen));
  });

  test('says what evaluate says of damaged worlds', () => {
    const seen: Seen = { passed: 0, refused: 0, replies: 0 };
    for (let seed = 0; seed < checks(150); seed += 1) {
      const compact = wornWorld(seed);
      const world = compactWorld(compact);
      for (const question of randomQuestions(compact, seed, 12)) compare(world, question, seen);
    }
    assert.ok(seen.passed > 100 && seen.refused > 100, JSON.stringify(seen));
  });

  test('says what evaluate says of long NACLs', () => {
    const seen: Seen = { passed: 0, refused: 0, replies: 0 };
    for (let seed = 0; seed < checks(60); seed += 1) {
      const { compact, questions } = longAclWorld(seed);
      const world = compactWorld(compact);
      for (const question of questions) compare(world, question, seen);
    }
    assert.ok(seen.passed > 800 && seen.refused > 600, JSON.stringify(seen));
  });

  for (const one of readCases().filter(({ kind }) => kind === 'packet')) {
    test(`${one.file} ${one.name}: ${one.data.title}`, () => {
      const { packet } = one.data;
      assert.ok(packet !== undefined);
      compare(compactWorld(one.compact), packet, { passed: 0, refused: 0, replies: 0 });
    });
  }
});
