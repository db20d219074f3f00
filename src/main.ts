// The composition root: the command line with the real outside.
import { EXIT } from './cli/exit-status.ts';
import { nodeIo } from './cli/node-io.ts';
import { runCli } from './cli/program.ts';
import { printable } from './cli/terminal.ts';

/** A reader that has seen enough closes the pipe (`crenel … | head`): no fault of anyone. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`crenel: cannot write: ${error.message}\n`);
  process.exit(EXIT.io);
}

process.stdout.on('error', endQuietly);
process.stderr.on('error', endQuietly);
try {
  process.exitCode = await runCli(process.argv.slice(2), nodeIo());
} catch (error) {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `crenel: this is a bug in crenel, please report it:\n${detail.split('\n').map(printable).join('\n')}\n`,
  );
  process.exitCode = EXIT.internal;
}
