import type { ConnectionTrackingSpecificationRequest, PrivateIpAddressSpecification } from '@aws-sdk/client-ec2';
import { type Address, parseAddress, sameAddress } from '../../core/net/address.ts';
import { type Cidr, parseCidr } from '../../core/net/cidr.ts';
import { ok, type Result } from '../../core/net/result.ts';
import type { ConnectionTimeouts } from '../../core/model/eni.ts';
import { type Claim, PREFIX_LENGTHS } from '../control/enis/claim.ts';
import { addressMalformed, prefixMalformed } from '../control/enis/eni-refusals.ts';
import { invalidCombination, invalidParameter, missingParameter, type Refusal } from '../control/refusal.ts';

/** What requests say of the addresses of one family, as they say it; a count is undefined where it was not given. */
export type AddressInput = {
  readonly addresses?: readonly (string | undefined)[] | undefined;
  readonly count?: number | undefined;
  readonly prefixes?: readonly (string | undefined)[] | undefined;
  readonly prefixCount?: number | undefined;
};

/** Reads what a request wants of a family. AWS takes addresses, a count of them, prefixes or a count of those: one of the four in a call. */
export function claimOf(family: Address['family'], input: AddressInput): Result<Claim, Refusal> {
  const { addresses = [], count = 0, prefixes = [], prefixCount = 0 } = input;
  for (const [name, number] of [
    ['count', count],
    ['prefixCount', prefixCount],
  ] as const)
    if (!Number.isInteger(number) || number < 0)
      return invalidParameter(`${family}.${name}`, number, 'Value must be a positive number.');
  if ([addresses.length, count, prefixes.length, prefixCount].filter((size) => size > 0).length > 1)
    return invalidCombination(
      `You may specify one and only one of addresses, a count of addresses, prefixes and a count of prefixes of ${family}, but not more than one of them.`,
    );
  const named: Address[] = [];
  for (const text of addresses) {
    const address = addressOf(family, text ?? '');
    if (!address.ok) return address;
    named.push(address.value);
  }
  const namedPrefixes: Cidr[] = [];
  for (const text of prefixes) {
    const prefix = prefixOf(family, text ?? '');
    if (!prefix.ok) return prefix;
    namedPrefixes.push(prefix.value);
  }
  return ok({ addresses: { named, count }, prefixes: { named: namedPrefixes, count: prefixCount } });
}

/** An address of a family from its text. */
export function addressOf(family: Address['family'], text: string): Result<Address, Refusal> {
  const address = parseAddress(text);
  return address.ok && address.value.family === family ? ok(address.value) : addressMalformed(text);
}

/** A prefix that may be delegated, from its text: of AWS's length, and without host bits. */
export function prefixOf(family: Address['family'], text: string): Result<Cidr, Refusal> {
  const length = PREFIX_LENGTHS[family];
  const prefix = parseCidr(text);
  const base = parseAddress(text.slice(0, Math.max(0, text.indexOf('/'))));
  const isWhole =
    prefix.ok &&
    base.ok &&
    prefix.value.family === family &&
    prefix.value.length === length &&
    sameAddress(base.value, prefix.value.base);
  return isWhole ? ok(prefix.value) : prefixMalformed(text, length);
}

/** The private IPv4 addresses of a request: the primary one, where it says which, and the others. */
export type PrivateAddresses = { readonly primary: Address | undefined; readonly others: readonly string[] };

/** Reads `PrivateIpAddress` and `PrivateIpAddresses`: at most one of all is the primary one (API CreateNetworkInterface). */
export function privateAddressesOf(
  single: string | undefined,
  list: readonly PrivateIpAddressSpecification[] | undefined,
): Result<PrivateAddresses, Refusal> {
  const primaries = single === undefined ? [] : [single];
  const others: string[] = [];
  for (const { PrivateIpAddress: text, Primary: isPrimary } of list ?? []) {
    if (text === undefined) return missingParameter('PrivateIpAddresses.PrivateIpAddress');
    if (isPrimary === true) primaries.push(text);
    else others.push(text);
  }
  const [first] = primaries;
  if (primaries.length > 1)
    return invalidCombination('Only one private IP address can be designated as the primary address.');
  if (first === undefined) return ok({ primary: undefined, others });
  const primary = addressOf('ipv4', first);
  return primary.ok ? ok({ primary: primary.value, others }) : primary;
}

/** Idle timeouts of a request, in seconds; what it does not say is left out. */
export function timeoutsOf(given: ConnectionTrackingSpecificationRequest | undefined): ConnectionTimeouts {
  const { TcpEstablishedTimeout: tcp, UdpStreamTimeout: stream, UdpTimeout: udp } = given ?? {};
  return {
    ...(tcp === undefined ? {} : { tcpEstablishedSeconds: tcp }),
    ...(stream === undefined ? {} : { udpStreamSeconds: stream }),
    ...(udp === undefined ? {} : { udpSeconds: udp }),
  };
}
