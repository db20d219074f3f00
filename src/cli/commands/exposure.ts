import type { Command } from 'commander';
import { exposures } from '../../analysis/exposure.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printSheet, withProgress } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { exposureSheet } from '../exposure-text.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';
import { pageHtml } from '../page/page.ts';

type Options = WaitOptions & { readonly html?: boolean };

/** `crenel exposure`. */
export function addExposure(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('exposure')
    .summary('what the internet reaches, port by port, and by which way')
    .description(
      'Everything that the internet reaches, exactly, IPv4 and IPv6 apart: traffic, senders, interfaces, the gateway and the rules that let it in. Status 1 where something is reached for certain, 2 where perhaps.',
    )
    .option('--html', 'print one HTML file that needs nothing else');
  addWaitOptions(command).action(async (options: Options) => {
    finish(await exposure(context(), options));
  });
}

async function exposure(context: Context, options: Options): Promise<ExitStatus> {
  const { html } = options;
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const { family, json } = context.options;
  const document = withProgress(context, 'analysing', (onProgress) =>
    exposures(world.value, { ...(family === undefined ? {} : { families: [family] }), onProgress }),
  );
  if (json === true) printJson(context, document);
  else if (html === true) context.io.stdout.write(pageHtml(undefined, document));
  else printSheet(context, exposureSheet(document));
  if (document.openings.some((one) => one.certainty === 'certain')) return EXIT.blocked;
  return document.openings.length > 0 ? EXIT.unknown : EXIT.allowed;
}
