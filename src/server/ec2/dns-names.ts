import { type Address, formatAddress } from '../../core/net/address.ts';
import type { Realm } from '../control/env.ts';

/** `ip-10-0-1-11.eu-west-1.compute.internal`; the first region has a name of its own (V:vpc-dns). */
export function privateDnsName(address: Address, { region }: Realm): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${dashed(address)}.${domain}`;
}

/** `ec2-198-18-0-7.eu-west-1.compute.amazonaws.com` (V:vpc-dns). */
export function publicDnsName(address: Address, { region }: Realm): string {
  const domain = region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${region}.compute.amazonaws.com`;
  return `ec2-${dashed(address)}.${domain}`;
}

function dashed(address: Address): string {
  return formatAddress(address).replaceAll('.', '-');
}
