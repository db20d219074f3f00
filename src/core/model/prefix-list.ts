import type { Family } from '../net/address.ts';
import type { Cidr } from '../net/cidr.ts';
import type { PrefixListId } from './ids.ts';
import type { Tags } from './tag.ts';

export type PrefixListEntry = { readonly cidr: Cidr; readonly description?: string };

/** A managed prefix list of one family. The current version's entries are in force; undefined when not known. */
export type PrefixList = {
  readonly id: PrefixListId;
  readonly name: string;
  /** `AWS` for the lists that AWS keeps. */
  readonly ownerId: string;
  readonly family: Family;
  readonly entries?: readonly PrefixListEntry[];
  /** Earlier versions and the current one, by number, for restoring; AWS's own lists have none. */
  readonly versions: readonly { readonly version: number; readonly entries: readonly PrefixListEntry[] }[];
  readonly version?: number;
  /** What the list counts in a quota: its maximum size, or AWS's published weight (V:working-with-aws-managed-prefix-lists). */
  readonly weight?: number;
  readonly state: string;
  readonly tags: Tags;
};
