import { placeOnAxis } from '../../core/net/axis.ts';
import { interval, intersectSets, type IntervalSet, subtractSets, unionSets } from '../../core/net/interval-set.ts';
import type { Rule, SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, indexedCount, listRecords, type World } from '../../core/model/world.ts';
import { preparedRules } from '../../core/policy/match.ts';
import { eniLabel, recordLabel } from '../names.ts';
import { type RuleDocument, ruleDocument } from '../part-documents.ts';
import { NO_CLASSES } from '../pairs/bitsets.ts';
import type { ClassId } from '../pairs/classes.ts';
import type { Certainty } from '../pairs/difference.ts';
import type { RowId } from '../pairs/rows.ts';
import { carrierDoubts, resting, ruleDoubts } from './doubts.ts';
import { counted, type Finding, finding, type LintRule } from './finding.ts';
import { piecesOf, ScopeList } from './scope-list.ts';
import { bareText, type FamilySight, Refusals } from './sight.ts';

const tcp = (...ports: readonly number[]): IntervalSet =>
  ports.reduce((all: IntervalSet, port) => unionSets(all, placeOnAxis(interval(port, port), 'tcp')), []);
const udp = (...ports: readonly number[]): IntervalSet =>
  ports.reduce((all: IntervalSet, port) => unionSets(all, placeOnAxis(interval(port, port), 'udp')), []);

type Watched = { readonly rule: LintRule; readonly what: string; readonly points: IntervalSet };

const EVERY_PORT: IntervalSet = placeOnAxis(interval(0, 65_535), 'tcp');
const EVERYTHING: Watched = { rule: 'reachable-everything', what: 'every TCP port', points: EVERY_PORT };

/** What hardly anybody means to show to the world, by the ports that IANA and the makers give to it. */
const WATCHED: readonly Watched[] = [
  { rule: 'reachable-ssh', what: 'SSH', points: tcp(22) },
  { rule: 'reachable-rdp', what: 'Remote Desktop', points: unionSets(tcp(3389), udp(3389)) },
  {
    rule: 'reachable-database',
    what: 'a database port',
    // SQL Server, Oracle, NFS, etcd, MySQL, PostgreSQL, Redshift, CouchDB, AMQP, Redis, Cassandra, Elasticsearch, Kafka, memcached, MongoDB, Db2.
    points: unionSets(
      tcp(1433, 1521, 2049, 2379, 2380, 3306, 5432, 5439, 5672, 5984, 6379, 9042, 9092, 9200, 9300, 11_211),
      unionSets(tcp(27_017, 27_018, 27_019, 50_000), udp(1434, 11_211)),
    ),
  },
  {
    rule: 'reachable-admin',
    what: 'a port of remote administration',
    // Telnet, RPC, SMB, rsh, Docker, VNC, WinRM, kubelet and the Kubernetes API.
    points: tcp(23, 135, 445, 512, 513, 514, 2375, 2376, 5900, 5985, 5986, 6443, 10_250),
  },
];

type Opening = {
  readonly world: World;
  readonly watched: Watched;
  readonly certainty: Certainty;
  readonly resource: string;
  readonly rules: Map<Rule, RuleDocument>;
  readonly scopes: ScopeList;
};

/** What the world gets to that hardly anybody means to show, group by group. `onProgress`: how much of a family is done. */
export function exposedFindings(
  sights: readonly FamilySight[],
  onProgress: (done: number) => void,
): readonly Finding[] {
  const openings = new Map<string, Opening>();
  for (const [at, sight] of sights.entries()) {
    const { list } = sight.matrix.classes;
    for (const [id, { members }] of list.entries()) {
      if (id % 64 === 0) onProgress((at + id / list.length) / sights.length);
      if (members[0]?.eniId === undefined || !sight.mayHearInternet(id)) continue;
      const { sure, possible } = sight.matrix.row(id, 'to');
      const certain = openToWorld(sight, sure);
      const perhaps = sure === possible ? certain : openToWorld(sight, admitted(sight, id, possible));
      for (const watched of watchedIn(certain.points))
        file(openings, watched, { sight, id, open: certain, certainty: 'certain' });
      const more = { ...perhaps, points: subtractSets(perhaps.points, certain.points) };
      if (more.points.length === 0 || isEverything(certain.points)) continue;
      const doubted = isEverything(perhaps.points) ? [EVERYTHING] : watchedIn(more.points);
      for (const watched of doubted) file(openings, watched, { sight, id, open: more, certainty: 'perhaps' });
    }
  }
  return [...openings.values()].map(openingFinding);
}

