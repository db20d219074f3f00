import { type Command, InvalidArgumentError, Option } from 'commander';
import { exposures } from '../../analysis/exposure.ts';
import { type MatrixDocument, matrixDocument } from '../../analysis/matrix-document.ts';
import { MATRIX_KINDS, type MatrixKind } from '../../analysis/matrix-ends.ts';
import { type Matrices, matricesOf } from '../../analysis/pairs/matrices.ts';
import type { World } from '../../core/model/world.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, refuse, withProgress } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { matrixSheet } from '../matrix-text.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';
import { pageHtml } from '../page/page.ts';

type Options = WaitOptions & {
  readonly by: MatrixKind;
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly page: number;
  readonly size: number;
  readonly html?: boolean;
};

/** More cells than this make a file that browsers open with pain: some 10 MB. */
const MAX_PAGE_CELLS = 300_000;

/** `crenel matrix`. */
export function addMatrix(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('matrix')
    .summary('who reaches whom: groups by groups, subnets by subnets, instances by instances')
    .description(
      'All traffic from each group, subnet or instance to each other and to and from outside: what every two of their interfaces have, what some two have, and what perhaps gets through. Both ways are followed, answers included.',
    )
    .addOption(new Option('--by <kind>', 'what rows and columns are').choices(MATRIX_KINDS).default('group'))
    .option('--from <name...>', 'these rows alone: ids or names, internet, elsewhere')
    .option('--to <name...>', 'these columns alone')
    .option('--html', 'print all rows, and what the internet reaches, as one HTML file that needs nothing else')
    .option('--page <number>', 'which page of rows', positive, 1)
    .option('--size <rows>', 'rows on a page', positive, 50);
  addWaitOptions(command).action(async (options: Options) => {
    finish(await matrix(context(), options));
  });
}

async function matrix(context: Context, options: Options): Promise<ExitStatus> {
  const { by, from, to, page, size, html } = options;
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const { family, json } = context.options;
  const query = {
    by,
    ...(html === true ? {} : { page, size }),
    ...(family === undefined ? {} : { families: [family] }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    matrices: matricesOf(world.value),
  };
  const document = withProgress(context, 'analysing', (onProgress) =>
    matrixDocument(world.value, { ...query, onProgress }),
  );
  if (!document.ok) return refuse(context, EXIT.usage, document.error);
  if (json === true) printJson(context, document.value);
  else if (html === true) return printPage(context, { world: world.value, matrices: query.matrices }, document.value);
  else printSheet(context, matrixSheet(document.value));
  return EXIT.allowed;
}

function printPage(
  context: Context,
  { world, matrices }: { readonly world: World; readonly matrices: Matrices },
  document: MatrixDocument,
): ExitStatus {
  const cells = document.rows.reduce((sum, one) => sum + one.cells.length, 0);
  if (cells > MAX_PAGE_CELLS)
    return refuse(
      context,
      EXIT.usage,
      `the matrix has ${cells.toLocaleString('en-US')} cells with traffic, and a page holds ${MAX_PAGE_CELLS.toLocaleString('en-US')}: choose rows with --from, or --by subnet`,
    );
  const { families } = document;
  const openings = withProgress(context, 'analysing', (onProgress) =>
    exposures(world, { families, matrices, onProgress }),
  );
  context.io.stdout.write(pageHtml(document, openings));
  return EXIT.allowed;
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/u.test(text)) throw new InvalidArgumentError('It has to be a whole number from 1.');
  return Number(text);
}
