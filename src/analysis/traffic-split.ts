import type { Family } from '../core/net/address.ts';
import { axisPart, otherProtocol } from '../core/net/axis.ts';
import {
  EMPTY_SET,
  interval,
  intersectSets,
  type IntervalSet,
  intervalsOf,
  normalizeIntervals,
  sameSet,
  subtractSets,
} from '../core/net/interval-set.ts';
import type { PortProduct, TrafficSet } from '../core/policy/reach.ts';

/** A box of ports: every destination port with every source port. */
export type PortBox = { readonly destinationPorts: IntervalSet; readonly sourcePorts: IntervalSet };

/** A set of traffic as disjoint boxes; `icmp` counts type × 256 + code, `other` the ranks of protocol numbers. */
export type TrafficBoxes = {
  readonly tcp: readonly PortBox[];
  readonly udp: readonly PortBox[];
  readonly icmp: IntervalSet;
  readonly other: IntervalSet;
};

/** What was asked for, in three parts that are disjoint and together all of it. */
export type Split = { readonly allowed: TrafficBoxes; readonly depends: TrafficBoxes; readonly blocked: TrafficBoxes };

export const ALL_SOURCE_PORTS: IntervalSet = interval(0, 65_535);

/** Splits the traffic asked for by what is certain and what is possible; `sure` must lie within `possible`, both within `asked`. */
export function splitTraffic(asked: IntervalSet, sure: TrafficSet, possible: TrafficSet): Split {
  const tcp = splitPorts(axisPart(asked, 'tcp'), sure.tcp, possible.tcp);
  const udp = splitPorts(axisPart(asked, 'udp'), sure.udp, possible.udp);
  const icmp = splitSet(axisPart(asked, 'icmp'), sure.icmp, possible.icmp);
  const other = splitSet(axisPart(asked, 'other'), sure.other, possible.other);
  const part = (name: keyof Split): TrafficBoxes => ({
    tcp: tcp[name],
    udp: udp[name],
    icmp: icmp[name],
    other: other[name],
  });
  return { allowed: part('allowed'), depends: part('depends'), blocked: part('blocked') };
}

/** Whether a set of boxes holds nothing. */
export function isEmptyTraffic(boxes: TrafficBoxes): boolean {
  return boxes.tcp.length === 0 && boxes.udp.length === 0 && boxes.icmp.length === 0 && boxes.other.length === 0;
}

/** Text that is equal for equal sets and differs for others. */
export function trafficKey(boxes: TrafficBoxes): string {
  return JSON.stringify([boxes.tcp, boxes.udp, boxes.icmp, boxes.other]);
}

/** The source ports that every allowed box of a set leaves open, or undefined where they differ or there are none. */
export function commonSourcePorts(boxes: TrafficBoxes): IntervalSet | undefined {
  const [first, ...rest] = [...boxes.tcp, ...boxes.udp];
  return first !== undefined && rest.every((box) => sameSet(box.sourcePorts, first.sourcePorts))
    ? first.sourcePorts
    : undefined;
}

/** An ICMP set as boxes of types and codes, ascending. */
export function icmpBoxes(
  set: IntervalSet,
): readonly { readonly types: readonly [number, number]; readonly codes: readonly [number, number] }[] {
  return intervalsOf(set).flatMap(([from, to]) => {
    const [firstType, firstCode] = [from >> 8, from & 255];
    const [lastType, lastCode] = [to >> 8, to & 255];
    if (firstType === lastType)
      return [{ types: [firstType, firstType] as const, codes: [firstCode, lastCode] as const }];
    const wholeFrom = firstCode === 0 ? firstType : firstType + 1;
    const wholeTo = lastCode === 255 ? lastType : lastType - 1;
    return [
      ...(firstCode === 0 ? [] : [{ types: [firstType, firstType] as const, codes: [firstCode, 255] as const }]),
      ...(wholeFrom > wholeTo ? [] : [{ types: [wholeFrom, wholeTo] as const, codes: [0, 255] as const }]),
      ...(lastCode === 255 ? [] : [{ types: [lastType, lastType] as const, codes: [0, lastCode] as const }]),
    ];
  });
}

/** The protocol numbers of an `other` set as ranges, ascending. */
export function protocolRanges(other: IntervalSet, family: Family): IntervalSet {
  const flat: number[] = [];
  for (const [from, to] of intervalsOf(other)) {
    for (let rank = from; rank <= to; rank += 1) flat.push(otherProtocol(rank, family), otherProtocol(rank, family));
  }
  return normalizeIntervals(flat);
}

type SplitOf<T> = { readonly allowed: T; readonly depends: T; readonly blocked: T };

function splitSet(asked: IntervalSet, sure: IntervalSet, possible: IntervalSet): SplitOf<IntervalSet> {
  return {
    allowed: intersectSets(asked, sure),
    depends: subtractSets(intersectSets(asked, possible), sure),
    blocked: subtractSets(asked, possible),
  };
}

function splitPorts(asked: IntervalSet, sure: PortProduct, possible: PortProduct): SplitOf<readonly PortBox[]> {
  const everything = portBox(asked, asked.length === 0 ? EMPTY_SET : ALL_SOURCE_PORTS);
  const allowed = boxAnd(everything, sure);
  const perhaps = boxAnd(everything, possible);
  return { allowed: listed(allowed), depends: boxMinus(perhaps, allowed), blocked: boxMinus(everything, perhaps) };
}

function portBox(destinationPorts: IntervalSet, sourcePorts: IntervalSet): PortBox {
  return destinationPorts.length === 0 || sourcePorts.length === 0
    ? { destinationPorts: EMPTY_SET, sourcePorts: EMPTY_SET }
    : { destinationPorts, sourcePorts };
}

function boxAnd(a: PortBox, b: PortBox): PortBox {
  return portBox(intersectSets(a.destinationPorts, b.destinationPorts), intersectSets(a.sourcePorts, b.sourcePorts));
}

/** `inner` lies within `outer`: whole destination ports first, then the source ports that are missing on the others. */
function boxMinus(outer: PortBox, inner: PortBox): readonly PortBox[] {
  return [
    ...listed(portBox(subtractSets(outer.destinationPorts, inner.destinationPorts), outer.sourcePorts)),
    ...listed(portBox(inner.destinationPorts, subtractSets(outer.sourcePorts, inner.sourcePorts))),
  ];
}

function listed(one: PortBox): readonly PortBox[] {
  return one.destinationPorts.length === 0 ? [] : [one];
}
