import { axisPart, trafficInterval, WHOLE_AXIS } from '../core/net/axis.ts';
import { intersectSets, type IntervalSet, sameSet, subtractSets, unionSets } from '../core/net/interval-set.ts';
import type { Family } from '../core/net/address.ts';
import type { Traffic } from '../core/net/traffic.ts';
import type { Fact } from './assertion-language.ts';
import type { Selection } from './assertion-ends.ts';
import type { Matrix } from './pairs/matrix.ts';
import type { Member } from './pairs/members.ts';
import { CLIENT_PORTS } from './sample.ts';

/** A pair and a packet that a fact does not allow for. `wanted`: whether it should get through. */
export type Breach = {
  readonly certainty: 'certain' | 'perhaps';
  readonly wanted: boolean;
  readonly from: Member;
  readonly to: Member;
  /** On the axis. */
  readonly point: number;
  readonly sourcePort: number;
};

/** The sides of a fact as members of one family. */
export type Sides = { readonly from: Selection; readonly to: Selection };

/** The sides as far as it is known whom they mean, and with all that they may mean. */
export type MeantSides = { readonly sure: Sides; readonly possible: Sides };

/** Whether a fact is about any pair of ends at all, in a family of which its traffic is. */
export function isAbout(fact: Fact, sides: Sides, family: Family): boolean {
  if (fact.kind !== 'only' && pointsOn(fact.on, family).length === 0) return false;
  for (const from of sides.from.values())
    for (const to of sides.to.values()) if (pairOf(from, to) !== undefined) return true;
  return false;
}

/** The first breach of a fact in a family: a certain one if there is one, else one that there may be. */
export function breachOf(matrix: Matrix, fact: Fact, sides: MeantSides): Breach | undefined {
  const points = pointsOn(fact.on, matrix.classes.family);
  const found = [
    fact.kind === 'must-reach' || fact.kind === 'only' ? lacking(matrix, sides, points) : undefined,
    fact.kind === 'must-reach'
      ? undefined
      : leaking(matrix, sides, fact.kind === 'only' ? subtractSets(WHOLE_AXIS, points) : points),
  ].filter((one) => one !== undefined);
  return found.find((one) => one.certainty === 'certain') ?? found[0];
}

/** The points of some traffic in a family; ICMP of the other family is not of it. */
function pointsOn(on: readonly Traffic[], family: Family): IntervalSet {
  const other = family === 'ipv4' ? 'icmpv6' : 'icmp';
  return on
    .filter(({ kind }) => kind !== other)
    .map((traffic): IntervalSet => [...trafficInterval(traffic, family)])
    .reduce(unionSets, []);
}

/** What gets through though it must not. */
function leaking(matrix: Matrix, sides: MeantSides, points: IntervalSet): Breach | undefined {
  if (points.length === 0) return undefined;
  const { rows } = matrix;
  for (const certainty of ['certain', 'perhaps'] as const) {
    const side = certainty === 'certain' ? 'sure' : 'possible';
    const { from, to } = sides[side];
    const senders = rows.over(points, rows.sets.of([...from.keys()]));
    for (const [target, targets] of to)
      for (const { from: point, set } of rows.segments(rows.and(senders, matrix.row(target, 'to')[side]))) {
        const source = [...rows.sets.members(set)].find((id) => pairOf(from.get(id) ?? [], targets) !== undefined);
        const pair = source === undefined ? undefined : pairOf(from.get(source) ?? [], targets);
        if (source === undefined || pair === undefined) continue;
        const ports = matrix.sourcePorts(source, target)[side];
        return { certainty, wanted: false, ...pair, point, sourcePort: usualPort(partOf(ports, point)) };
      }
  }
  return undefined;
}

/** What does not get through though it must: for each port that clients send from. */
function lacking(matrix: Matrix, sides: MeantSides, points: IntervalSet): Breach | undefined {
  const { sure } = sides;
  const { from, to } = sides.possible;
  const asked = (['tcp', 'udp'] as const).filter((part) => axisPart(points, part).length > 0);
  let doubt: Breach | undefined;
  for (const [target, targets] of to)
    for (const [source, sources] of from) {
      const perhaps = pairOf(sources, targets);
      if (perhaps === undefined) continue;
      const certain = pairOf(sure.from.get(source) ?? [], sure.to.get(target) ?? []);
      const cell = matrix.cell(source, target);
      for (const certainty of ['certain', 'perhaps'] as const) {
        const side = certainty === 'certain' ? 'possible' : 'sure';
        const pair = certainty === 'certain' ? certain : perhaps;
        if (pair === undefined) continue;
        const missing = subtractSets(points, cell.points[side])[0];
        const port = asked
          .map((part) => [part, subtractSets(CLIENT_PORTS, cell.sourcePorts[side][part])[0]] as const)
          .find(([, one]) => one !== undefined);
        if (missing === undefined && port === undefined) continue;
        const first =
          port === undefined
            ? undefined
            : intersectSets(points, port[0] === 'tcp' ? [0, 65_535] : [65_536, 131_071])[0];
        const breach: Breach = {
          certainty,
          wanted: true,
          ...pair,
          point: missing ?? first ?? 0,
          sourcePort:
            missing === undefined ? (port?.[1] ?? USUAL_PORT) : usualPort(partOf(cell.sourcePorts.possible, missing)),
        };
        if (certainty === 'certain') return breach;
        doubt ??= breach;
      }
    }
  return doubt;
}

/** The port that clients are taken to send from where nothing says otherwise. */
const USUAL_PORT = 50_000;

function usualPort(ports: IntervalSet): number {
  if (ports.length === 0 || sameSet(intersectSets(ports, [USUAL_PORT, USUAL_PORT]), [USUAL_PORT, USUAL_PORT]))
    return USUAL_PORT;
  return ports[0] ?? USUAL_PORT;
}

function partOf(ports: { readonly tcp: IntervalSet; readonly udp: IntervalSet }, point: number): IntervalSet {
  return point < 65_536 ? ports.tcp : point < 131_072 ? ports.udp : [];
}

/** Two members of different interfaces, at least one of an interface: two ends outside are no pair of this world. */
function pairOf(
  sources: readonly Member[],
  targets: readonly Member[],
): { readonly from: Member; readonly to: Member } | undefined {
  const [from] = sources;
  const [to] = targets;
  if (from === undefined || to === undefined || (from.eniId === undefined && to.eniId === undefined)) return undefined;
  if (from.eniId !== to.eniId) return { from, to };
  const otherTo = targets.find((one) => one.eniId !== from.eniId);
  if (otherTo !== undefined) return { from, to: otherTo };
  const otherFrom = sources.find((one) => one.eniId !== to.eniId);
  return otherFrom === undefined ? undefined : { from: otherFrom, to };
}
