import type { Family } from '../core/net/address.ts';
import { interval, type IntervalSet, intervalsOf, sameSet } from '../core/net/interval-set.ts';
import { formatRange } from '../core/net/traffic.ts';
import { ALL_SOURCE_PORTS, icmpBoxes, protocolRanges, type TrafficBoxes } from '../analysis/traffic-split.ts';

const MAX_WORDS = 8;
/** How many protocol numbers have no part of their own on the axis. */
const OTHER_PROTOCOLS = 253;

/** One stretch of a set in the words of a question: `tcp/80-90`, with the source ports where not all are in it. */
export type TrafficWord = {
  readonly word: string;
  readonly sourcePorts?: IntervalSet;
  readonly part: TrafficBoxes;
};

/** A set, stretch by stretch, each with the part of the set that it stands for. */
export function trafficWords(boxes: TrafficBoxes, family: Family): readonly TrafficWord[] {
  const none: TrafficBoxes = { tcp: [], udp: [], icmp: [], other: [] };
  const ports = (['tcp', 'udp'] as const).flatMap((kind) =>
    boxes[kind].flatMap((box) =>
      intervalsOf(box.destinationPorts).map(([from, to]): TrafficWord => ({
        word: from === 0 && to === 65_535 ? kind : `${kind}/${formatRange({ from, to })}`,
        part: { ...none, [kind]: [{ destinationPorts: interval(from, to), sourcePorts: box.sourcePorts }] },
        ...(sameSet(box.sourcePorts, ALL_SOURCE_PORTS) ? {} : { sourcePorts: box.sourcePorts }),
      })),
    ),
  );
  const icmp = icmpBoxes(boxes.icmp).map(({ types, codes }): TrafficWord => ({
    word: icmpWord(family === 'ipv4' ? 'icmp' : 'icmpv6', types, codes),
    part: { ...none, icmp: interval(types[0] * 256 + codes[0], types[1] * 256 + codes[1]) },
  }));
  const ranks = intervalsOf(boxes.other).reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const other =
    ranks === 0
      ? []
      : [
          {
            word: ranks === OTHER_PROTOCOLS ? 'every other protocol' : protocolWord(boxes.other, family),
            part: { ...none, other: boxes.other },
          },
        ];
  return [...ports, ...icmp, ...other];
}

/** A set on one line: `tcp/22, tcp/80-90, icmp`; `all` for all traffic there is. */
export function trafficText(boxes: TrafficBoxes, family: Family): string {
  const words = trafficWords(boxes, family);
  if (words.length === 0) return 'nothing';
  if (isEverything(words)) return 'all traffic';
  const shown = words.slice(0, MAX_WORDS).map((one) => `${one.word}${sourceText(one)}`);
  return words.length > MAX_WORDS ? `${shown.join(', ')} and ${words.length - MAX_WORDS} more` : shown.join(', ');
}

/** ` from source ports 1024-65535`, or nothing where every source port will do. */
export function sourceText({ sourcePorts }: Pick<TrafficWord, 'sourcePorts'>): string {
  return sourcePorts === undefined ? '' : ` from source ports ${rangesText(sourcePorts)}`;
}

/** `22, 80-90`. */
export function rangesText(set: IntervalSet): string {
  return intervalsOf(set)
    .map(([from, to]) => formatRange({ from, to }))
    .join(', ');
}

function isEverything(words: readonly TrafficWord[]): boolean {
  const names = words.map((one) => (one.sourcePorts === undefined ? one.word : ''));
  return (
    names.includes('tcp') &&
    names.includes('udp') &&
    names.includes('every other protocol') &&
    names.some((name) => name === 'icmp' || name === 'icmpv6')
  );
}

function icmpWord(kind: string, types: readonly [number, number], codes: readonly [number, number]): string {
  const all = codes[0] === 0 && codes[1] === 255;
  if (types[0] === 0 && types[1] === 255 && all) return kind;
  const type = formatRange({ from: types[0], to: types[1] });
  return all ? `${kind}/${type}` : `${kind}/${type}/${formatRange({ from: codes[0], to: codes[1] })}`;
}

function protocolWord(other: IntervalSet, family: Family): string {
  return `protocol/${rangesText(protocolRanges(other, family)).replaceAll(', ', ', protocol/')}`;
}
