import type { PrefixListEntry } from '../../../core/model/prefix-list.ts';

/** An earlier or present version of a prefix list, for restoring; a record each, for a list has up to 1,000. The id is `list/version`. */
export type PrefixListVersion = {
  readonly id: string;
  readonly prefixListId: string;
  readonly version: number;
  readonly entries: readonly PrefixListEntry[];
};
