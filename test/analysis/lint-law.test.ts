// What lint says, against worlds without what it says is of no use, and against single pairs planned and judged by themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Family, FAMILIES } from '../../src/core/net/address.ts';
import { cidrContains, type Cidr, parseCidr } from '../../src/core/net/cidr.ts';
import { trafficInterval } from '../../src/core/net/axis.ts';
import { intersectSets, setHas, setSize, subtractSets } from '../../src/core/net/interval-set.ts';
import type { Rule } from '../../src/core/model/security-group.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { sightRules } from '../../src/core/policy/match.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import { judgePath } from '../../src/core/policy/evaluate.ts';
import type { Path } from '../../src/core/policy/path.ts';
import { reachOf } from '../../src/core/policy/reach.ts';
import { planTrip } from '../../src/analysis/trip.ts';
import type { Finding, FindingScope, LintRule } from '../../src/analysis/lint/finding.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { spaceSize } from '../../src/analysis/address-space.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { spaceTexts } from '../../src/analysis/pairs/ends.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import type { RuleDocument } from '../../src/analysis/part-documents.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';

const NEEDLESS: readonly LintRule[] = ['rule-implied', 'rule-redundant'];
const IDLE: readonly LintRule[] = [
  'rule-cut-off',
  'rule-without-peer',
  'reference-stale',
  'reference-empty',
  'reference-crossing',
];
const ENTRIES: readonly LintRule[] = ['entry-shadowed', 'entry-redundant'];

test('what lint says is of no use can go, all of it together: no pair gains or loses anything', () => {
  const seen: Record<string, number> = {};
  for (const [name, world] of worlds()) {
    const { findings } = lintWorld(world);
    for (const rules of [NEEDLESS, IDLE, ENTRIES]) {
      const told = findings.filter((one) => rules.includes(one.rule) && one.certainty === 'certain');
      for (const { rule } of told) seen[rule] = (seen[rule] ?? 0) + 1;
      if (told.length > 0) sameReach(world, without(world, told), `${name}: ${told.map((one) => one.rule).join()}`);
    }
  }
  for (const rule of [...NEEDLESS, ...IDLE, ...ENTRIES]) assert.ok((seen[rule] ?? 0) > 0, `${rule}: ${seen[rule]}`);
});

test('what lint says is open to the world is what at least half of the internet gets to, each pair by itself', () => {
  const seen = { certain: 0, perhaps: 0, closed: 0 };
  for (const [name, world] of worlds()) {
    const { findings } = lintWorld(world);
    for (const family of FAMILIES) {
      const members = membersOf([world], family);
      const outside = members.filter((one) => one.eniId === undefined && outsideKind(one.sample) === 'internet');
      for (const to of members.filter((one) => one.eniId !== undefined))
        for (const watched of WATCHED) seen[isToldRightly(findings, { world, outside, to }, { watched, name })] += 1;
    }
  }
  assert.ok(seen.certain > 10 && seen.perhaps > 5 && seen.closed > 100, JSON.stringify(seen));
});

test('nothing of the internet gets in by a rule that lint calls unreachable', () => {
  let rules = 0;
  for (const [name, world] of worlds())
    for (const finding of lintWorld(world).findings) {
      if (finding.rule !== 'open-unreachable' || finding.certainty !== 'certain') continue;
      for (const rule of finding.subjects.flatMap((one) => ruleOf(world, one) ?? [])) {
        rules += 1;
        isShut(world, { rule, groupId: finding.resource, name });
      }
    }
  assert.ok(rules > 10, `${rules}`);
});

test('answers are lost to NACLs between just the ends that lint says, at just those ports', () => {
  const seen = { whole: 0, part: 0, answered: 0 };
  for (const [name, world] of worlds()) {
    const told = lintWorld(world).findings.filter(({ rule }) => rule.startsWith('replies-'));
    for (const { from, to, path } of plainTrips(world))
      for (const part of ['tcp', 'udp'] as const) {
        const lost = lostPorts(world, path, part);
        const rule = lost.isWhole ? 'replies-blocked' : 'replies-blocked-in-part';
        const isTold = told
          .filter((one) => one.rule === rule)
          .some(({ scopes }) => scopes.some((scope) => isIn(scope, { from, to, part })));
        const label = `${name} ${part}: ${from.eniId ?? 'outside'} to ${to.eniId ?? 'outside'}`;
        assert.equal(isTold, lost.isTold, `${label} ${JSON.stringify(lost)}`);
        seen[lost.isTold ? (lost.isWhole ? 'whole' : 'part') : 'answered'] += 1;
      }
  }
  assert.ok(seen.whole > 20 && seen.part > 5 && seen.answered > 1000, JSON.stringify(seen));
});

