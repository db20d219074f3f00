// Sequence cases in the kernel: packets and changes over time, real frames at every router of their way. Time is made to pass.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { VpcId } from '../../src/core/model/ids.ts';
import { delta } from '../../src/nft/delta.ts';
import type { Layout } from '../../src/nft/layout.ts';
import { listingOf, NOTHING } from '../../src/nft/listing.ts';
import { linesOf, renderAll } from '../../src/nft/render.ts';
import { undoLines } from '../../src/nft/undo.ts';
import { readCases } from '../cases/read-cases.ts';
import { Ageing, STREAM_MS } from './ageing.ts';
import { DEPARTURES, LEFT_OUT } from './departures.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES, saidOf } from './probes.ts';
import { layoutAt, type Play, playOf, type RouterStep } from './sequences.ts';
import { Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

describe('sequences in the kernel', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  let ageing: Ageing;
  const count = { passed: 0, refused: 0 };
  before(() => {
    wire = new Wire('sequences', DEVICES);
    ageing = new Ageing(wire.router.name);
  });
  after(() => {
    ageing.close();
    wire.close();
  });

  function apply(lines: Iterable<string>): void {
    const { status, stderr } = wire.router.run('nft', ['-f', '-'], `${[...lines].join('\n')}\n`);
    assert.equal(status, 0, stderr.slice(0, 1000));
  }

  function load({ ruleset }: Layout): void {
    apply([...undoLines(NOTHING), ...renderAll(ruleset)]);
    wire.forget();
  }

  /** Plays what one router meets; gives what the kernel did otherwise than the definition, by step. */
  async function playAt(play: Play, vpcId: VpcId, steps: readonly RouterStep[]): Promise<ReadonlyMap<number, string>> {
    let held = layoutAt(play, vpcId, play.world);
    load(held);
    await ageing.note();
    const departed = new Map<number, string>();
    let [now, began] = [0, Infinity];
    for (const step of steps) {
      if (step.kind === 'change') {
        const next = layoutAt(play, vpcId, step.world, held.numbering);
        for (const { commands } of delta(listingOf(held.ruleset), next.ruleset).transactions) apply(linesOf(commands));
        held = next;
        continue;
      }
      const isStream = step.probe.transport.kind === 'udp' && step.atSeconds * 1000 > STREAM_MS;
      await ageing.grow(step.atSeconds - now, isStream ? began + STREAM_MS : 0);
      now = step.atSeconds;
      const [seen] = await wire.send([step.sent]);
      began = Math.min(began, performance.now());
      const { leg } = step.probe;
      count[leg.passes ? 'passed' : 'refused'] += 1;
      if (!isDeepStrictEqual(seen, leg.passes ? [leg.oif] : [])) departed.set(step.index, saidOf(step.probe));
    }
    return departed;
  }

  const sequences = readCases().filter(({ kind }) => kind === 'sequence');
  for (const one of sequences)
    test(`${one.name}: ${one.data.title}`, { skip: LEFT_OUT[one.name] ?? false }, async () => {
      const play = playOf(one);
      assert.ok(play.routers.size > 0, 'no packet comes to a router: this is no case for a kernel');
      const departed = new Map<number, string>();
      for (const [vpcId, steps] of play.routers)
        for (const [step, said] of await playAt(play, vpcId, steps)) departed.set(step, said);
      const { steps = [] } = DEPARTURES[one.name] ?? {};
      assert.deepEqual(
        [...departed.keys()].toSorted((a, b) => a - b),
        steps,
        `${JSON.stringify([...departed])}, wanted at ${steps.join()}`,
      );
    });

  test('are all of them, and more than a few packets', (context) => {
    const names = new Set(sequences.map(({ name }) => name));
    for (const name of [...Object.keys(DEPARTURES), ...Object.keys(LEFT_OUT)]) assert.ok(names.has(name), name);
    context.diagnostic(JSON.stringify(count));
    assert.ok(count.passed > 200 && count.refused > 40, JSON.stringify(count));
  });
});
