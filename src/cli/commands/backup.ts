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
      'Lets a running server copy its whole store, of all accounts and regions, and what hosts are believed by (hosts.json, authority.pem), into a folder of its own under `backups`, while it goes on. To go back, end the server and put these files in the place of its own (and take crenel.db-wal away, which a server that was killed leaves), or start it with --data on the copy. Access keys are not copied.',
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
  const { path, beside } = done.value;
  if (options.json === true) printJson(context, { path, beside });
  else
    printSheet(context, [
      line(`The store was copied to ${path}, on the server's machine.`),
      line(
        beside.length === 0
          ? 'There are no hosts that were let in, nor an authority, to be copied with it.'
          : `Beside it: ${beside.join(', ')}. Who has these can speak for the server and its hosts: keep them like a key.`,
      ),
      line('Access keys are not in it.'),
    ]);
  return EXIT.allowed;
}
