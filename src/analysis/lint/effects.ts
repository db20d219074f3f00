import { trafficInterval } from '../../core/net/axis.ts';
import type { IntervalSet } from '../../core/net/interval-set.ts';
import { cidrContains, formatCidr } from '../../core/net/cidr.ts';
import { DIRECTIONS, type Rule, type SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import { EXEMPT_ADDRESSES } from '../../core/policy/exempt.ts';
import { preparedRules } from '../../core/policy/match.ts';
import { recordLabel } from '../names.ts';
import { ruleDocument } from '../part-documents.ts';
import { NO_CLASSES, type SetId } from '../pairs/bitsets.ts';
import { type ClassId, selfClasses } from '../pairs/classes.ts';
import type { Facing, Matrix } from '../pairs/matrix.ts';
import type { RowId } from '../pairs/rows.ts';
import { connectionOf } from './connection.ts';
import { carrierDoubts, resting, ruleDoubts } from './doubts.ts';
import { type Finding, finding } from './finding.ts';
import { bareText, type FamilySight, Refusals } from './sight.ts';

type Asked = { readonly group: SecurityGroup; readonly rule: Rule };

/**
 * Rules that let nothing through, and why. Only what is so for certain: a rule that perhaps has an effect is not told of, nor one of an interface
 * that forwards what others send, or whose packets such an interface forwards. `told`: rules that are told of already.
 */
export function effectFindings(
  sights: readonly FamilySight[],
  told: ReadonlySet<Rule>,
  onProgress: (done: number) => void,
): readonly Finding[] {
  const [first] = sights;
  if (first === undefined) return [];
  const { world } = first;
  const forwarding = forwardingGroups(world);
  const groups = [...listRecords(world, 'groups')];
  return groups.flatMap((group, at): readonly Finding[] => {
    if (at % 16 === 0) onProgress(at / groups.length);
    if (forwarding.has(group.id)) return [];
    return DIRECTIONS.flatMap((direction) =>
      group.rules
        .filter((rule) => rule.direction === direction && !told.has(rule))
        .filter((rule) => sights.every((sight) => isIdle(sight, { group, rule })))
        .flatMap((rule) => idleFinding(sights, { group, rule })),
    );
  });
}

/** Groups of interfaces that routes lead to: their rules decide about the packets of others. */
function forwardingGroups(world: World): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { routes } of listRecords(world, 'routeTables'))
    for (const { target } of routes)
      if (target.kind === 'eni') for (const id of getRecord(world, 'enis', target.id)?.groups ?? []) groups.add(id);
  return groups;
}

/** Whether a rule lets nothing through in a family, for certain. */
function isIdle({ matrix, family }: FamilySight, { group, rule }: Asked): boolean {
  if (!preparedRules(group, rule.direction, family).placed.some((one) => one.rule === rule)) return true;
  const { rows, groups, classes } = matrix;
  const facing: Facing = rule.direction === 'ingress' ? 'to' : 'from';
  const points = [...trafficInterval(rule.traffic, family)];
  return [...rows.sets.members(groups.withGroup(group.id))].every((id) => {
    // Nearly every rule lets something through, and mostly one pair shows it; where no pair has any of it, neither is more to ask.
    const shown = facing === 'to' ? shownIn(matrix, { id, rule, points }) : shownOut(matrix, { id, rule, points });
    if (shown !== 'perhaps') return shown === 'no';
    const row = matrix.rowBy(id, facing, (sight) => {
      const { sure, possible } = groups.ofPeer(rule.peer, sight);
      return { sure: rows.over(points, sure), possible: rows.over(points, possible) };
    });
    if (row === undefined || endsInDoubt(matrix, facing, { id, rule, points })) return false;
    const own = rows.sets.of(selfClasses(classes, id));
    return rows.sets.without(rows.anywhere(row.possible), own) === NO_CLASSES;
  });
}

type Shown = { readonly id: ClassId; readonly rule: Rule; readonly points: IntervalSet };

/** Whether pairs of a receiver show that its rule lets something through: `no` where none gets any of what the rule admits, by whatever rule. */
function shownIn(matrix: Matrix, { id, rule, points }: Shown): 'yes' | 'no' | 'perhaps' {
  const { sets } = matrix.rows;
  const senders = peersOf(matrix, id, rule);
  let isAny = hidesPairs(matrix, id, rule);
  for (const set of setsIn(matrix, matrix.row(id, 'to').possible, points)) isAny ||= sets.overlap(set, senders);
  if (!isAny) return 'no';
  const named = sets.and(senders, matrix.groups.ofPeer(rule.peer, 'groups').sure);
  for (const set of setsIn(matrix, matrix.row(id, 'to').sure, points)) {
    if (!sets.overlap(set, named)) continue;
    for (const sender of sets.members(sets.and(set, named)))
      if (isAsked(matrix, { from: sender, to: id }, rule)) return 'yes';
  }
  return 'perhaps';
}

