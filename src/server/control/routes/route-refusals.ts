// AWS's words for what route tables refuse; grades as in the groups' texts.
import { dependency, invalidParameter, invalidValue, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Code [D], text [E]. */
export function routeTableNotFound(id: string): Refused {
  return /^rtb-[0-9a-f]{1,17}$/.test(id)
    ? refuse('InvalidRouteTableID.NotFound', `The routeTable ID '${id}' does not exist`)
    : refuse('InvalidRouteTableId.Malformed', `Invalid id: "${id}" (expecting "rtb-...")`);
}

/** Code [D], text [E]. */
export function associationNotFound(id: string): Refused {
  return refuse('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`);
}

/** Code [r], text [E]. */
export function mainAssociation(id: string): Refused {
  return invalidValue(`cannot disassociate the main route table association ${id}`);
}

/** Code [D], text [L] as for other resources. */
export function routeTableInUse(id: string, holders: readonly string[]): Refused {
  return dependency(`The routeTable '${id}' has dependencies and cannot be deleted.`, holders);
}

/** Code [D], text [U]. */
export function routeTablesLimit(): Refused {
  return refuse('RouteTableLimitExceeded', 'The maximum number of route tables has been reached.');
}

/** Code [D], text [U]. */
export function routesLimit(): Refused {
  return refuse('RouteLimitExceeded', 'The maximum number of routes has been reached.');
}

/** Code [D], text [E]. */
export function subnetAssociated(subnetId: string): Refused {
  return refuse(
    'Resource.AlreadyAssociated',
    `the specified association for route table conflicts with an existing association of subnet ${subnetId}`,
  );
}

/** [U] */
export function differentVpcs(one: string, other: string): Refused {
  return invalidValue(`${one} and ${other} belong to different networks`);
}

/** Code [r][D], text [E]. */
export function routeNotFound(destination: string, tableId: string): Refused {
  return refuse(
    'InvalidRoute.NotFound',
    `no route with destination-cidr-block ${destination} in route table ${tableId}`,
  );
}

/** Code [D], text [E]. */
export function routeExists(destination: string): Refused {
  return refuse('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
}

/** Code [r], text [U]: the CIDR of the VPC itself, or what is not one of its subnets. */
export function routeOfVpc(destination: string): Refused {
  return invalidParameter(
    'destinationCidrBlock',
    destination,
    'A route inside the VPC must be for a whole subnet, and lead to a NAT gateway or a network interface.',
  );
}

/** Code [r], text [U]. */
export function localRouteStays(destination: string): Refused {
  return invalidValue(`cannot remove local route ${destination} in route table`);
}

/** Rule [D V23:VPC_Route_Tables], text [U]. */
export function routeToReserved(destination: string): Refused {
  return invalidParameter('destinationCidrBlock', destination, 'The destination is reserved.');
}

/** Code [D], text [E]. */
export function targetNotFound(kind: string, code: string, id: string): Refused {
  return refuse(code, `The ${kind} ID '${id}' does not exist`);
}

/** Code [E], text [U]: the gateway is not of this VPC. */
export function targetElsewhere(targetId: string, tableId: string): Refused {
  return invalidValue(`route table ${tableId} and network gateway ${targetId} belong to different networks`);
}

/** [U]: the kind of gateway does not carry the family. */
export function targetOfOtherFamily(targetId: string, destination: string): Refused {
  return invalidParameter('destination', destination, `${targetId} does not carry this address family.`);
}
