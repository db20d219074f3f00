// AWS's words for what gateways refuse; grades as in the groups' texts.
import { dependency, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Code [D], text [E]. */
export function internetGatewayNotFound(id: string): Refused {
  return /^igw-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidInternetGatewayID.NotFound', `The internetGateway ID '${id}' does not exist`)
    : refuse('InvalidInternetGatewayId.Malformed', `Invalid id: "${id}" (expecting "igw-...")`);
}

/** Code [D], text [E]. */
export function egressOnlyGatewayNotFound(id: string): Refused {
  return /^eigw-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidGatewayID.NotFound', `The eigw ID '${id}' does not exist`)
    : refuse('InvalidGatewayID.Malformed', `Invalid id: "${id}" (expecting "eigw-...")`);
}

/** Code [r][D], text [E]. */
export function gatewayAttached(id: string, vpcId: string): Refused {
  return refuse('Resource.AlreadyAssociated', `resource ${id} is already attached to network ${vpcId}`);
}

/** Code [D], text [E]: a VPC has one internet gateway. */
export function vpcHasGateway(vpcId: string, gatewayId: string): Refused {
  return refuse('InvalidParameterValue', `Network ${vpcId} already has an internet gateway attached`, [gatewayId]);
}

/** Code [r][D], text [E]. */
export function gatewayNotAttached(id: string, vpcId: string): Refused {
  return refuse('Gateway.NotAttached', `resource ${id} is not attached to network ${vpcId}`);
}

/** Code [D], text [E]. */
export function gatewayInUse(id: string, holders: readonly string[]): Refused {
  return dependency(`The internetGateway '${id}' has dependencies and cannot be deleted.`, holders);
}

/** Code [D], text [L]: addresses that the internet knows stand behind the gateway. */
export function addressesMapped(vpcId: string, holders: readonly string[]): Refused {
  return dependency(
    `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
    holders,
  );
}

/** Code [D], text [E]. */
export function natGatewayNotFound(id: string): Refused {
  return /^nat-[0-9a-f]{1,17}$/.test(id)
    ? refuse('NatGatewayNotFound', `The Nat Gateway ${id} was not found`)
    : refuse('NatGatewayMalformed', `Invalid id: "${id}" (expecting "nat-...")`);
}
