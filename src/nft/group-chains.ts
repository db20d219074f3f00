import { TCP, UDP } from '../core/net/protocol.ts';
import { intervalsOf } from '../core/net/interval-set.ts';
import type { GroupId, PrefixListId } from '../core/model/ids.ts';
import { peerText, type SecurityGroup } from '../core/model/security-group.ts';
import { FEW_PREFIXES, prefixKeys, spanOf, spanText } from './address-keys.ts';
import { axisRules, stretchSteps } from './axis-rules.ts';
import { memberSet } from './member-sets.ts';
import type { Work } from './kept-work.ts';
import { hashText, nameOf } from './names.ts';
import { MAX_PEER, NUMBER_BITS, type Plan } from './plan.ts';
import type { Elements, Rule, Value, Verdict } from './ruleset.ts';
import { type ClassPeer, type RuleClass, ruleLayers } from './rule-classes.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { end, is, isIn, isOneOf, markBy, verdictBy } from './steps.ts';
import { AXIS_PARTS, partBounds, type Stretch } from './stretches.ts';

/** A profile as it was laid out, with the records that it was made from. */
export type KeptProfile = {
  readonly profile: Profile;
  readonly groups: readonly SecurityGroup[];
  readonly work: Work;
};

/** The number of a combination of groups on one side, and its elements of the global maps. */
export type Profile = { readonly number: number; readonly elements: ProfileElements };

/** A profile that is made anew only if something of what it was made from is not as it was. */
export function keptProfile(
  plan: Plan,
  groups: readonly SecurityGroup[],
  { side, known }: { readonly side: Side; readonly known: KeptProfile | undefined },
): KeptProfile {
  if (known !== undefined && isSame(known.groups, groups) && plan.reuse(known.work)) {
    laySets(plan, known.work, side);
    return known;
  }
  const { result: profile, work } = plan.record(() => layProfile(plan, groups, side));
  return { profile, groups, work };
}

