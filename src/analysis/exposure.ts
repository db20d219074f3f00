import { FAMILIES, formatAddress, type Family } from '../core/net/address.ts';
import { type IntervalSet, setHas, unionSets } from '../core/net/interval-set.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { decideGate } from '../core/policy/decide.ts';
import { judgePath } from '../core/policy/evaluate.ts';
import { boxesOfPoints, type EndsDocument, endsDocument, pointsDocument } from './ends-document.ts';
import { eniName } from './names.ts';
import { type RuleDocument, ruleDocument, type TrafficDocument } from './part-documents.ts';
import { NO_CLASSES, type SetId } from './pairs/bitsets.ts';
import { transportAt } from './pairs/blame.ts';
import type { ClassId } from './pairs/classes.ts';
import { endsOf, outsideClasses, spaceTexts } from './pairs/ends.ts';
import { differentStops } from './pairs/links.ts';
import { type Matrices, matricesOf } from './pairs/matrices.ts';
import type { Matrix } from './pairs/matrix.ts';
import type { RowId, Rows } from './pairs/rows.ts';
import { outsideKind } from './pairs/spots.ts';
import { pathShape } from './path-shape.ts';
import { supportOf } from './rule-support.ts';
import { planTrip } from './trip.ts';

/** An interface that can be reached from outside, as the internet sees it. */
export type ExposedInterface = {
  readonly eni: string;
  readonly instance: string | null;
  readonly name: string | null;
  readonly addresses: readonly string[];
  /** The address that packets from outside are sent to: of IPv4 the public one. */
  readonly seenAs: string | null;
};

/** One opening to the outside: the same traffic from the same senders, into these interfaces. */
export type ExposureDocument = {
  readonly family: Family;
  readonly certainty: 'certain' | 'perhaps';
  readonly traffic: TrafficDocument;
  readonly from: EndsDocument;
  readonly interfaces: readonly ExposedInterface[];
  /** The kinds of leg of the path, as `internet`, and the gateway. */
  readonly path: string;
  readonly gateway: string | null;
  /** What lets it pass on its way in: rules of groups and entries of NACLs, for the first interface. */
  readonly rules: readonly RuleDocument[];
  /** What would have to be known, where it is `perhaps`. */
  readonly unknowns: readonly string[];
};

/** Everything that gets in from outside, exactly. `version` grows when a field changes its meaning or goes. */
export type ExposuresDocument = {
  readonly version: 1;
  readonly kind: 'exposure';
  readonly revision: number;
  /** Addresses of interfaces that something gets to, of all there are, by family. */
  readonly addresses: Readonly<
    Record<Family, { readonly exposed: number; readonly perhaps: number; readonly all: number }>
  >;
  readonly openings: readonly ExposureDocument[];
};

/** What gets into a world from the internet. `families`: those to ask about. */
export function exposures(
  world: World,
  options: {
    readonly families?: readonly Family[];
    /** The world's, where another answer reads them too. */
    readonly matrices?: Matrices;
    readonly onProgress?: (done: number) => void;
  } = {},
): ExposuresDocument {
  const families = options.families ?? FAMILIES;
  const matrices = options.matrices ?? matricesOf(world);
  const found = families.map((family, at) =>
    exposuresIn(matrices(family), (done) => options.onProgress?.((at + done) / families.length)),
  );
  const none = { exposed: 0, perhaps: 0, all: 0 };
  const counts = new Map(families.map((family, at) => [family, found[at]?.counts ?? none]));
  return {
    version: 1,
    kind: 'exposure',
    revision: world.revision,
    addresses: { ipv4: counts.get('ipv4') ?? none, ipv6: counts.get('ipv6') ?? none },
    openings: found.flatMap((one) => one.openings).toSorted(byInterest),
  };
}

type Found = {
  readonly counts: { readonly exposed: number; readonly perhaps: number; readonly all: number };
  readonly openings: readonly ExposureDocument[];
};

type Opening = {
  readonly certainty: ExposureDocument['certainty'];
  readonly set: SetId;
  readonly points: IntervalSet;
  readonly to: ClassId[];
};

function exposuresIn(matrix: Matrix, onProgress: (done: number) => void): Found {
  const { classes, rows, world } = matrix;
  const internet = rows.sets.of(
    [...rows.sets.members(outsideClasses(classes, rows))].filter((id) => isInternet(matrix, id)),
  );
  const openings = new Map<string, Opening>();
  const counts = { exposed: 0, perhaps: 0, all: 0 };
  for (const [id, { members }] of classes.list.entries()) {
    if (id % 64 === 0) onProgress(id / classes.list.length);
    if (members[0]?.eniId === undefined) continue;
    const { sure, possible } = matrix.row(id, 'to');
    const certain = rows.masked(sure, internet);
    const perhaps = rows.without(rows.masked(possible, internet), certain);
    counts.all += members.length;
    if (rows.anywhere(certain) !== NO_CLASSES) counts.exposed += members.length;
    else if (rows.anywhere(perhaps) !== NO_CLASSES) counts.perhaps += members.length;
    for (const one of openingsIn(rows, certain)) file(openings, id, { certainty: 'certain', ...one });
    for (const one of openingsIn(rows, perhaps)) file(openings, id, { certainty: 'perhaps', ...one });
  }
  // Many openings are to the same senders.
  const ends = new Map<SetId, EndsDocument>();
  const endsOfSet = (set: SetId): EndsDocument => {
    const document = ends.get(set) ?? endsDocument(world, endsOf(classes, rows.sets.members(set)));
    ends.set(set, document);
    return document;
  };
  return { counts, openings: [...openings.values()].map((one) => openingDocument(matrix, one, endsOfSet(one.set))) };
}

