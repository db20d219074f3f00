// AWS's words for what Elastic addresses refuse; grades as in the groups' texts.
import { refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** Code [D], text [E]. */
export function allocationNotFound(id: string): Refused {
  return refuse('InvalidAllocationID.NotFound', `The allocation ID '${id}' does not exist`);
}

/** Code [D], text [E]. */
export function addressNotFound(address: string): Refused {
  return refuse('InvalidAddress.NotFound', `Address '${address}' not found.`);
}

/** Code [D], text [E]. */
export function associationNotFound(id: string): Refused {
  return refuse('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`);
}

/** Code [D], text [E]. */
export function addressInUse(address: string, holder: string): Refused {
  return refuse('InvalidIPAddress.InUse', `Address ${address} is in use.`, [holder]);
}

/** Code [D], text [E]. */
export function addressAssociated(id: string, holder: string): Refused {
  return refuse('Resource.AlreadyAssociated', `resource ${id} is already associated with associate-id ${holder}`);
}

/** Code [D], text [U]. */
export function addressesLimit(): Refused {
  return refuse('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
}

/** Code [D], text [E]. */
export function networkNotAttached(vpcId: string): Refused {
  return refuse('Gateway.NotAttached', `Network ${vpcId} is not attached to any internet gateway`);
}

/** Code [D], text [U]: the address is not one of the interface's own. */
export function privateAddressUnknown(address: string, eniId: string): Refused {
  return refuse(
    'InvalidParameterValue',
    `Value (${address}) for parameter privateIpAddress is invalid. It is no IPv4 address of ${eniId}.`,
  );
}

/** [U]: addresses of services are the services' to change. */
export function addressOfService(eniId: string): Refused {
  return refuse('AuthFailure', `You do not have permission to access the specified resource ${eniId}.`);
}
