import {
  type AclId,
  asId,
  type EniId,
  type GroupId,
  type PrefixListId,
  type SubnetId,
  type VpcId,
} from '../../core/model/ids.ts';
import { getRecord, indexedIds, type World } from '../../core/model/world.ts';
import type { Holds } from './messages.ts';
import type { HostKind } from './record-shapes.ts';

/** The ids of all that a host is told of, whether the records exist or not: those of them that do are what `hostViewOf` has. */
export type Scope = {
  readonly vpcs: ReadonlySet<VpcId>;
  readonly prefixLists: ReadonlySet<PrefixListId>;
  readonly acls: ReadonlySet<AclId>;
  readonly subnets: ReadonlySet<SubnetId>;
  readonly groups: ReadonlySet<GroupId>;
  readonly enis: ReadonlySet<EniId>;
  /** Groups that rules of `groups` name: their members are told. */
  readonly named: ReadonlySet<GroupId>;
};

/** The scope of nothing. */
export const NO_SCOPE: Scope = {
  vpcs: new Set(),
  prefixLists: new Set(),
  acls: new Set(),
  subnets: new Set(),
  groups: new Set(),
  enis: new Set(),
  named: new Set(),
};

/** The interfaces that a host may see in a world: those of its list, and all of its instances. */
export function heldEnis(world: World, holds: Holds): ReadonlySet<EniId> {
  const found = new Set(holds.enis);
  for (const instance of holds.instances)
    for (const id of indexedIds(world, 'enisByInstance', instance)) found.add(asId(id));
  return found;
}

/** What a host with these interfaces is told of; costs time by what it holds, not by the world. */
export function scopeOf(world: World, holds: Holds): Scope {
  const scope = {
    vpcs: new Set<VpcId>(),
    prefixLists: new Set<PrefixListId>(),
    acls: new Set<AclId>(),
    subnets: new Set<SubnetId>(),
    groups: new Set<GroupId>(),
    enis: heldEnis(world, holds),
    named: new Set<GroupId>(),
  };
  for (const id of scope.enis) {
    const eni = getRecord(world, 'enis', id);
    if (eni === undefined) continue;
    scope.vpcs.add(eni.vpcId);
    scope.subnets.add(eni.subnetId);
    for (const groupId of eni.groups) scope.groups.add(groupId);
  }
  for (const id of scope.subnets) {
    const aclId = getRecord(world, 'subnets', id)?.networkAcl?.aclId;
    if (aclId !== undefined) scope.acls.add(aclId);
  }
  for (const id of scope.groups) {
    for (const { peer } of getRecord(world, 'groups', id)?.rules ?? []) {
      if (peer.kind === 'group') scope.named.add(peer.groupId);
      if (peer.kind === 'prefix-list') scope.prefixLists.add(peer.prefixListId);
    }
  }
  return scope;
}

/** Ids of records that differ between two worlds, of the kinds that hosts are told of. */
export type Changed = { readonly [K in HostKind]: readonly string[] };

/** Whether a change may alter a scope: it touches an interface of the host, or one that joins it, or a subnet or group of it. */
export function touchesScope(
  after: World,
  changed: Changed,
  { scope, instances }: { readonly scope: Scope; readonly instances: ReadonlySet<string> },
): boolean {
  return (
    changed.subnets.some((id) => scope.subnets.has(asId(id))) ||
    changed.groups.some((id) => scope.groups.has(asId(id))) ||
    changed.enis.some((id) => {
      const instanceId = getRecord(after, 'enis', id)?.attachment?.instanceId;
      return scope.enis.has(asId(id)) || (instanceId !== undefined && instances.has(instanceId));
    })
  );
}
