// The kernel as judge: real packets of random worlds and of all cases, leg by leg, equal what evaluate says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { replyTransport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { NOTHING } from '../../src/nft/listing.ts';
import { renderAll } from '../../src/nft/render.ts';
import { undoLines } from '../../src/nft/undo.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { readCases } from '../cases/read-cases.ts';
import { compactWorld } from '../compact.ts';
import { Legs, layoutsOf, type Plant, plantOf } from '../nft/legs.ts';
import { longAclWorld } from '../nft/long-acls.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { askOf } from '../property/asked.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions } from '../property/generators.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES, distinct, EXTENSIONS, type Probe, reached, saidOf, sentOf } from './probes.ts';
import { Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);
type Count = { passed: number; refused: number };

describe('packets in the kernel', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('packets', DEVICES);
  });
  after(() => wire.close());

  /** Compares all questions of a world; counts packets that got through and packets that did not. */
  async function compare(world: World, questions: readonly PacketQuestion[], count: Count): Promise<void> {
    const plant = plantOf(world);
    const probes = distinct(
      questions.flatMap((question, index) => probesOf(world, plant, { question, echoId: index + 1 })),
    );
    const layouts = layoutsOf(world, plant);
    for (const [vpcId, own] of Map.groupBy(probes, ({ leg }) => leg.vpcId)) {
      const found = layouts.get(vpcId);
      assert.ok(found !== undefined);
      load([...renderAll(found.ruleset)]);
      const seen = await wire.send(own.map((probe) => sentOf(plant, probe)));
      for (const [index, probe] of own.entries()) {
        assert.deepEqual(seen[index], probe.leg.passes ? [probe.leg.oif] : [], saidOf(probe));
        if (probe.leg.passes) count.passed += 1;
        else count.refused += 1;
      }
    }
  }

  function load(lines: readonly string[]): void {
    const input = [...undoLines(NOTHING), ...lines].join('\n');
    const { status, stderr } = wire.router.run('nft', ['-f', '-'], `${input}\n`);
    assert.equal(status, 0, stderr.slice(0, 1000));
    wire.forget();
  }

  test('get through random worlds exactly where evaluate lets them', async () => {
    const count: Count = { passed: 0, refused: 0 };
    for (let seed = 0; seed < checks(120); seed += 1) {
      const one = askOf(seed, 16);
      try {
        await compare(one.world, one.questions, count);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(count.passed > 800 && count.refused > 500, JSON.stringify(count));
  });

  test('get through damaged worlds exactly where evaluate lets them', async () => {
    const count: Count = { passed: 0, refused: 0 };
    for (let seed = 0; seed < checks(50); seed += 1) {
      const compact = wornWorld(seed);
      await compare(compactWorld(compact), randomQuestions(compact, seed, 12), count);
    }
    assert.ok(count.passed > 200 && count.refused > 150, JSON.stringify(count));
  });

  test('get through long NACLs exactly where evaluate lets them', async () => {
    const count: Count = { passed: 0, refused: 0 };
    for (let seed = 0; seed < checks(30); seed += 1) {
      const { compact, questions } = longAclWorld(seed);
      await compare(compactWorld(compact), questions, count);
    }
    assert.ok(count.passed > 300 && count.refused > 300, JSON.stringify(count));
  });

  test('get through the cases of the specification as they say', async () => {
    for (const one of readCases().filter(({ kind }) => kind === 'packet')) {
      const { packet } = one.data;
      assert.ok(packet !== undefined);
      try {
        await compare(compactWorld(one.compact), [packet], { passed: 0, refused: 0 });
      } catch (error) {
        throw new Error(`${one.file} ${one.name}`, { cause: error });
      }
    }
  });
});

/** The packets of a question: forward as far as it comes, then the answer, where evaluate says that all passes. */
function probesOf(
  world: World,
  plant: Plant,
  { question, echoId }: { readonly question: PacketQuestion; readonly echoId: number },
): readonly Probe[] {
  const { origin, packet } = packetQuestion(world, question);
  const verdict = evaluate(world, origin, packet);
  const { transport } = packet;
  if (packet.family === 'ipv6' && transport.kind === 'protocol' && EXTENSIONS.has(transport.protocol)) return [];
  const about = JSON.stringify(question);
  const legs = new Legs(world, plant).of({ origin, gates: verdict.forward.gates });
  const forward = reached(legs).map((leg): Probe => ({ leg, transport, flags: 'syn', echoId, about }));
  const answer = replyTransport(transport);
  if (verdict.outcome !== 'allow' || answer === undefined || verdict.path.translations.length > 0) return forward;
  if (forward.length !== legs.length) return forward;
  const back = new Legs(world, plant).of({ origin: verdict.path.end, gates: verdict.reply.gates });
  return [
    ...forward,
    ...reached(back).map((leg): Probe => ({ leg, transport: answer, flags: 'syn-ack', echoId, about })),
  ];
}