function isInternet({ classes }: Matrix, id: ClassId): boolean {
  const sample = classes.list[id]?.members[0]?.sample;
  return sample !== undefined && outsideKind(sample) === 'internet';
}

/** The row by sets of senders: what each of them has that is the same. */
function openingsIn(rows: Rows, row: RowId): readonly { readonly set: SetId; readonly points: IntervalSet }[] {
  const bySet = new Map<SetId, IntervalSet>();
  for (const { from, to, set } of rows.segments(row)) bySet.set(set, unionSets(bySet.get(set) ?? [], [from, to]));
  return [...bySet].map(([set, points]) => ({ set, points }));
}

function file(openings: Map<string, Opening>, id: ClassId, one: Omit<Opening, 'to'>): void {
  const key = `${one.certainty} ${one.set} ${one.points.join()}`;
  const known = openings.get(key);
  if (known === undefined) openings.set(key, { ...one, to: [id] });
  else known.to.push(id);
}

function openingDocument(
  matrix: Matrix,
  { certainty, set, points, to }: Opening,
  from: EndsDocument,
): ExposureDocument {
  const { classes, rows } = matrix;
  const shown = witness(matrix, { from: [...rows.sets.members(set)][0] ?? 0, to: to[0] ?? 0, points });
  return {
    family: classes.family,
    certainty,
    traffic: pointsDocument(points, classes.family),
    from,
    interfaces: interfacesOf(matrix, to),
    ...shown,
  };
}

function witness(
  matrix: Matrix,
  pair: { readonly from: ClassId; readonly to: ClassId; readonly points: IntervalSet },
): Pick<ExposureDocument, 'path' | 'gateway' | 'rules' | 'unknowns'> {
  const { world, classes } = matrix;
  const stops = differentStops(matrix.stopsOf(pair.from), matrix.stopsOf(pair.to));
  if (stops === undefined) return { path: 'internet', gateway: null, rules: [], unknowns: [] };
  const { path } = planTrip(world, stops.from, stops.to);
  const [point = 0] = pair.points;
  const ports = matrix.sourcePorts(pair.from, pair.to).possible;
  const usual = point < 65_536 ? ports.tcp : ports.udp;
  const sourcePort = setHas(usual, 50_000) ? 50_000 : (usual[0] ?? 50_000);
  const { doubts } = judgePath(decideGate, world, { path, transport: transportAt(point, sourcePort, classes.family) });
  const support = supportOf(world, path, boxesOfPoints(pair.points)).filter(({ gate }) => gate.way === 'forward');
  return {
    path: pathShape(world, path),
    gateway: path.forward.find((gate) => gate.stage === 'gateway')?.resource ?? null,
    rules: support.flatMap(({ rules }) => rules.map(ruleDocument)),
    unknowns: [...new Set(doubts.flatMap(({ decision }) => (decision.outcome === 'unknown' ? decision.unknowns : [])))],
  };
}

function interfacesOf({ classes, world }: Matrix, ids: readonly ClassId[]): readonly ExposedInterface[] {
  const list = ids
    .flatMap((id) => classes.list[id]?.members ?? [])
    .map((member): ExposedInterface => {
      const eni = member.eniId === undefined ? undefined : getRecord(world, 'enis', member.eniId);
      const own = eni?.addresses.find(({ address }) => formatAddress(address) === formatAddress(member.sample));
      const seen = classes.family === 'ipv6' ? own?.address : own?.public?.address;
      return {
        eni: member.eniId ?? '',
        instance: eni?.attachment?.instanceId ?? null,
        name: eni === undefined ? null : (eniName(world, eni) ?? null),
        addresses: spaceTexts(member.space),
        seenAs: seen === undefined ? null : formatAddress(seen),
      };
    });
  return list.toSorted((a, b) => (`${a.name ?? '~'} ${a.eni}` < `${b.name ?? '~'} ${b.eni}` ? -1 : 1));
}

/** Certain before perhaps, from everywhere before from some, more interfaces before fewer, IPv4 before IPv6. */
function byInterest(a: ExposureDocument, b: ExposureDocument): number {
  return (
    Number(a.certainty === 'perhaps') - Number(b.certainty === 'perhaps') ||
    breadth(a) - breadth(b) ||
    b.interfaces.length - a.interfaces.length ||
    (a.family < b.family ? -1 : Number(a.family > b.family))
  );
}

function breadth({ from }: ExposureDocument): number {
  if (from.allBut === null) return 2;
  return from.allBut.length === 0 ? 0 : 1;
}
