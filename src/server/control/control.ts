import { ok, type Result } from '../../core/net/result.ts';
import type { Store, StoreFault, Transaction } from '../store/store.ts';
import type { Realm } from './env.ts';
import { type Estate, estateOf } from './estate.ts';
import { recordTooLarge, type Refusal } from './refusal.ts';
import { estatesOf, oversized, realmKey, writesBetween } from './stored.ts';

/** What a command came to: the estate that it leads to, and what to answer. */
export type Outcome<T> = { readonly estate: Estate; readonly value: T };

/** What a commit did, for those who want to know what a change opens: both worlds are in the estates. */
export type Committed<T> = {
  readonly value: T;
  readonly before: Estate;
  readonly after: Estate;
  readonly revision: number;
};

/** Why nothing came of a command: it refused, or the store could not keep what it did. */
export type Failure =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'not-stored'; readonly fault: StoreFault };

/** A commit that is durable: the revision that it led to, and what it changed, by the key of the realm. */
export type Commit = {
  readonly revision: number;
  readonly realms: ReadonlyMap<string, { readonly before: Estate; readonly after: Estate }>;
};

type Waiting = {
  readonly writes: Transaction;
  readonly settle: (stored: Result<number, StoreFault>) => void;
};

/**
 * The single writer. Commands run one after another, each on what the one before it left; those of one turn of the event loop are
 * committed together, and only then answered. Readers see committed estates alone.
 */
export class Control {
  readonly #store: Store;
  readonly #defer: (run: () => void) => void;
  #committed: ReadonlyMap<string, Estate>;
  /** What the commands that wait for their commit lead to. */
  #drafted: Map<string, Estate>;
  #revision: number;
  #waiting: Waiting[] = [];
  #isCommitting = false;
  #fault: StoreFault | undefined;
  readonly #hearers = new Set<(commit: Commit) => void>();

  private constructor(
    store: Store,
    start: { readonly estates: ReadonlyMap<string, Estate>; readonly revision: number },
    defer: (run: () => void) => void,
  ) {
    this.#store = store;
    this.#defer = defer;
    this.#committed = start.estates;
    this.#drafted = new Map(start.estates);
    this.#revision = start.revision;
  }

  /** Reads the estates from the store. `defer` runs a function at the end of the turn (`setImmediate`). */
  static async open(store: Store, defer: (run: () => void) => void): Promise<Result<Control, StoreFault>> {
    const snapshot = await store.snapshot();
    if (!snapshot.ok) return snapshot;
    const { revision, entries } = snapshot.value;
    const estates = estatesOf(entries, revision);
    if (!estates.ok) return { ok: false, error: { kind: 'corrupt', message: estates.error } };
    return ok(new Control(store, { estates: estates.value, revision }, defer));
  }

  /** The revision of the newest commit. */
  get revision(): number {
    return this.#revision;
  }

  /** Why the newest commit failed; undefined when it did not. */
  get fault(): StoreFault | undefined {
    return this.#fault;
  }

  /** The keys of all realms that have an estate. */
  get realms(): Iterable<string> {
    return this.#committed.keys();
  }

  /** The estate of a realm as committed; a realm that nobody wrote to is empty. */
  estate(realm: Realm): Estate {
    return this.#committed.get(realmKey(realm)) ?? estateOf({}, this.#revision);
  }

  /**
   * Calls `hear` at each commit from now on, when it is durable and before those who asked for it are answered. `hear` must be quick and
   * must not throw. Gives what ends it.
   */
  subscribe(hear: (commit: Commit) => void): () => void {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  /** Runs a command and keeps what it did. Resolves when the change is durable, or when it is certain that nothing was changed. */
  async submit<T>(
    realm: Realm,
    command: (estate: Estate) => Result<Outcome<T>, Refusal>,
  ): Promise<Result<Committed<T>, Failure>> {
    const key = realmKey(realm);
    const before = this.#drafted.get(key) ?? this.estate(realm);
    const outcome = command(before);
    const writes = outcome.ok ? writesBetween(realm, before, outcome.value.estate) : [];
    // Found here, it is this command's own fault; in the store it would be that of all who are committed with it.
    const large = oversized(writes);
    const done = large === undefined ? outcome : recordTooLarge(large);
    // A refusal may rest on changes that are not durable yet: it waits for them like everything else.
    const after = done.ok ? done.value.estate : before;
    this.#drafted.set(key, after);
    const stored = await this.#enqueue(done.ok ? writes : []);
    if (!stored.ok) return { ok: false, error: { kind: 'not-stored', fault: stored.error } };
    if (!done.ok) return { ok: false, error: { kind: 'refused', refusal: done.error } };
    return ok({ value: done.value.value, before, after, revision: stored.value });
  }

  /** Resolves when everything that was submitted is settled. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0 || this.#isCommitting) await this.#enqueue([]);
  }

  async #enqueue(writes: Transaction): Promise<Result<number, StoreFault>> {
    if (writes.length === 0 && this.#waiting.length === 0 && !this.#isCommitting) return ok(this.#revision);
    return await new Promise((settle) => {
      this.#waiting.push({ writes, settle });
      if (this.#waiting.length === 1 && !this.#isCommitting) this.#defer(() => void this.#commit());
    });
  }

  async #commit(): Promise<void> {
    this.#isCommitting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const reached = new Map(this.#drafted);
      const transactions = batch.filter(({ writes }) => writes.length > 0).map(({ writes }) => writes);
      const stored =
        transactions.length === 0 ? ok(this.#revision) : await this.#store.commit(this.#revision, transactions);
      this.#fault = stored.ok ? undefined : stored.error;
      if (stored.ok) {
        const old = this.#committed;
        this.#committed = reached;
        this.#revision = stored.value;
        if (transactions.length > 0) this.#tell(old, stored.value);
      } else {
        this.#forget(stored);
      }
      for (const { settle } of batch) settle(stored);
    }
    this.#isCommitting = false;
  }

  #tell(old: ReadonlyMap<string, Estate>, revision: number): void {
    if (this.#hearers.size === 0) return;
    const realms = new Map<string, { readonly before: Estate; readonly after: Estate }>();
    for (const [key, after] of this.#committed) {
      const before = old.get(key) ?? estateOf({}, revision);
      if (before !== after) realms.set(key, { before, after });
    }
    for (const hear of this.#hearers) hear({ revision, realms });
  }

  /** What was drafted on top of a commit that failed never was: those who wait for it fail alike. */
  #forget(fault: Result<number, StoreFault>): void {
    this.#drafted = new Map(this.#committed);
    for (const { settle } of this.#waiting) settle(fault);
    this.#waiting = [];
  }
}
