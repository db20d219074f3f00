// A server in a process of its own, as a person starts it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useOwnStateHome } from './state-home.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
useOwnStateHome();

export type Server = {
  readonly url: string;
  /** What the AWS CLI, boto3 and the SDKs read from the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: () => string;
  readonly child: ChildProcess;
  /** Ends it as Ctrl-C does; gives the exit status. */
  readonly stop: () => Promise<number | null>;
};

/** Starts `crenel serve` on a free port and waits until it listens. */
export async function startServer(...args: readonly string[]): Promise<Server> {
  return await startServerBy([process.execPath], ...args);
}

/** The same by a command that runs Node: in a namespace, as another user. */
export async function startServerBy(
  [program = '', ...more]: readonly string[],
  ...args: readonly string[]
): Promise<Server> {
  const child = spawn(program, [...more, `${ROOT}src/main.ts`, 'serve', '--port', '0', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let said = '';
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.trimEnd().endsWith('}')) resolve();
    });
    child.once('close', () => reject(new Error(`the server ended: ${log.replaceAll(/\s+/g, ' ')}`)));
  });
  const { url, keysPath } = JSON.parse(said) as { readonly url: string; readonly keysPath?: string };
  return {
    url,
    env: { ...keyOf(keysPath), AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' },
    log: () => log,
    child,
    stop: async () => {
      const ended = new Promise<number | null>((resolve) => {
        child.once('close', (code) => resolve(code));
      });
      if (child.exitCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

type KeyFile = { readonly keys: readonly { readonly accessKeyId: string; readonly secretAccessKey: string }[] };

function keyOf(path: string | undefined): Readonly<Record<string, string>> {
  if (path === undefined) return { AWS_ACCESS_KEY_ID: 'anything', AWS_SECRET_ACCESS_KEY: 'anything' };
  const { keys } = JSON.parse(readFileSync(path, 'utf8')) as KeyFile;
  const [first] = keys;
  assert.ok(first !== undefined);
  return { AWS_ACCESS_KEY_ID: first.accessKeyId, AWS_SECRET_ACCESS_KEY: first.secretAccessKey };
}

/** Where the command line stands. */
export const MAIN: string = `${ROOT}src/main.ts`;
