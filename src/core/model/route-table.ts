import type { Cidr } from '../net/cidr.ts';
import type {
  EgressOnlyGatewayId,
  EniId,
  InternetGatewayId,
  NatGatewayId,
  PeeringId,
  PrefixListId,
  RouteTableId,
  VpcId,
} from './ids.ts';
import type { Tags } from './tag.ts';

/** Where a route sends packets. `unmodelled` targets exist on AWS but lead out of what Crenel can follow. */
export type RouteTarget =
  | { readonly kind: 'local' }
  | { readonly kind: 'internet-gateway'; readonly id: InternetGatewayId }
  | { readonly kind: 'egress-only-gateway'; readonly id: EgressOnlyGatewayId }
  | { readonly kind: 'nat-gateway'; readonly id: NatGatewayId }
  | { readonly kind: 'peering'; readonly id: PeeringId }
  | { readonly kind: 'eni'; readonly id: EniId }
  | { readonly kind: 'unmodelled'; readonly id: string };

export type RouteDestination =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'prefix-list'; readonly prefixListId: PrefixListId };

/** One route. `filtered` routes are listed by AWS but not in force; `blackhole` ones win and drop. */
export type Route = {
  readonly destination: RouteDestination;
  readonly target: RouteTarget;
  readonly state: 'active' | 'blackhole' | 'filtered';
  /** Decides ties of prefix length: static before prefix list before propagated (V:route-tables-priority). */
  readonly origin: 'local' | 'static' | 'propagated';
  /** Set where it is not known whether the route is there: what would have to be known. */
  readonly doubt?: string;
};

/** A route table with all its routes, the local ones included. */
export type RouteTable = {
  readonly id: RouteTableId;
  readonly vpcId: VpcId;
  readonly ownerId?: string;
  readonly routes: readonly Route[];
  readonly tags: Tags;
};

/** Canonical text of a route's target: the id, or `local`. */
export function targetText(target: RouteTarget): string {
  return target.kind === 'local' ? 'local' : target.id;
}
