import type {
  AssignIpv6AddressesRequest,
  AssignPrivateIpAddressesRequest,
  UnassignIpv6AddressesRequest,
  UnassignPrivateIpAddressesRequest,
} from '@aws-sdk/client-ec2';
import { formatAddress } from '../../../core/net/address.ts';
import { formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { type AddressChange, assignAddresses, unassignAddresses } from '../../control/enis/assign-addresses.ts';
import { claimSize } from '../../control/enis/address-limits.ts';
import { nothingAssigned } from '../../control/enis/eni-refusals.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { type AddressInput, claimOf } from '../eni-input.ts';
import type { Actions, Call } from '../operations.ts';

export const eniAddressActions: Actions = {
  AssignPrivateIpAddresses: assignIpv4,
  AssignIpv6Addresses: assignIpv6,
  UnassignPrivateIpAddresses: unassignIpv4,
  UnassignIpv6Addresses: unassignIpv6,
};

type Assignment = AddressInput & {
  readonly eniId: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly mayMove: boolean;
};

function assign({ draft }: Call, asked: Assignment): Result<AddressChange, Refusal> {
  const claim = claimOf(asked.family, asked);
  if (!claim.ok) return claim;
  if (claimSize(claim.value) === 0) return nothingAssigned(asked.family);
  const { eniId, family, mayMove } = asked;
  return assignAddresses(draft, { eniId, family, claim: claim.value, mayMove });
}

function assignIpv4(input: AssignPrivateIpAddressesRequest, call: Call): Result<object, Refusal> {
  const done = assign(call, {
    eniId: input.NetworkInterfaceId ?? '',
    family: 'ipv4',
    addresses: input.PrivateIpAddresses,
    count: input.SecondaryPrivateIpAddressCount,
    prefixes: input.Ipv4Prefixes,
    prefixCount: input.Ipv4PrefixCount,
    mayMove: input.AllowReassignment === true,
  });
  if (!done.ok) return done;
  return ok({
    NetworkInterfaceId: done.value.eni.id,
    AssignedPrivateIpAddresses: done.value.addresses.map((address) => ({ PrivateIpAddress: formatAddress(address) })),
    AssignedIpv4Prefixes: done.value.prefixes.map((prefix) => ({ Ipv4Prefix: formatCidr(prefix) })),
  });
}

function assignIpv6(input: AssignIpv6AddressesRequest, call: Call): Result<object, Refusal> {
  const done = assign(call, {
    eniId: input.NetworkInterfaceId ?? '',
    family: 'ipv6',
    addresses: input.Ipv6Addresses,
    count: input.Ipv6AddressCount,
    prefixes: input.Ipv6Prefixes,
    prefixCount: input.Ipv6PrefixCount,
    mayMove: false,
  });
  if (!done.ok) return done;
  return ok({
    NetworkInterfaceId: done.value.eni.id,
    AssignedIpv6Addresses: done.value.addresses.map(formatAddress),
    AssignedIpv6Prefixes: done.value.prefixes.map(formatCidr),
  });
}

type Unassignment = {
  readonly eniId: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly addresses: readonly string[] | undefined;
  readonly prefixes: readonly string[] | undefined;
};

function unassign({ draft }: Call, asked: Unassignment): Result<AddressChange, Refusal> {
  const { eniId, family, addresses = [], prefixes = [] } = asked;
  if (addresses.length === 0 && prefixes.length === 0)
    return missingParameter(family === 'ipv4' ? 'PrivateIpAddress' : 'Ipv6Addresses');
  const singles = claimOf(family, { addresses });
  if (!singles.ok) return singles;
  const blocks = claimOf(family, { prefixes });
  if (!blocks.ok) return blocks;
  return unassignAddresses(draft, {
    eniId,
    addresses: singles.value.addresses.named,
    prefixes: blocks.value.prefixes.named,
  });
}

function unassignIpv4(input: UnassignPrivateIpAddressesRequest, call: Call): Result<object, Refusal> {
  const done = unassign(call, {
    eniId: input.NetworkInterfaceId ?? '',
    family: 'ipv4',
    addresses: input.PrivateIpAddresses,
    prefixes: input.Ipv4Prefixes,
  });
  return done.ok ? ok({}) : done;
}

function unassignIpv6(input: UnassignIpv6AddressesRequest, call: Call): Result<object, Refusal> {
  const done = unassign(call, {
    eniId: input.NetworkInterfaceId ?? '',
    family: 'ipv6',
    addresses: input.Ipv6Addresses,
    prefixes: input.Ipv6Prefixes,
  });
  if (!done.ok) return done;
  return ok({
    NetworkInterfaceId: done.value.eni.id,
    UnassignedIpv6Addresses: done.value.addresses.map(formatAddress),
    UnassignedIpv6Prefixes: done.value.prefixes.map(formatCidr),
  });
}
