import type { Cidr } from '../core/net/cidr.ts';
import { TCP, UDP } from '../core/net/protocol.ts';
import { intervalsOf } from '../core/net/interval-set.ts';
import type { GroupId, PrefixListId } from '../core/model/ids.ts';
import { type Peer, peerText, type SecurityGroup } from '../core/model/security-group.ts';
import { FEW_PREFIXES, prefixKeys, spanOf, spanText } from './address-keys.ts';
import { axisRules, stretchSteps } from './axis-rules.ts';
import type { Work } from './kept-work.ts';
import { MadeChain } from './made-chain.ts';
import { memberSet } from './member-sets.ts';
import { hashText, nameOf } from './names.ts';
import { MAX_PEER, NUMBER_BITS, type Plan } from './plan.ts';
import type { Chain, Elements, Rule, Value, Verdict } from './ruleset.ts';
import { type RuleClass, ruleLayers } from './rule-classes.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { end, is, isIn, isOneOf, markBy, verdictBy } from './steps.ts';
import { AXIS_PARTS, partBounds, type Stretch } from './stretches.ts';
import type { Wiring } from './wiring.ts';

/** A profile as it was laid out, with the records that it was made from. */
export type KeptProfile = {
  readonly profile: Profile;
  readonly groups: readonly SecurityGroup[];
  readonly work: Work;
};

/**
 * The number of a combination of groups on one side, and what the global maps get from it. A host has some hundred thousand elements, so they stand as
 * numbers by turns: protocol and port (`PORTS` of each) with a class, and classes, beside the chains to which these lead. `wide`: the chain that whoever is
 * not admitted goes on to.
 */
export type Profile = {
  readonly number: number;
  readonly ports: readonly number[];
  readonly wide: string | undefined;
  readonly classes: readonly number[];
  readonly targets: readonly string[];
};

const PORTS = 65_536;

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

/** The elements of the global maps: classes by profile and port, where profiles go on for want of one, and where classes lead. */
export function profileElements(profiles: Iterable<Profile>): {
  readonly ports: Elements;
  readonly irregular: Elements;
  readonly classes: Elements;
} {
  const [ports, irregular, led]: [Value, Value][][] = [[], [], []];
  for (const { number, ports: own, wide, classes, targets } of profiles) {
    const onward = new Set([number]);
    for (let at = 0; at < own.length; at += 2) {
      const [port = 0, to = 0] = [own[at], own[at + 1]];
      ports?.push([`${number} . ${Math.floor(port / PORTS)} . ${port % PORTS}`, String(to)]);
      onward.add(to);
    }
    if (wide !== undefined) for (const one of onward) irregular?.push([String(one), `goto ${wide}`]);
    for (const [at, one] of classes.entries()) led?.push([String(one), `goto ${targets[at] ?? ''}`]);
  }
  return { ports: ports ?? [], irregular: irregular ?? [], classes: led ?? [] };
}

/**
 * A combination of groups on one side: narrow rules stand in the map of all ports, wide ones in a chain of its own; both lead to a class of
 * rules, and the class to the chain that knows its peers. Who is not admitted comes back from there. Gives the number of the profile and its
 * elements of the global maps. INVARIANT: a number stands for the same wide rules as long as it stands for anything. A packet that a class did
 * not admit goes on by the number of that class, so it meets the wide rules that belong to the ports which it has met, though the rules
 * change in between.
 */
export function layProfile(plan: Plan, groups: readonly SecurityGroup[], side: Side): Profile {
  const { narrow, wide } = ruleLayers(groups, side, plan.placed);
  const key = `${sideName(side)} ${groups.map((group) => group.id).join(' ')} ${wideKey(plan, wide.stretches, side)}`;
  const number = plan.numberOf(`profile ${key}`);
  const numbered = (value: RuleClass): { readonly own: number; readonly target: string } => {
    const target = classChain(plan, value, side);
    const own = plan.numberOf(`class ${number} ${target} ${rulesKey(value)}`);
    plan.classOf(own, value.kind === 'open' ? value.rules.slice(0, 1) : value.peers.map((peer) => peer.rule));
    return { own, target };
  };
  const classes = new Map<number, string>();
  const ports = narrow.flatMap((one) => {
    const { own, target } = numbered(one.value);
    classes.set(own, target);
    return portKeys(one).flatMap((port) => [port, own]);
  });
  const stretches = wide.stretches.map(({ from, to, value }): Stretch<Led> => {
    const { own, target } = numbered(value);
    if (wide.isDisjoint) classes.set(own, target);
    return { from, to, value: { own, target } };
  });
  const name = `profile-${number}.${sideName(side)}`;
  if (stretches.length > 0) plan.draft(profileChain(name, { stretches, isDisjoint: wide.isDisjoint, side }));
  return {
    number,
    ports,
    wide: stretches.length > 0 ? name : undefined,
    classes: [...classes.keys()],
    targets: [...classes.values()],
  };
}

