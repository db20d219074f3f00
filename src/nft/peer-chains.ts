import type { Cidr } from '../core/net/cidr.ts';
import type { GroupId, PrefixListId } from '../core/model/ids.ts';
import { type Peer, peerText } from '../core/model/security-group.ts';
import { FEW_PREFIXES, prefixKeys, spanOf, spanText } from './address-keys.ts';
import { memberSet } from './member-sets.ts';
import { nameOf } from './names.ts';
import { MAX_PEER, NUMBER_BITS, type Plan } from './plan.ts';
import type { Chain, Rule } from './ruleset.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { end, is, isIn, verdictBy } from './steps.ts';
import type { Wiring } from './wiring.ts';

// Chains that know the peers of a class of rules, and the sets in which they look them up.

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

export function peersKey(peers: readonly Peer[], side: Side): string {
  return `${sideName(side)} ${peers.map(peerText).join(' ')}`;
}

/** The chain that admits peers; what its rules look into is laid with it. */
export function peerChain(
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
export function listSet(plan: Plan, id: PrefixListId, family: Side['family']): string | undefined {
  const list = plan.listOf(id);
  if (list?.entries === undefined) {
    plan.problem(`the entries of prefix list ${id} are not known: its rules admit nothing`);
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
export function memberSets(plan: Plan, id: GroupId, family: Side['family']): readonly string[] {
  const members = plan.membersOf(id);
  if (members === undefined) {
    plan.problem(`the members of group ${id} are not known: rules that name it admit nothing`);
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
