import type { Command } from 'commander';
import { fail, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { splitWhen } from '../../formats/document-kind.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, refuse } from '../context.ts';
import { addDiffOptions, answerDiff, type DiffOptions } from '../diff-answer.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { loadPlan, loadTwo } from '../open-world.ts';

/** One path alone is a plan. */
type Paths = { readonly before: string; readonly after: string | undefined };

/** `crenel diff <before> [after]`. */
export function addDiff(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('diff')
    .summary('exactly what a change opens and closes, and what of it makes that so')
    .description(
      'Exactly what the second world opens and closes against the first, in IPv4 and IPv6, cause by cause; of a Terraform plan alone, what applying it does. Status 1 where something is opened for certain, 2 where perhaps.',
    )
    .argument(
      '<before>',
      'file or folder of a world, - for standard input, or URL of a server; or a Terraform plan alone',
    )
    .argument('[after]', 'the same');
  addDiffOptions(command).action(async (before: string, after: string | undefined, options: DiffOptions) => {
    finish(await diff(context(), { before, after }, options));
  });
}

async function diff(context: Context, paths: Paths, options: DiffOptions): Promise<ExitStatus> {
  const worlds = await bothWorlds(context, paths);
  if (!worlds.ok) return worlds.error;
  const { before, after } = worlds.value;
  return answerDiff(context, { before, after, title: titleOf(paths) }, options);
}

function titleOf({ before, after }: Paths): string {
  return after === undefined ? `What ${before} changes` : `What changes from ${before} to ${after}`;
}

async function bothWorlds(
  context: Context,
  paths: Paths,
): Promise<Result<{ readonly before: World; readonly after: World }, ExitStatus>> {
  const { world, endpoint } = context.options;
  if (world !== undefined || endpoint !== undefined)
    return fail(
      refuse(
        context,
        EXIT.usage,
        'diff takes its two worlds, files or URLs of servers, as arguments; --over lays a plan over one',
      ),
    );
  if (paths.after === undefined) return await planWorlds(context, paths.before);
  if (context.options.over !== undefined)
    return fail(refuse(context, EXIT.usage, '--over lays one plan over a world: give the plan alone'));
  if (paths.before === '-' && paths.after === '-')
    return fail(refuse(context, EXIT.usage, 'only one of the two worlds can come from standard input'));
  return await loadTwo(context, { before: paths.before, after: paths.after });
}

async function planWorlds(context: Context, path: string): ReturnType<typeof bothWorlds> {
  const { path: file, when } = splitWhen(path);
  if (file !== path)
    return fail(refuse(context, EXIT.usage, `${path} is the world ${when} a plan: give ${file} alone, or two worlds`));
  return await loadPlan(context, path);
}
