import type { Command } from 'commander';
import { findRegistered, readRegister } from '../../agent/lab/register.ts';
import { isNamespace } from '../../agent/namespaces.ts';
import { runHere } from '../child-status.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';

/** `crenel exec`: a command inside an instance of the lab. */
export function addExec(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('exec <instance> [command...]')
    .summary('runs a command inside an instance of the lab')
    .description(
      'Runs a command in the network namespace of an instance, by Name tag, id or address. Its exit status is passed on: 127 where there is no such command, as in a shell. Options of the command come after --.',
    )
    .showHelpAfterError('The command and its options come after --: crenel exec web-1 -- ping -c1 10.0.1.1')
    .action(async (instance: string, command: readonly string[]) => {
      finish(await exec(context(), instance, command));
    });
}

/** `ip` ends with 1 or 255 for a command that is not there; a shell in its place with 127, or 126, and says so. The command is never read by it. */
const IN_SHELL = ['/bin/sh', '-c', 'exec "$@"', 'crenel exec'] as const;

async function exec(context: Context, text: string, command: readonly string[]): Promise<ExitStatus> {
  if (process.getuid?.() !== 0) return refuse(context, EXIT.io, 'namespaces are entered as root');
  const instances = readRegister();
  if (instances === undefined)
    return refuse(context, EXIT.noInput, 'no lab is up: start one with crenel lab up <folder>');
  const found = findRegistered(instances, text);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = (found.length > 1 ? found : instances)
      .slice(0, 5)
      .map(({ name, id }) => (found.length > 1 ? id : name));
    const message =
      found.length > 1 ? `${found.length} instances are called '${text}'` : `the lab has no instance '${text}'`;
    return refuse(context, EXIT.noInput, { message, suggestions: names });
  }
  if (!isNamespace(only.namespace))
    return refuse(
      context,
      EXIT.io,
      `the network namespace of ${only.name}, ${only.namespace}, was removed by somebody: take the lab down and start it anew`,
    );
  const words = command.length === 0 ? [context.io.env['SHELL'] ?? '/bin/sh'] : command;
  return await runHere(context, ['ip', 'netns', 'exec', only.namespace, ...IN_SHELL, ...words], context.io.env);
}
