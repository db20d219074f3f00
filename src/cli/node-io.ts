import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { fail, ok, type Result } from '../core/net/result.ts';
import { readCa } from './ca-file.ts';
import type { Io, LoadError } from './io.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** The real outside: this process' streams, environment and files. What reads documents is loaded when one is read: who lives on a host reads none. */
export function nodeIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    version: packageJson.version,
    examplePath: fileURLToPath(new URL('../../examples/three-tier/world', import.meta.url)),
    readWorld: async (path, options = {}) => {
      const { locate, readWorld } = await import('./world-source.ts');
      const found = await absence((await locate(path)).path);
      return found === undefined ? await readWorld(path, options) : fail(found);
    },
    readWorlds: async (path, options = {}) => {
      const { locate, readWorlds } = await import('./world-source.ts');
      const located = (await locate(path)).path;
      const found = await absence(located);
      return found === undefined ? await readWorlds(located, options) : fail(found);
    },
    readServer: async (url, onProgress) => {
      const { readServer } = await import('./server-world.ts');
      return await readServer(url, { env: process.env, onProgress });
    },
    readHits: async (url, of) => {
      const { readHits } = await import('./hits-source.ts');
      return await readHits(url, of, process.env);
    },
    readText,
    trust,
  };
}

function trust(path: string): Result<void, LoadError> {
  const ca = readCa(path);
  if (!ca.ok) return ca;
  // TLS is loaded where it is spoken.
  const { getCACertificates, setDefaultCACertificates } = process.getBuiltinModule('node:tls');
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

async function absence(path: string): Promise<LoadError | undefined> {
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
