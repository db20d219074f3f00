import type { Command } from 'commander';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { serverOf } from '../server-option.ts';
import { backupServer } from '../server-source.ts';
import { line } from '../terminal.ts';

/** `crenel backup`. */
export function addBackup(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('backup')
    .summary('copy the store of a running server')
    .description(
      'Lets a running server copy its whole store, of all accounts and regions, into the folder `backups` beside it, while it goes on. The copy is a store of its own: put it in the place of crenel.db to go back.',
    )
    .action(async () => {
      finish(await backup(context()));
    });
}

async function backup(context: Context): Promise<ExitStatus> {
  const { io, options } = context;
  const server = serverOf(context);
  if (!server.ok) return server.error;
  const done = await backupServer(server.value, io.env);
  if (!done.ok) return refuse(context, EXIT.io, done.error.message);
  if (options.json === true) printJson(context, { path: done.value });
  else printSheet(context, [line(`The store was copied to ${done.value}, on the server's machine.`)]);
  return EXIT.allowed;
}
