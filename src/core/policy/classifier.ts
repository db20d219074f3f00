import { type Family, FAMILIES } from '../net/address.ts';
import { transportPoint } from '../net/axis.ts';
import { isAnyCidr } from '../net/cidr.ts';
import { replyTransport, type Transport } from '../net/traffic.ts';
import type { Change, KindChange } from '../model/change.ts';
import { type Eni, isUnfiltered } from '../model/eni.ts';
import type { GroupId, PrefixListId } from '../model/ids.ts';
import type { PrefixList } from '../model/prefix-list.ts';
import { type Direction, DIRECTIONS, peerText, type SecurityGroup } from '../model/security-group.ts';
import { getRecord, indexedIds, type World } from '../model/world.ts';
import { ACL_ALLOW, ACL_DEFAULT, aclProfile, classifyByAcl } from './classifier-acl.ts';
import { GroupSets, MembershipIndex, NO_SET, UNKNOWN_SET } from './classifier-membership.ts';
import { ADMIT, ADMIT_OPEN, type AdmitCode, Profile, REFUSE, UNKNOWN } from './classifier-profile.ts';
import { decideGate } from './decide.ts';
import type { Decide } from './evaluate.ts';
import { sightRules } from './match.ts';
import type { Gate, PeerSight } from './path.ts';
import { type Decision, deny, pass, unknown } from './verdict.ts';

type GroupGate = Pick<Extract<Gate, { kind: 'groups' }>, 'eni' | 'direction' | 'peer'>;
type AclGate = Extract<Gate, { kind: 'acl' }>;

/**
 * The gates that read ports, compiled: profiles of combinations of groups, made when first asked for, and the groups behind addresses.
 * It follows one line of worlds: each change must be handed to `apply`. What a change does not touch stays compiled.
 */
export class Classifier {
  readonly sets: GroupSets = new GroupSets();
  readonly membership: MembershipIndex;
  readonly #profiles = new Map<number, Profile>();
  #world: World;

  constructor(world: World) {
    this.#world = world;
    this.membership = new MembershipIndex(world, this.sets);
  }

  /** The world whose policy this is. */
  get world(): World {
    return this.#world;
  }

  /** How many profiles are compiled at the moment. */
  get profileCount(): number {
    return this.#profiles.size;
  }

  /** Moves on to the next world, which the change leads to. */
  apply(change: Change, world: World): void {
    this.#world = world;
    this.membership.apply(change, world);
    for (const id of groupsWithNewRules(change.groups)) this.#forget(id);
    for (const id of listsWithNewEntries(change.prefixLists))
      for (const group of indexedIds(world, 'groupsByReference', id)) this.#forget(group as GroupId);
  }

