import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../../core/net/result.ts';

/** The largest file that is read, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What a file holds that only its owner may read; undefined when there is none. One that others may read or write is refused. */
export function readSecretFile(path: string): Result<string | undefined> {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { mode, uid, size } = fstatSync(file);
      const own = process.geteuid?.() ?? uid;
      if (uid !== own && uid !== 0) return fail(`${path} belongs to somebody else`);
      if ((mode & 0o077) !== 0) return fail(`others may read or change ${path}: run chmod 600 on it`);
      if (size > MOST_BYTES) return fail(`${path} is too large`);
      return ok(readFileSync(file, 'utf8'));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? ok(undefined) : fail(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/**
 * Writes a file that only its owner may read, and its folder where there is none. At any time, also after a crash of the machine, there is
 * the old file or the new one, whole.
 */
export function writeSecretFile(path: string, text: string): Result<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
    settle(dirname(path));
    return ok(undefined);
  } catch (error) {
    discard(fresh);
    return fail(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** Takes away what was half written; where even that fails, it is said why writing did. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // There is no more to be done, and no more to be told.
  }
}

/** A new name in a folder lasts when the folder is written. */
function settle(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
