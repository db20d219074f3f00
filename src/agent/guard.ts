import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fail, ok, type Result } from '../core/net/result.ts';

/** A process that takes rules back unless it is called off. */
export type Guard = { readonly callOff: () => void };

/** Waits, and does what it is told if a file is there by then. Nothing of it is the text of anybody. */
const SCRIPT = 'sleep "$1"; [ -e "$2" ] || exit 0; shift 2; exec "$@"';

/**
 * Starts a process of its own that runs a command after so many seconds, if a file is still there then: it outlives an agent that is killed between the
 * commit of rules and their confirmation and is not started again. Fails where there is no shell.
 */
export async function startGuard(
  command: readonly string[],
  { file, seconds }: { readonly file: string; readonly seconds: number },
): Promise<Result<Guard>> {
  const args = ['-c', SCRIPT, 'crenel-guard', String(seconds), file, ...command];
  const child = spawn('/bin/sh', args, { detached: true, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } });
  try {
    await once(child, 'spawn');
  } catch (error) {
    return fail(`nothing would take the rules back if this agent were killed: ${String(error)}`);
  }
  child.unref();
  const { pid } = child;
  return ok({
    callOff: () => {
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        // The shell leads a group of its own, with `sleep` in it.
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    },
  });
}
