import type { Command } from 'commander';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { readHosts } from '../hosts-source.ts';
import { hostsSheet } from '../hosts-text.ts';
import { serverOf } from '../server-option.ts';

/** `crenel status`. */
export function addStatus(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('status')
    .summary('what each host of a server enforces')
    .description(
      'The hosts whose agents a server knows: which revision each enforces, and what is wrong with it. The exit status is 1 when a host is degraded or gone.',
    )
    .action(async () => {
      finish(await status(context()));
    });
}

async function status(context: Context): Promise<ExitStatus> {
  const server = serverOf(context);
  if (!server.ok) return server.error;
  const read = await readHosts(server.value, context.io.env);
  if (!read.ok) return refuse(context, EXIT.io, read.error.message);
  if (context.options.json === true) printJson(context, read.value);
  else printSheet(context, hostsSheet(read.value));
  const isWell = read.value.hosts.every(({ condition }) => condition !== 'degraded' && condition !== 'gone');
  return isWell ? EXIT.allowed : EXIT.blocked;
}
