import type { Family } from '../../core/net/address.ts';
import { axisPart } from '../../core/net/axis.ts';
import { interval, type IntervalSet, setHas } from '../../core/net/interval-set.ts';
import { formatTransport } from '../../core/net/traffic.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath, type Verdict } from '../../core/policy/evaluate.ts';
import { denyText } from '../../core/policy/explain-text.ts';
import { formatAddress } from '../../core/net/address.ts';
import { spaceSize, intersectSpaces } from '../address-space.ts';
import { type EndsDocument, endsDocument, pointsDocument } from '../ends-document.ts';
import { eniLabel, nameOf } from '../names.ts';
import { Bitsets, NO_CLASSES, type SetId } from '../pairs/bitsets.ts';
import { transportAt } from '../pairs/blame.ts';
import { type ClassId, classesOf } from '../pairs/classes.ts';
import { endsOf, outsideClasses } from '../pairs/ends.ts';
import { differentStops } from '../pairs/links.ts';
import { Matrix } from '../pairs/matrix.ts';
import { type RowId, Rows } from '../pairs/rows.ts';
import { outsideKind, type SpotId } from '../pairs/spots.ts';
import { pathShape } from '../path-shape.ts';
import { planTrip, type Stop } from '../trip.ts';
import type { OwnedRule } from '../pairs/causes.ts';
import { familyName } from '../question.ts';
import { regionOf } from './cover.ts';
import type { FindingScope, Witness } from './finding.ts';
import { parseCidr } from '../../core/net/cidr.ts';

/** One packet between two classes. */
export type Pair = {
  readonly from: ClassId;
  readonly to: ClassId;
  readonly point: number;
  readonly sourcePort?: number;
};

/** All pairs of a world in one family, as lint asks about them. */
export class FamilySight {
  readonly world: World;
  readonly family: Family;
  readonly matrix: Matrix;
  /** The classes of the internet. */
  readonly internet: SetId;
  readonly #half: number;
  readonly #wide = new Map<SetId, boolean>();
  readonly #ends = new Map<SetId, EndsDocument>();
  readonly #hears = new Map<SpotId, boolean>();

  constructor(world: World, family: Family) {
    const classes = classesOf([world], family);
    const rows = new Rows(new Bitsets(classes.list.length));
    this.world = world;
    this.family = family;
    this.matrix = new Matrix(classes, 0, { rows });
    this.internet = rows.sets.of(
      [...rows.sets.members(outsideClasses(classes, rows))].filter((id) => {
        const sample = classes.list[id]?.members[0]?.sample;
        return sample !== undefined && outsideKind(sample) === 'internet';
      }),
    );
    this.#half = this.#breadth(this.internet) / 2;
  }

  /** Whether a set has at least half of the internet: what is open to that is open to the world, whichever rules together say so. */
  isWide(set: SetId): boolean {
    const { sets } = this.matrix.rows;
    const outside = sets.and(set, this.internet);
    if (outside === NO_CLASSES) return false;
    let wide = this.#wide.get(outside);
    if (wide === undefined) {
      wide = this.#breadth(outside) >= this.#half;
      this.#wide.set(outside, wide);
    }
    return wide;
  }

  /** Whether paths from the internet lead to a class, perhaps, whatever groups say: where none does, nothing in its row is of the internet. */
  mayHearInternet(id: ClassId): boolean {
    const { matrix } = this;
    const spot = matrix.spotOf(id);
    let hears = this.#hears.get(spot);
    if (hears === undefined) {
      const { shapes, singles } = matrix.around(id, 'to');
      const { rows } = matrix;
      const isHeard = (row: RowId): boolean => rows.sets.overlap(rows.anywhere(row), this.internet);
      hears = singles.length > 0 || shapes.some(({ rest }) => isHeard(rest.possible));
      this.#hears.set(spot, hears);
    }
    return hears;
  }

  /** The first packet between two classes at a point, and what every gate says to it. */
  judge(
    from: ClassId,
    to: ClassId,
    point: number,
    sourcePort?: number,
  ): { readonly verdict: Verdict; readonly witness: Witness } | undefined {
    const { matrix, world, family } = this;
    const stops = differentStops(matrix.stopsOf(from), matrix.stopsOf(to));
    if (stops === undefined) return undefined;
    const { path } = planTrip(world, stops.from, stops.to);
    const port = sourcePort ?? usualPort(matrix.sourcePorts(from, to).possible, point);
    const transport = transportAt(point, port, family);
    const verdict = judgePath(decideGate, world, { path, transport });
    return {
      verdict,
      witness: {
        from: stopText(world, stops.from),
        to: stopText(world, stops.to),
        traffic: formatTransport(transport),
        sourcePort: 'sourcePort' in transport ? transport.sourcePort : null,
        path: pathShape(world, path),
      },
    };
  }

