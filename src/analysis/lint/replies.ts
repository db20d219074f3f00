import { placeOnAxis } from '../../core/net/axis.ts';
import {
  interval,
  intersectSets,
  type IntervalSet,
  intervalsOf,
  setSize,
  subtractSets,
} from '../../core/net/interval-set.ts';
import type { Subnet } from '../../core/model/vpc.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import type { Gate } from '../../core/policy/path.ts';
import type { Decision } from '../../core/policy/verdict.ts';
import { passesAll } from '../../core/policy/match.ts';
import { DIRECTIONS } from '../../core/model/security-group.ts';
import { recordLabel } from '../names.ts';
import type { SetId } from '../pairs/bitsets.ts';
import { type ClassId, selfClasses } from '../pairs/classes.ts';
import { type Link, Links, type Shape } from '../pairs/links.ts';
import type { RowId } from '../pairs/rows.ts';
import { NO_SPOT, type SpotId } from '../pairs/spots.ts';
import { type RuleDocument, ruleDocument } from '../part-documents.ts';
import { CLIENT_PORTS } from '../sample.ts';
import { type Finding, finding, type LintRule } from './finding.ts';
import { piecesOf, ScopeList } from './scope-list.ts';
import type { FamilySight } from './sight.ts';

type Blocked = {
  readonly rule: LintRule;
  readonly aclId: string;
  /** Entries deny it by what they say; else the final deny does, which mostly is an entry forgotten. */
  readonly isMeant: boolean;
  readonly by: Map<string, RuleDocument>;
  readonly scopes: ScopeList;
  /** Ports of clients that get no answer. */
  readonly ports: Map<string, IntervalSet>;
};

type Senders = { readonly senders: SetId; readonly spot: SpotId };

/** Source ports to ask with: what refuses an answer may depend on the port. `ports`: those that get none. */
type Lost = {
  readonly rule: LintRule;
  readonly sourcePorts: readonly (number | undefined)[];
  readonly ports?: IntervalSet;
};

/** Ports that Linux and Windows give to clients by themselves; others are those of NAT gateways, load balancers and functions. */
const COMMON_PORTS: IntervalSet = interval(32_768, 65_535);

/** Both ends and the middle of what clients send from: two NACLs may each leave ports, and together none. */
const SAMPLE_PORTS = [50_000, 1024, 65_535];

const MAX_RANGES = 4;

/** Of fewer ports of clients, as of one that a service has, nothing is told: hardly any connection ever comes from there. */
const MIN_LOST = 1024;

const PARTS = ['tcp', 'udp', 'icmp'] as const;
/** Points of the protocols of which the answers are looked at. */
const WITH_ANSWERS: IntervalSet = [0, 3 * 65_536 - 1];

type Asked = {
  readonly from: ClassId;
  readonly to: ClassId;
  readonly point: number;
  readonly sourcePort: number | undefined;
};
type Refuser = {
  readonly gate: Extract<Gate, { kind: 'acl' }>;
  readonly decision: Extract<Decision, { outcome: 'deny' }>;
};

type LostTraffic = { readonly shape: Shape; readonly rest: RowId };

/**
 * Requests that get there for certain, and whose answers a NACL refuses: all of them, or those to some of the ports that clients send from.
 * Only what is so for certain.
 */
export function replyFindings(sights: readonly FamilySight[], onProgress: (done: number) => void): readonly Finding[] {
  const blocked = new Map<string, Blocked>();
  for (const [at, sight] of sights.entries()) {
    if (!hasFilters(sight)) continue;
    const lost = new LostReplies(sight, blocked);
    const { list } = sight.matrix.classes;
    for (const id of list.keys()) {
      if (id % 64 === 0) onProgress((at + id / list.length) / sights.length);
      lost.take(id);
    }
  }
  const world = sights[0]?.world;
  return world === undefined ? [] : [...blocked.values()].map((one) => blockedFinding(world, one));
}

/** Whether any NACL of a subnet refuses anything. */
function hasFilters({ world, family }: FamilySight): boolean {
  return [...listRecords(world, 'subnets')].some((subnet) => {
    const acl = aclOf(world, subnet);
    return acl !== undefined && DIRECTIONS.some((direction) => !passesAll(acl, direction, family));
  });
}

function aclOf(world: World, { networkAcl }: Subnet): ReturnType<typeof getRecord<'acls'>> {
  return networkAcl === undefined ? undefined : getRecord(world, 'acls', networkAcl.aclId);
}

/** Finds lost answers, receiver by receiver, by comparing what gets there with what gets there and is answered. */
class LostReplies {
  readonly #sight: FamilySight;
  readonly #blocked: Map<string, Blocked>;
  readonly #oneWay: Links;
  readonly #bySpot: ReadonlyMap<SpotId, SetId>;
  readonly #whole = new Map<SpotId, readonly LostTraffic[]>();
  readonly #partly = new Map<SpotId, readonly Senders[]>();
  readonly #refused = new Map<string, readonly Refuser[]>();