/** A class of a profile and the chain that knows its peers. */
type Led = { readonly own: number; readonly target: string };

type Wide = { readonly stretches: readonly Stretch<Led>[]; readonly isDisjoint: boolean; readonly side: Side };

/** The chain of a profile's wide rules, which notes ends, classes and targets of stretches in lists. */
function profileChain(name: string, { stretches, isDisjoint, side }: Wide): MadeChain<WideList> {
  const numbers = stretches.flatMap(({ from, to, value }) => [from, to, value.own]);
  const list: WideList = { numbers, targets: stretches.map(({ value }) => value.target), isDisjoint, side };
  return new MadeChain(name, list, wideRules);
}

type WideList = {
  readonly numbers: readonly number[];
  readonly targets: readonly string[];
  readonly isDisjoint: boolean;
  readonly side: Side;
};

function wideRules({ numbers, targets, isDisjoint, side }: WideList): readonly Rule[] {
  const stretches = targets.map((target, at): Stretch<Led> => {
    const [from = 0, to = 0, own = 0] = numbers.slice(3 * at, 3 * at + 3);
    return { from, to, value: { own, target } };
  });
  if (!isDisjoint)
    return stretches.map((one) => [
      ...stretchSteps(one, side.family),
      { kind: 'set-mark', value: one.value.own },
      end(`jump ${one.value.target}`),
    ]);
  const byClass = stretches.map((one) => ({ ...one, value: String(one.value.own) }));
  return axisRules(byClass, side.family, toClass(side));
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
  return { number, ports: [], wide: `unfiltered.${sideName(side)}`, classes: [], targets: [] };
}

function toClass(side: Side): Parameters<typeof axisRules>[2] {
  const next: Verdict = `goto class.${sideName(side)}`;
  return {
    lookup: (key, elements) => [markBy(key, elements), end(next)],
    all: (value) => [{ kind: 'set-mark', value: Number(value) }, end(next)],
  };
}

