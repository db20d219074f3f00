// What the kernel remembers where the machine is itself the instance: flows before and after the rules change, at each end for itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Eni } from '../../src/core/model/eni.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { Network, type Passage } from '../../src/core/track/network.ts';
import { AUTOMATIC_TYPES } from '../../src/core/track/automatic-types.ts';
import { delta } from '../../src/nft/delta.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { linesOf } from '../../src/nft/render.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { localLayout } from '../nft/ends.ts';
import { type Plant, plantOf } from '../nft/legs.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { EDITS, type Flow, flowsOf, isUnasked, wholeWay } from './flows.ts';
import { Machine } from './machine.ts';
import { whyNoKernel } from './namespace.ts';
import { firstOfFlow, passingOf, saidOf, type Stop, stopsOf } from './passings.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3']);
type Count = { kept: number; cut: number };

describe('what a machine that is the instance remembers', { skip: WHY_NOT ?? false }, () => {
  let machine: Machine;
  before(() => {
    machine = new Machine('memory');
  });
  after(() => machine.close());

  async function expectAll(stops: readonly Stop[], where: string): Promise<void> {
    const seen = await machine.send(stops.map(passingOf));
    for (const [index, stop] of stops.entries()) assert.equal(seen[index], stop.passes, `${where}: ${saidOf(stop)}`);
  }

  /** Plays the flows of a world before and after an edit, one machine after another. */
  async function play(compact: Compact, seed: number, [name, edit]: (typeof EDITS)[number]): Promise<Count> {
    const [world, next] = [compactWorld(compact), compactWorld(edit(compact, seed))];
    const plant = plantOf(world);
    const network = new Network(world);
    const flows = flowsOf(network, { compact, seed, isApart });
    const all = flows.flatMap((flow) => earlierStops(world, plant, flow));
    const alone = new Set(firstOfFlow(all).map(({ about }) => about));
    const shared = new Set(all.map(({ about }) => about).filter((about) => !alone.has(about)));
    const firsts = firstOfFlow(all).filter(({ about }) => !shared.has(about));
    network.change(next);
    const kept = new Set(firsts.map(({ about }) => about));
    const laters = flows
      .filter(({ about }) => kept.has(about))
      .flatMap((flow) => laterStops({ network, next, plant }, flow));
    const count: Count = { kept: 0, cut: 0 };
    for (const [id, own] of Map.groupBy(firsts, ({ eni }) => eni.id)) {
      const then = laters.filter((stop) => stop.eni.id === id);
      const [eni, changed] = [getRecord(world, 'enis', id), getRecord(next, 'enis', id)];
      if (eni === undefined || changed === undefined || then.length === 0) continue;
      await swap({ world, next, eni, changed }, async () => await expectAll(own, `seed ${seed}, before ${name}`));
      await expectAll(then, `seed ${seed}, after ${name}`);
      count.kept += then.filter(({ passes }) => passes).length;
      count.cut += then.filter(({ passes }) => !passes).length;
    }
    return count;
  }

  /** Loads the rules of one world, lets something happen, and leads to those of the next as an agent does. */
  async function swap(
    of: { readonly world: World; readonly next: World; readonly eni: Eni; readonly changed: Eni },
    between: () => Promise<void>,
  ): Promise<void> {
    const earlier = localLayout(of.world, of.eni);
    await machine.load(earlier.ruleset);
    await between();
    const later = localLayout(of.next, of.changed, earlier.numbering);
    for (const { commands } of delta(listingOf(earlier.ruleset), later.ruleset).transactions)
      await machine.apply([...linesOf(commands)]);
  }

  for (const [index, edit] of EDITS.entries()) {
    test(`is what connection tracking remembers when ${edit[0]}`, async () => {
      const count: Count = { kept: 0, cut: 0 };
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

/**
 * What a machine cannot know of a flow: that it passes a gateway with state or ends at a balancer, which AWS tracks always
 * (docs/semantics/enforcement.md).
 */
function isApart({ way, end }: Passage): boolean {
  if (end.kind === 'internet' && end.through === 'egress-only-gateway') return true;
  return way.some((gate) => {
    if (gate.kind === 'groups') return AUTOMATIC_TYPES.has(gate.peer.eni?.interfaceType ?? '');
    if (gate.kind === 'nat-protocols') return true;
    return gate.kind === 'settled' && gate.decision.outcome === 'pass' && gate.decision.by === 'tracked';
  });
}

function earlierStops(world: World, plant: Plant, { first, answer, echoId, about }: Flow): readonly Stop[] {
  return [
    ...passageStops(world, plant, { passage: first, flags: 'syn', echoId, about }),
    ...(answer === undefined ? [] : passageStops(world, plant, { passage: answer, flags: 'syn-ack', echoId, about })),
  ];
}

/** Another packet each way, where the flow had been answered: a half-open one is nothing to a kernel that follows TCP. */
function laterStops(
  { network, next, plant }: { readonly network: Network; readonly next: World; readonly plant: Plant },
  { first, answer, echoId, about }: Flow,
): readonly Stop[] {
  if (answer?.outcome !== 'allow') return [];
  const again = network.send({ ...first.sent, atSeconds: 1, flags: 'ack' });
  const back = network.answer(first, { atSeconds: 1, flags: 'ack' });
  return [
    ...passageStops(next, plant, { passage: again, flags: 'ack', echoId, about }),
    ...(back === undefined ? [] : passageStops(next, plant, { passage: back, flags: 'ack', echoId, about })),
  ];
}

type Passed = Pick<Stop, 'flags' | 'echoId' | 'about'> & { readonly passage: Passage };

function passageStops(world: World, plant: Plant, { passage, ...of }: Passed): readonly Stop[] {
  const { origin, packet } = passage.sent;
  const stops = stopsOf(world, plant, { origin, gates: wholeWay(passage), transport: packet.transport, ...of });
  return stops.filter(({ gates }) => !gates.some(isUnasked));
}