  constructor(sight: FamilySight, blocked: Map<string, Blocked>) {
    this.#sight = sight;
    this.#blocked = blocked;
    const { matrix } = sight;
    this.#oneWay = new Links(matrix.world, matrix.classes.spots[0] ?? [], 'forward');
    const ids = Map.groupBy(matrix.classes.list.keys(), (id) => matrix.spotOf(id));
    this.#bySpot = new Map(
      [...ids].filter(([spot]) => spot !== NO_SPOT).map(([spot, own]) => [spot, matrix.rows.sets.of(own)]),
    );
  }

  take(id: ClassId): void {
    if (this.#sight.matrix.spotOf(id) === NO_SPOT) return;
    this.#takeWhole(id);
    this.#takeParts(id);
  }

  /** What gets to a class and is never answered: traffic that paths lose, as far as groups admit it. */
  #takeWhole(id: ClassId): void {
    const { rows, groups, classes } = this.#sight.matrix;
    const others = rows.sets.without(rows.sets.all, rows.sets.of(selfClasses(classes, id)));
    for (const { shape, rest } of this.#lostTowards(this.#sight.matrix.spotOf(id))) {
      const { sender, receiver } = shape;
      if (typeof receiver !== 'string') continue;
      const own = receiver === 'none' ? rest : rows.and(rest, groups.own(id, 'ingress', receiver).sure);
      const met = sender === 'none' ? own : rows.and(own, groups.far(id, 'egress', sender).sure);
      for (const { from, to, set } of rows.segments(rows.masked(met, others)))
        for (const part of PARTS) {
          const points = intersectSets([from, to], placeOnAxis([0, 65_535], part));
          if (points.length === 0) continue;
          const sourcePorts = part === 'icmp' ? [undefined] : SAMPLE_PORTS;
          for (const senders of this.#apart(set))
            this.#file(id, { set: senders, points }, { rule: 'replies-blocked', sourcePorts });
        }
    }
  }

  /** What gets from each spot to one and is not answered, by what the path asks of groups; TCP, UDP and ICMP. */
  #lostTowards(to: SpotId): readonly LostTraffic[] {
    let known = this.#whole.get(to);
    if (known === undefined) {
      const { matrix } = this.#sight;
      const byShape = new Map<
        string,
        { readonly shape: Shape; readonly pieces: { points: IntervalSet; set: SetId }[] }
      >();
      for (const [from, set] of this.#bySpot) {
        const link = this.#oneWay.between(from, to);
        const both = matrix.links.between(from, to);
        if (link.kind !== 'shaped' || both.kind === 'single') continue;
        const answered = both.kind === 'none' ? [] : answeredPoints(both);
        const points = intersectSets(subtractSets(link.points.sure, answered), WITH_ANSWERS);
        if (points.length === 0) continue;
        const key = JSON.stringify(link.shape);
        const shaped = byShape.get(key) ?? { shape: link.shape, pieces: [] };
        byShape.set(key, shaped);
        shaped.pieces.push({ points, set });
      }
      known = [...byShape.values()].map(({ shape, pieces }) => ({ shape, rest: matrix.rows.ofPieces(pieces) }));
      this.#whole.set(to, known);
    }
    return known;
  }

  /** A set by spots: packets of each meet the same gates. */
  #apart(set: SetId): readonly SetId[] {
    const { matrix } = this.#sight;
    const { sets } = matrix.rows;
    const bySpot = Map.groupBy(sets.members(set), (one) => matrix.spotOf(one));
    return [...bySpot.values()].map((own) => sets.of(own));
  }

  /** What gets to a class and is answered at some of the ports that clients send from, and not at others. */
  #takeParts(id: ClassId): void {
    const { matrix } = this.#sight;
    const to = matrix.spotOf(id);
    for (const { senders, spot } of this.#partlyTowards(to))
      for (const part of ['tcp', 'udp'] as const) {
        const ports = this.#portsLost(spot, to, part);
        const common = intersectSets(ports, COMMON_PORTS);
        const [sourcePort] = common.length > 0 ? common : ports;
        if (sourcePort === undefined) continue;
        const row = matrix.rows.and(matrix.row(id, 'to').sure, this.#partRow(id, part, senders));
        this.#fileRow(id, row, { rule: 'replies-blocked-in-part', sourcePorts: [sourcePort], ports });
      }
  }

  /** One protocol from some senders to a class, but for the class's own interface. */
  #partRow(id: ClassId, part: 'tcp' | 'udp' | 'icmp', senders: SetId): RowId {
    const { rows, classes } = this.#sight.matrix;
    const others = rows.sets.without(senders, rows.sets.of(selfClasses(classes, id)));
    return rows.over(placeOnAxis([0, 65_535], part), others);
  }

  #fileRow(id: ClassId, row: RowId, lost: Lost): void {
    const segments = [...this.#sight.matrix.rows.segments(row)];
    const pieces = piecesOf(segments.map(({ from, to, set }) => ({ points: [from, to], set })));
    for (const [set, points] of pieces) this.#file(id, { set, points }, lost);
  }

  /** The spots from where a spot is answered at some ports of clients only. */
  #partlyTowards(to: SpotId): readonly Senders[] {
    let known = this.#partly.get(to);
    if (known === undefined) {
      known = [...this.#bySpot].flatMap(([spot, senders]) =>
        (['tcp', 'udp'] as const).some((part) => this.#portsLost(spot, to, part).length > 0) ? [{ senders, spot }] : [],
      );
      this.#partly.set(to, known);
    }
    return known;
  }

  /** Ports of clients that get no answer though others do. */
  #portsLost(from: SpotId, to: SpotId, part: 'tcp' | 'udp'): IntervalSet {
    const { matrix } = this.#sight;
    const link = matrix.links.between(from, to);
    if (link.kind !== 'shaped') return [];
    const ports = link.sourcePorts.possible[part];
    const lost = intersectSets(CLIENT_PORTS, ports).length === 0 ? [] : subtractSets(CLIENT_PORTS, ports);
    return setSize(lost) < MIN_LOST ? [] : lost;
  }

  /** Files under each NACL that refuses the answer to one packet; where something else refuses it, it is no matter of NACLs. */
  #file(
    id: ClassId,
    { set, points }: { readonly set: SetId; readonly points: IntervalSet },
    { rule, sourcePorts, ports = [] }: Lost,
  ): void {
    const sight = this.#sight;
    const from = [...sight.matrix.rows.sets.members(set)].find((one) => sight.areTwo(one, id));
    if (from === undefined) return;
    for (const sourcePort of sourcePorts)
      for (const { gate, decision } of this.#refusers({ from, to: id, point: points[0] ?? 0, sourcePort })) {
        const aclId = gate.subnet.networkAcl?.aclId ?? gate.subnet.id;
        const known = this.#blockedBy(rule, aclId, decision.reason === 'acl-entry');
        const documents = decision.winner === undefined ? [] : [ruleDocument(decision.winner)];
        for (const document of documents) known.by.set(JSON.stringify(document), document);
        for (const [first, last] of intervalsOf(ports)) known.ports.set(`${first}-${last}`, [first, last]);
        const shown = sourcePort === undefined ? {} : { sourcePort };
        known.scopes.add(sight, id, { pieces: new Map([[set, points]]), ...shown });
      }
  }

  /** The NACLs that refuse the answer to a packet. That depends on the spots and the source port alone, so each is asked once. */
  #refusers({ from, to, point, sourcePort }: Asked): readonly Refuser[] {
    const { matrix } = this.#sight;
    const part = PARTS.findIndex((one) => point <= (placeOnAxis([65_535, 65_535], one)[0] ?? 0));
    const key = `${matrix.spotOf(from)} ${matrix.spotOf(to)} ${part} ${sourcePort ?? ''}`;
    let known = this.#refused.get(key);
    if (known === undefined) {
      const { blockers = [] } = this.#sight.judge(from, to, point, sourcePort)?.verdict ?? {};
      known = blockers.flatMap(({ gate, decision }): readonly Refuser[] =>
        gate.kind === 'acl' && gate.way === 'reply' && decision.outcome === 'deny' ? [{ gate, decision }] : [],
      );
      this.#refused.set(key, known);
    }
    return known;
  }

  #blockedBy(rule: LintRule, aclId: string, isMeant: boolean): Blocked {
    const key = `${rule} ${aclId} ${isMeant ? 'entry' : ''}`;
    const known = this.#blocked.get(key) ?? {
      rule,
      aclId,
      isMeant,
      by: new Map(),
      scopes: new ScopeList(),
      ports: new Map(),
    };
    this.#blocked.set(key, known);
    return known;
  }
}

