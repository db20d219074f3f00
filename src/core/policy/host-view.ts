import type { Eni } from '../model/eni.ts';
import type { EniId, GroupId, SubnetId } from '../model/ids.ts';
import type { Peer } from '../model/security-group.ts';
import { getRecord, type RecordLists, type World, worldOf } from '../model/world.ts';
import { type Members, membersOf } from './members.ts';

/**
 * What one host must know to enforce, and no more: a host that is broken into gives away little. The world holds the host's own interfaces
 * with their subnets, VPCs, NACLs, groups and the prefix lists that these name; other interfaces appear only as addresses of groups.
 */
export type HostView = {
  readonly revision: number;
  readonly world: World;
  /** The members of every group that a rule of the host's groups names. A group that is absent is not known: it matches nothing. */
  readonly members: ReadonlyMap<GroupId, Members>;
};

/**
 * The view of a host with these interfaces: the definition that deltas over the wire must equal. `subnetIds`: further subnets whose NACLs it
 * enforces, those of NAT gateways.
 */
export function hostViewOf(world: World, eniIds: Iterable<EniId>, subnetIds: Iterable<SubnetId> = []): HostView {
  const enis = [...eniIds].flatMap((id) => getRecord(world, 'enis', id) ?? []);
  const lists = recordsFor(world, enis, [...subnetIds]);
  const named = new Set((lists.groups ?? []).flatMap((group) => group.rules.flatMap(({ peer }) => namedGroup(peer))));
  return {
    revision: world.revision,
    world: { ...worldOf(lists, world.missing), revision: world.revision },
    members: new Map([...named].map((id) => [id, membersOf(world, id)])),
  };
}

/** The records that decide what these interfaces let pass. */
function recordsFor(world: World, enis: readonly Eni[], subnetIds: readonly SubnetId[]): RecordLists {
  const groups = distinctIds(enis.flatMap((eni) => eni.groups)).flatMap((id) => getRecord(world, 'groups', id) ?? []);
  const subnets = distinctIds([...enis.map((eni) => eni.subnetId), ...subnetIds]).flatMap(
    (id) => getRecord(world, 'subnets', id) ?? [],
  );
  const peers = groups.flatMap((group) => group.rules.map((rule) => rule.peer));
  const listIds = peers.flatMap((peer) => (peer.kind === 'prefix-list' ? [peer.prefixListId] : []));
  const aclIds = subnets.flatMap((subnet) => (subnet.networkAcl === undefined ? [] : [subnet.networkAcl.aclId]));
  return {
    vpcs: distinctIds(enis.map((eni) => eni.vpcId)).flatMap((id) => getRecord(world, 'vpcs', id) ?? []),
    prefixLists: distinctIds(listIds).flatMap((id) => getRecord(world, 'prefixLists', id) ?? []),
    acls: distinctIds(aclIds).flatMap((id) => getRecord(world, 'acls', id) ?? []),
    subnets,
    groups,
    enis,
  };
}

function namedGroup(peer: Peer): readonly GroupId[] {
  return peer.kind === 'group' ? [peer.groupId] : [];
}

function distinctIds<T extends string>(ids: readonly T[]): readonly T[] {
  return [...new Set(ids)];
}
