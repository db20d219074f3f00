import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { transactionFault } from './limits.ts';
import { FORMAT, MIGRATIONS } from './sqlite-schema.ts';
import type { Committed, Snapshot, Store, StoreFault, Transaction, Watch } from './store.ts';

type Failed = { readonly ok: false; readonly error: StoreFault };
type Watcher = { since: number; readonly deliver: (event: Result<Committed, StoreFault>) => void };

/** How many revisions a watcher may be behind; older ones are forgotten a few at each commit. */
const KEPT_REVISIONS = 10_000;
const FORGOTTEN_AT_ONCE = 100;

const CLOSED: Failed = fail({ kind: 'closed', message: 'the store is closed' });

/**
 * The store of one machine: SQLite with a write-ahead log that is synced at each commit, so that what was answered survives the process and
 * the power (SQLite: pragma synchronous=FULL). One process has the file at a time: the lock is SQLite's own and ends with the process.
 */
export class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  #revision: number;
  #compacted: number;
  #isClosed = false;
  readonly #watchers = new Set<Watcher>();

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#statements = prepare(database);
    this.#revision = numberOf(database, 'revision');
    this.#compacted = numberOf(database, 'compacted');
  }

  /** Opens the database of a path, or makes one, readable by its owner alone. Anything wrong leaves the file as it was. */
  static open(path: string): Result<SqliteStore, StoreFault> {
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (existsSync(path) && !statSync(path).isFile()) return fail({ kind: 'failed', message: `${path} is no file` });
      const strange = strangeLogFault(path);
      if (strange !== undefined) return fail(strange);
      database = new DatabaseSync(path, { timeout: 0 });
      const fault = prepareFile(database, path);
      if (fault === undefined) return ok(new SqliteStore(path, database));
      database.close();
      return fail(fault);
    } catch (error) {
      if (database?.isOpen === true) database.close();
      return fail(faultOf(error, path));
    }
  }

  readonly snapshot = async (): Promise<Result<Snapshot, StoreFault>> =>
    await Promise.resolve(this.#guard(() => ok({ revision: this.#revision, entries: this.#entries() })));

  #entries(): readonly (readonly [string, string])[] {
    return this.#statements.all.all().map(({ key, value }) => [String(key), String(value)] as const);
  }

  readonly commit = async (base: number, transactions: readonly Transaction[]): Promise<Result<number, StoreFault>> =>
    await Promise.resolve(this.#guard(() => this.#commit(base, transactions)));

  #commit(base: number, transactions: readonly Transaction[]): Result<number, StoreFault> {
    if (base !== this.#revision)
      return fail({ kind: 'conflict', message: `the newest revision is ${this.#revision}, not ${base}` });
    for (const transaction of transactions) {
      const fault = transactionFault(transaction);
      if (fault !== undefined) return fail(fault);
    }
    if (transactions.length === 0) return ok(base);
    const revision = base + transactions.length;
    const compacted = Math.max(
      this.#compacted,
      Math.min(revision - KEPT_REVISIONS, this.#compacted + FORGOTTEN_AT_ONCE),
    );
    this.#transact(() => {
      for (const [index, writes] of transactions.entries()) this.#write(base + index + 1, writes);
      this.#statements.setNumber.run(revision, 'revision');
      if (compacted > this.#compacted) this.#forget(compacted);
    });
    this.#revision = revision;
    this.#compacted = compacted;
    for (const [index, writes] of transactions.entries()) this.#publish({ revision: base + index + 1, writes });
    return ok(revision);
  }

  #write(revision: number, writes: Transaction): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#statements.remove.run(key);
      else this.#statements.put.run(key, value, revision);
      this.#statements.log.run(revision, key, value ?? null);
    }
  }

  #forget(revision: number): void {
    this.#statements.forget.run(revision);
    this.#statements.setNumber.run(revision, 'compacted');
  }

  /** All or nothing: whatever fails inside, the database is as before. */
  #transact(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
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
    const missed = this.#guard(() => this.#logAfter(watcher.since));
    if (!missed.ok) return this.#end(watcher, missed.error);
    for (const event of missed.value) this.#deliver(watcher, event);
  }

  #logAfter(since: number): Result<readonly Committed[], StoreFault> {
    if (since < this.#compacted)
      return fail({
        kind: 'compacted',
        message: `revisions up to ${this.#compacted} are gone: read a snapshot and watch from there`,
      });
    const rows = this.#statements.logAfter.all(since).map(({ revision, key, value }) => ({
      revision: Number(revision),
      write: { key: String(key), value: value === null ? undefined : String(value) },
    }));
    const byRevision = Map.groupBy(rows, ({ revision }) => revision);
    // A transaction without writes is a revision all the same.
    const events: Committed[] = [];
    for (let revision = since + 1; revision <= this.#revision; revision += 1)
      events.push({ revision, writes: (byRevision.get(revision) ?? []).map(({ write }) => write) });
    return ok(events);
  }

  #publish(event: Committed): void {
    for (const watcher of this.#watchers) this.#deliver(watcher, event);
  }

  /** Each once and in order: what a watcher has is passed over, and what it would skip is for its own catching up. */
  #deliver(watcher: Watcher, event: Committed): void {
    if (!this.#watchers.has(watcher) || event.revision !== watcher.since + 1) return;
    watcher.since = event.revision;
    watcher.deliver(ok(event));
  }

  #end(watcher: Watcher, fault: StoreFault): void {
    this.#watchers.delete(watcher);
    watcher.deliver(fail(fault));
  }

  readonly compact = async (revision: number): Promise<Result<void, StoreFault>> =>
    await Promise.resolve(
      this.#guard(() => {
        const upTo = Math.min(revision, this.#revision);
        if (upTo > this.#compacted) {
          this.#transact(() => this.#forget(upTo));
          this.#compacted = upTo;
        }
        return ok(undefined);
      }),
    );

  /** Copies the database to a new file while it is in use. The copy says that no log belongs to it (`strangeLogFault`). */
  async backup(path: string): Promise<Result<void, StoreFault>> {
    if (this.#isClosed) return CLOSED;
    if (existsSync(path)) return fail({ kind: 'refused', message: `${path} is there already: choose another name` });
    try {
      await backup(this.#database, path);
      chmodSync(path, 0o600);
      const copy = new DatabaseSync(path);
      try {
        copy.exec('PRAGMA journal_mode = DELETE');
      } finally {
        copy.close();
      }
      return ok(undefined);
    } catch (error) {
      return fail(faultOf(error, path));
    }
  }

  readonly close = async (): Promise<void> => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.close();
    for (const watcher of this.#watchers) this.#end(watcher, CLOSED.error);
    await Promise.resolve();
  };

  #guard<T>(work: () => Result<T, StoreFault>): Result<T, StoreFault> {
    if (this.#isClosed) return CLOSED;
    try {
      return work();
    } catch (error) {
      return fail(faultOf(error, this.#path));
    }
  }
}

function prepare(
  database: DatabaseSync,
): Readonly<Record<'all' | 'put' | 'remove' | 'log' | 'logAfter' | 'forget' | 'setNumber', StatementSync>> {
  return {
    all: database.prepare('SELECT key, value FROM current ORDER BY key'),
    put: database.prepare(
      'INSERT INTO current (key, value, revision) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
    ),
    remove: database.prepare('DELETE FROM current WHERE key = ?'),
    log: database.prepare('INSERT INTO log (revision, key, value) VALUES (?, ?, ?)'),
    logAfter: database.prepare('SELECT revision, key, value FROM log WHERE revision > ? ORDER BY revision, rowid'),
    forget: database.prepare('DELETE FROM log WHERE revision <= ?'),
    setNumber: database.prepare('UPDATE numbers SET value = ? WHERE name = ?'),
  };
}

function numberOf(database: DatabaseSync, name: string): number {
  return Number(database.prepare('SELECT value FROM numbers WHERE name = ?').get(name)?.['value'] ?? 0);
}

/** Locks the file, reads its format and brings an older one up to date; a fault if this Crenel cannot use it. */
function prepareFile(database: DatabaseSync, path: string): StoreFault | undefined {
  // The lock that the first reading takes is kept for as long as the process lives: whoever comes second is told.
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  const format = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  const isEmpty = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
  const fault = formatFault(format, isEmpty, path);
  if (fault !== undefined) return fault;
  // The log is as readable as the database is when it is made.
  if (format === 0) chmodSync(path, 0o600);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  // Written back into the database in larger pieces than SQLite's own 4 MiB: each costs a sync of its own.
  database.exec('PRAGMA wal_autocheckpoint = 8000');
  database.exec('BEGIN IMMEDIATE');
  for (const migrate of MIGRATIONS.slice(format)) database.exec(migrate);
  database.exec(`PRAGMA user_version = ${FORMAT}`);
  database.exec('COMMIT');
  return undefined;
}

/** Byte of a database's header that says who may write it: 1 without a write-ahead log, 2 with one (sqlite.org/fileformat.html, 1.3.3). */
const WRITE_VERSION = 18;

/**
 * Where a backup is put in the place of a database whose process was killed, the log of that one still lies beside it. SQLite would write it into the
 * backup: what was to be taken back would be there again, or the whole be damaged.
 */
function strangeLogFault(path: string): StoreFault | undefined {
  const log = `${path}-wal`;
  if (!existsSync(path) || !existsSync(log) || statSync(log).size === 0) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(WRITE_VERSION + 1);
    if (readSync(file, header, 0, header.length, 0) < header.length || header[WRITE_VERSION] !== 1) return undefined;
  } finally {
    closeSync(file);
  }
  return {
    kind: 'refused',
    message: `${log} is of another database than ${path}, as where a backup was put in the place of a store whose server was killed: move it away first`,
  };
}

function formatFault(format: number, isEmpty: boolean, path: string): StoreFault | undefined {
  if (format > FORMAT)
    return {
      kind: 'newer',
      message: `${path} has format ${format}, and this Crenel knows formats up to ${FORMAT}: use the newer Crenel that wrote it`,
    };
  if (format === 0 && !isEmpty)
    return { kind: 'corrupt', message: `${path} is a SQLite database of another program: choose another file` };
  return undefined;
}

/** SQLite's result codes (sqlite.org/rescode.html), the low byte of what Node gives. */
const FAULTS: ReadonlyMap<number, readonly [StoreFault['kind'], string]> = new Map([
  [5, ['locked', 'is in use by another process: stop it, or choose another file']],
  [6, ['locked', 'is in use by another process: stop it, or choose another file']],
  [8, ['read-only', 'cannot be written: check its owner, its mode and the disk']],
  [10, ['failed', 'could not be read or written: check the disk']],
  [11, ['corrupt', 'is damaged: restore a backup']],
  [13, ['disk-full', 'has no room left: make some on the disk']],
  [14, ['failed', 'cannot be opened: check that its folder is there and may be written']],
  [26, ['corrupt', 'is no database of Crenel: restore a backup, or choose another file']],
]);

/** I/O error, and cannot open: what a read-only disk may look like. */
const UNTOLD: ReadonlySet<number> = new Set([10, 14]);

/** Whether a folder that is there can be written. */
function isWritable(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function faultOf(error: unknown, path: string): StoreFault {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  const known = code === undefined ? undefined : FAULTS.get(code);
  // SQLite cannot write its log beside a file on a disk that is read-only, and says only that it could not open or read something.
  if ((code === undefined || UNTOLD.has(code)) && !isWritable(dirname(path)))
    return {
      kind: 'read-only',
      message: `${path} cannot be written: check its owner, its mode and the disk (${message})`,
    };
  return known === undefined
    ? { kind: 'failed', message: `${path}: ${message}` }
    : { kind: known[0], message: `${path} ${known[1]} (${message})` };
}
