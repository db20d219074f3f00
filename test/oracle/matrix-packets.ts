// Packet by packet, what the oracle says of two members against the cell of their classes.
import assert from 'node:assert/strict';
import { formatAddress, type Family } from '../../src/core/net/address.ts';
import { type IntervalSet, setHas } from '../../src/core/net/interval-set.ts';
import { eniOwns } from '../../src/core/model/eni.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { Bitsets } from '../../src/analysis/pairs/bitsets.ts';
import { type ClassId, type Classes, classesOf } from '../../src/analysis/pairs/classes.ts';
import { type Cell, Matrix } from '../../src/analysis/pairs/matrix.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { Rows } from '../../src/analysis/pairs/rows.ts';
import { NO_SPOT, outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import type { Compact } from '../compact-format.ts';
import { compactWorld } from '../compact.ts';
import { oracleWays } from './packet-oracle.ts';
import { ALLOW, DENY, quickOracle, type QuickOracle, type QuickVerdict, UNKNOWN } from './quick-oracle.ts';

/** Packets by what the oracle said of them. */
export type Said = { deny: number; unknown: number; allow: number };

/** Compares on every telling packet between members of every two classes of a world, and counts them; throws at the first that differs. */
export function compareMatrix(compact: Compact, family: Family, { said, name }: { said: Said; name: string }): void {
  const world = compactWorld(compact);
  const classes = classesOf([world], family);
  const matrix = new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
  const points = tellingPoints(compact, family);
  for (const [from, to, one, other] of memberPairs(classes, world)) {
    const question = questionOf(world, one, other);
    if (question === undefined) continue;
    const judge = quickOracle(oracleWays(compact, question));
    const differing = comparePair(matrix.cell(from, to), points, { judge, said });
    if (differing !== undefined)
      assert.fail(
        `${name} ${family}, from ${one.eniId ?? 'outside'} to ${other.eniId ?? 'outside'}: ${JSON.stringify(question)}, ${differing}`,
      );
  }
}

/** The first member of each class and one of another interface: classes are as good as their members are alike. */
function* memberPairs(
  classes: Classes,
  world: World,
): Generator<readonly [ClassId, ClassId, Member, Member], void, undefined> {
  const members = classes.list.map(({ sides, members: all }) =>
    sides[0]?.spot === NO_SPOT ? [] : all.filter((one) => one.sample.within === undefined && !isShared(world, one)),
  );
  for (const [from, sources] of members.entries())
    for (const [to, targets] of members.entries())
      for (const one of sources) {
        const other = targets.findLast((target) => target.eniId !== one.eniId);
        if (other !== undefined) yield [from, to, one, other];
      }
}

/** Two interfaces with one address are no world of AWS's, though the generator makes such: who answers there is anybody's guess. */
export function isShared(world: World, { eniId, sample }: Member): boolean {
  return [...listRecords(world, 'enis')].some((eni) => eni.id !== eniId && eniOwns(eni, sample));
}

/** The question for the oracle; undefined where nobody can send such a packet, or the oracle does not know where it would come from. */
export function questionOf(world: World, one: Member, other: Member): PacketQuestion | undefined {
  const source = formatAddress(one.sample);
  if (one.eniId !== undefined) return { from: one.eniId, source, to: formatAddress(other.sample), traffic: 'all' };
  const { place } = stopOf(world, other);
  if (outsideKind(one.sample) !== 'internet' || place.kind !== 'eni' || place.public === undefined) return undefined;
  return { from: `internet:${source}`, to: formatAddress(place.public), traffic: 'all' };
}

/** A packet's protocol and two numbers, and where a cell has it: the point of the axis, and a source port. */
type Telling = {
  readonly number: number;
  readonly point: number;
  readonly first: number;
  readonly seconds: Int32Array;
};

/** Compares on every packet; says which is the first that differs. */
function comparePair(
  { points, sourcePorts }: Cell,
  telling: readonly Telling[],
  { judge, said }: { readonly judge: QuickOracle; readonly said: Said },
): string | undefined {
  const counts = [0, 0, 0];
  for (const { number, point, first, seconds } of telling) {
    const part = number === 6 ? 'tcp' : number === 17 ? 'udp' : undefined;
    const [sure, possible] = [setHas(points.sure, point), setHas(points.possible, point)];
    for (const second of seconds) {
      const is = (has: boolean, ports: IntervalSet | undefined): boolean =>
        has && (ports === undefined || setHas(ports, second));
      const expected: QuickVerdict = is(sure, part && sourcePorts.sure[part])
        ? ALLOW
        : is(possible, part && sourcePorts.possible[part])
          ? UNKNOWN
          : DENY;
      const verdict = judge(number, first, second);
      counts[verdict] = (counts[verdict] ?? 0) + 1;
      if (verdict !== expected)
        return `protocol ${number}, ${first} and ${second}: the oracle says ${verdict}, not ${expected}`;
    }
  }
  said.deny += counts[DENY] ?? 0;
  said.unknown += counts[UNKNOWN] ?? 0;
  said.allow += counts[ALLOW] ?? 0;
  return undefined;
}

const PORTS_BEFORE_UDP = 65_536;
const ICMP_START = 131_072;
const OTHER_START = 196_608;

/** Packets at every number at which a rule or entry of the world begins or ends, and beside it: between them nothing changes. */
function tellingPoints(compact: Compact, family: Family): readonly Telling[] {
  const texts = JSON.stringify([compact.groups ?? {}, compact.acls ?? {}]);
  const numbers = (pattern: RegExp, last: number): Int32Array => {
    const found = [...texts.matchAll(pattern)].flatMap(([, from, to = from]) => [Number(from), Number(to)]);
    const beside = [0, last, ...found].flatMap((one) => [one - 1, one, one + 1]);
    return Int32Array.from(new Set(beside.filter((one) => one >= 0 && one <= last))).toSorted();
  };
  const ports = numbers(/(?:tcp|udp)\/(\d+)(?:-(\d+))?/g, 65_535);
  const [own, types] = [family === 'ipv4' ? 1 : 58, numbers(/icmp(?:v6)?\/(\d+)/g, 255)];
  const codes = numbers(/icmp(?:v6)?\/\d+\/(\d+)/g, 255);
  // With the own protocol's answers, whatever the rules say.
  const asked = Int32Array.from(new Set([...types, 8, 0, 128, 129]));
  return [
    ...Array.from(ports, (first) => ({ number: 6, point: first, first, seconds: ports })),
    ...Array.from(ports, (first) => ({ number: 17, point: PORTS_BEFORE_UDP + first, first, seconds: ports })),
    ...Array.from(asked, (first) => [...codes].map((code) => ({ first, code }))).flatMap((all) =>
      all.map(({ first, code }) => ({
        number: own,
        point: ICMP_START + first * 256 + code,
        first,
        seconds: Int32Array.of(code),
      })),
    ),
    ...otherProtocols(family).map((number, rank) => ({
      number,
      point: OTHER_START + rank,
      first: 0,
      seconds: Int32Array.of(0),
    })),
  ];
}

/** Every protocol number without ports or types of its own in the family, in order. */
function otherProtocols(family: Family): readonly number[] {
  const own = family === 'ipv4' ? [1, 6, 17] : [6, 17, 58];
  return Array.from({ length: 256 }, (_, number) => number).filter((number) => !own.includes(number));
}
