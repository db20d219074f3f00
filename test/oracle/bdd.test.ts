// The matrix of all pairs against decision diagrams over packet bits: the same sets, to the last packet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES, type Family } from '../../src/core/net/address.ts';
import { lastAddress } from '../../src/core/net/cidr.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { Matrix } from '../../src/analysis/pairs/matrix.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { NO_SPOT } from '../../src/analysis/pairs/spots.ts';
import { compactWorld } from '../compact.ts';
import type { Compact } from '../compact-format.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';
import { cellSet } from './bdd/cell-sets.ts';
import { Diagrams, NEVER } from './bdd/diagrams.ts';
import { type Bounds, FilterSets } from './bdd/filter-sets.ts';
import { PacketBits } from './bdd/packet-bits.ts';
import { pairSet } from './bdd/pair-sets.ts';
import { isShared, questionOf } from './matrix-packets.ts';
import { oracleWays } from './packet-oracle.ts';
import { wornWorld } from './worn-worlds.ts';

test('every pair has the set of packets that diagrams give', (context) => {
  const seen = { pairs: 0, sure: 0, unsure: 0 };
  for (let seed = 1; seed <= checks(10); seed += 1) {
    const trap = TRAP_NAMES[seed % TRAP_NAMES.length] ?? 'none';
    for (const [name, compact] of [
      [`random ${seed}`, randomWorld(seed)],
      [`worn ${seed}`, wornWorld(seed)],
      [`${trap} ${seed}`, drawTrap(trap, seed).compact],
    ] as const)
      for (const family of FAMILIES) comparePairs(compact, family, { seen, name });
  }
  context.diagnostic(`pairs equal to diagrams: ${seen.pairs} (${JSON.stringify(seen)})`);
  assert.ok(seen.sure > seen.pairs / 20 && seen.unsure > seen.pairs / 50, JSON.stringify(seen));
});

type Seen = { pairs: number; sure: number; unsure: number };

function comparePairs(compact: Compact, family: Family, { seen, name }: { seen: Seen; name: string }): void {
  const world = compactWorld(compact);
  const classes = classesOf([world], family);
  const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  const sets = new FilterSets(world, new PacketBits(new Diagrams(), family), true);
  const members = [...classes.list.entries()].flatMap(([id, { sides, members: all }]) =>
    sides[0]?.spot === NO_SPOT
      ? []
      : all.flatMap(addressed).flatMap((one) => (isShared(world, one) ? [] : [{ id, one }])),
  );
  for (const { id: from, one } of members)
    for (const { id: to, one: other } of members) {
      if (one.eniId === other.eniId) continue;
      const question = questionOf(world, one, other);
      if (question === undefined) continue;
      const expected = pairSet(sets, oracleWays(compact, question));
      const said = cellSet(sets.bits, matrix.cell(from, to));
      assert.deepEqual(
        said,
        expected,
        differing(sets, { said, expected, label: `${name} ${JSON.stringify(question)}` }),
      );
      seen.pairs += 1;
      if (expected.sure !== NEVER) seen.sure += 1;
      if (expected.possible !== expected.sure) seen.unsure += 1;
    }
}

/** A member at its address, and of a delegated prefix or of space outside at the last one too. */
function addressed(member: Member): readonly Member[] {
  const last = member.space.at(-1);
  if (member.sample.within !== undefined) return [];
  return last === undefined ? [member] : [member, { ...member, sample: lastAddress(last) }];
}

type Compared = { readonly said: Bounds; readonly expected: Bounds; readonly label: string };

/** What is asked, and bits of a packet of which the two say different things. */
function differing({ bits: { diagrams } }: FilterSets, { said, expected, label }: Compared): string {
  if (said.sure === expected.sure && said.possible === expected.possible) return label;
  const certainty = said.sure === expected.sure ? 'possible' : 'sure';
  const [more, less] = [
    diagrams.without(said[certainty], expected[certainty]),
    diagrams.without(expected[certainty], said[certainty]),
  ];
  const witness = diagrams.witness(diagrams.or(more, less)) ?? new Map<number, boolean>();
  return `${label}, ${certainty}, ${more === NEVER ? 'lacks' : 'has'} ${JSON.stringify([...witness])}`;
}