/** The same of a sender, from the rows of those to whom its rule lets packets go. */
function shownOut(matrix: Matrix, { id, rule, points }: Shown): 'yes' | 'no' | 'perhaps' {
  const { sets } = matrix.rows;
  let isAny = hidesPairs(matrix, id, rule);
  const named = matrix.groups.ofPeer(rule.peer, 'groups').sure;
  for (const receiver of sets.members(peersOf(matrix, id, rule))) {
    const { sure, possible } = matrix.row(receiver, 'to');
    if (!hasAny(matrix, possible, { id, points })) continue;
    isAny = true;
    const isSure = sets.has(named, receiver) && hasAny(matrix, sure, { id, points });
    if (isSure && isAsked(matrix, { from: id, to: receiver }, rule)) return 'yes';
  }
  return isAny ? 'perhaps' : 'no';
}

/** Every class that a rule may name where the groups of the other end are seen; but for the class's own interface. */
function peersOf({ rows, groups, classes }: Matrix, id: ClassId, { peer }: Rule): SetId {
  return rows.sets.without(groups.ofPeer(peer, 'groups').possible, rows.sets.of(selfClasses(classes, id)));
}

/** Whether rules mean others than `peersOf` in some pairs of a class: devices hide the other end, or it may have groups that nobody knows. */
function hidesPairs(matrix: Matrix, id: ClassId, { peer, direction }: Rule): boolean {
  if (matrix.hasSingles(id)) return true;
  const shapes = matrix.around(id, direction === 'ingress' ? 'to' : 'from').shapes;
  return shapes.some(({ shape }) => {
    const near = direction === 'ingress' ? shape.receiver : shape.sender;
    return typeof near !== 'string' || (near === 'perhaps' && peer.kind === 'group');
  });
}

/** Whether paths end, at something that is not known, before they ask the gate of a rule: they may lead to it. */
function endsInDoubt(matrix: Matrix, facing: Facing, { id, rule, points }: Shown): boolean {
  const { rows } = matrix;
  const peers = peersOf(matrix, id, rule);
  return matrix.around(id, facing).shapes.some(({ shape, rest }) => {
    if ((facing === 'to' ? shape.receiver : shape.sender) !== 'none') return false;
    const doubtful = setsIn(matrix, rows.without(rest.possible, rest.sure), points);
    return [...doubtful].some((set) => rows.sets.overlap(set, peers));
  });
}

function* setsIn({ rows }: Matrix, row: RowId, [first = 0, last = 0]: IntervalSet): Generator<SetId, void, undefined> {
  for (const { set } of rows.segmentsIn(row, [first, last])) yield set;
}

/** Whether a class is in a row at some of these points. */
function hasAny(
  matrix: Matrix,
  row: RowId,
  { id, points }: { readonly id: ClassId; readonly points: IntervalSet },
): boolean {
  for (const set of setsIn(matrix, row, points)) if (matrix.rows.sets.has(set, id)) return true;
  return false;
}

/** Whether the gate of a rule is asked between two classes, and sees of the other end what the rule names. */
function isAsked(matrix: Matrix, { from, to }: { readonly from: ClassId; readonly to: ClassId }, rule: Rule): boolean {
  const link = matrix.links.between(matrix.spotOf(from), matrix.spotOf(to));
  if (link.kind !== 'shaped') return false;
  const sight = rule.direction === 'ingress' ? link.shape.receiver : link.shape.sender;
  return rule.peer.kind === 'group' ? sight === 'groups' : typeof sight === 'string' && sight !== 'none';
}

function idleFinding(sights: readonly FamilySight[], asked: Asked): readonly Finding[] {
  const world = sights[0]?.world;
  if (world === undefined) return [];
  const { group, rule } = asked;
  const members = [...indexedIds(world, 'enisByGroup', group.id)];
  // That a group is on no interface is told of the group.
  if (members.length === 0) return [];
  const told = rule.peer.kind === 'group' ? referenceFinding(world, asked, members) : undefined;
  if (told === 'well' || isSentinel(asked)) return [];
  const common = {
    resource: group.id,
    label: recordLabel(world, group.id),
    subjects: [ruleDocument({ kind: 'rule', groupId: group.id, rule })],
    ...resting([...carrierDoubts(world), ...ruleDoubts([rule])]),
  };
  if (told !== undefined) return [finding({ ...common, ...told })];
  const refusals = new Refusals(world);
  let hasPeers = false;
  for (const sight of sights) hasPeers = refuse(refusals, sight, asked) || hasPeers;
  if (!hasPeers) return [finding({ ...common, ...withoutPeer(world, rule, bareText(sights, asked)) })];
  return [
    finding({
      ...common,
      rule: 'rule-cut-off',
      severity: 'warning',
      message: 'lets nothing through: something else refuses all that it admits, at every interface of the group',
      reasons: refusals.texts,
    }),
  ];
}

