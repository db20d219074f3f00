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
    const { key, head } = namedEni(world, eniId);
    return { key, end: { ...head, addresses: members.flatMap((member) => spaceTexts(member.space)) } };
  });
  return {
    interfaces: interfaces.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ end }) => end),
    outside: spaceTexts(ends.outside),
    allBut: ends.allBut === undefined ? null : spaceTexts(ends.allBut),
  };
}

/** What an interface is called, and its place in the order. */
type NamedEni = { readonly key: string; readonly head: Omit<EndsDocument['interfaces'][number], 'addresses'> };

function namedEni(world: World, eniId: string): NamedEni {
  const known = NAMED.get(world) ?? new Map<string, NamedEni>();
  NAMED.set(world, known);
  let named = known.get(eniId);
  if (named === undefined) {
    const eni = getRecord(world, 'enis', eniId);
    const name = eni === undefined ? null : (eniName(world, eni) ?? null);
    const instance = eni?.attachment?.instanceId ?? null;
    named = { key: `${name ?? '~'} ${eniId}`, head: { eni: eniId, instance, name } };
    known.set(eniId, named);
  }
  return named;
}

/** Memory of a pure function: documents name the same interfaces again and again. */
const NAMED = new WeakMap<World, Map<string, NamedEni>>();

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
