import type { AclEntry } from '../model/network-acl.ts';
import type { AclId, GroupId, RouteTableId } from '../model/ids.ts';
import type { Route } from '../model/route-table.ts';
import type { Rule } from '../model/security-group.ts';

/** The packet's own way, or the way of the packet that answers it. */
export type Way = 'forward' | 'reply';

/** The checkpoints of a path, in path order; a path through NAT or an appliance repeats them. */
export type Stage =
  | 'exempt'
  | 'source-check'
  | 'group-egress'
  | 'acl-egress'
  | 'route'
  | 'gateway'
  | 'acl-ingress'
  | 'group-ingress'
  | 'destination-check';

/** Why a gate refuses. Closed: `docs/semantics/verdicts.md` has a row for each, and a test that it has. */
export type DenyReason =
  | 'source-not-own'
  | 'no-rules'
  | 'no-matching-rule'
  | 'acl-entry'
  | 'acl-default'
  | 'no-route'
  | 'blackhole-route'
  | 'no-interface'
  | 'asymmetric-route'
  | 'forwarding-loop'
  | 'no-public-address'
  | 'gateway-detached'
  | 'not-internet-routable'
  | 'egress-only'
  | 'nat-inbound'
  | 'nat-unavailable'
  | 'nat-protocol'
  | 'peering-inactive'
  | 'peering-not-transitive'
  | 'destination-not-own'
  | 'conntrack-full'
  | 'nat-expired'
  | 'nat-full';

/** Why a gate cannot be decided from what the world holds. */
export type UnknownReason =
  | 'unknown-group'
  | 'unknown-prefix-list'
  | 'unknown-acl'
  | 'unknown-route-table'
  | 'unknown-subnet'
  | 'unknown-vpc'
  | 'unknown-gateway'
  | 'unknown-interface'
  | 'unknown-peer'
  | 'unmodelled-target'
  | 'unknown-rule'
  | 'unknown-entry'
  | 'unknown-route'
  | 'unknown-address'
  | 'nat-port-varies'
  | 'nat-address-varies';

/** Why a gate lets a packet pass without a rule of its own. */
export type PassReason =
  | 'rules'
  | 'entry'
  | 'route'
  | 'exempt'
  | 'unfiltered'
  | 'tracked'
  | 'related'
  | 'own-address'
  | 'check-off'
  | 'gateway'
  | 'protocol'
  | 'same-interface';

/** A rule, NACL entry or route that a decision rests on; `default` is the final deny of a NACL. */
export type RuleRef =
  | { readonly kind: 'rule'; readonly groupId: GroupId; readonly rule: Rule }
  | { readonly kind: 'entry'; readonly aclId: AclId; readonly entry: AclEntry }
  | { readonly kind: 'default-entry'; readonly aclId: AclId }
  | { readonly kind: 'route'; readonly routeTableId: RouteTableId; readonly route: Route };

/** A rule that would have let the packet pass but for what it misses; `order` is a NACL entry behind the one that won. */
export type NearMiss = { readonly rule: RuleRef; readonly misses: readonly ('peer' | 'traffic' | 'order')[] };

/** What one gate says to one packet. */
export type Decision =
  | { readonly outcome: 'pass'; readonly by: PassReason; readonly rules: readonly RuleRef[] }
  | {
      readonly outcome: 'deny';
      readonly reason: DenyReason;
      readonly winner?: RuleRef;
      readonly nearest: readonly NearMiss[];
    }
  | { readonly outcome: 'unknown'; readonly reason: UnknownReason; readonly unknowns: readonly string[] };

/** Allowed for certain, refused for certain, or depending on something the world does not hold. */
export type Outcome = 'allow' | 'deny' | 'unknown';

/** A passing decision. */
export function pass(by: PassReason, rules: readonly RuleRef[] = []): Decision {
  return { outcome: 'pass', by, rules };
}

/** A refusing decision; `winner` is the entry or route that refused. */
export function deny(reason: DenyReason, winner?: RuleRef): Decision {
  return { outcome: 'deny', reason, nearest: [], ...(winner === undefined ? {} : { winner }) };
}

/** A decision that waits for something unknown, named by id. */
export function unknown(reason: UnknownReason, unknowns: readonly string[]): Decision {
  return { outcome: 'unknown', reason, unknowns };
}

/** The outcome of gates that must all pass: one certain refusal decides, then any doubt. */
export function combine(decisions: Iterable<Decision>): Outcome {
  let doubtful = false;
  for (const decision of decisions) {
    if (decision.outcome === 'deny') return 'deny';
    if (decision.outcome === 'unknown') doubtful = true;
  }
  return doubtful ? 'unknown' : 'allow';
}