/** Addresses that nothing ever has. */
const NOBODY: ReadonlySet<string> = new Set(['255.255.255.255/32', '127.0.0.1/32', '::1/128']);

/** A rule that is there to let nothing out: a group that is made without one for egress gets AWS's, for everything. */
function isSentinel({ group, rule }: Asked): boolean {
  if (rule.direction !== 'egress' || rule.peer.kind !== 'cidr' || !NOBODY.has(formatCidr(rule.peer.cidr))) return false;
  return group.rules.every(
    ({ direction, peer }) => direction === 'ingress' || (peer.kind === 'cidr' && NOBODY.has(formatCidr(peer.cidr))),
  );
}

type Told = Pick<Finding, 'rule' | 'severity' | 'message'> & Partial<Finding>;

/** What is wrong with the group that a rule names; `well` where there is nobody else yet to match. */
function referenceFinding(world: World, { group, rule }: Asked, members: readonly string[]): Told | 'well' | undefined {
  if (rule.peer.kind !== 'group') return undefined;
  const { groupId } = rule.peer;
  const named = getRecord(world, 'groups', groupId);
  const peers = [...indexedIds(world, 'enisByGroup', groupId)];
  const name = recordLabel(world, groupId);
  if (named === undefined && peers.length === 0) {
    const isForeign = rule.peer.ownerId !== undefined && rule.peer.ownerId !== group.ownerId;
    const isUnknown = world.missing.has('groups') || isForeign;
    return {
      rule: 'reference-stale',
      severity: 'warning',
      message: isForeign
        ? `names ${name} of account ${rule.peer.ownerId}, which this world does not hold`
        : `names ${name}, which does not exist`,
      ...(isUnknown ? { certainty: 'perhaps' as const, unknowns: [groupId] } : {}),
    };
  }
  const others = peers.filter((id) => members.length > 1 || members[0] !== id);
  if (others.length === 0) {
    if (groupId === group.id) return 'well';
    const where = peers.length === 0 ? 'on no interface' : 'on no other interface';
    return { rule: 'reference-empty', severity: 'note', message: `names ${name}, which is ${where}` };
  }
  const why = connectionOf(world, members, others);
  return why === 'connected'
    ? undefined
    : { rule: 'reference-crossing', severity: 'warning', message: `names ${name}, which it cannot match: ${why}` };
}

function withoutPeer(world: World, rule: Rule, bare: string | undefined): Told {
  const { peer } = rule;
  const list = peer.kind === 'prefix-list' ? getRecord(world, 'prefixLists', peer.prefixListId) : undefined;
  const cidrs = peer.kind === 'cidr' ? [peer.cidr] : (list?.entries ?? []).map(({ cidr }) => cidr);
  const isService = cidrs.some((cidr) => EXEMPT_ADDRESSES.some((address) => cidrContains(cidr, address)));
  return {
    rule: 'rule-without-peer',
    severity: 'note',
    message: `lets nothing through: ${bare ?? 'nothing that could be at the other end has these addresses'}`,
    reasons: isService ? ['services of the VPC itself are not filtered: they need no rule'] : [],
  };
}

/** How many classes of a group, and how many others each, are asked what refuses a rule's packets. */
const MAX_ASKED = 3;

/** Asks packets that a rule admits what refuses them; whether there were any to ask. */
function refuse(refusals: Refusals, sight: FamilySight, { group, rule }: Asked): boolean {
  const { rows, groups, classes } = sight.matrix;
  const placed = preparedRules(group, rule.direction, sight.family).placed.find((one) => one.rule === rule);
  if (placed === undefined) return false;
  const peers: SetId = groups.ofPeer(rule.peer, 'groups').possible;
  let isAny = false;
  for (const id of [...rows.sets.members(groups.withGroup(group.id))].slice(0, MAX_ASKED)) {
    const others = rows.sets.without(peers, rows.sets.of(selfClasses(classes, id)));
    for (const other of [...rows.sets.members(others)].slice(0, MAX_ASKED)) {
      const [from, to] = rule.direction === 'ingress' ? [other, id] : [id, other];
      const judged = sight.judge(from, to, placed.from);
      if (judged === undefined) continue;
      isAny = true;
      refusals.add(judged.verdict);
    }
  }
  return isAny;
}
