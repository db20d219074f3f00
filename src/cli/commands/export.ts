import type { Command } from 'commander';
import { exportText } from '../../formats/export.ts';
import type { CommandSetup } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { openKnownWorld } from '../open-world.ts';

/** `crenel export`. */
export function addExport(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('export')
    .summary('the whole world as one JSON document')
    .description(
      'Prints the world that was read as one JSON document in the shapes of `aws ec2 describe-*`, in a fixed order: to keep, to compare, to read again.',
    )
    .action(async () => {
      finish(await exportWorld(context()));
    });
}

async function exportWorld(context: Context): Promise<ExitStatus> {
  const world = await openKnownWorld(context, 'exported');
  if (!world.ok) return world.error;
  // Written piece by piece: a large world is never one text.
  for (const text of exportText(world.value)) context.io.stdout.write(text);
  return EXIT.allowed;
}
