import type { Cidr } from '../net/cidr.ts';
import { formatCidr } from '../net/cidr.ts';
import { unreachable } from '../net/result.ts';
import { formatTraffic, type Traffic } from '../net/traffic.ts';
import type { GroupId, PeeringId, PrefixListId, RuleId, VpcId } from './ids.ts';
import type { Tags } from './tag.ts';

/** Seen from the ENI: `ingress` is towards it, `egress` away from it. */
export type Direction = 'ingress' | 'egress';

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** The other side of a rule: source for ingress, destination for egress. Exactly one per rule. */
export type Peer =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'prefix-list'; readonly prefixListId: PrefixListId }
  | {
      readonly kind: 'group';
      readonly groupId: GroupId;
      readonly ownerId?: string;
      readonly vpcId?: VpcId;
      readonly peeringId?: PeeringId;
    };

/** One allow rule: a direction, a traffic, one peer. */
export type Rule = {
  readonly id: RuleId;
  readonly direction: Direction;
  readonly traffic: Traffic;
  readonly peer: Peer;
  readonly description?: string;
  readonly tags: Tags;
  /** Set where it is not known whether the rule is there: what would have to be known. */
  readonly doubt?: string;
};

/** A security group with its own rules; members are the ENIs that name it. */
export type SecurityGroup = {
  readonly id: GroupId;
  readonly vpcId: VpcId;
  readonly ownerId: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly Rule[];
  readonly tags: Tags;
};

/** A group made usable in a further VPC (API AssociateSecurityGroupVpc); the id is `group/vpc`. */
export type GroupAssociation = {
  readonly id: string;
  readonly groupId: GroupId;
  readonly vpcId: VpcId;
  readonly state: string;
};

/** Canonical text of a peer: the CIDR, the group or the prefix list. */
export function peerText(peer: Peer): string {
  switch (peer.kind) {
    case 'cidr':
      return formatCidr(peer.cidr);
    case 'prefix-list':
      return peer.prefixListId;
    case 'group':
      return peer.groupId;
    default:
      return unreachable(peer);
  }
}

/** What makes two rules the same to AWS: direction, traffic and peer; never description or tags (API). */
export function ruleIdentity(rule: Rule): string {
  return `${rule.direction} ${formatTraffic(rule.traffic)} ${peerText(rule.peer)}`;
}

/** The name of the group that every VPC has from birth. */
export const DEFAULT_GROUP_NAME = 'default';
