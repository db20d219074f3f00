import { familyBits } from '../../../core/net/address.ts';
import type { Subnet } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';

/** AWS keeps the first four addresses of a subnet and the last (V:subnet-sizing). */
const RESERVED = 5;

/** How many IPv4 addresses of a subnet nobody has: delegated prefixes count whole. */
export function freeAddressCount(draft: Draft, { id, cidrs }: Subnet): number {
  const ipv4 = cidrs.find(({ family }) => family === 'ipv4');
  if (ipv4 === undefined) return 0;
  let free = 2 ** (familyBits('ipv4') - ipv4.length) - RESERVED;
  for (const { addresses, prefixes } of draft.listBy('enisBySubnet', id)) {
    free -= addresses.filter(({ address }) => address.family === 'ipv4').length;
    for (const prefix of prefixes) if (prefix.family === 'ipv4') free -= 2 ** (familyBits('ipv4') - prefix.length);
  }
  return free;
}
