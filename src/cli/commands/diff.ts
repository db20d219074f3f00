import { type Command, Option } from 'commander';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { type DiffDocument, diffDocument } from '../../analysis/diff-document.ts';
import { differenceOf } from '../../analysis/pairs/difference.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, loadWorld, printJson, printSheet, refuse, withProgress } from '../context.ts';
import { diffMarkdown } from '../diff-markdown.ts';
import { diffSheet } from '../diff-text.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';

type Options = { readonly markdown?: boolean; readonly failOn: FailOn };

const FAIL_ON = ['opens', 'any', 'never'] as const;
type FailOn = (typeof FAIL_ON)[number];

/** `crenel diff <before> <after>`. */
export function addDiff(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('diff')
    .summary('exactly what a change opens and closes, and what of it makes that so')
    .description(
      'Exactly what the second world opens and closes against the first, in IPv4 and IPv6, cause by cause. Status 1 where something is opened for certain, 2 where perhaps.',
    )
    .argument('<before>', 'file or folder of a world, - for standard input, or URL of a server')
    .argument('<after>', 'the same')
    .option('--markdown', 'print a comment for a pull request')
    .addOption(
      new Option('--fail-on <what>', 'what the status tells: opens, any difference, or never')
        .choices(FAIL_ON)
        .default('opens'),
    )
    .action(async (before: string, after: string, options: Options) => {
      finish(await diff(context(), { before, after }, options));
    });
}

async function diff(
  context: Context,
  paths: { readonly before: string; readonly after: string },
  options: Options,
): Promise<ExitStatus> {
  const worlds = await bothWorlds(context, paths);
  if (!worlds.ok) return worlds.error;
  const { before, after } = worlds.value;
  const differences = withProgress(context, 'comparing', (report) => differenceOf(before, after, report));
  const document = diffDocument(before, after, differences);
  if (context.options.json === true) printJson(context, document);
  else if (options.markdown === true)
    context.io.stdout.write(diffMarkdown(document, `What changes from ${paths.before} to ${paths.after}`));
  else printSheet(context, diffSheet(document));
  return statusOfDiff(document, options.failOn);
}

async function bothWorlds(
  context: Context,
  paths: { readonly before: string; readonly after: string },
): Promise<Result<{ readonly before: World; readonly after: World }, ExitStatus>> {
  if (paths.before === '-' && paths.after === '-')
    return fail(refuse(context, EXIT.usage, 'only one of the two worlds can come from standard input'));
  const before = await loadWorld(context, paths.before);
  if (!before.ok) return before;
  const after = await loadWorld(context, paths.after);
  return after.ok ? ok({ before: before.value, after: after.value }) : after;
}

/** 1: something is opened for certain; 2: perhaps. `any`: closing counts as well. */
function statusOfDiff({ statements }: DiffDocument, failOn: FailOn): ExitStatus {
  const counted = statements.filter((one) => failOn === 'any' || (failOn === 'opens' && one.effect === 'opens'));
  if (counted.some((one) => one.certainty === 'certain')) return EXIT.blocked;
  return counted.length > 0 ? EXIT.unknown : EXIT.allowed;
}