  /** The compiled rules of an interface. An interface that nothing filters (`isUnfiltered`) has none that count. */
  profileOf(eni: Eni, direction: Direction, family: Family): Profile {
    const set = this.sets.numberOf(eni.groups);
    const key = keyOf(set, direction, family);
    let profile = this.#profiles.get(key);
    if (profile === undefined) {
      profile = new Profile(this.#world, this.sets, { set, direction, family });
      this.#profiles.set(key, profile);
    }
    return profile;
  }

  /** What the groups of an interface say to a packet with this point of the axis. */
  admit(gate: GroupGate, point: number): AdmitCode {
    if (isUnfiltered(gate.eni)) return ADMIT;
    if (hasDoubt(this.#world, gate)) return admitByRules(this.#world, gate, point);
    const profile = this.profileOf(gate.eni, gate.direction, gate.peer.address.family);
    return profile.classify(point, gate.peer.address, this.setInSight(gate.peer));
  }

  /** The combination of groups of the interface in sight, or what stands for its absence. */
  setInSight(peer: PeerSight): number {
    if (peer.eni !== undefined) return this.sets.numberOf(peer.eni.groups);
    return peer.end === 'known' ? NO_SET : UNKNOWN_SET;
  }

  #forget(group: GroupId): void {
    for (const set of this.sets.setsWith(group))
      for (const direction of DIRECTIONS)
        for (const family of FAMILIES) this.#profiles.delete(keyOf(set, direction, family));
  }
}

/** How a classifier decides gates. Outcomes and reasons are the definition's; the rules behind them are not named. */
export function decideBy(classifier: Classifier): Decide {
  return (world, gate, transport) => {
    if (world !== classifier.world) throw new Error('the classifier is of another world');
    return decideCompiled(classifier, gate, transport);
  };
}

/** The compiled engine as a function of the world alone, for callers that do not follow changes. */
export function decideByClassifier(world: World, gate: Gate, transport: Transport): Decision {
  let classifier = CLASSIFIERS.get(world);
  if (classifier === undefined) {
    classifier = new Classifier(world);
    CLASSIFIERS.set(world, classifier);
  }
  return decideCompiled(classifier, gate, transport);
}

/** Memory of a pure function: a world never changes. */
const CLASSIFIERS = new WeakMap<World, Classifier>();

function decideCompiled(classifier: Classifier, gate: Gate, transport: Transport): Decision {
  if (gate.kind === 'settled' || gate.kind === 'nat-protocols') return decideGate(classifier.world, gate, transport);
  // A port that a NAT gateway chose is a question on a range of points, which one bit cannot answer.
  if (gate.view === 'reply-to-nat' && (transport.kind === 'tcp' || transport.kind === 'udp'))
    return decideGate(classifier.world, gate, transport);
  // What is not known of records is rare, and a matter of plans: the definition itself speaks for it.
  if (gate.kind === 'acl' ? hasAclDoubt(classifier.world, gate) : hasDoubt(classifier.world, gate))
    return decideGate(classifier.world, gate, transport);
  const seen = gate.view === 'request' ? transport : (replyTransport(transport) ?? transport);
  const point = transportPoint(seen, gate.source.family);
  return gate.kind === 'acl' ? decideAcl(classifier.world, gate, point) : decideGroups(classifier, gate, point);
}

function decideGroups(classifier: Classifier, gate: GroupGate, point: number): Decision {
  const { eni, direction, peer } = gate;
  if (isUnfiltered(eni)) return pass('unfiltered');
  const code = classifier.admit(gate, point);
  if (code === ADMIT || code === ADMIT_OPEN) return pass('rules');
  const profile = classifier.profileOf(eni, direction, peer.address.family);
  return code === UNKNOWN
    ? groupDoubt(profile, gate, point)
    : deny(profile.ruleCount === 0 ? 'no-rules' : 'no-matching-rule');
}

/** The reason of a doubt, in the order in which the interface names its groups. */
function groupDoubt(profile: Profile, { eni, peer }: GroupGate, point: number): Decision {
  const unknownGroups: readonly string[] =
    eni.groups.length === 0 ? [eni.id] : eni.groups.filter((id) => profile.unknownGroups.includes(id));
  const endUnknown = peer.eni === undefined && peer.end === 'unknown';
  const doubts = eni.groups.flatMap((id) =>
    profile.doubts.filter(
      ({ groupId, from, to, rule }) =>
        groupId === id && from <= point && point <= to && (endUnknown || rule.peer.kind !== 'group'),
    ),
  );
  const first = doubts[0]?.rule.peer.kind === 'group' ? 'unknown-interface' : 'unknown-prefix-list';
  return unknown(unknownGroups.length > 0 ? 'unknown-group' : first, [
    ...unknownGroups,
    ...doubts.map(({ rule }) => peerText(rule.peer)),
  ]);
}

function decideAcl(world: World, gate: AclGate, point: number): Decision {
  const id = gate.subnet.networkAcl?.aclId;
  const acl = id === undefined ? undefined : getRecord(world, 'acls', id);
  if (acl === undefined) return unknown('unknown-acl', [id ?? gate.subnet.id]);
  const address = gate.direction === 'egress' ? gate.destination : gate.source;
  const code = classifyByAcl(aclProfile(acl, gate.direction, address.family), point, address);
  if (code === ACL_ALLOW) return pass('entry');
  return deny(code === ACL_DEFAULT ? 'acl-default' : 'acl-entry');
}

function hasDoubt(world: World, { eni, peer }: GroupGate): boolean {
  return (
    peer.address.within !== undefined ||
    eni.groupDoubt !== undefined ||
    peer.eni?.groupDoubt !== undefined ||
    eni.groups.some((id) => isDoubtful(getRecord(world, 'groups', id)))
  );
}

function isDoubtful(group: SecurityGroup | undefined): boolean {
  if (group === undefined) return false;
  let known = DOUBTFUL.get(group);
  if (known === undefined) {
    known = group.rules.some((rule) => rule.doubt !== undefined);
    DOUBTFUL.set(group, known);
  }
  return known;
}

/** Memory of a pure function: a group's record never changes. */
const DOUBTFUL = new WeakMap<SecurityGroup, boolean>();

function hasAclDoubt(world: World, { subnet, direction, source, destination }: AclGate): boolean {
  if ((direction === 'egress' ? destination : source).within !== undefined) return true;
  const acl = subnet.networkAcl === undefined ? undefined : getRecord(world, 'acls', subnet.networkAcl.aclId);
  return acl !== undefined && acl.entries.some((entry) => entry.doubt !== undefined);
}

function admitByRules(world: World, gate: GroupGate, point: number): AdmitCode {
  const { direction, peer } = gate;
  const { rules, unknownGroups } = sightRules(world, gate.eni, { direction, peer, span: { from: point, to: point } });
  const met = rules.filter((one) => one.match !== 'no');
  const sure = met.filter((one) => one.match === 'yes');
  if (sure.some(({ rule }) => rule.peer.kind === 'cidr' && isAnyCidr(rule.peer.cidr))) return ADMIT_OPEN;
  if (sure.length > 0) return ADMIT;
  return met.length > 0 || unknownGroups.length > 0 ? UNKNOWN : REFUSE;
}

function keyOf(set: number, direction: Direction, family: Family): number {
  return set * 4 + (direction === 'ingress' ? 0 : 2) + (family === 'ipv4' ? 0 : 1);
}

/** Groups that came, went or got other rules; a new name or tag compiles nothing anew. */
function groupsWithNewRules(change: KindChange<SecurityGroup> | undefined): readonly GroupId[] {
  if (change === undefined) return [];
  const updated = change.updated.filter(([from, to]) => from.rules !== to.rules).map(([, to]) => to);
  return [...change.added, ...updated, ...change.removed].map((group) => group.id);
}

function listsWithNewEntries(change: KindChange<PrefixList> | undefined): readonly PrefixListId[] {
  if (change === undefined) return [];
  const updated = change.updated.filter(([from, to]) => from.entries !== to.entries || from.family !== to.family);
  return [...change.added, ...updated.map(([, to]) => to), ...change.removed].map((list) => list.id);
}
