import type { PeeringConnection } from '../../../core/model/gateway.ts';
import type { Peer, Rule, SecurityGroup } from '../../../core/model/security-group.ts';
import type { Draft } from '../draft.ts';

/** The VPCs in which a group may be used: its own and those it is associated with. */
export function vpcsOf(draft: Draft, group: SecurityGroup): ReadonlySet<string> {
  return new Set([group.vpcId, ...draft.listBy('associationsByGroup', group.id).map(({ vpcId }) => vpcId)]);
}

/** What lets the rules of one group name another: a VPC in common, or an active peering of their VPCs (V:security-group-rules). */
export function connectionOf(
  draft: Draft,
  group: SecurityGroup,
  other: SecurityGroup,
): PeeringConnection | 'same network' | undefined {
  const own = vpcsOf(draft, group);
  if ([...vpcsOf(draft, other)].some((vpcId) => own.has(vpcId))) return 'same network';
  return draft
    .listBy('peeringsByVpc', group.vpcId)
    .find((one) => one.status === 'active' && [one.requester.vpcId, one.accepter.vpcId].includes(other.vpcId));
}

/** Whether a rule names a group that it cannot match any more: deleted, or of a VPC that is connected no longer (PEER:vpc-peering-security-groups). */
export function isStale(draft: Draft, group: SecurityGroup, { peer }: Rule): boolean {
  if (peer.kind !== 'group') return false;
  const other = draft.get('groups', peer.groupId);
  return other === undefined || connectionOf(draft, group, other) === undefined;
}

/** A VPC on the other side of a peering whose groups name a group. */
export type Reference = {
  readonly groupId: string;
  readonly referencingVpcId: string;
  readonly peeringId: string;
};

/** Who names a group from the other side of a peering, each VPC once (API DescribeSecurityGroupReferences). */
export function referencesTo(draft: Draft, group: SecurityGroup): readonly Reference[] {
  const found = new Map<string, Reference>();
  for (const other of draft.listBy('groupsByReference', group.id)) {
    const connection = other.vpcId === group.vpcId ? undefined : connectionOf(draft, other, group);
    if (connection === undefined || connection === 'same network') continue;
    found.set(other.vpcId, { groupId: group.id, referencingVpcId: other.vpcId, peeringId: connection.id });
  }
  return [...found.values()];
}

/** The status of the peering that a group reference goes over, where it has one. */
export function peeringStatusOf(draft: Draft, peer: Extract<Peer, { kind: 'group' }>): string | undefined {
  return peer.peeringId === undefined ? undefined : (draft.get('peerings', peer.peeringId)?.status ?? 'deleted');
}