/** Protocol and port of every port of a narrow stretch. */
function portKeys({ from, to }: Stretch<unknown>): readonly number[] {
  const part = AXIS_PARTS.findLast((name) => partBounds(name)[0] <= from) ?? 'tcp';
  const [start] = partBounds(part);
  const first = (part === 'tcp' ? TCP : UDP) * PORTS + from - start;
  return Array.from({ length: to - from + 1 }, (_, index) => first + index);
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
    const peers = value.peers.map(({ peer }) => peer);
    return plan.sharedChain('peers', suffix, {
      key: peersKey(peers, side),
      rules: (name) => peerChain(plan, name, { peers, side }),
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

/** What the chain of a class is made of. `sets`: where to look a peer up, for the peers that have not the one set that is theirs by name. */
type Peers = {
  readonly peers: readonly Peer[];
  readonly sets: ReadonlyMap<Peer, readonly string[]>;
  readonly side: Side;
  readonly wired: Wired;
};

/** What rules about peers read of the wiring. */
type Wired = { readonly mode: Wiring['mode']; readonly hasFabric: boolean };

/** Each once: thousands of chains are made alike. */
const WIRED: Readonly<Record<Wiring['mode'], Readonly<Record<'fabric' | 'alone', Wired>>>> = {
  forward: { fabric: { mode: 'forward', hasFabric: true }, alone: { mode: 'forward', hasFabric: false } },
  local: { fabric: { mode: 'local', hasFabric: true }, alone: { mode: 'local', hasFabric: false } },
};

const NO_SETS: Peers['sets'] = new Map();

/** A chain that knows peers, shared by all that name the same. There are so many that it makes its rules when they are asked for, and its content too. */
class PeerChain implements Chain, Peers {
  readonly name: string;
  readonly peers: readonly Peer[];
  readonly sets: ReadonlyMap<Peer, readonly string[]>;
  readonly side: Side;
  readonly wired: Wired;

  constructor(name: string, { peers, sets, side, wired }: Peers) {
    this.name = name;
    this.peers = peers;
    this.sets = sets;
    this.side = side;
    this.wired = wired;
  }

  get rules(): readonly Rule[] {
    return peerRules(this);
  }

  get content(): string {
    return peersKey(this.peers, this.side);
  }
}

function peersKey(peers: readonly Peer[], side: Side): string {
  return `${sideName(side)} ${peers.map(peerText).join(' ')}`;
}

/** The chain that admits peers; what its rules look into is laid with it. */
function peerChain(
  plan: Plan,
  name: string,
  { peers, side }: { readonly peers: readonly Peer[]; readonly side: Side },
): PeerChain {
  const odd = peers.flatMap((peer): readonly (readonly [Peer, readonly string[]])[] => {
    const sets = peer.kind === 'cidr' ? NO_NAMES : peerSets(plan, peer, side.family);
    return peer.kind === 'cidr' || (sets.length === 1 && sets[0] === ownSet(peer, side.family)) ? [] : [[peer, sets]];
  });
  const { mode, fabric } = plan.wiring;
  const wired = WIRED[mode][fabric.size > 0 ? 'fabric' : 'alone'];
  const made = { peers, sets: odd.length === 0 ? NO_SETS : new Map(odd), side, wired };
  if (prefixesIn(peers).length > FEW_PREFIXES) for (const { place } of prefixesIn(peers)) layPlace(plan, place, side);
  return new PeerChain(name, made);
}

const NO_NAMES: readonly string[] = [];

function peerRules(of: Peers): readonly Rule[] {
  const isReferring = of.peers.some(({ kind }) => kind === 'group');
  return [
    ...prefixRules(of),
    ...lookupRules(of, 'prefix-list'),
    ...(isReferring ? [guardRule(of), ...lookupRules(of, 'group')] : []),
  ];
}

/** Prefixes with their places among the peers. */
function prefixesIn(peers: readonly Peer[]): readonly { readonly cidr: Cidr; readonly place: number }[] {
  return peers.flatMap((peer, place) => (peer.kind === 'cidr' ? [{ cidr: peer.cidr, place }] : []));
}

function prefixRules({ peers, side, wired }: Peers): readonly Rule[] {
  const { peer: field } = fieldsOf(side, wired.mode);
  const prefixes = prefixesIn(peers);
  if (prefixes.length <= FEW_PREFIXES) {
    return prefixes.map(({ cidr, place }) => {
      const { from, to } = spanOf(cidr);
      return [is(field, spanText(side.family, from, to)), placed(place), admits(side)];
    });
  }
  const keys = prefixKeys(
    side.family,
    prefixes.map(({ cidr, place }) => [cidr, `goto ${placeName(place, side)}`]),
  );
  return [[verdictBy([field], keys)]];
}

function placeName(place: number, side: Side): string {
  return `place-${Math.min(place + 1, MAX_PEER)}.${sideName(side)}`;
}

/** Sets the place and admits: a lookup by prefix can only lead to a chain. */
function layPlace(plan: Plan, place: number, side: Side): void {
  plan.onceChain(placeName(place, side), () => [[placed(place), admits(side)]]);
}

/** Rules for the peers of a kind, each looked up in what sets it has. */
function lookupRules({ peers, sets, side, wired }: Peers, kind: SetPeer['kind']): readonly Rule[] {
  const { peer: field } = fieldsOf(side, wired.mode);
  return peers.flatMap((peer, place): readonly Rule[] => {
    if (peer.kind === 'cidr' || peer.kind !== kind) return [];
    const names = sets.get(peer) ?? [ownSet(peer, side.family)];
    return names.map((name) => [isIn([field], name), placed(place), admits(side)]);
  });
}

/**
 * References match the interface at the other end, not an address that a middlebox carries: the address must be the neighbouring
 * interface's own, or come over the fabric, where that was seen to. Who is neither goes back.
 */
function guardRule({ side, wired: { mode, hasFabric } }: Peers): Rule {
  const { peer, peerDevice } = fieldsOf(side, mode);
  return [
    ...(mode === 'forward' ? [isIn([peerDevice, peer], `at${familyName(side.family)}`, '!=')] : []),
    ...(mode === 'forward' && side.family === 'ipv6' ? [isIn([peerDevice, peer], 'at6p', '!=')] : []),
    ...(hasFabric ? [isIn([peerDevice], 'fabric', '!=')] : []),
    end('return'),
  ];
}

/** A peer that is looked up in sets. */
type SetPeer = Exclude<Peer, { kind: 'cidr' }>;

function ownSet(peer: SetPeer, family: Side['family']): string {
  return nameOf(peer.kind === 'group' ? peer.groupId : peer.prefixListId, familyName(family));
}

/** The sets that a peer is looked up in, which are laid; none where nothing of the family can match. */
function peerSets(plan: Plan, peer: SetPeer, family: Side['family']): readonly string[] {
  if (peer.kind === 'group') return memberSets(plan, peer.groupId, family);
  const name = listSet(plan, peer.prefixListId, family);
  return name === undefined ? NO_NAMES : [name];
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
