import type { Command } from 'commander';
import { runHere } from '../child-status.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printNotes, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { serverOf } from '../server-option.ts';
import {
  enforcedSheet,
  type LimitOptions,
  limitOptions,
  limitsOf,
  refuseLag,
  watchHosts,
  wholeNumber,
} from '../waiting.ts';

type Options = LimitOptions & { readonly revision?: string };

/** `crenel wait`. */
export function addWait(program: Command, { context, finish }: CommandSetup): void {
  const [timeout, hosts] = limitOptions();
  program
    .command('wait [command...]')
    .summary('until every live host enforces a revision')
    .description(
      'Waits until every live host of a server enforces a revision: the newest when none is given, which holds every change that was answered before; or the one that an answer of the API names in its header x-crenel-revision. With a command behind --, runs that first, and waits if it succeeds: crenel wait -- aws ec2 authorize-security-group-ingress … The exit status is that of a command which fails; 1, with the hosts that lag and why, when waiting takes too long, or at once when no host is live that could be waited for.',
    )
    .option('--revision <number>', 'the revision to wait for')
    .addOption(timeout)
    .addOption(hosts)
    .showHelpAfterError('A command and its options come after --: crenel wait -- aws ec2 delete-security-group …')
    .action(async (command: readonly string[], options: Options) => {
      finish(await wait(context(), command, options));
    });
}

async function wait(context: Context, command: readonly string[], options: Options): Promise<ExitStatus> {
  const server = serverOf(context);
  if (!server.ok) return server.error;
  const limits = limitsOf(options);
  if (!limits.ok) return refuse(context, EXIT.usage, limits.error);
  const revision = options.revision === undefined ? undefined : wholeNumber(options.revision);
  if (options.revision !== undefined && revision === undefined)
    return refuse(context, EXIT.usage, '--revision must be a whole number');
  const isBeside = command.length > 0;
  if (isBeside && revision !== undefined)
    return refuse(context, EXIT.usage, '--revision and a command exclude each other: its own revision is waited for');
  // AWS's tools in it ask the same server, unless told otherwise.
  const env = { AWS_ENDPOINT_URL: server.value, ...context.io.env };
  const status = isBeside ? await runHere(context, command, env) : EXIT.allowed;
  if (status !== EXIT.allowed) return status;
  const watched = await watchHosts(context, server.value, { revision, ...limits.value });
  if (!watched.ok) return watched.error;
  const seen = watched.value;
  // Beside a command standard output is the command's.
  if (context.options.json === true && !isBeside) printJson(context, seen);
  else if (!seen.isEnforced) return refuseLag(context, EXIT.blocked, { seen, limits: limits.value });
  else (isBeside ? printNotes : printSheet)(context, enforcedSheet(seen));
  return seen.isEnforced ? EXIT.allowed : EXIT.blocked;
}
