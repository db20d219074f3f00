import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { findRegistered, readRegister } from '../../agent/lab/register.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';

/** `crenel exec`: a command inside an instance of the lab. */
export function addExec(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('exec <instance> [command...]')
    .summary('runs a command inside an instance of the lab')
    .description(
      'Runs a command in the network namespace of an instance, by Name tag, id or address. Its exit status is passed on. Options of the command come after --.',
    )
    .action(async (instance: string, command: readonly string[]) => {
      finish(await exec(context(), instance, command));
    });
}

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
  const words = command.length === 0 ? [context.io.env['SHELL'] ?? '/bin/sh'] : command;
  const child = spawn('ip', ['netns', 'exec', only.namespace, ...words], { stdio: 'inherit' });
  const ended: readonly unknown[] = await once(child, 'close');
  const [code] = ended;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the status is the command's own, whatever it means
  return (typeof code === 'number' ? code : EXIT.internal) as ExitStatus;
}
