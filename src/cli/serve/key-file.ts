import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { type KeyRing, keyRingOf, newAccessKey } from '../../server/access/keys.ts';
import type { Settings } from './settings.ts';

/** The keys that a server believes, and where they stand; `first` is the one to show to the person at the terminal. */
export type OpenKeys = { readonly ring: KeyRing; readonly path: string | undefined; readonly firstId: string };

/**
 * The keys of a server: of the file that the settings name, else of the folder's own file, which is made with one new key when it is not
 * there, readable by its owner alone; without a folder, one new key that lasts as long as the process.
 */
export function openKeys({ keysPath, folder, accountId }: Settings): Result<OpenKeys> {
  const path = keysPath ?? (folder === undefined ? undefined : join(folder, 'access-keys.json'));
  const text = path === undefined ? ok(undefined) : readText(path);
  if (!text.ok) return text;
  if (text.value === undefined && keysPath !== undefined) return fail(`${keysPath} does not exist`);
  const document = text.value ?? newDocument(accountId);
  if (text.value === undefined && path !== undefined) {
    const written = writeSecret(path, document);
    if (!written.ok) return written;
  }
  const ring = keyRingOf(document);
  if (!ring.ok) return fail(`${path ?? 'keys'}: ${ring.error}`);
  const [firstId = ''] = ring.value.keys();
  return ok({ ring: ring.value, path, firstId });
}

/** One key that may do everything in its account. */
function newDocument(accountId: string): string {
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const key = { ...newAccessKey(randomBytes(56)), accountId, policies: [policy] };
  return `${JSON.stringify({ keys: [key] }, undefined, 2)}\n`;
}

function readText(path: string): Result<string | undefined> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? ok(undefined)
      : fail(`cannot read ${path}: ${reason(error)}`);
  }
}

function writeSecret(path: string, text: string): Result<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Made anew or not at all: a file that came in between is somebody's.
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return ok(undefined);
  } catch (error) {
    return fail(`cannot write ${path}: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
