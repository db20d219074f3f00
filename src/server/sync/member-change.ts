import { formatAddress } from '../../core/net/address.ts';
import { formatCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { GroupId, VpcId } from '../../core/model/ids.ts';
import { getRecord, indexedIds, type World } from '../../core/model/world.ts';
import { addressesOf, type Members, membersOf } from '../../core/policy/members.ts';
import type { ServerMessage } from './messages.ts';

type Step = { readonly before: World; readonly after: World };

/** How many addresses one message has at most. */
const CHUNK = 1000;

/** All members of a group, in as many messages as it takes; at least one, which makes the group known. */
export function* wholeGroup(world: World, group: GroupId): Generator<ServerMessage, void, undefined> {
  let added: string[] = [];
  let isSaid = false;
  for (const text of memberTexts(membersOf(world, group))) {
    added.push(text);
    if (added.length < CHUNK) continue;
    yield { type: 'members', group, added, removed: [] };
    added = [];
    isSaid = true;
  }
  if (added.length > 0 || !isSaid) yield { type: 'members', group, added, removed: [] };
}

/** Addresses, then prefixes, as messages write them. */
export function* memberTexts(members: Members): Generator<string, void, undefined> {
  for (const family of ['ipv4', 'ipv6'] as const)
    for (const address of addressesOf(members, family)) yield formatAddress(address);
  for (const prefix of members.prefixes) yield formatCidr(prefix);
}

/**
 * What joined and left groups when these interfaces changed, for the groups of a set. Costs time by the interfaces that changed, however
 * many members a group has: an address that two members share is looked up in an index.
 */
export function* memberChanges(
  step: Step,
  changedEnis: readonly string[],
  groups: { readonly has: (id: GroupId) => boolean },
): Generator<ServerMessage, void, undefined> {
  for (const [group, candidates] of candidatesOf(step, changedEnis, groups)) {
    const vpcs = vpcsOf(step, group);
    let added: string[] = [];
    let removed: string[] = [];
    for (const [text, ownVpcs] of candidates) {
      const places = new Set([...vpcs, ...ownVpcs]);
      const had = isMember(step.before, { group, text, vpcs: places });
      const has = isMember(step.after, { group, text, vpcs: places });
      if (has && !had) added.push(text);
      if (had && !has) removed.push(text);
      if (added.length + removed.length < CHUNK) continue;
      yield { type: 'members', group, added, removed };
      [added, removed] = [[], []];
    }
    if (added.length + removed.length > 0) yield { type: 'members', group, added, removed };
  }
}

/** By group: every address and prefix of a changed interface that carries it, before or after, with the VPCs of these interfaces. */
function candidatesOf(
  { before, after }: Step,
  changedEnis: readonly string[],
  groups: { readonly has: (id: GroupId) => boolean },
): ReadonlyMap<GroupId, ReadonlyMap<string, ReadonlySet<VpcId>>> {
  const found = new Map<GroupId, Map<string, Set<VpcId>>>();
  for (const id of changedEnis) {
    for (const eni of [getRecord(before, 'enis', id), getRecord(after, 'enis', id)]) {
      if (eni === undefined) continue;
      for (const group of eni.groups) {
        if (!groups.has(group)) continue;
        const ofGroup = found.get(group) ?? new Map<string, Set<VpcId>>();
        found.set(group, ofGroup);
        for (const text of textsOf(eni)) ofGroup.set(text, (ofGroup.get(text) ?? new Set<VpcId>()).add(eni.vpcId));
      }
    }
  }
  return found;
}

function textsOf({ addresses, prefixes }: Eni): readonly string[] {
  return [...addresses.map(({ address }) => formatAddress(address)), ...prefixes.map(formatCidr)];
}

/** The VPCs whose interfaces may carry a group: its own, and those that it is associated with (API AssociateSecurityGroupVpc). */
function vpcsOf({ before, after }: Step, group: GroupId): ReadonlySet<VpcId> {
  const found = new Set<VpcId>();
  for (const world of [before, after]) {
    const own = getRecord(world, 'groups', group)?.vpcId;
    if (own !== undefined) found.add(own);
    for (const id of indexedIds(world, 'associationsByGroup', group)) {
      const association = getRecord(world, 'groupAssociations', id);
      if (association !== undefined) found.add(association.vpcId);
    }
  }
  return found;
}

/** Whether some interface that carries the group holds the address or prefix. */
function isMember(
  world: World,
  { group, text, vpcs }: { readonly group: GroupId; readonly text: string; readonly vpcs: ReadonlySet<VpcId> },
): boolean {
  for (const vpc of vpcs)
    for (const id of indexedIds(world, 'enisByAddress', `${vpc} ${text}`))
      if (getRecord(world, 'enis', id)?.groups.includes(group) === true) return true;
  return false;
}
