import { type Command, Option } from 'commander';
import { sharingRecords } from '../core/model/shared-records.ts';
import type { World } from '../core/model/world.ts';
import { type DiffDocument, diffDocument } from '../analysis/diff-document.ts';
import { differenceOf } from '../analysis/pairs/difference.ts';
import { type Context, printJson, printSheet, withProgress } from './context.ts';
import { diffMarkdown } from './diff-markdown.ts';
import { diffSheet } from './diff-text.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';

/** How a difference is shown, and what the status tells of it. */
export type DiffOptions = { readonly markdown?: boolean; readonly failOn: FailOn };

const FAIL_ON = ['opens', 'any', 'never'] as const;
type FailOn = (typeof FAIL_ON)[number];

/** Adds the options of commands that answer with a difference. */
export function addDiffOptions(command: Command): Command {
  return command
    .option('--markdown', 'print a comment for a pull request')
    .addOption(
      new Option('--fail-on <what>', 'what the status tells: opens, any difference, or never')
        .choices(FAIL_ON)
        .default('opens'),
    );
}

/** Prints what the second world opens and closes against the first; gives the status. */
export function answerDiff(
  context: Context,
  { before, after, title }: { readonly before: World; readonly after: World; readonly title: string },
  options: DiffOptions,
): ExitStatus {
  // Two files have no record in common, even where they say the same.
  const shared = sharingRecords(before, after);
  const differences = withProgress(context, 'comparing', (report) => differenceOf(before, shared, report));
  const document = diffDocument(before, shared, differences);
  if (context.options.json === true) printJson(context, document);
  else if (options.markdown === true) context.io.stdout.write(diffMarkdown(document, title));
  else printSheet(context, diffSheet(document));
  return statusOfDiff(document, options.failOn);
}

/** 1: something is opened for certain; 2: perhaps. `any`: closing counts as well. */
function statusOfDiff({ statements }: DiffDocument, failOn: FailOn): ExitStatus {
  const counted = statements.filter((one) => failOn === 'any' || (failOn === 'opens' && one.effect === 'opens'));
  if (counted.some((one) => one.certainty === 'certain')) return EXIT.blocked;
  return counted.length > 0 ? EXIT.unknown : EXIT.allowed;
}
