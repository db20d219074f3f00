// An estate's rows against decision diagrams, whole sets at a time.
import assert from 'node:assert/strict';
import { type Family, formatAddress } from '../../src/core/net/address.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { Matrix } from '../../src/analysis/pairs/matrix.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { RowSets } from './bdd/cell-sets.ts';
import { Diagrams } from './bdd/diagrams.ts';
import { EstateSets } from './bdd/estate-sets.ts';
import { prefixesOf } from './bdd/filter-sets.ts';
import { PacketBits } from './bdd/packet-bits.ts';

/** Throws where what gets to an interface, or from it to somebody outside, is not what diagrams say; of every `share`-th class. Counts ends and packets' sets. */
export function compareEstate(
  world: World,
  family: Family,
  share = 1,
): { readonly ends: number; readonly nodes: number } {
  const classes = classesOf([world], family);
  const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  const sets = new EstateSets(world, new PacketBits(new Diagrams(), family));
  const { bits } = sets;
  const { diagrams } = bits;
  const rowSets = new RowSets(bits, matrix);
  let ends = 0;
  for (const [id, { members }] of classes.list.entries()) {
    const [member] = members;
    const eni = member?.eniId === undefined ? undefined : getRecord(world, 'enis', member.eniId);
    if (member === undefined || eni === undefined || id % share !== 0) continue;
    // What an interface sends to itself is no pair.
    const others = diagrams.not(bits.prefixes(prefixesOf(eni)));
    const to = rowSets.of(matrix.row(id, 'to').sure);
    const label = `${eni.id} ${formatAddress(member.sample)}`;
    assert.equal(diagrams.and(to, others), diagrams.and(sets.towards(eni, member.sample), others), `to ${label}`);
    const from = rowSets.of(matrix.row(id, 'from').sure);
    assert.equal(diagrams.and(from, sets.outside), sets.outwards(eni, member.sample), `from ${label}`);
    ends += 1;
  }
  return { ends, nodes: diagrams.size };
}
