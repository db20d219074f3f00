import type { Result } from '../../core/net/result.ts';

/** One key's new value; undefined removes the key. Keys and values are well-formed text; a value holds at most `MAX_VALUE_BYTES` of UTF-8. */
export type Write = { readonly key: string; readonly value: string | undefined };

/** One change, applied whole or not at all: it becomes one revision. A key stands in it at most once (etcd allows no more). */
export type Transaction = readonly Write[];

/** All keys at one revision. */
export type Snapshot = {
  readonly revision: number;
  readonly entries: Iterable<readonly [key: string, value: string]>;
};

/** A transaction as watchers see it. */
export type Committed = { readonly revision: number; readonly writes: Transaction };

/** Why a store did not do what was asked. `message` says what, where and what to do next. */
export type StoreFault = {
  readonly kind:
    /** Somebody else committed since: the base is not the newest revision. Nothing was written. */
    | 'conflict'
    /** The revision is gone: read a snapshot and watch from there. */
    | 'compacted'
    /** A key or value that no store takes, or a key twice in one transaction. Nothing was written. */
    | 'refused'
    | 'disk-full'
    | 'read-only'
    | 'corrupt'
    /** Written by a newer Crenel. */
    | 'newer'
    /** Another process has it open. */
    | 'locked'
    | 'closed'
    | 'failed';
  readonly message: string;
};

/** The largest value: half of what etcd takes in one request, so that a transaction of one always fits. */
export const MAX_VALUE_BYTES = 786_432;
export const MAX_KEY_BYTES = 1024;

/** Bytes of UTF-8, without making them. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Halves of a pair stand for four bytes together, two for each.
    if (code >= 0x80) length += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return length;
}

/** A watch that goes on until it is stopped. */
export type Watch = { readonly stop: () => void };

/**
 * Where the server's records are kept: text by key, every change at a revision of its own. One writer commits; anyone may watch.
 * An implementation must give back after a restart every transaction whose commit it answered, whatever ended the process.
 */
export type Store = {
  /** All keys at the newest revision. */
  readonly snapshot: () => Promise<Result<Snapshot, StoreFault>>;
  /**
   * Applies the transactions in order, all or none, durably, at the revisions `base + 1`, `base + 2`, …; gives the last one. `base` must be
   * the newest revision. On any fault nothing was applied.
   */
  readonly commit: (base: number, transactions: readonly Transaction[]) => Promise<Result<number, StoreFault>>;
  /**
   * Gives each transaction after the revision `since`, in order and each once, also those still to come, until `stop`. A watcher that is
   * overtaken by compaction gets `compacted` and ends. `deliver` must not throw.
   */
  readonly watch: (since: number, deliver: (event: Result<Committed, StoreFault>) => void) => Watch;
  /** Forgets how revisions up to this one came about; the keys stay. Earlier watches become impossible. */
  readonly compact: (revision: number) => Promise<Result<void, StoreFault>>;
  readonly close: () => Promise<void>;
};
