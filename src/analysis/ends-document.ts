import type { Family } from '../core/net/address.ts';
import { axisPart } from '../core/net/axis.ts';
import type { IntervalSet } from '../core/net/interval-set.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { eniName } from './names.ts';
import { type TrafficDocument, trafficDocument } from './part-documents.ts';
import { type Ends, spaceTexts } from './pairs/ends.ts';
import { ALL_SOURCE_PORTS, type TrafficBoxes } from './traffic-split.ts';

/** Ends of traffic: addresses of interfaces, and address space outside of both worlds. */
export type EndsDocument = {
  readonly interfaces: readonly {
    readonly eni: string;
    readonly instance: string | null;
    readonly name: string | null;
    readonly addresses: readonly string[];
  }[];
  readonly outside: readonly string[];
  /** What of the internet is not in `outside`, where that is shorter to tell: empty for all of the internet. Else null. */
  readonly allBut: readonly string[] | null;
};

/** Ends as their document, in an order that people expect. */
export function endsDocument(world: World, ends: Ends): EndsDocument {
  const perEni = Map.groupBy(ends.members, (member) => member.eniId ?? '');
  const interfaces = [...perEni].map(([eniId, members]) => {
    const eni = getRecord(world, 'enis', eniId);
    return {
      eni: eniId,
      instance: eni?.attachment?.instanceId ?? null,
      name: eni === undefined ? null : (eniName(world, eni) ?? null),
      addresses: members.flatMap((member) => spaceTexts(member.space)),
    };
  });
  return {
    interfaces: interfaces.toSorted((a, b) => (endKey(a) < endKey(b) ? -1 : 1)),
    outside: spaceTexts(ends.outside),
    allBut: ends.allBut === undefined ? null : spaceTexts(ends.allBut),
  };
}

function endKey({ name, eni }: EndsDocument['interfaces'][number]): string {
  return `${name ?? '~'} ${eni}`;
}

/** Points of the axis as the document of their traffic; every source port. */
export function pointsDocument(points: IntervalSet, family: Family): TrafficDocument {
  return trafficDocument(boxesOfPoints(points), family);
}

/** Points of the axis as boxes; every source port. */
export function boxesOfPoints(points: IntervalSet): TrafficBoxes {
  const ports = (part: 'tcp' | 'udp'): TrafficBoxes['tcp'] => {
    const destinationPorts = axisPart(points, part);
    return destinationPorts.length === 0 ? [] : [{ destinationPorts, sourcePorts: ALL_SOURCE_PORTS }];
  };
  return { tcp: ports('tcp'), udp: ports('udp'), icmp: axisPart(points, 'icmp'), other: axisPart(points, 'other') };
}
