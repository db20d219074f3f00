import { readdir } from 'node:fs/promises';
import { fail, ok, type Result } from '../core/net/result.ts';
import { runProgram } from './run-program.ts';

const DEVICES = '/sys/class/net';

/** The devices of a network namespace, this process's own when no name is given. */
export async function readDevices(namespace?: string): Promise<Result<ReadonlySet<string>>> {
  if (namespace === undefined) {
    try {
      return ok(new Set(await readdir(DEVICES)));
    } catch (error) {
      return fail(
        `the devices of this machine cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  const ran = await runProgram(['ip', 'netns', 'exec', namespace, 'ls', DEVICES]);
  if (!ran.ok) return fail(`the devices of namespace ${namespace} cannot be read: ${ran.error.message}`);
  if (ran.value.code !== 0) return fail(`the devices of namespace ${namespace} cannot be read`);
  return ok(new Set(ran.value.stdout.split('\n').filter((name) => name !== '')));
}
