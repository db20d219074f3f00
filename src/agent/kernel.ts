import type { Result } from '../core/net/result.ts';
import type { Command } from '../nft/command.ts';
import type { Counts, Listing, ReadBack } from '../nft/listing.ts';
import type { Ruleset } from '../nft/ruleset.ts';

/**
 * Why the kernel could not be asked or changed. `cannot`: nothing can be enforced here at all, whatever is tried; `hopeless`: what was wanted can never
 * be, however often it is tried, and something else can.
 */
export type KernelFault = { readonly kind: 'cannot' | 'failed' | 'hopeless'; readonly message: string };

/** The rules of one network namespace, however they are reached. One thing is asked at a time. */
export type Kernel = {
  /** How it is reached, for people. */
  readonly way: string;
  /** Whether rules can be asked for and changed here at all. */
  readonly reach: () => Promise<Result<void, KernelFault>>;
  /** Into how many elements what may be done in several goes is best cut. */
  readonly mostAtOnce: number;
  /** Whether rules that are not expected are read as what they are, and not only as strangers: then they can be made again. */
  readonly readsStrangers: boolean;
  /** Does commands: all of them or none. */
  readonly apply: (commands: readonly Command[]) => Promise<Result<void, KernelFault>>;
  /**
   * What the table holds; nothing when it is not there. `expect` is told its sets and chains, and says what the table should hold: rules are
   * compared with that as they are read. It may be asked again when somebody changes rules meanwhile.
   */
  readonly read: (expect: (actual: Listing) => Ruleset) => Promise<Result<ReadBack, KernelFault>>;
  /** Whether it is certain that nobody but `apply` has changed any rules since the last `read`. */
  readonly isUntouched: () => Promise<boolean>;
  /** What the first rules of these chains counted, and what the set of hits counted; nothing of what is not there. */
  readonly counts: (chains: Iterable<string>) => Promise<Result<Counts, KernelFault>>;
  /** Ends what was started to reach it. The rules stay. */
  readonly close: () => void;
};

/** What is read where there is no table. */
export const NOTHING_READ: ReadBack = {
  listing: { chains: new Map(), sets: new Map(), timeouts: new Map() },
  counts: { rules: new Map(), hits: new Map() },
  turn: [],
};
