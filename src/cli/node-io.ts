import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { fail, ok, type Result } from '../core/net/result.ts';
import { readCa } from './ca-file.ts';
import { readHits } from './hits-source.ts';
import type { Io, LoadError } from './io.ts';
import { readServer } from './server-source.ts';
import { locate, readWorld, readWorlds } from './world-source.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** The real outside: this process' streams, environment and files. */
export function nodeIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    version: packageJson.version,
    examplePath: fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url)),
    readWorld: async (path, options = {}) => {
      const found = await absence(path);
      return found === undefined ? await readWorld(path, options) : fail(found);
    },
    readWorlds: async (path, options = {}) => {
      const found = await absence(path);
      return found === undefined ? await readWorlds((await locate(path)).path, options) : fail(found);
    },
    readServer: async (url, onProgress) => await readServer(url, { env: process.env, onProgress }),
    readHits: async (url, of) => await readHits(url, of, process.env),
    readText,
    trust,
  };
}

function trust(path: string): Result<void, LoadError> {
  const ca = readCa(path);
  if (!ca.ok) return ca;
  setDefaultCACertificates([...getCACertificates('default'), ca.value]);
  return ok(undefined);
}

async function readText(path: string): Promise<Result<string, LoadError>> {
  try {
    return ok(path === '-' ? await text(process.stdin) : await readFile(path, 'utf8'));
  } catch (error) {
    return fail(loadError(path, error));
  }
}

async function absence(named: string): Promise<LoadError | undefined> {
  const { path } = await locate(named);
  try {
    if (path !== '-') await stat(path);
    return undefined;
  } catch (error) {
    return loadError(path, error);
  }
}

function loadError(path: string, error: unknown): LoadError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason = error instanceof Error ? error.message : String(error);
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? { kind: 'absent', message: `${path} does not exist` }
    : { kind: 'io', message: `cannot read ${path}: ${reason}` };
}
