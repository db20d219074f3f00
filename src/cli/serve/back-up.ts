import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { readSecretFile, writeSecretFile } from '../../server/enrolment/secret-file.ts';
import type { Backup } from '../../server/native/native-api.ts';
import type { SqliteStore } from '../../server/store/sqlite.ts';

/** What hosts are believed by (ADR 18). Whoever has the store alone must let every host in anew. */
const BESIDE = ['authority.pem', 'hosts.json'] as const;

/**
 * Copies the store of a server's folder, and what hosts are believed by, into a folder of its own, which has its name by revision and time: a client
 * never names a path on this machine. A server may be started on the copy. All of it or nothing is there; only the server's user may read it.
 */
export async function backUp(store: SqliteStore, folder: string, revision: number): Promise<Result<Backup>> {
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const to = join(folder, 'backups', `crenel-${revision}-${time}`);
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
  } catch (error) {
    return fail(`cannot make ${to}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const done = await copyInto(store, folder, to);
  if (!done.ok) rmSync(to, { recursive: true, force: true });
  return done;
}

async function copyInto(store: SqliteStore, folder: string, to: string): Promise<Result<Backup>> {
  const beside: string[] = [];
  for (const name of BESIDE) {
    const text = readSecretFile(join(folder, name));
    if (!text.ok) return text;
    if (text.value === undefined) continue;
    const written = writeSecretFile(join(to, name), text.value);
    if (!written.ok) return written;
    beside.push(name);
  }
  const path = join(to, 'crenel.db');
  const copied = await store.backup(path);
  return copied.ok ? ok({ path, beside }) : fail(copied.error.message);
}