function isSame(a: readonly SecurityGroup[], b: readonly SecurityGroup[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}

/** The sets that rules of a profile look into: what is in them is as new as the view. */
function laySets(plan: Plan, { lists, members }: Work, side: Side): void {
  for (const [id] of lists) listSet(plan, id, side.family);
  for (const id of members) memberSets(plan, id, side.family);
}

/** What the global maps get from a combination of groups. */
export type ProfileElements = {
  readonly ports: FlatElements;
  readonly irregular: FlatElements;
  readonly classes: FlatElements;
};

/** Keys and what they map to, by turns: a host has some hundred thousand. */
export type FlatElements = readonly Value[];

/**
 * A combination of groups on one side: narrow rules stand in the map of all ports, wide ones in a chain of its own; both lead to a class of
 * rules, and the class to the chain that knows its peers. Who is not admitted comes back from there. Gives the number of the profile and its
 * elements of the global maps. INVARIANT: a number stands for the same wide rules as long as it stands for anything. A packet that a class did
 * not admit goes on by the number of that class, so it meets the wide rules that belong to the ports which it has met, though the rules
 * change in between.
 */
export function layProfile(plan: Plan, groups: readonly SecurityGroup[], side: Side): Profile {
  const { narrow, wide } = ruleLayers(groups, side);
  const key = `${sideName(side)} ${groups.map((group) => group.id).join(' ')} ${wideKey(plan, wide.stretches, side)}`;
  const number = plan.numberOf(`profile ${key}`);
  const numbered = (value: RuleClass): { readonly own: number; readonly target: string } => {
    const target = classChain(plan, value, side);
    const own = plan.numberOf(`class ${number} ${target} ${rulesKey(value)}`);
    plan.classOf(own, value.kind === 'open' ? value.rules.slice(0, 1) : value.peers.map((peer) => peer.rule));
    return { own, target };
  };
  const classes = new Map<string, Verdict>();
  const byClass = ({ from, to, value }: Stretch<RuleClass>): Stretch<string> => {
    const { own, target } = numbered(value);
    const name = plan.once(String(own));
    classes.set(name, plan.once(`goto ${target}`));
    return { from, to, value: name };
  };
  const ports = narrow
    .flatMap((one) => portKeys(byClass(one)))
    .map(([port, value]) => [`${number} . ${port}`, value] as const);
  const rules = wide.isDisjoint
    ? axisRules(wide.stretches.map(byClass), side.family, toClass(side))
    : wide.stretches.map((one): Rule => {
        const { own, target } = numbered(one.value);
        return [...stretchSteps(one, side.family), { kind: 'set-mark', value: own }, end(`jump ${target}`)];
      });
  const chain = `profile-${number}.${sideName(side)}`;
  if (rules.length > 0) plan.chain(chain, rules);
  const onward = new Set([String(number), ...ports.map(([, own]) => own)]);
  const irregular: Elements =
    rules.length > 0 ? [...onward].map((one) => [one, plan.once<Verdict>(`goto ${chain}`)] as const) : [];
  const elements = { ports: ports.flat(), irregular: irregular.flat(), classes: [...classes].flat() };
  return { number, elements };
}

/** What the wide rules of a profile are, in a few letters. */
function wideKey(plan: Plan, stretches: readonly Stretch<RuleClass>[], side: Side): string {
  const texts = stretches.map(
    ({ from, to, value }) => `${from} ${to} ${classChain(plan, value, side)} ${classKey(value)}`,
  );
  return hashText(texts.join('\n'));
}

/** A profile of interfaces that no group filters (V:nat-gateway-basics, NLB). */
export function layUnfiltered(plan: Plan, side: Side): Profile {
  const number = plan.numberOf(`unfiltered ${sideName(side)}`);
  plan.chain(`unfiltered.${sideName(side)}`, [[end('accept')]]);
  return {
    number,
    elements: { ports: [], irregular: [String(number), `goto unfiltered.${sideName(side)}`], classes: [] },
  };
}

function toClass(side: Side): Parameters<typeof axisRules>[2] {
  const next: Verdict = `goto class.${sideName(side)}`;
  return {
    lookup: (key, elements) => [markBy(key, elements), end(next)],
    all: (value) => [{ kind: 'set-mark', value: Number(value) }, end(next)],
  };
}

/** Protocol and port of every port of a narrow stretch. */
function portKeys({ from, to, value }: Stretch<string>): Elements {
  const part = AXIS_PARTS.findLast((name) => partBounds(name)[0] <= from) ?? 'tcp';
  const [start] = partBounds(part);
  return Array.from({ length: to - from + 1 }, (_, index) => [
    `${part === 'tcp' ? TCP : UDP} . ${from + index - start}`,
    value,
  ]);
}

/** The rules that a class counts; who its peers are says the chain that it leads to. */
function rulesKey(value: RuleClass): string {
  return value.kind === 'open' ? value.rules.slice(0, 1).join(' ') : value.peers.map(({ rule }) => rule).join(' ');
}

function classKey(value: RuleClass): string {
  return value.kind === 'open'
    ? value.rules.slice(0, 1).join(' ')
    : value.peers.map(({ peer, rule }) => `${peerText(peer)} ${rule}`).join(' ');
}

/** The chain that says which peers a class admits; classes of the same peers share it, whatever their rules and ports. */
function classChain(plan: Plan, value: RuleClass, side: Side): string {
  const suffix = sideName(side);
  if (value.kind === 'peers') {
    const key = value.peers.map(({ peer }) => peerText(peer)).join(' ');
    return plan.sharedChain('peers', suffix, {
      key: `${suffix} ${key}`,
      rules: () => peerRules(plan, value.peers, side),
    });
  }
  if (value.keeps === 'all') return `tracked.${suffix}`;
  if (value.keeps === 'none') return `untracked.${suffix}`;
  const ports = intervalsOf(value.keeps.answers);
  const isAll = ports[0]?.[0] === 0 && ports[0][1] === 65_535;
  const values = ports.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  return plan.sharedChain('answers', suffix, {
    key: `${suffix} ${values.join(' ')}`,
    rules: () => [
      [isAll ? is('meta l4proto', UDP) : isOneOf('udp sport', values), end(`goto untracked.${suffix}`)],
      [end(`goto tracked.${suffix}`)],
    ],
  });
}

/** A place in a class, as the bits that tell which of its rules admitted. */
function placed(place: number): Rule[number] {
  const bound = Math.min(place + 1, MAX_PEER);
  return (PLACED[bound] ??= { kind: 'or-mark', bits: bound * 2 ** NUMBER_BITS });
}

/** Each step once: rulesets have tens of thousands of them. */
const PLACED: Rule[number][] = [];

/** What ends a rule that admits. */
function admits(side: Side): Rule[number] {
  return ADMITS[side.direction][side.family];
}

const ADMITS = {
  egress: { ipv4: end('goto tracked.e4'), ipv6: end('goto tracked.e6') },
  ingress: { ipv4: end('goto tracked.i4'), ipv6: end('goto tracked.i6') },
} as const;

type Placed = ClassPeer & { readonly place: number };

function peerRules(plan: Plan, peers: readonly ClassPeer[], side: Side): readonly Rule[] {
  const all = peers.map((peer, place): Placed => ({ ...peer, place }));
  const references = all.filter(({ peer }) => peer.kind === 'group');
  return [
    ...prefixRules(plan, all, side),
    ...all.flatMap((one) =>
      one.peer.kind === 'prefix-list' ? listRules(plan, one.peer.prefixListId, { one, side }) : [],
    ),
    ...(references.length === 0 ? [] : guardRules(plan, references, side)),
  ];
}

function prefixRules(plan: Plan, peers: readonly Placed[], side: Side): readonly Rule[] {
  const { peer: field } = fieldsOf(side, plan.wiring.mode);
  const prefixes = peers.flatMap(({ peer, place }) => (peer.kind === 'cidr' ? [{ cidr: peer.cidr, place }] : []));
  if (prefixes.length <= FEW_PREFIXES) {
    return prefixes.map(({ cidr, place }) => {
      const { from, to } = spanOf(cidr);
      const span = spanText(side.family, from, to);
      return plan.rule(`${span} ${place} ${sideName(side)}`, () => [is(field, span), placed(place), admits(side)]);
    });
  }
  const keys = prefixKeys(
    side.family,
    prefixes.map(({ cidr, place }) => [cidr, `goto ${placeChain(plan, place, side)}`]),
  );
  return [[verdictBy([field], keys)]];
}

/** Sets the place and admits: a lookup by prefix can only lead to a chain. */
function placeChain(plan: Plan, place: number, side: Side): string {
  const suffix = sideName(side);
  return plan.onceChain(`place-${Math.min(place + 1, MAX_PEER)}.${suffix}`, () => [[placed(place), admits(side)]]);
}

function listRules(
  plan: Plan,
  id: PrefixListId,
  { one, side }: { readonly one: Placed; readonly side: Side },
): readonly Rule[] {
  const name = listSet(plan, id, side.family);
  if (name === undefined) return [];
  const { peer: field } = fieldsOf(side, plan.wiring.mode);
  return [
    plan.rule(`${name} ${one.place} ${sideName(side)}`, () => [isIn([field], name), placed(one.place), admits(side)]),
  ];
}

/** The set with a prefix list's entries; undefined where none can match. */
function listSet(plan: Plan, id: PrefixListId, family: Side['family']): string | undefined {
  const list = plan.listOf(id);
  if (list?.entries === undefined) {
    plan.problems.add(`the entries of prefix list ${id} are not known: its rules admit nothing`);
    return undefined;
  }
  if (list.family !== family || list.entries.length === 0) return undefined;
  const name = nameOf(id, familyName(family));
  if (!plan.hasSet(name)) {
    const keys = prefixKeys(
      family,
      list.entries.map(({ cidr }) => [cidr, '']),
    );
    plan.texts(name, [family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr'], { elements: keys, isInterval: true });
  }
  return name;
}

/**
 * References match the interface at the other end, not an address that a middlebox carries: the address must be the neighbouring
 * interface's own, or come over the fabric, where that was seen to. Who is neither goes back.
 */
function guardRules(plan: Plan, references: readonly Placed[], side: Side): readonly Rule[] {
  const { mode, fabric } = plan.wiring;
  const { peer, peerDevice } = fieldsOf(side, mode);
  const guard: Rule = [
    ...(mode === 'forward' ? [isIn([peerDevice, peer], `at${familyName(side.family)}`, '!=')] : []),
    ...(mode === 'forward' && side.family === 'ipv6' ? [isIn([peerDevice, peer], 'at6p', '!=')] : []),
    ...(fabric.size > 0 ? [isIn([peerDevice], 'fabric', '!=')] : []),
    end('return'),
  ];
  return [guard, ...references.flatMap((one) => referenceRules(plan, one, side))];
}

function referenceRules(plan: Plan, one: Placed, side: Side): readonly Rule[] {
  if (one.peer.kind !== 'group') return [];
  const { peer: field } = fieldsOf(side, plan.wiring.mode);
  const sets = memberSets(plan, one.peer.groupId, side.family);
  return sets.map((set) =>
    plan.rule(`${set} ${one.place} ${sideName(side)}`, () => [isIn([field], set), placed(one.place), admits(side)]),
  );
}

/** The sets with a group's members in a family. Delegated IPv4 prefixes are 16 addresses and written out; IPv6 ones are a set of their own. */
function memberSets(plan: Plan, id: GroupId, family: Side['family']): readonly string[] {
  const members = plan.membersOf(id);
  if (members === undefined) {
    plan.problems.add(`the members of group ${id} are not known: rules that name it admit nothing`);
    return [];
  }
  const name = nameOf(id, familyName(family));
  const prefixes = members.prefixes.filter((cidr) => cidr.family === family);
  if (!plan.hasSet(name)) plan.set(memberSet(name, members, family));
  if (family === 'ipv4' || prefixes.length === 0) return [name];
  const wide = nameOf(id, '6p');
  if (!plan.hasSet(wide)) {
    const keys = prefixKeys(
      'ipv6',
      prefixes.map((cidr) => [cidr, '']),
    );
    plan.texts(wide, ['ipv6_addr'], { elements: keys, isInterval: true });
  }
  return [name, wide];
}
