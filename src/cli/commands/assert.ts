import type { Command } from 'commander';
import { type AssertionsDocument, judgeAssertions } from '../../analysis/assertions.ts';
import type { WrittenFact } from '../../formats/assertion-file.ts';
import { assertJunit, assertSarif } from '../assert-reports.ts';
import { assertSheet } from '../assert-text.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, LOAD_STATUS, printJson, printSheet, refuse, withProgress, worldPath } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';

type Options = WaitOptions & { readonly junit?: boolean; readonly sarif?: boolean };

/** `crenel assert <file>`. */
export function addAssert(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('assert')
    .summary('whether the facts of a file hold, each with a counter-example if not')
    .description(
      'Whether the facts of a file hold for all pairs, such as `internet must not reach db`. Status 0 where all hold, 1 where one fails, 2 where one is unknown, 65 for a file that cannot be judged.',
    )
    .argument('<file>', 'YAML or JSON: version and facts; - for standard input')
    .option('--junit', 'print JUnit XML')
    .option('--sarif', 'print SARIF 2.1.0');
  addWaitOptions(command).action(async (file: string, options: Options) => {
    finish(await assertFacts(context(), file, options));
  });
}

async function assertFacts(context: Context, file: string, options: Options): Promise<ExitStatus> {
  const { io } = context;
  if ([options.junit, options.sarif, context.options.json].filter((one) => one === true).length > 1)
    return refuse(context, EXIT.usage, 'only one of --json, --junit and --sarif can be printed');
  const path = worldPath(context);
  if (file === '-' && path === '-')
    return refuse(context, EXIT.usage, 'only one of facts and world can come from standard input');
  const text = await io.readText(file);
  if (!text.ok) return refuse(context, LOAD_STATUS[text.error.kind], text.error.message);
  const { readAssertions } = await import('../../formats/assertion-file.ts');
  const written = readAssertions(text.value);
  if (!written.ok) {
    const { line, column, message } = written.error;
    return refuse(context, EXIT.badData, `${file}:${line}:${column}: ${message}`);
  }
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const { family } = context.options;
  const judged = withProgress(context, 'judging', (onProgress) =>
    judgeAssertions(world.value, written.value, {
      ...(family === undefined ? {} : { families: [family] }),
      onProgress,
    }),
  );
  if (judged.ok) return print(context, judged.value, { written: written.value, file, options });
  for (const { index, at, message, suggestions } of judged.error) {
    const fact = written.value[index];
    const near = at === 0 ? '' : ` (character ${at + 1} of the fact)`;
    refuse(context, EXIT.badData, {
      message: `${file}:${fact?.line ?? 1}:${fact?.column ?? 1}: ${message}${near}`,
      suggestions,
    });
  }
  return EXIT.badData;
}

function print(
  context: Context,
  document: AssertionsDocument,
  {
    written,
    file,
    options,
  }: { readonly written: readonly WrittenFact[]; readonly file: string; readonly options: Options },
): ExitStatus {
  if (options.junit === true) context.io.stdout.write(assertJunit(document, written, file));
  else if (options.sarif === true)
    printJson(context, assertSarif(document, written, { file, version: context.io.version }));
  else if (context.options.json === true)
    printJson(context, {
      ...document,
      file,
      facts: document.facts.map((one, at) => ({
        ...one,
        name: written[at]?.name ?? null,
        line: written[at]?.line,
        column: written[at]?.column,
      })),
    });
  else printSheet(context, assertSheet(document));
  if (document.counts.fails > 0) return EXIT.blocked;
  return document.counts.unknown > 0 ? EXIT.unknown : EXIT.allowed;
}
