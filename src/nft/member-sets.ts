import { parseAddress } from '../core/net/address.ts';
import type { Cidr } from '../core/net/cidr.ts';
import { expectOk } from '../core/net/result.ts';
import { applyMembers, type Members, NO_MEMBERS, packMembers } from '../core/policy/members.ts';
import { addressTexts } from './address-keys.ts';
import type { NftSet } from './ruleset.ts';
import type { Side } from './side.ts';

/** The set with a group's addresses in a family; an IPv4 prefix that an interface holds is 16 addresses and written out. */
export function memberSet(name: string, members: Members, family: Side['family']): NftSet {
  const key = family === 'ipv4' ? (['ipv4_addr'] as const) : (['ipv6_addr'] as const);
  const words = family === 'ipv4' ? withPrefixes(members).ipv4 : members.ipv6;
  return { name, key, isInterval: false, content: { kind: 'packed', family, words } };
}

function withPrefixes(members: Members): Members {
  const narrow = members.prefixes.filter((cidr: Cidr) => cidr.family === 'ipv4');
  if (narrow.length === 0) return members;
  const addresses = narrow.flatMap(addressTexts).map((text) => expectOk(parseAddress(text)));
  return applyMembers(members, { added: packMembers(addresses, []), removed: NO_MEMBERS });
}