  /** What would have to be known of a packet. */
  doubts({ from, to, point }: Pair): readonly string[] {
    const doubts = this.judge(from, to, point)?.verdict.doubts ?? [];
    return [...new Set(doubts.flatMap(({ decision }) => (decision.outcome === 'unknown' ? decision.unknowns : [])))];
  }

  /** The scope of some traffic between classes, with one packet of it. */
  scope(points: IntervalSet, from: SetId, { to, shown }: { readonly to: SetId; readonly shown: Pair }): FindingScope {
    const { family } = this;
    const witness = this.judge(shown.from, shown.to, shown.point, shown.sourcePort)?.witness ?? null;
    return { family, traffic: pointsDocument(points, family), from: this.ends(from), to: this.ends(to), witness };
  }

  /** Whether two classes have members of different interfaces. */
  areTwo(from: ClassId, to: ClassId): boolean {
    return differentStops(this.matrix.stopsOf(from), this.matrix.stopsOf(to)) !== undefined;
  }

  /** A set of classes as its document. */
  ends(set: SetId): EndsDocument {
    let made = this.#ends.get(set);
    if (made === undefined) {
      const { rows, classes } = this.matrix;
      made = endsDocument(this.world, endsOf(classes, rows.sets.members(set)));
      this.#ends.set(set, made);
    }
    return made;
  }

  #breadth(set: SetId): number {
    const { classes, rows } = this.matrix;
    let size = 0;
    for (const id of rows.sets.members(set))
      for (const { space } of classes.list[id]?.members ?? [])
        size += spaceSize(this.family === 'ipv6' ? intersectSpaces(space, HANDED_OUT) : space);
    return size;
  }
}

/** The part of IPv6 that is handed out: by its size breadth is told, for the rest has nobody. */
const HANDED_OUT = ['2000::/3'].flatMap((text) => {
  const read = parseCidr(text);
  return read.ok ? [read.value] : [];
});

const USUAL_PORT = 50_000;

function usualPort(ports: { readonly tcp: IntervalSet; readonly udp: IntervalSet }, point: number): number {
  const own = axisPart(interval(point, point), 'tcp').length > 0 ? ports.tcp : ports.udp;
  return own.length === 0 || setHas(own, USUAL_PORT) ? USUAL_PORT : (own[0] ?? USUAL_PORT);
}

function stopText(world: World, { place, address }: Stop): string {
  const eni = place.kind === 'eni' ? getRecord(world, 'enis', place.eni.id) : undefined;
  return eni === undefined ? formatAddress(address) : eniLabel(world, eni, address);
}

/** That no interface of a group has an address of any of these families in which a rule means anything; undefined where one has. */
export function bareText(sights: readonly FamilySight[], { group, rule }: OwnedRule): string | undefined {
  const meant = sights.filter(({ world, family }) => regionOf(world, rule, family) !== undefined);
  const isBare = ({ matrix }: FamilySight): boolean => matrix.groups.withGroup(group.id) === NO_CLASSES;
  return meant.length > 0 && meant.every(isBare)
    ? `no interface of the group has an ${meant.map(({ family }) => familyName(family)).join(' or ')} address`
    : undefined;
}

/** Reasons for which packets are refused, each once with how many more are alike. */
export class Refusals {
  readonly #world: World;
  readonly #byKind = new Map<string, { readonly text: string; count: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Takes in what refuses a packet. */
  add({ blockers }: Verdict): void {
    for (const { gate, decision } of blockers) {
      if (decision.outcome !== 'deny') continue;
      const owner = decision.winner === undefined ? '' : JSON.stringify(decision.winner);
      const kind = `${gate.way} ${gate.stage} ${decision.reason} ${owner}`;
      const known = this.#byKind.get(kind);
      if (known !== undefined) known.count += 1;
      else {
        const why = denyText(gate, decision, (id) => nameOf(this.#world, id));
        this.#byKind.set(kind, { text: gate.way === 'reply' ? `for the answer: ${why}` : why, count: 1 });
      }
    }
  }

  /** The reasons, those of most packets first. */
  get texts(): readonly string[] {
    return [...this.#byKind.values()].toSorted((a, b) => b.count - a.count).map(({ text }) => text);
  }
}