/** The points that get an answer at some port that clients send from. */
function answeredPoints({ points, sourcePorts }: Extract<Link, { kind: 'shaped' }>): IntervalSet {
  return (['tcp', 'udp'] as const).reduce((left, part) => {
    const isAnswered = intersectSets(sourcePorts.possible[part], CLIENT_PORTS).length > 0;
    return isAnswered ? left : subtractSets(left, placeOnAxis([0, 65_535], part));
  }, points.possible);
}

function blockedFinding(world: World, { rule, aclId, isMeant, by, scopes, ports }: Blocked): Finding {
  const isWhole = rule === 'replies-blocked';
  const lost = [...ports.values()].toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const isCommon = lost.some((range) => intersectSets(range, COMMON_PORTS).length > 0);
  const texts = lost.slice(0, MAX_RANGES).map((range) => range.join('-'));
  const more = lost.length > MAX_RANGES ? ' and more' : '';
  return finding({
    rule,
    severity: !isMeant && (isWhole || isCommon) ? 'warning' : 'note',
    resource: aclId,
    label: recordLabel(world, aclId),
    message: isWhole
      ? 'requests get there, but answers do not come back: its entries refuse them'
      : `requests get there, but its entries refuse answers to clients that send from ports ${texts.join(', ')}${more}`,
    by: [...by.values()],
    scopes: scopes.scopes,
  });
}
