// What is rendered is what the kernel says it holds, and a delta leads from any ruleset to any other in one transaction.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recordChange } from '../../src/core/model/change.ts';
import { delta } from '../../src/nft/delta.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { type Listing, listingOf, NOTHING } from '../../src/nft/listing.ts';
import { wholeCommands } from '../../src/nft/command.ts';
import { linesOf } from '../../src/nft/render.ts';
import { undoLines } from '../../src/nft/undo.ts';
import { NO_NUMBERS, type Numbering } from '../../src/nft/plan.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { applyChange, listRecords, type World } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { comparable } from '../nft/comparable.ts';
import { plantOf } from '../nft/legs.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel();

describe('rulesets in the kernel', { skip: WHY_NOT ?? false }, () => {
  let namespace: Namespace;
  before(() => {
    namespace = new Namespace('listing');
  });
  after(() => namespace.close());

  function read(): Listing {
    return namespace.listing();
  }

  function apply(lines: Iterable<string>): void {
    const { status, stderr } = namespace.run('nft', ['-f', '-'], `${[...lines].join('\n')}\n`);
    assert.equal(status, 0, stderr.slice(0, 2000));
  }

  function follow(mode: Wiring['mode']): void {
    let known = namespace.run('nft', ['flush', 'ruleset']).status === 0 ? NOTHING : read();
    let numbering: Numbering = NO_NUMBERS;
    for (let seed = 0; seed < checks(40); seed += 1) {
      const world = timed(compactWorld(seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed)), seed);
      const made = layoutOf(world, { mode, numbering });
      if (made === undefined) continue;
      numbering = made.numbering;
      const { transactions, isWhole } = delta(known, made.ruleset);
      assert.ok(!isWhole, `seed ${seed}: the whole table is made new`);
      for (const { commands } of transactions) apply(linesOf(commands));
      known = read();
      assert.deepEqual(comparable(known), comparable(listingOf(made.ruleset)), `seed ${seed}`);
      assert.deepEqual(delta(known, made.ruleset).transactions, [], `seed ${seed}: nothing is left to do`);
    }
  }

  test('are read back as written, and lead from one world to the next', () => follow('forward'));
  test('so they are where the machine is the instance', () => follow('local'));

  test('are made again as they were by the lines that undo a change, from whatever they became', () => {
    namespace.run('nft', ['flush', 'ruleset']);
    const nothing = [...undoLines(NOTHING)];
    for (let seed = 0; seed < checks(12); seed += 1) {
      const mode = seed % 2 === 0 ? 'local' : 'forward';
      const [one, other] = [seed, seed + 100].map((from) =>
        layoutOf(timed(compactWorld(randomWorld(from)), from), { mode, numbering: NO_NUMBERS }),
      );
      if (one === undefined || other === undefined) continue;
      apply(linesOf(wholeCommands(one.ruleset)));
      const held = read();
      const undo = [...undoLines(held)];
      for (const { commands } of delta(held, other.ruleset).transactions) apply(linesOf(commands));
      apply(['add rule inet crenel egress drop', 'add chain inet crenel mine']);
      apply(undo);
      assert.deepEqual(comparable(read()), comparable(held), `seed ${seed}`);
      apply(nothing);
      assert.equal(namespace.run('nft', ['list', 'ruleset']).stdout, '');
      apply(undo);
      assert.deepEqual(comparable(read()), comparable(listingOf(one.ruleset)), `seed ${seed}, from nothing`);
      apply(nothing);
    }
  });

  test('foreign rules and elements are seen and taken out', () => {
    const made = layoutOf(compactWorld(randomWorld(1)), { mode: 'forward', numbering: NO_NUMBERS });
    assert.ok(made !== undefined);
    namespace.run('nft', ['flush', 'ruleset']);
    for (const { commands } of delta(NOTHING, made.ruleset).transactions) apply(linesOf(commands));
    apply([
      `insert rule inet crenel ${[...made.ruleset.chains.keys()].find((name) => name.startsWith('start.e4')) ?? ''} ip saddr 0.0.0.0/0 accept`,
      'add rule inet crenel egress tcp dport 22 log prefix "x" limit rate 3/second accept',
      'add chain inet crenel mine',
      'add element inet crenel outside { "eth9" }',
    ]);
    const repair = delta(read(), made.ruleset);
    assert.ok(repair.transactions.length > 0 && !repair.isWhole);
    for (const { commands } of repair.transactions) apply(linesOf(commands));
    assert.deepEqual(comparable(read()), comparable(listingOf(made.ruleset)));
  });
});

/** Some interfaces with timeouts of their own. */
function timed(world: World, seed: number): World {
  const [eni] = [...listRecords(world, 'enis')].slice(seed % 3);
  if (eni === undefined || seed % 2 === 0) return world;
  const timeouts = { tcpEstablishedSeconds: 60 + seed, ...(seed % 3 === 0 ? { udpStreamSeconds: 90 } : {}) };
  return applyChange(world, recordChange('enis', eni, { ...eni, timeouts }));
}

/** The layout of one VPC of a world. */
function layoutOf(
  world: World,
  of: { readonly mode: Wiring['mode']; readonly numbering: Numbering },
): Layout | undefined {
  const [wiring] = [...plantOf(world).wirings.values()];
  if (wiring === undefined) return undefined;
  const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
  const local: Wiring = {
    ...wiring,
    mode: 'local',
    enis: new Map([...wiring.enis].slice(0, 1)),
    natGateways: new Map(),
  };
  return layout(view, of.mode === 'local' ? local : wiring, of.numbering);
}