/** All pairs of a world with their paths, but for those that appliances or NAT gateways are in the way of: lint leaves them out. */
function* plainTrips(world: World): Generator<{ from: Member; to: Member; path: Path }, void, undefined> {
  for (const family of FAMILIES) {
    const members = membersOf([world], family);
    for (const from of members)
      for (const to of members.filter((one) => one.eniId !== from.eniId)) {
        const { path } = planTrip(world, stopOf(world, from), stopOf(world, to));
        const isDevice = path.forward.filter(({ stage }) => stage === 'acl-egress').length > 1;
        const groups = [...path.forward, ...path.reply].filter(({ kind }) => kind === 'groups');
        if (!isDevice && groups.length <= 2) yield { from, to, path };
      }
  }
}

/** What is lost of the answers of one protocol, by the sets of the core: which ports of clients, and whether a NACL refuses one of them. */
function lostPorts(
  world: World,
  path: Path,
  part: 'tcp' | 'udp',
): { readonly isWhole: boolean; readonly isTold: boolean } {
  const oneWay = reachOf(world, { ...path, reply: [] }).sure[part].destinationPorts;
  const both = reachOf(world, path);
  const ports = intersectSets([1024, 65_535], both.possible[part].sourcePorts);
  const isWhole = ports.length === 0;
  const points = isWhole ? oneWay : both.sure[part].destinationPorts;
  const missing = subtractSets([1024, 65_535], ports);
  const [first] = points;
  const common = intersectSets(missing, [32_768, 65_535]);
  const [port = 0] = common.length > 0 ? common : missing;
  const isRefused = (sourcePort: number): boolean =>
    judgePath(decideGate, world, {
      path,
      transport: { kind: part, sourcePort, destinationPort: first ?? 0 },
    }).blockers.some(({ gate }) => gate.kind === 'acl' && gate.way === 'reply');
  const sampled = isWhole ? [50_000, 1024, 65_535] : [port];
  return { isWhole, isTold: first !== undefined && setSize(missing) >= 1024 && sampled.some(isRefused) };
}

/** Whether a scope has something of a protocol between two members. */
function isIn(
  { from, to, traffic }: FindingScope,
  pair: { readonly from: Member; readonly to: Member; readonly part: 'tcp' | 'udp' },
): boolean {
  return (traffic?.[pair.part].length ?? 0) > 0 && hasEnd(from, pair.from) && hasEnd(to, pair.to);
}

function hasEnd(ends: FindingScope['from'], { eniId, space, sample }: Member): boolean {
  if (eniId === undefined)
    return (ends?.outside ?? []).some((text) => {
      const bits = text.includes(':') ? 128 : 32;
      return cidrContains(expectOk(parseCidr(text.includes('/') ? text : `${text}/${bits}`)), sample);
    });
  const own = spaceTexts(space);
  return (ends?.interfaces ?? []).some(
    ({ eni, addresses }) => eni === eniId && own.every((text) => addresses.includes(text)),
  );
}

test('what is certain of a world with doubts is so in the world that it was made of', () => {
  const seen: Record<string, number> = {};
  for (const [name, world] of worlds()) {
    const doubtful = doubtfulWorld(world, 7);
    const told = [doubtful, withEnis(doubtful, world)].flatMap((one) =>
      lintWorld(one).findings.filter(({ certainty }) => certainty === 'certain'),
    );
    for (const { rule } of told) seen[rule] = (seen[rule] ?? 0) + 1;
    for (const rules of [NEEDLESS, IDLE, ENTRIES]) {
      const idle = told.filter((one) => rules.includes(one.rule));
      if (idle.length > 0) sameReach(world, without(world, idle), `${name}: ${idle.map((one) => one.rule).join()}`);
    }
    for (const finding of told) {
      if (finding.rule === 'open-unreachable')
        for (const rule of finding.subjects.flatMap((one) => ruleOf(world, one) ?? []))
          isShut(world, { rule, groupId: finding.resource, name });
      for (const [rule, points] of [...WATCHED, ['reachable-everything', [22]] as const])
        if (rule === finding.rule) isReallyOpen(world, finding, points);
    }
  }
  for (const rule of ['rule-implied', 'rule-cut-off', 'entry-redundant', 'open-unreachable', 'reachable-everything'])
    assert.ok((seen[rule] ?? 0) > 0, `${rule}: ${JSON.stringify(seen)}`);
});