/** What of a row the groups of its class admit from outside: where a gateway is not known, paths end before they ask. */
function admitted({ matrix }: FamilySight, id: ClassId, row: RowId): RowId {
  return matrix.rows.and(row, matrix.groups.own(id, 'ingress', 'address').possible);
}

const CERTAINTIES = { certain: 'sure', perhaps: 'possible' } as const;

type Open = { readonly points: IntervalSet; readonly row: RowId };

/** The points at which a row has at least half of the internet. */
function openToWorld(sight: FamilySight, row: RowId): Open {
  const points: number[] = [];
  for (const { from, to, set } of sight.matrix.rows.segments(row)) if (sight.isWide(set)) points.push(from, to);
  return { points: unionSets(points.slice(0, 2), points.slice(2)), row };
}

function isEverything(points: IntervalSet): boolean {
  return subtractSets(EVERY_PORT, points).length === 0;
}

function watchedIn(points: IntervalSet): readonly Watched[] {
  if (points.length === 0) return [];
  if (isEverything(points)) return [EVERYTHING];
  return WATCHED.filter((one) => intersectSets(points, one.points).length > 0);
}

type Place = { readonly sight: FamilySight; readonly id: ClassId; readonly open: Open; readonly certainty: Certainty };

/** Files an opening under each group that lets it in; where none does, under the interfaces themselves. */
function file(openings: Map<string, Opening>, watched: Watched, { sight, id, open, certainty }: Place): void {
  const { matrix, world, family } = sight;
  const points = watched === EVERYTHING ? open.points : intersectSets(open.points, watched.points);
  const { sets } = matrix.rows;
  const pieces = piecesOf(
    [...matrix.rows.segments(open.row)].map(({ from, to, set: all }) => ({
      points: intersectSets(points, [from, to]),
      set: sets.and(all, sight.internet),
    })),
  );
  const set = sets.union([...pieces.keys()]);
  const add = (resource: string, rules: readonly Rule[], groupId?: SecurityGroup['id']): void => {
    const key = `${watched.rule} ${certainty} ${resource}`;
    const fresh = { world, watched, certainty, resource, rules: new Map(), scopes: new ScopeList() };
    const known: Opening = openings.get(key) ?? fresh;
    openings.set(key, known);
    if (groupId !== undefined)
      for (const rule of rules) known.rules.set(rule, ruleDocument({ kind: 'rule', groupId, rule }));
    known.scopes.add(sight, id, { pieces });
  };
  let left = points;
  const groups = matrix.sideOf(id)?.groups ?? [];
  for (const groupId of groups) {
    const group = getRecord(world, 'groups', groupId);
    const placed = group === undefined ? [] : preparedRules(group, 'ingress', family).placed;
    const rules = placed.filter(
      ({ rule, from, to }) =>
        intersectSets(points, [from, to]).length > 0 &&
        (certainty === 'perhaps' || rule.doubt === undefined) &&
        sets.overlap(matrix.groups.ofPeer(rule.peer, 'address')[CERTAINTIES[certainty]], set),
    );
    if (rules.length === 0) continue;
    for (const { from, to } of rules) left = subtractSets(left, [from, to]);
    add(
      groupId,
      rules.map(({ rule }) => rule),
      groupId,
    );
  }
  if (left.length === 0) return;
  // What no known rule admits comes of groups that are not known, or of there being none.
  const unknown = groups.filter((groupId) => getRecord(world, 'groups', groupId) === undefined);
  const enis = (matrix.classes.list[id]?.members ?? []).flatMap(({ eniId }) => eniId ?? []);
  for (const resource of unknown.length > 0 ? unknown : new Set(enis)) add(resource, []);
}

function openingFinding({ world, watched, certainty, resource, rules, scopes }: Opening): Finding {
  const doubts = certainty === 'certain' ? [] : scopes.pairs.flatMap(({ sight, pair }) => sight.doubts(pair));
  const verb = certainty === 'certain' ? 'is' : 'may be';
  return finding({
    rule: watched.rule,
    severity: 'error',
    certainty,
    resource,
    label: labelOf(world, resource),
    message: `${watched.what} ${verb} open to the internet at ${counted(scopes.interfaces, 'interface')}`,
    subjects: [...rules.values()],
    scopes: scopes.scopes,
    unknowns: [...new Set(doubts)],
  });
}

