// What the kernel remembers: flows before and after the rules change, compared with connection tracking as the specification has it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Gate, Origin, Path } from '../../src/core/policy/path.ts';
import { Network, type Passage } from '../../src/core/track/network.ts';
import { AUTOMATIC_TYPES } from '../../src/core/track/automatic-types.ts';
import type { VpcId } from '../../src/core/model/ids.ts';
import type { World } from '../../src/core/model/world.ts';
import { delta } from '../../src/nft/delta.ts';
import type { Layout } from '../../src/nft/layout.ts';
import { listingOf, NOTHING } from '../../src/nft/listing.ts';
import type { Numbering } from '../../src/nft/plan.ts';
import { linesOf, renderAll } from '../../src/nft/render.ts';
import { undoLines } from '../../src/nft/undo.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { Legs, layoutsOf, type Plant, plantOf } from '../nft/legs.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { EDITS, type Flow, flowsOf, wholeWay } from './flows.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES, distinct, type Probe, reached, saidOf, sentOf } from './probes.ts';
import { Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

/** Packets of known flows after an edit that got through, and that did not. */
type Count = { readonly kept: number; readonly cut: number };

describe('what the kernel remembers', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('memory', DEVICES);
  });
  after(() => wire.close());

  async function expectAll(plant: Plant, probes: readonly Probe[], where: string): Promise<Count> {
    const seen = await wire.send(probes.map((probe) => sentOf(plant, probe)));
    for (const [index, probe] of probes.entries())
      assert.deepEqual(seen[index], probe.leg.passes ? [probe.leg.oif] : [], `${where}: ${saidOf(probe)}`);
    const kept = probes.filter(({ leg }) => leg.passes).length;
    return { kept, cut: probes.length - kept };
  }

  function apply(lines: Iterable<string>): void {
    const { status, stderr } = wire.router.run('nft', ['-f', '-'], `${[...lines].join('\n')}\n`);
    assert.equal(status, 0, stderr.slice(0, 1000));
  }

  /** Plays the flows of a world before and after an edit, one router after another. */
  async function play(compact: Compact, seed: number, [name, edit]: (typeof EDITS)[number]): Promise<Count> {
    const [world, next] = [compactWorld(compact), compactWorld(edit(compact, seed))];
    const plant = plantOf(world);
    const network = new Network(world);
    const flows = flowsOf(network, { compact, seed, isApart });
    const all = flows.flatMap((flow) => probesOf(world, plant, flow));
    const alone = distinct(all);
    const shared = new Set(all.filter((probe) => !alone.includes(probe)).map(({ about }) => about));
    const firsts = all.filter(({ about }) => !shared.has(about));
    network.change(next);
    const kept = new Set(firsts.map(({ about }) => about));
    const laters = flows
      .filter(({ about }) => kept.has(about))
      .flatMap((flow) => laterProbes({ network, next, plant }, flow));
    const earlier = layoutsOf(world, plant);
    const numberings = new Map([...earlier].map(([id, { numbering }]): [VpcId, Numbering] => [id, numbering]));
    const later = layoutsOf(next, plant, numberings);
    const count = { kept: 0, cut: 0 };
    for (const [vpcId, layout] of earlier) {
      const [own, then] = [firsts, laters].map((probes) => probes.filter(({ leg }) => leg.vpcId === vpcId));
      const changed = later.get(vpcId);
      if (own === undefined || then === undefined || changed === undefined || then.length === 0) continue;
      load(layout);
      await expectAll(plant, own, `seed ${seed}, before ${name}`);
      for (const { commands } of delta(listingOf(layout.ruleset), changed.ruleset).transactions)
        apply(linesOf(commands));
      const seen = await expectAll(plant, then, `seed ${seed}, after ${name}`);
      count.kept += seen.kept;
      count.cut += seen.cut;
    }
    return count;
  }

  function load({ ruleset }: Layout): void {
    apply([...undoLines(NOTHING), ...renderAll(ruleset)]);
    wire.forget();
  }

  for (const [index, edit] of EDITS.entries()) {
    test(`is what connection tracking remembers when ${edit[0]}`, async () => {
      const count = { kept: 0, cut: 0 };
      for (let seed = index * 1000; seed < index * 1000 + checks(25); seed += 1) {
        const compact = randomWorld(seed);
        if (JSON.stringify(compact).includes('"gone"')) continue;
        const { kept, cut } = await play(compact, seed, edit);
        count.kept += kept;
        count.cut += cut;
      }
      assert.ok(count.kept > 0 && (count.cut > 0 || edit[0] === 'everything is opened'), JSON.stringify(count));
    });
  }
});

/** Packets through NAT gateways are other packets behind it; what runs at the other end of a peering connection is not known on this side (docs/semantics/enforcement.md). */
function isApart({ way }: Passage): boolean {
  return way.some((gate) => gate.kind === 'nat-protocols' || isFarBalancer(gate));
}

function isFarBalancer(gate: Gate): boolean {
  if (gate.kind !== 'groups' || gate.peer.eni === undefined) return false;
  return gate.peer.eni.vpcId !== gate.eni.vpcId && AUTOMATIC_TYPES.has(gate.peer.eni.interfaceType);
}

function probesOf(world: World, plant: Plant, { first, answer, echoId, about }: Flow): readonly Probe[] {
  return [
    ...passageProbes(world, plant, { passage: first, flags: 'syn', echoId, about }),
    ...(answer === undefined ? [] : passageProbes(world, plant, { passage: answer, flags: 'syn-ack', echoId, about })),
  ];
}

/** Another packet each way, where the flow had been answered: a half-open one is nothing to a kernel that follows TCP. */
function laterProbes(
  { network, next, plant }: { readonly network: Network; readonly next: World; readonly plant: Plant },
  { first, answer, echoId, about }: Flow,
): readonly Probe[] {
  if (answer?.outcome !== 'allow') return [];
  const again = network.send({ ...first.sent, atSeconds: 1, flags: 'ack' });
  const back = again.outcome === 'allow' ? network.answer(again, { atSeconds: 1, flags: 'ack' }) : undefined;
  return [
    ...passageProbes(next, plant, { passage: again, flags: 'ack', echoId, about }),
    ...(back === undefined ? [] : passageProbes(next, plant, { passage: back, flags: 'ack', echoId, about })),
  ];
}

type Passed = {
  readonly passage: Passage;
  readonly flags: Probe['flags'];
  readonly echoId: number;
  readonly about: string;
};

function passageProbes(world: World, plant: Plant, { passage, flags, echoId, about }: Passed): readonly Probe[] {
  const origin: Origin | Path['end'] = passage.sent.origin;
  const { transport } = passage.sent.packet;
  return reached(new Legs(world, plant).of({ origin, gates: wholeWay(passage) })).map((leg) => ({
    leg,
    transport,
    flags,
    echoId,
    about,
  }));
}
