// AWS's words for what peering connections refuse; grades as in the groups' texts.
import { refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Code [D], text [E]. */
export function peeringNotFound(id: string): Refused {
  return /^pcx-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidVpcPeeringConnectionID.NotFound', `The vpcPeeringConnection ID '${id}' does not exist`)
    : refuse('InvalidVpcPeeringConnectionId.Malformed', `Invalid id: "${id}" (expecting "pcx-...")`);
}

/** Code [D], text [E]. */
export function peeringState(id: string, status: string): Refused {
  return refuse('InvalidStateTransition', `Invalid state transition for ${id}, attempted to transition from ${status}`);
}

/** Code [D], text [U]. */
export function peeringExists(id: string): Refused {
  return refuse('VpcPeeringConnectionAlreadyExists', `A peering connection of these VPCs exists already: ${id}`, [id]);
}

/** Code [D], text [U]. */
export function peeringOfItself(): Refused {
  return refuse('InvalidParameterValue', 'A VPC cannot be peered with itself.');
}