function labelOf(world: World, resource: string): string {
  const eni = getRecord(world, 'enis', resource);
  return eni === undefined ? recordLabel(world, resource) : eniLabel(world, eni);
}

/** Findings about rules that nothing of the internet gets in by, and these rules. */
export type UnreachableFindings = { readonly findings: readonly Finding[]; readonly rules: ReadonlySet<Rule> };

/**
 * Groups with rules that are open to the world though nothing of the internet gets in by them, and why. A rule that some interface is reached by
 * is none of these, nor one that is perhaps.
 */
export function unreachableFindings(sights: readonly FamilySight[]): UnreachableFindings {
  const [first] = sights;
  if (first === undefined) return { findings: [], rules: new Set() };
  const { world } = first;
  const unreachable = new Set<Rule>();
  const findings = [...listRecords(world, 'groups')].flatMap((group): readonly Finding[] => {
    const open = sights.flatMap((sight) => worldRules(sight, group).map((one) => ({ sight, ...one })));
    const closed = open.filter(({ sight, rule, from, to }) => !isReached(sight, group, { rule, from, to }));
    if (closed.length === 0) return [];
    const refusals = new Refusals(world);
    for (const { sight, rule, from } of closed) refuseWorld(refusals, sight, { group, rule, point: from });
    const isUnattached = indexedCount(world, 'enisByGroup', group.id) === 0;
    const rules = [...new Set(closed.map(({ rule }) => rule))];
    for (const rule of rules) unreachable.add(rule);
    const bare = rules.flatMap((rule) => bareText(sights, { group, rule }) ?? []);
    return [
      finding({
        rule: 'open-unreachable',
        severity: 'note',
        resource: group.id,
        label: recordLabel(world, group.id),
        message: `${counted(rules.length, 'rule')} ${rules.length === 1 ? 'is' : 'are'} open to the world, but nothing of the internet gets in by ${rules.length === 1 ? 'it' : 'them'}`,
        subjects: rules.map((rule) => ruleDocument({ kind: 'rule', groupId: group.id, rule })),
        reasons: isUnattached ? ['the group is on no interface'] : [...new Set([...refusals.texts, ...bare])],
        ...resting([...carrierDoubts(world), ...ruleDoubts(rules)]),
      }),
    ];
  });
  return { findings, rules: unreachable };
}

type Asked = { readonly rule: Rule; readonly from: number; readonly to: number };

function worldRules(sight: FamilySight, group: SecurityGroup): readonly Asked[] {
  return preparedRules(group, 'ingress', sight.family).placed.filter(
    ({ rule }) => rule.peer.kind !== 'group' && sight.isWide(sight.matrix.groups.ofPeer(rule.peer, 'address').sure),
  );
}

/** Whether anything of the internet gets, or may get, where a rule lets it in. */
function isReached(sight: FamilySight, group: SecurityGroup, { rule, from, to }: Asked): boolean {
  const { rows, groups } = sight.matrix;
  const peers = rows.sets.and(groups.ofPeer(rule.peer, 'address').possible, sight.internet);
  for (const id of rows.sets.members(groups.withGroup(group.id))) {
    if (!sight.mayHearInternet(id)) continue;
    for (const { set } of rows.segmentsIn(admitted(sight, id, sight.matrix.row(id, 'to').possible), [from, to]))
      if (rows.sets.overlap(set, peers)) return true;
  }
  return false;
}

/** How many classes of a group are asked why: the reasons are few, whatever their number. */
const MAX_ASKED = 8;

function refuseWorld(
  refusals: Refusals,
  sight: FamilySight,
  { group, rule, point }: { readonly group: SecurityGroup; readonly rule: Rule; readonly point: number },
): void {
  const { rows, groups } = sight.matrix;
  const peers = rows.sets.and(groups.ofPeer(rule.peer, 'address').possible, sight.internet);
  const [sender] = rows.sets.members(peers);
  if (sender === undefined || peers === NO_CLASSES) return;
  for (const id of [...rows.sets.members(groups.withGroup(group.id))].slice(0, MAX_ASKED)) {
    const judged = sight.judge(sender, id, point);
    if (judged !== undefined) refusals.add(judged.verdict);
  }
}
