// Sequence cases where the machine is itself the instance: packets and changes over time at every machine of their way. Time is made to pass.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Eni } from '../../src/core/model/eni.ts';
import { delta } from '../../src/nft/delta.ts';
import { listingOf } from '../../src/nft/listing.ts';
import { linesOf } from '../../src/nft/render.ts';
import { readCases } from '../cases/read-cases.ts';
import { localLayout } from '../nft/ends.ts';
import { Ageing, STREAM_MS } from './ageing.ts';
import { MACHINE_DEPARTURES, MACHINE_LEFT_OUT } from './departures.ts';
import { Machine } from './machine.ts';
import { whyNoKernel } from './namespace.ts';
import { saidOf } from './passings.ts';
import { machinesOf, type MachineStep } from './sequences.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3']);

describe('sequences at a machine that is the instance', { skip: WHY_NOT ?? false }, () => {
  let machine: Machine;
  let ageing: Ageing;
  const count = { passed: 0, refused: 0 };
  before(() => {
    machine = new Machine('sequence');
    ageing = new Ageing(machine.inside.name);
  });
  after(() => {
    ageing.close();
    machine.close();
  });

  /** Plays what one machine meets; gives what the kernel did otherwise than the definition, by step. */
  async function playAt(eni: Eni, steps: readonly MachineStep[]): Promise<ReadonlyMap<number, string>> {
    const [first] = steps;
    assert.ok(first !== undefined);
    let held = localLayout(first.world, eni);
    await machine.load(held.ruleset);
    await ageing.note();
    const departed = new Map<number, string>();
    let [now, began] = [0, Infinity];
    for (const step of steps) {
      if (step.kind === 'change') {
        const next = localLayout(step.world, eni, held.numbering);
        for (const { commands } of delta(listingOf(held.ruleset), next.ruleset).transactions)
          await machine.apply([...linesOf(commands)]);
        held = next;
        continue;
      }
      const { stop, passing, atSeconds } = step;
      const isStream = stop.transport.kind === 'udp' && atSeconds * 1000 > STREAM_MS;
      await ageing.grow(atSeconds - now, isStream ? began + STREAM_MS : 0);
      now = atSeconds;
      const [passes] = await machine.send([passing]);
      began = Math.min(began, performance.now());
      count[stop.passes ? 'passed' : 'refused'] += 1;
      if (passes !== stop.passes) departed.set(step.index, saidOf(stop));
    }
    return departed;
  }

  for (const one of readCases().filter(({ kind }) => kind === 'sequence'))
    test(`${one.name}: ${one.data.title}`, { skip: MACHINE_LEFT_OUT[one.name] ?? false }, async () => {
      const machines = machinesOf(one);
      assert.ok(machines.size > 0, 'no packet comes to a machine: this is no case for one');
      const departed = new Map<number, string>();
      for (const [eni, steps] of machines)
        for (const [step, said] of await playAt(eni, steps)) departed.set(step, said);
      const { steps = [] } = MACHINE_DEPARTURES[one.name] ?? {};
      const actual = [...departed.keys()].toSorted((a, b) => a - b);
      assert.deepEqual(actual, steps, `${JSON.stringify([...departed])}, wanted at ${steps.join()}`);
    });

  test('are more than a few packets', (context) => {
    context.diagnostic(JSON.stringify(count));
    assert.ok(count.passed > 200 && count.refused > 40, JSON.stringify(count));
  });
});
