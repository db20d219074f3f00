import { fail, ok, type Result } from '../../core/net/result.ts';
import { transactionFault } from './limits.ts';
import type { Committed, Snapshot, Store, StoreFault, Transaction, Watch } from './store.ts';

type Watcher = { since: number; readonly deliver: (event: Result<Committed, StoreFault>) => void };

const CLOSED: StoreFault = { kind: 'closed', message: 'the store is closed' };

/** A store that lasts as long as the process: for tests, and for servers that are asked to forget. */
export class MemoryStore implements Store {
  readonly #entries: Map<string, string> = new Map();
  #revision = 0;
  /** The transactions after `#compacted`, in order. */
  #log: Committed[] = [];
  #compacted = 0;
  #isClosed = false;
  readonly #watchers = new Set<Watcher>();

  readonly snapshot = async (): Promise<Result<Snapshot, StoreFault>> =>
    await Promise.resolve(
      // A copy: the reader may take its time while commits go on.
      this.#isClosed ? fail(CLOSED) : ok({ revision: this.#revision, entries: [...this.#entries] }),
    );

  readonly commit = async (base: number, transactions: readonly Transaction[]): Promise<Result<number, StoreFault>> => {
    const done = this.#commit(base, transactions);
    return await Promise.resolve(done);
  };

  #commit(base: number, transactions: readonly Transaction[]): Result<number, StoreFault> {
    if (this.#isClosed) return fail(CLOSED);
    if (base !== this.#revision)
      return fail({ kind: 'conflict', message: `the newest revision is ${this.#revision}, not ${base}` });
    for (const transaction of transactions) {
      const fault = transactionFault(transaction);
      if (fault !== undefined) return fail(fault);
    }
    for (const writes of transactions) {
      this.#revision += 1;
      for (const { key, value } of writes) {
        if (value === undefined) this.#entries.delete(key);
        else this.#entries.set(key, value);
      }
      this.#log.push({ revision: this.#revision, writes });
    }
    for (const watcher of this.#watchers) this.#catchUp(watcher);
    return ok(this.#revision);
  }

  readonly watch = (since: number, deliver: (event: Result<Committed, StoreFault>) => void): Watch => {
    const watcher: Watcher = { since, deliver };
    this.#watchers.add(watcher);
    // Not before the caller has the watch in hand.
    void Promise.resolve().then(() => this.#catchUp(watcher));
    return { stop: () => void this.#watchers.delete(watcher) };
  };

  #catchUp(watcher: Watcher): void {
    if (!this.#watchers.has(watcher)) return;
    if (this.#isClosed) return this.#end(watcher, CLOSED);
    if (watcher.since < this.#compacted)
      return this.#end(watcher, {
        kind: 'compacted',
        message: `revisions up to ${this.#compacted} are gone: read a snapshot and watch from there`,
      });
    for (const event of this.#log.slice(watcher.since - this.#compacted)) {
      if (!this.#watchers.has(watcher)) return;
      watcher.since = event.revision;
      watcher.deliver(ok(event));
    }
  }

  #end(watcher: Watcher, fault: StoreFault): void {
    this.#watchers.delete(watcher);
    watcher.deliver(fail(fault));
  }

  readonly compact = async (revision: number): Promise<Result<void, StoreFault>> => {
    if (this.#isClosed) return await Promise.resolve(fail(CLOSED));
    const upTo = Math.min(revision, this.#revision);
    if (upTo > this.#compacted) {
      this.#log = this.#log.slice(upTo - this.#compacted);
      this.#compacted = upTo;
    }
    return await Promise.resolve(ok(undefined));
  };

  readonly close = async (): Promise<void> => {
    this.#isClosed = true;
    for (const watcher of this.#watchers) this.#end(watcher, CLOSED);
    await Promise.resolve();
  };
}