/** Nothing is forgotten of the interfaces: what nothing else makes certain then is. */
function withEnis(doubtful: World, world: World): World {
  const updated = [...listRecords(doubtful, 'enis')].flatMap((eni) => {
    const own = getRecord(world, 'enis', eni.id);
    return own === undefined ? [] : [[eni, own] as const];
  });
  return applyChange(doubtful, { enis: { added: [], removed: [], updated } });
}

/** Each interface of a finding has an address that half of the internet gets to at some of these points. */
function isReallyOpen(world: World, { scopes, rule }: Finding, points: readonly number[]): void {
  for (const { family, to } of scopes) {
    const members = membersOf([world], family);
    const outside = members.filter((one) => one.eniId === undefined && outsideKind(one.sample) === 'internet');
    for (const { eni } of to?.interfaces ?? []) {
      const own = members.filter((one) => one.eniId === eni);
      const isAny = own.some((one) => points.some((point) => isOpen({ world, outside, to: one }, 'possible', point)));
      assert.ok(isAny, `${rule} ${eni}`);
    }
  }
}

type Asked = { readonly world: World; readonly outside: readonly Member[]; readonly to: Member };

/** Whether a member is open at some points, and that findings say so. */
function isToldRightly(
  findings: readonly Finding[],
  asked: Asked,
  { watched: [rule, points], name }: { readonly watched: (typeof WATCHED)[number]; readonly name: string },
): 'certain' | 'perhaps' | 'closed' {
  const sure = points.some((point) => isOpen(asked, 'sure', point));
  const possible = points.some((point) => isOpen(asked, 'possible', point));
  const told = toldOf(findings, asked.to);
  const label = `${name} ${asked.to.sample.family} ${rule} ${asked.to.eniId}`;
  assert.equal(told.has(`${rule} certain`) || told.has('reachable-everything certain'), sure, label);
  if (possible && !sure)
    assert.ok(told.has(`${rule} perhaps`) || told.has('reachable-everything perhaps'), `${label} perhaps`);
  if (told.has(`${rule} perhaps`)) assert.ok(possible, `${label} not even perhaps`);
  return sure ? 'certain' : possible ? 'perhaps' : 'closed';
}

/** No packet of the internet that a rule admits gets to a member of its group. */
function isShut(
  world: World,
  { rule, groupId, name }: { readonly rule: Rule; readonly groupId: string; readonly name: string },
): void {
  for (const family of FAMILIES) {
    const members = membersOf([world], family);
    const senders = members.filter((one) => isAdmitted(world, rule, one));
    for (const receiver of members.filter((one) => hasGroup(world, one, groupId)))
      for (const sender of senders) {
        const reach = singleReach(world, stopOf(world, sender), stopOf(world, receiver));
        const open = intersectSets(pointsOf(reach.possible), [...trafficInterval(rule.traffic, family)]);
        assert.deepEqual(open, [], `${name} ${rule.id}: ${receiver.eniId}`);
      }
  }
}

const WATCHED: readonly (readonly [LintRule, readonly number[]])[] = [
  ['reachable-ssh', [22]],
  ['reachable-rdp', [3389, 65_536 + 3389]],
];

function* worlds(): Generator<readonly [string, World], void, undefined> {
  // 182: a route that is in doubt stands before the only gate that asks a rule.
  for (const seed of [...Array.from({ length: checks(40) }, (_, at) => at + 1), 182]) {
    yield [`random ${seed}`, compactWorld(randomWorld(seed))];
    yield [`worn ${seed}`, compactWorld(wornWorld(seed))];
  }
  for (const name of TRAP_NAMES) yield [name, compactWorld(drawTrap(name, 3).compact)];
}

