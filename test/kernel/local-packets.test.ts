// The kernel as judge where the machine is itself the instance: real packets to it and from it, of random worlds and of all cases.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { replyTransport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { readCases } from '../cases/read-cases.ts';
import { compactWorld } from '../compact.ts';
import { localLayout } from '../nft/ends.ts';
import { type Plant, plantOf } from '../nft/legs.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { askOf } from '../property/asked.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions } from '../property/generators.ts';
import { Machine } from './machine.ts';
import { whyNoKernel } from './namespace.ts';
import { firstOfFlow, passingOf, saidOf, type Stop, stopsOf } from './passings.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3']);
type Count = { passed: number; refused: number; answers: number; ofIpv6: number };

describe('packets at a machine that is the instance', { skip: WHY_NOT ?? false }, () => {
  let machine: Machine;
  before(() => {
    machine = new Machine('local');
  });
  after(() => machine.close());

  /** Compares all questions of a world, on one machine after another. */
  async function compare(world: World, questions: readonly PacketQuestion[], count: Count): Promise<void> {
    const plant = plantOf(world);
    const stops = firstOfFlow(questions.flatMap((question, index) => stopsFor(world, plant, { question, index })));
    for (const [eni, own] of Map.groupBy(stops, (stop) => stop.eni)) {
      await machine.load(localLayout(world, eni).ruleset);
      const seen = await machine.send(own.map(passingOf));
      for (const [index, stop] of own.entries()) {
        assert.equal(seen[index], stop.passes, saidOf(stop));
        if (stop.passes) count.passed += 1;
        else count.refused += 1;
        if (stop.flags === 'syn-ack') count.answers += 1;
        if (stop.leg.source.family === 'ipv6') count.ofIpv6 += 1;
      }
    }
  }

  test('get through random worlds exactly where evaluate lets them', async () => {
    const count: Count = { passed: 0, refused: 0, answers: 0, ofIpv6: 0 };
    for (let seed = 0; seed < checks(120); seed += 1) {
      const one = askOf(seed, 16);
      try {
        await compare(one.world, one.questions, count);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(count.passed > 800 && count.refused > 400, JSON.stringify(count));
    assert.ok(count.answers > 300 && count.ofIpv6 > 300, JSON.stringify(count));
  });

  test('get through damaged worlds exactly where evaluate lets them', async () => {
    const count: Count = { passed: 0, refused: 0, answers: 0, ofIpv6: 0 };
    for (let seed = 0; seed < checks(50); seed += 1) {
      const compact = wornWorld(seed);
      await compare(compactWorld(compact), randomQuestions(compact, seed, 12), count);
    }
    assert.ok(count.passed > 250 && count.refused > 100, JSON.stringify(count));
  });

  test('get through the cases of the specification as they say', async () => {
    const count: Count = { passed: 0, refused: 0, answers: 0, ofIpv6: 0 };
    for (const one of readCases().filter(({ kind }) => kind === 'packet')) {
      const { packet } = one.data;
      assert.ok(packet !== undefined);
      try {
        await compare(compactWorld(one.compact), [packet], count);
      } catch (error) {
        throw new Error(`${one.file} ${one.name}`, { cause: error });
      }
    }
    assert.ok(count.passed > 200 && count.refused > 50, JSON.stringify(count));
  });
});

/** The packets of a question at every machine of its way, and those of the answer where all of them pass. */
function stopsFor(
  world: World,
  plant: Plant,
  { question, index }: { readonly question: PacketQuestion; readonly index: number },
): readonly Stop[] {
  const { origin, packet } = packetQuestion(world, question);
  const verdict = evaluate(world, origin, packet);
  const { transport } = packet;
  const of = { echoId: index + 1, about: JSON.stringify(question) };
  const forward = stopsOf(world, plant, { origin, gates: verdict.forward.gates, transport, flags: 'syn', ...of });
  const answer = replyTransport(transport);
  const isWhole = verdict.forward.outcome === 'allow' && verdict.path.translations.length === 0;
  if (answer === undefined || !isWhole) return forward;
  const back = { origin: verdict.path.end, gates: verdict.reply.gates, transport: answer, flags: 'syn-ack' } as const;
  // An answer is one only where the machine knows what it answers.
  const known = new Set(forward.map(({ eni }) => eni));
  return [...forward, ...stopsOf(world, plant, { ...back, ...of }).filter(({ eni }) => known.has(eni))];
}
