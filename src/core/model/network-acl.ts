import type { Cidr } from '../net/cidr.ts';
import type { Traffic } from '../net/traffic.ts';
import type { AclId, VpcId } from './ids.ts';
import type { Direction } from './security-group.ts';
import type { Tags } from './tag.ts';

/** One numbered line of a NACL; the CIDR is the source for ingress, the destination for egress. */
export type AclEntry = {
  readonly number: number;
  readonly direction: Direction;
  readonly action: 'allow' | 'deny';
  readonly cidr: Cidr;
  readonly traffic: Traffic;
  /** Set where it is not known whether the entry is there, or whether it means all that it says: what would have to be known. */
  readonly doubt?: string;
};

/** A network ACL. INVARIANT: entries are sorted by direction, then number; the final deny is implied, never stored. */
export type NetworkAcl = {
  readonly id: AclId;
  readonly vpcId: VpcId;
  readonly ownerId?: string;
  readonly isDefault: boolean;
  readonly entries: readonly AclEntry[];
  readonly tags: Tags;
};

/** Numbers that a user may give; 32767 and above are the implied denies (API CreateNetworkAclEntry). */
export const ENTRY_NUMBERS = { from: 1, to: 32_766 } as const;

/** Entries in canonical order. */
export function sortEntries(entries: readonly AclEntry[]): readonly AclEntry[] {
  return entries.toSorted((a, b) =>
    a.direction === b.direction ? a.number - b.number : a.direction < b.direction ? -1 : 1,
  );
}