/** The world without the rules and entries that findings are about. */
function without(world: World, findings: readonly Finding[]): World {
  const subjects = findings.flatMap((one) => one.subjects);
  const isGone = (owner: string, isOne: (one: RuleDocument) => boolean): boolean =>
    subjects.some(
      (one) => (one.kind === 'rule' ? one.group : one.kind === 'entry' ? one.acl : '') === owner && isOne(one),
    );
  const groups = [...listRecords(world, 'groups')].flatMap((group) => {
    const rules = group.rules.filter(({ id }) => !isGone(group.id, (one) => one.kind === 'rule' && one.id === id));
    return rules.length === group.rules.length ? [] : [[group, { ...group, rules }] as const];
  });
  const acls = [...listRecords(world, 'acls')].flatMap((acl) => {
    const entries = acl.entries.filter(
      ({ direction, number }) =>
        !isGone(acl.id, (one) => one.kind === 'entry' && one.direction === direction && one.number === number),
    );
    return entries.length === acl.entries.length ? [] : [[acl, { ...acl, entries }] as const];
  });
  assert.ok(groups.length + acls.length > 0);
  return applyChange(world, {
    groups: { added: [], removed: [], updated: groups },
    acls: { added: [], removed: [], updated: acls },
  });
}

/** Every two members of both worlds have the same traffic, planned and judged pair by pair. */
function sameReach(before: World, after: World, name: string): void {
  for (const family of FAMILIES) {
    const members = membersOf([before, after], family);
    for (const from of members)
      for (const to of members) {
        if (from.eniId === to.eniId) continue;
        const [old, now] = [before, after].map((world) => singleReach(world, stopOf(world, from), stopOf(world, to)));
        assert.deepEqual(now, old, `${name}: ${from.eniId ?? 'outside'} to ${to.eniId ?? 'outside'}`);
      }
  }
}

function membersOf(all: readonly World[], family: Family): readonly Member[] {
  return classesOf(all, family).list.flatMap(({ members }) => members);
}

/** Whether at least half of the internet's addresses get to a member at a point; of IPv6 only what is handed out counts. */
function isOpen({ world, outside, to }: Asked, certainty: 'sure' | 'possible', point: number): boolean {
  let [open, all] = [0, 0];
  for (const from of outside) {
    const size = spaceSize(from.space.filter(({ family, base }) => family === 'ipv4' || base.w0 >>> 29 === 1));
    all += size;
    const reach = singleReach(world, stopOf(world, from), stopOf(world, to));
    if (setHas(pointsOf(reach[certainty]), point) && isAdmittedBy(world, from, to, point)) open += size;
  }
  return open > 0 && open >= all / 2;
}

/** Whether the groups of a receiver may admit a point from an address outside: where a gateway is not known, paths end before they ask. */
function isAdmittedBy(world: World, from: Member, to: Member, point: number): boolean {
  const eni = to.eniId === undefined ? undefined : getRecord(world, 'enis', to.eniId);
  assert.ok(eni !== undefined);
  const peer = { address: from.sample, end: 'known' } as const;
  const seen = sightRules(world, eni, { direction: 'ingress', peer, span: { from: point, to: point } });
  const isMatched = seen.rules.some((one) => one.match !== 'no');
  return seen.unfiltered || seen.unknownGroups.length > 0 || isMatched;
}

function toldOf(findings: readonly Finding[], member: Member): ReadonlySet<string> {
  const own = spaceTexts(member.space);
  const told = findings.filter(({ scopes }) =>
    scopes
      .flatMap(({ to }) => to?.interfaces ?? [])
      .some(({ eni, addresses }) => eni === member.eniId && own.every((text) => addresses.includes(text))),
  );
  return new Set(told.map(({ rule, certainty }) => `${rule} ${certainty}`));
}

function ruleOf(world: World, document: RuleDocument): Rule | undefined {
  if (document.kind !== 'rule') return undefined;
  const group = [...listRecords(world, 'groups')].find(({ id }) => id === document.group);
  return group?.rules.find(({ id }) => id === document.id);
}

function isAdmitted(world: World, { peer }: Rule, { eniId, sample }: Member): boolean {
  if (eniId !== undefined || outsideKind(sample) !== 'internet') return false;
  const cidrs: readonly Cidr[] =
    peer.kind === 'cidr'
      ? [peer.cidr]
      : peer.kind === 'prefix-list'
        ? (getRecord(world, 'prefixLists', peer.prefixListId)?.entries ?? []).map(({ cidr }) => cidr)
        : [];
  return cidrs.some((cidr) => cidrContains(cidr, sample));
}

function hasGroup(world: World, { eniId }: Member, groupId: string): boolean {
  const eni = eniId === undefined ? undefined : getRecord(world, 'enis', eniId);
  return eni?.groups.some((id) => id === groupId) === true;
}
