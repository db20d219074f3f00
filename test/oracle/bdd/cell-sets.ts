// What the matrix says of a pair of classes, or of all that get to one class, as a set of packets: sets are equal where their numbers are.
import { type AxisPart, axisPart } from '../../../src/core/net/axis.ts';
import { type IntervalSet, intervalsOf } from '../../../src/core/net/interval-set.ts';
import type { Cell, Matrix } from '../../../src/analysis/pairs/matrix.ts';
import type { SetId } from '../../../src/analysis/pairs/bitsets.ts';
import type { RowId } from '../../../src/analysis/pairs/rows.ts';
import { otherNumbers } from '../../../src/core/policy/reach.ts';
import { ALWAYS, type Bdd } from './diagrams.ts';
import type { Bounds } from './filter-sets.ts';
import type { PacketBits } from './packet-bits.ts';

/** All packets of a cell, source ports included. */
export function cellSet(bits: PacketBits, { points, sourcePorts }: Cell): Bounds {
  const set = (certainty: 'sure' | 'possible'): Bdd =>
    pointsSet(bits, points[certainty], (kind) => numbersSet(bits, 'source-port', sourcePorts[certainty][kind]));
  return { sure: set('sure'), possible: set('possible') };
}

/** All packets at points of the axis; `portsOf`: the source ports of TCP and UDP among them. */
export function pointsSet(bits: PacketBits, points: IntervalSet, portsOf: (kind: 'tcp' | 'udp') => Bdd): Bdd {
  const { diagrams } = bits;
  const part = (name: AxisPart): Bdd => numbersSet(bits, 'number', axisPart(points, name));
  return diagrams.union([
    diagrams.and(diagrams.and(bits.tcp, portsOf('tcp')), part('tcp')),
    diagrams.and(diagrams.and(bits.udp, portsOf('udp')), part('udp')),
    diagrams.and(bits.icmp, part('icmp')),
    ...otherNumbers(axisPart(points, 'other'), bits.family).map((number) => bits.protocol(number)),
  ]);
}

function numbersSet(bits: PacketBits, field: 'number' | 'source-port', set: IntervalSet): Bdd {
  return bits.diagrams.union(intervalsOf(set).map(([from, to]) => bits.range(field, from, to)));
}

/** The rows of a matrix as sets of packets; sets of classes that several rows share are made once. */
export class RowSets {
  readonly #bits: PacketBits;
  readonly #matrix: Matrix;
  readonly #known = new Map<SetId, Bdd>();

  constructor(bits: PacketBits, matrix: Matrix) {
    this.#bits = bits;
    this.#matrix = matrix;
  }

  /** All packets of a row by the other end's address, whatever their source ports. */
  of(row: RowId): Bdd {
    const { diagrams } = this.#bits;
    const parts = [...this.#matrix.rows.segments(row)].map(({ from, to, set }) => {
      const points = pointsSet(this.#bits, [from, to], () => ALWAYS);
      return diagrams.and(points, this.#addresses(set));
    });
    return diagrams.union(parts);
  }

  #addresses(set: SetId): Bdd {
    let made = this.#known.get(set);
    if (made === undefined) {
      const { rows, classes } = this.#matrix;
      const members = [...rows.sets.members(set)].flatMap((id) => classes.list[id]?.members ?? []);
      made = this.#bits.prefixes(members.flatMap(({ space }) => space));
      this.#known.set(set, made);
    }
    return made;
  }
}
