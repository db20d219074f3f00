import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { LoadError } from './io.ts';

/** Certificates that vouch for a server, as PEM. A file without any would silently vouch for nobody, so it is refused. */
export function readCa(path: string): Result<string, LoadError> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return fail(
      isAbsent
        ? { kind: 'absent', message: `${path} does not exist` }
        : { kind: 'io', message: `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}` },
    );
  }
  try {
    return new X509Certificate(text).raw.length > 0 ? ok(text) : fail(malformed(path));
  } catch {
    return fail(malformed(path));
  }
}

function malformed(path: string): LoadError {
  return { kind: 'malformed', message: `${path} holds no certificates as PEM` };
}
