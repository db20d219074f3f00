import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type Context, refuse } from './context.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';

/** What shells end with where there is no such command, and where it cannot be executed. */
const [NOT_FOUND, NOT_EXECUTABLE] = [127, 126];

/** Runs a command with this terminal and gives its exit status, as a shell would: 128 and the number of the signal that ended it. */
export async function runHere(
  context: Context,
  [program = '', ...args]: readonly string[],
  env: Context['io']['env'],
): Promise<ExitStatus> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  return await new Promise<ExitStatus>((resolve) => {
    child.once('error', (error) => {
      const isAbsent = 'code' in error && error.code === 'ENOENT';
      const why = isAbsent ? 'there is no such command' : error.message;
      const status = passedOn(isAbsent ? NOT_FOUND : NOT_EXECUTABLE);
      resolve(refuse(context, status, `${program} cannot be run: ${why}`));
    });
    child.once('close', (code, signal) => {
      resolve(passedOn(code ?? (signal === null ? EXIT.internal : 128 + constants.signals[signal])));
    });
  });
}

function passedOn(status: number): ExitStatus {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the status is the command's own, whatever it means
  return status as ExitStatus;
}
