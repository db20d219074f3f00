// What the matrix says of a pair of classes, or of all that get to one class, as a set of packets: sets are equal where their numbers are.
import { type AxisPart, axisPart } from '../../../src/core/net/axis.ts';
import { type IntervalSet, intervalsOf } from '../../../src/core/net/interval-set.ts';
import type { Cell } from '../../../src/analysis/pairs/matrix.ts';
import { otherNumbers } from '../../../src/core/policy/reach.ts';
import type { Bdd } from './diagrams.ts';
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
